#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pre-shared keys by reference in openssl s_client and s_server, unmodified: every kind of suite, with and without
# extended master secret, on either side and on both, keys of 1 to 512 bytes; and what must fail.
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
	tap_spawn "$serve_log" env $sanitizer ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$serve_conf" \
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

suites="PSK-AES128-CBC-SHA PSK-AES128-CBC-SHA256 PSK-AES256-CBC-SHA384 PSK-AES128-GCM-SHA256 PSK-AES256-GCM-SHA384
	PSK-AES128-CCM PSK-AES128-CCM8 PSK-CHACHA20-POLY1305 DHE-PSK-AES128-CBC-SHA256 DHE-PSK-AES256-GCM-SHA384
	DHE-PSK-AES128-CCM DHE-PSK-AES128-CCM8 ECDHE-PSK-AES128-CBC-SHA256 ECDHE-PSK-AES256-CBC-SHA384
	ECDHE-PSK-CHACHA20-POLY1305 RSA-PSK-AES128-CBC-SHA256 RSA-PSK-AES256-GCM-SHA384"

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

# TLS 1.3: refused with a clear reason, on either side, even when both ends hold the same reference.
conf_13=$tap_tmp/tls13.cnf
write_conf "$conf_13" "$provider" "MaxProtocol = TLSv1.3"
serve tls13 "$conf_13" "$(hex $reference_a)" -tls1_3
not "TLS 1.3 with a reference is refused" connects "$conf_13" "$(hex $reference_a)" PSK -tls1_3
like "and the program says what to do" "$(cat "$tap_tmp/client.log")" "references need TLS 1.2"
tap_stop "$server_pid"
serve tls13-server "$conf_13" "$(hex $reference_a)" -tls1_3 -nocert
not "a server by reference does not take the reference for a key in TLS 1.3" \
	connects "$conf_plain" "$(hex $reference_a)" PSK -tls1_3
tap_stop "$server_pid"

# What does not hold a reference is as before.
serve certificate "$conf" "$psk"
ok "a key that is no reference works beside the provider" connects "$conf" "$psk" PSK-AES128-GCM-SHA256
ok "certificates work beside the provider" connects "$conf" "$psk" ECDHE-RSA-AES128-GCM-SHA256
tap_stop "$server_pid"
tap_stop "$keystore_pid"

# Keys of every length behind a reference of one.
failed=
for length in 1 2 15 16 31 32 33 48 63 64 65 127 128 129 255 256 511 512; do
	psk=$(random_hex $length)
	start_keystore "$psk"
	serve "length-$length" "$conf_plain" "$psk"
	connects "$conf" "$(hex $reference_a)" PSK-AES128-GCM-SHA256 || failed="$failed $length"
	connects "$conf_no_ems" "$(hex $reference_a)" DHE-PSK-AES256-GCM-SHA384 || failed="$failed dhe-$length"
	tap_stop "$server_pid"
	tap_stop "$keystore_pid"
done
is "keys of 1 to 512 bytes" "$failed" ""

tap_done
