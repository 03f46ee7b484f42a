#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pre-shared keys by reference in openssl s_client and s_server, unmodified: every kind of suite of TLS 1.2, with and without
# extended master secret, and TLS 1.3, on either side and on both; and what must fail. Every suite and length of
# key is test-provider-tls.c's.
. "${top_srcdir:-.}/tests/tap.sh"
tap_needs openssl nm od
. "$top_srcdir/tests/provider-lib.sh"

psk=$(random_hex 32)
start_keystore "$psk"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=psk -keyout "$tap_tmp/key.pem" -out "$tap_tmp/cert.pem" 2>/dev/null

# serve NAME CONF KEY-HEX [OPTION...]: a server that turns lines round, at $server.
serve()
{
	serve_conf=$2
	serve_key=$3
	serve_log=$1.log
	shift 3
	tap_spawn "$serve_log" env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$serve_conf" \
		openssl s_server -accept 127.0.0.1:0 -psk "$serve_key" -psk_identity me -rev \
		-cert "$tap_tmp/cert.pem" -key "$tap_tmp/key.pem" "$@"
	server_pid=$tap_pid
	tap_until 10 grep -q '^ACCEPT.*:' "$tap_tmp/$serve_log"
	server=$(sed -n 's/^ACCEPT *//p' "$tap_tmp/$serve_log" | head -n 1)
}

# ask CONF KEY-HEX SUITE [OPTION...]: prints what the server made of "enrolee".
ask()
{
	ask_conf=$1
	ask_key=$2
	ask_suite=$3
	shift 3
	printf 'enrolee\nCLOSE\n' | with "$ask_conf" timeout 20 openssl s_client -connect "$server" -psk "$ask_key" \
		-psk_identity me -cipher "$ask_suite:@SECLEVEL=0" -quiet "$@" 2>"$tap_tmp/client.log" | head -n 1
}

connects()
{
	[ "$(ask "$@")" = eelorne ]
}

suites="PSK-AES256-CBC-SHA384 PSK-AES128-CCM8 DHE-PSK-AES256-GCM-SHA384 ECDHE-PSK-AES128-CBC-SHA256 RSA-PSK-AES128-CBC-SHA256"

# every_suite WHAT CONF KEY: one result for all suites against the running server.
every_suite()
{
	failed=
	for suite in $suites; do
		connects "$2" "$3" "$suite" || failed="$failed $suite"
	done
	is "$1" "$failed" ""
}

serve plain "$conf_plain" "$psk"
every_suite "client by reference" "$conf" "$(hex $reference_a)"
every_suite "client by reference, no extended master secret" "$conf_no_ems" "$(hex $reference_a)"
not "without the provider a reference connects to nobody" \
	connects "$conf_plain" "$(hex $reference_a)" PSK-AES128-GCM-SHA256
not "an unknown reference connects to nobody" \
	connects "$conf" "$(hex pskref1:000000000000000000000000)" PSK-AES128-GCM-SHA256
like "and the program says why" "$(cat "$tap_tmp/client.log")" "the keystore refused"
not "a malformed reference connects to nobody" connects "$conf" "$(hex pskref1:short)" PSK-AES128-GCM-SHA256
like "and the program says why" "$(cat "$tap_tmp/client.log")" "malformed reference"
not "a reference is refused with TLS 1.1" \
	connects "$conf" "$(hex $reference_a)" PSK-AES128-CBC-SHA -tls1_1
tap_stop "$server_pid"

serve by-reference "$conf" "$(hex $reference_b)"
every_suite "server by reference" "$conf_plain" "$psk"
every_suite "server by reference, no extended master secret" "$conf_plain_no_ems" "$psk"
every_suite "both by reference" "$conf" "$(hex $reference_a)"
every_suite "both by reference, no extended master secret" "$conf_no_ems" "$(hex $reference_a)"
not "a wrong key does not connect to a server by reference" \
	connects "$conf_plain" "$(random_hex 32)" PSK-AES128-GCM-SHA256
not "the reference itself is no key for a server by reference" \
	connects "$conf_plain" "$(hex $reference_b)" PSK-AES128-GCM-SHA256
ok "the server goes on after refusals" connects "$conf_plain" "$psk" PSK-AES128-GCM-SHA256
tap_stop "$server_pid"

# TLS 1.3, with both hashes: SHA-384 comes in a session that stands for the key.

