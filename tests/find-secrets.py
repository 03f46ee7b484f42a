#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""find-secrets.py FILE HEX...: prints every secret that FILE holds, and how: raw, in hexadecimal of either case, or in base64,
also as a part of something longer. Status 1 when there is one."""
import base64
import sys


def forms(secret):
    yield "raw", secret
    yield "hex", secret.hex().encode()
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            # what stands before and behind shares a character with the secret
            text = alphabet(b"\0" * before + secret)
            start = (before * 8 + 5) // 6
            yield "base64", text[start:len(text) - 4]


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    folded = data.lower()
    joined = data.replace(b"\n", b"").replace(b"< ", b"").replace(b"> ", b"")
    found = False
    for argument in sys.argv[2:]:
        secret = bytes.fromhex(argument)
        if len(secret) < 8:
            sys.exit("a secret of less than 8 octets would be found anywhere: " + argument)
        for name, form in forms(secret):
            where = folded if name == "hex" else joined
            if form in where or form in data:
                print(name, argument)
                found = True
                break
    return 1 if found else 0


sys.exit(main())
