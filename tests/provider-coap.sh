#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# References in DTLS 1.2: libcoap's tools, which take a key as text (cut at 64 characters).
. "${top_srcdir:-.}/tests/tap.sh"
tap_needs openssl od python3 coap-client-openssl coap-server-openssl timeout
. "$top_srcdir/tests/provider-lib.sh"

key=$(random_hex 16) # 32 characters: these are the key
start_keystore "$(hex "$key")"

# Two free UDP ports side by side: a server listens on the first for coap, on the second for coaps.
free_ports()
{
	python3 - <<-'END'
		import socket
		while True:
		    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
		        one.bind(("127.0.0.1", 0))
		        try:
		            two.bind(("127.0.0.1", one.getsockname()[1] + 1))
		        except OSError:
		            continue
		        print(one.getsockname()[1])
		        break
	END
}

# server CONF KEY
server()
{
	port=$(free_ports)
	tap_spawn coap-server.log env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$1" \
		coap-server-openssl -A 127.0.0.1 -p "$port" -k "$2" -h enrolee
	server_pid=$tap_pid
	tap_until 10 grep -q ":$(printf '%04X' "$((port + 1))") " /proc/net/udp
}

# gets CONF KEY: whether the server's answer comes. The client's exit status does not tell.
gets()
{
	with "$1" timeout 20 coap-client-openssl -B 10 -u me -k "$2" "coaps://127.0.0.1:$((port + 1))/" \
		>"$tap_tmp/client.log" 2>&1
	grep -q 'test server made with libcoap' "$tap_tmp/client.log"
}

server "$conf" "$reference_b"
ok "coap-server by reference, coap-client with the key" gets "$conf_plain" "$key"
ok "both by reference" gets "$conf" "$reference_a"
not "coap-client with another key" gets "$conf_plain" "$(random_hex 16)"
not "the reference taken for the key, without the provider" gets "$conf_plain" "$reference_a"
tap_stop "$server_pid"

server "$conf_plain" "$key"
ok "coap-server with the key, coap-client by reference" gets "$conf" "$reference_a"
tap_stop "$keystore_pid"
not "no keystore: the client by reference fails" gets "$conf" "$reference_a"
like "and says why" "$(cat "$tap_tmp/client.log")" "the keystore does not answer"
start_keystore "$(hex "$key")"
ok "a new keystore: all is well" gets "$conf" "$reference_a"
tap_stop "$server_pid"

tap_done
