#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee-keystored with keys that are used on the token (Residency=token), and on a disk that takes no more.
. "${top_srcdir:-.}/tests/tap.sh"
tap_needs openssl prlimit
. "$top_srcdir/tests/gateway.sh"

host=gateway.example.com
printf data >"$tap_tmp/data"

# signs NAME: with the token's key; the certificate's verifies.
signs()
{
	OPENSSL_CONF=$gateway/openssl.cnf openssl dgst -sha256 -sign "$gateway/state/credentials/$1/key.pem" \
		-out "$tap_tmp/signature" "$tap_tmp/data" || return 1
	openssl x509 -in "$pki/$1.pem" -noout -pubkey >"$tap_tmp/public.pem" &&
		OPENSSL_CONF=/dev/null openssl dgst -sha256 -verify "$tap_tmp/public.pem" -signature "$tap_tmp/signature" "$tap_tmp/data"
}

import()
{
	pki_issue "$1" $host "${@:2}" && enrolee import "$1" "$pki/$1.key" "$pki/$1.pem" --anchors "$pki/root.pem"
}

# ---- Residency=token ----
mkdir -p "$gateway/etc"
printf '[keystore]\nResidency=token\n' >"$gateway/etc/enrolee.conf"
ok "Residency=token: it starts" gateway_start
pki_new "$tap_tmp/pki"
ok "an EC key is imported" import ec
ok "an RSA key is imported" import rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
ok "EC signs on the token" signs ec
ok "RSA signs on the token" signs rsa
like "status says where" "$(enrolee status)" 'token'
ok "it restarts" keystored_restart KILL
ok "EC signs again" signs ec
ok "RSA signs again" signs rsa

# ---- a disk that is full: no file may grow beyond this ----
size=$(stat -c %s "$gateway/state/keystore/catalogue.db")
ok "the limit is set" prlimit --pid "$keystored" --fsize=$((size / 2)):unlimited
import full >"$tap_tmp/import" 2>&1
is "an import fails" $? 4
like "and says why" "$(cat "$tap_tmp/import")" 'full|File too large|disk'
ok "the keystore runs" kill -0 "$keystored"
ok "what was there signs" signs ec
is "and nothing of it is published" "$(enrolee list | grep ^full | grep -v "not published")" ""
ok "the limit is gone" prlimit --pid "$keystored" --fsize=unlimited:unlimited
rm -f "$pki/full.key" "$pki/full.pem"
ok "the same import works now" import full
ok "and signs" signs full
ok "it restarts after all that" keystored_restart TERM
ok "all sign" eval 'signs ec && signs rsa && signs full'

tap_done