# session FILE KEY-HEX SUITE-HEX EARLY: a TLS 1.3 session whose secret is a key.
session()
{
	printf 'asn1=SEQUENCE:s\n[s]\na=INTEGER:1\nb=INTEGER:0x0304\nc=FORMAT:HEX,OCTETSTRING:%s\nd=OCTETSTRING:\n' "$3" >"$1.cnf"
	printf 'e=FORMAT:HEX,OCTETSTRING:%s\nf=EXPLICIT:1,INTEGER:%s\ng=EXPLICIT:2,INTEGER:7200\nh=EXPLICIT:4,OCTETSTRING:\n' \
		"$2" "$(date +%s)" >>"$1.cnf"
	printf 'i=EXPLICIT:15,INTEGER:%s\n' "$4" >>"$1.cnf"
	OPENSSL_CONF=/dev/null openssl asn1parse -genconf "$1.cnf" -noout -out "$1.der"
	{ echo '-----BEGIN SSL SESSION PARAMETERS-----'; base64 "$1.der"; echo '-----END SSL SESSION PARAMETERS-----'; } >"$1"
}

# ask13 CONF OPTION...: as ask, in TLS 1.3.
ask13()
{
	ask_conf=$1
	shift
	printf 'enrolee\nCLOSE\n' | with "$ask_conf" timeout 20 openssl s_client -connect "$server" -psk_identity me -tls1_3 \
		-quiet "$@" 2>"$tap_tmp/client.log" | head -n 1
}

connects13()
{
	[ "$(ask13 "$@")" = eelorne ]
}

# Without a certificate: a server that has one may prefer it to a key of SHA-256.
serve tls13-plain "$conf_plain_13" "$psk" -tls1_3 -nocert
ok "TLS 1.3: client by reference" connects13 "$conf_13" -psk "$(hex $reference_a)"
not "without the provider a reference connects to nobody" connects13 "$conf_plain_13" -psk "$(hex $reference_a)"
not "an unknown reference connects to nobody" connects13 "$conf_13" -psk "$(hex pskref1:000000000000000000000000)"
like "and the program says why" "$(cat "$tap_tmp/client.log")" "the keystore refused"
tap_stop "$server_pid"
serve tls13 "$conf_13" "$(hex $reference_b)" -tls1_3 -groups P-256 -nocert
ok "server by reference, after a HelloRetryRequest" connects13 "$conf_plain_13" -psk "$psk" -groups X25519:P-256
ok "both by reference" connects13 "$conf_13" -psk "$(hex $reference_a)"
not "the reference itself is no key for it" connects13 "$conf_plain_13" -psk "$(hex $reference_b)"
not "nor is another key" connects13 "$conf_plain_13" -psk "$(random_hex 32)"
tap_stop "$server_pid"
sha384="-ciphersuites TLS_AES_256_GCM_SHA384"
session "$tap_tmp/session.plain" "$psk" 1302 0
session "$tap_tmp/session.a" "$(hex $reference_a)" 1302 0
session "$tap_tmp/session.early" "$(hex $reference_a)" 1301 1024
serve tls13-384 "$conf_plain_13" "$psk" -tls1_3 -nocert $sha384 -psk_session "$tap_tmp/session.plain"
ok "SHA-384: client by reference" connects13 "$conf_13" -psk_session "$tap_tmp/session.a"
tap_stop "$server_pid"
serve tls13-384-server "$conf_13" "$(hex $reference_a)" -tls1_3 -nocert $sha384 -psk_session "$tap_tmp/session.a"
ok "SHA-384: server by reference" connects13 "$conf_plain_13" -psk_session "$tap_tmp/session.plain"
echo early >"$tap_tmp/early"
not "early data by reference are refused" connects13 "$conf_13" -psk_session "$tap_tmp/session.early" -early_data "$tap_tmp/early"
like "and the program says why" "$(cat "$tap_tmp/client.log")" "not good for early data"
tap_stop "$server_pid"

# What does not hold a reference is as before.
serve certificate "$conf" "$psk"
ok "a key that is no reference works beside the provider" connects "$conf" "$psk" PSK-AES128-GCM-SHA256
ok "certificates work beside the provider" connects "$conf" "$psk" ECDHE-RSA-AES128-GCM-SHA256
tap_stop "$server_pid"
tap_stop "$keystore_pid"

tap_done
