#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A gateway's first boot without an operator: the bootstrap key is a systemd credential of the keystore, the instruction is
# implicit. A folder stands in for what systemd hands over.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs curl dbus-daemon gdbus python3
export CREDENTIALS_DIRECTORY=$tap_tmp/credentials
mkdir -m 700 "$CREDENTIALS_DIRECTORY"
# hand NAME TEXT [MODE]
hand() { (umask 077 && printf %s "$2" >"$CREDENTIALS_DIRECTORY/$1") && chmod "${3:-600}" "$CREDENTIALS_DIRECTORY/$1"; }
hand enrolee.key.kpm "gw-0001@mef.example.com:$sim_gw01_psk"
hand enrolee.key.two "$(printf 'gw-0002@mef.example.com:00112233445566778899AABBCCDDEEFF\n\n')" 440
hand enrolee.serial "17"
hand enrolee.key.nothing ""
hand enrolee.key.words "gw-0003@mef.example.com:secret words"
hand enrolee.key.bare 00112233445566778899aabbccddeeff
hand enrolee.key.colons urn:a@mef.example.com:00112233445566778899aabbccddeeff
hand enrolee.key.half gw-0003@mef.example.com:001122334
hand enrolee.key.open gw-0004@mef.example.com:00112233445566778899aabbccddeeff 644
hand 'enrolee.key.no name' gw-0005@mef.example.com:00112233445566778899aabbccddeeff
hand other.key.kpm gw-0006@mef.example.com:00112233445566778899aabbccddeeff
gateway_with_mef
gateway_settings "$sim_port" Start=implicit
log=$tap_tmp/keystored.log
told() { grep -q -e "$1" "$log"; }
ok "a key is taken" tap_until 20 told 'kpm: taken from the systemd credential enrolee.key.kpm' || diag "$(cat "$log")"
enroleed_start || { diag "$(cat "$enroleed_log")"; exit 99; }
ok "enrolled without a command" tap_until 30 in_state provisioned || diag "$(cat "$enroleed_log")"
is "by that key" "$(grep -c '"psk_identity":"gw-0001@mef.example.com".*"verdict":"ok"' "$sim_state/mef.log")" 1
is "which is for the MEF" "$(show kpm suid)" 10

is "a line end behind it does not matter" "$(show two identifier)" gw-0002@mef.example.com
while read -r file why; do
	ok "enrolee.key.$file: $why" tap_until 10 told "enrolee.key.$file is not taken: .*$why"
done <<'END'
nothing it is empty
words its key is not of hex digits
bare it is not KpmID:HEX
colons its key is not of hex digits
half half an octet is missing
open others may read it
END
ok "a name that is none" tap_until 10 told 'enrolee.key.no name is not taken: '
is "what cannot be taken is not there" "$(enrolee list --json | python3 -c "
import json, sys
print(*sorted(c['name'] for c in json.load(sys.stdin)['credentials'] if c['origin'] == 'imported' and c['published']))")" "kpm two"
not "no key in the journal" grep -qi -e "$sim_gw01_psk" -e 00112233 -e 'secret words' "$log"

# --- the next boot: what is there stays, and the credential may be gone ---
enroleed_stop
id=$(show kpm id)
tap_stop "$keystored_pid"
hand enrolee.key.kpm "gw-0009@mef.example.com:00112233445566778899aabbccddeeff"
hand enrolee.key.same "gw-0001@mef.example.com:ff112233445566778899aabbccddeeff"
keystored_start second.log
log=$tap_tmp/second.log
tap_until 20 told 'enrolee.key.same'
ok "an identifier that is another key's: not taken" told 'enrolee.key.same is not taken: '
is "another value does not replace it" "$(show kpm id) $(show kpm identifier)" "$id gw-0001@mef.example.com"
tap_stop "$keystored_pid"
rm -r "$CREDENTIALS_DIRECTORY"
keystored_start third.log
is "the credential is gone, the key is not" "$(show kpm id)" "$id"
enroleed_start
enrolee enrol gw1 --timeout 60 >/dev/null 2>&1
is "and still enrols" $? 0
enroleed_stop
tap_done
