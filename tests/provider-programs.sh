#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# References in unmodified programs with other peers: GnuTLS on the other side, mosquitto and stunnel; nothing of the key
# in their memory; and a keystore that is down or stopped.
. "${top_srcdir:-.}/tests/tap.sh"
tap_needs openssl nm od gnutls-cli gnutls-serv mosquitto mosquitto_pub mosquitto_sub stunnel timeout
. "$top_srcdir/tests/provider-lib.sh"

psk=$(random_hex 32)
start_keystore "$psk"
suite=PSK-AES128-GCM-SHA256
server_pid=
conf_both=$tap_tmp/both.cnf
conf_both_plain=$tap_tmp/both-plain.cnf
write_conf "$conf_both" "$provider" 'MinProtocol = TLSv1.2'
write_conf "$conf_both_plain" '' 'MinProtocol = TLSv1.2'

# listening PID: prints the port that a process listens on, once it does.
listening()
{
	tap_until 10 port_of "$1"
	port_of "$1"
}

port_of()
{
	for port_fd in /proc/"$1"/fd/*; do
		port_inode=$(readlink "$port_fd" 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p')
		[ -n "$port_inode" ] || continue
		port_hex=$(awk -v inode="$port_inode" '$4 == "0A" && $10 == inode { sub(/.*:/, "", $2); print $2 }' \
			/proc/net/tcp /proc/net/tcp6)
		[ -z "$port_hex" ] || { printf '%d\n' "0x$port_hex"; return 0; }
	done
	return 1
}

# s_server CONF KEY: at $port, turns lines round.
s_server()
{
	tap_spawn s_server.log env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$1" \
		openssl s_server -accept 127.0.0.1:0 -psk "$2" -psk_identity me -nocert -rev
	server_pid=$tap_pid
	port=$(listening $server_pid)
}

# s_client CONF KEY: the answer of what listens at $port.
s_client()
{
	printf 'enrolee\nCLOSE\n' | with "$1" timeout 20 openssl s_client -connect "127.0.0.1:$port" -psk "$2" \
		-psk_identity me -cipher "$suite:@SECLEVEL=0" -quiet 2>"$tap_tmp/client.log" | head -n 1
}

connects()
{
	[ "$(s_client "$@")" = eelorne ]
}

# GnuTLS as the peer that shares no code with us.
gnutls=NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK:+DHE-PSK:+ECDHE-PSK:+AES-128-CCM-8:+AES-128-CCM:+SHA256
gnutls_connects()
{
	printf 'enrolee\nCLOSE\n' | timeout 20 gnutls-cli --no-ca-verification --priority "$1" --pskusername me \
		--pskkey "$2" -p "$port" 127.0.0.1 2>&1 | tee "$tap_tmp/gnutls.log" | grep -q eelorne
}

gnutls_13=NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+PSK:+DHE-PSK:+ECDHE-PSK:-CIPHER-ALL:+AES-128-GCM
s_server "$conf_13" "$(hex $reference_a)"
ok "TLS 1.3: gnutls-cli with the key, s_server by reference" gnutls_connects "$gnutls_13" "$psk"
not "gnutls-cli with the reference as a key is refused" gnutls_connects "$gnutls_13" "$(hex $reference_a)"
tap_stop "$server_pid"
s_server "$conf" "$(hex $reference_a)"
ok "gnutls-cli with the key, s_server by reference" gnutls_connects "$gnutls" "$psk"
ok "the same without extended master secret" gnutls_connects "$gnutls:%NO_SESSION_HASH" "$psk"
not "gnutls-cli with the reference as a key is refused" gnutls_connects "$gnutls" "$(hex $reference_a)"
tap_stop "$server_pid"

echo "me:$psk" >"$tap_tmp/psk.txt"
tap_spawn gnutls-serv.log gnutls-serv --quiet --echo --nodb -p 0 --pskpasswd "$tap_tmp/psk.txt" --priority "$gnutls:%NO_SESSION_HASH"
server_pid=$tap_pid
port=$(listening $server_pid)
echoes()
{
	printf 'enrolee\n' >"$tap_tmp/line"
	{ cat "$tap_tmp/line"; tap_until 10 grep -q enrolee "$tap_tmp/echo"; } | with "$1" timeout 20 openssl s_client \
		-connect "127.0.0.1:$port" -psk "$2" -psk_identity me -cipher "$3:@SECLEVEL=0" -quiet -no_ign_eof \
		>"$tap_tmp/echo" 2>"$tap_tmp/client.log"
	grep -q enrolee "$tap_tmp/echo"
}
for suite in PSK-AES128-GCM-SHA256 PSK-AES128-CCM8 DHE-PSK-AES128-GCM-SHA256 ECDHE-PSK-AES128-CBC-SHA256; do
	ok "gnutls-serv with the key, s_client by reference, $suite" echoes "$conf" "$(hex $reference_a)" $suite
done
tap_stop "$server_pid"
tap_spawn gnutls-serv-13.log gnutls-serv --quiet --echo --nodb -p 0 --pskpasswd "$tap_tmp/psk.txt" --priority "$gnutls_13"
server_pid=$tap_pid
port=$(listening $server_pid)
ok "TLS 1.3: gnutls-serv with the key, s_client by reference" echoes "$conf_13" "$(hex $reference_a)" PSK
not "gnutls-serv refuses another key" echoes "$conf_plain_13" "$(random_hex 32)" PSK
tap_stop "$server_pid"
suite=PSK-AES128-GCM-SHA256

# Memory: the key, its hexadecimal text, and what TLS 1.3 makes of it that is as good: early secret, and what is derived from that.
schedule()
{
	OPENSSL_CONF=/dev/null openssl kdf -keylen 32 -binary -kdfopt digest:SHA256 -kdfopt mode:"$1" -kdfopt hexkey:"$2" \
		-kdfopt prefix:'tls13 ' -kdfopt label:"$3" ${4:+-kdfopt hexdata:$4} TLS13-KDF | od -An -v -tx1 | tr -d ' \n'
}
empty=$(OPENSSL_CONF=/dev/null openssl sha256 -r </dev/null | cut -d ' ' -f 1)
early=$(schedule EXTRACT_ONLY "$psk" derived)
derived=$(schedule EXPAND_ONLY "$early" derived "$empty")
binder=$(schedule EXPAND_ONLY "$early" 'ext binder' "$empty")
in_memory()
{
	"$top_builddir/tests/provider-memory" "$1" "$psk" "$(hex "$psk")" "$early" "$derived" "$binder"
}

# hold CONF KEY: an s_client that stays connected, $client_pid.
hold()
{
	rm -f "$tap_tmp/hold"
	mkfifo "$tap_tmp/hold"
	exec 9<>"$tap_tmp/hold"
	env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$1" openssl s_client -connect "127.0.0.1:$port" -psk "$2" \
		-psk_identity me -cipher "$suite:@SECLEVEL=0" -quiet <"$tap_tmp/hold" >"$tap_tmp/hold.log" 2>&1 &
	client_pid=$!
	tap_pids="$client_pid $tap_pids"
	echo enrolee >&9
	tap_until 10 grep -q eelorne "$tap_tmp/hold.log"
}

for version in 12 13; do
	[ $version = 12 ] && ours=$conf theirs=$conf_plain || ours=$conf_13 theirs=$conf_plain_13
	s_server "$ours" "$(hex $reference_b)"
	hold "$ours" "$(hex $reference_a)"
	ok "TLS $version: the memory of s_client by reference has no key" in_memory $client_pid
	ok "nor has that of s_server" in_memory $server_pid
	tap_stop $client_pid
	tap_stop "$server_pid"
	s_server "$theirs" "$psk"
	hold "$theirs" "$psk"
	not "the control: with the real key it is found in s_client" in_memory $client_pid
	not "the control: with the real key it is found in s_server" in_memory $server_pid
	[ $version = 12 ] || like "the early secret as well" "$(cat "$tap_tmp/output")" "^$early$"
	tap_stop $client_pid
	tap_stop "$server_pid"
done

# stunnel: server and client by reference, in its text form.
stunnel_conf()
{
	printf 'foreground = yes\npid =\nsyslog = no\n[psk]\naccept = 127.0.0.1:0\nciphers = PSK\nPSKsecrets = %s\n' "$1"
	printf '%s\n' "$2"
}
umask 077
echo "me:$reference_a" >"$tap_tmp/reference.txt"
s_server "$conf_plain_13" "$psk"
stunnel_conf "$tap_tmp/reference.txt" "client = yes
connect = 127.0.0.1:$port
PSKidentity = me" >"$tap_tmp/stunnel-client.conf"
tap_spawn stunnel-client.log env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$conf_both" \
	stunnel "$tap_tmp/stunnel-client.conf"
stunnel_pid=$tap_pid
stunnel_port=$(listening $stunnel_pid)
through_stunnel()
{
	exec 8<>"/dev/tcp/127.0.0.1/$stunnel_port" || return 1
	printf 'enrolee\n' >&8
	read -r -t 10 stunnel_line <&8
	exec 8>&-
	[ "$stunnel_line" = eelorne ]
}
ok "stunnel as a client by reference, TLS 1.3" through_stunnel
ok "its memory has no key" in_memory $stunnel_pid
tap_stop $stunnel_pid
tap_stop "$server_pid"

stunnel_conf "$tap_tmp/reference.txt" "exec = $(command -v cat)
execArgs = cat" >"$tap_tmp/stunnel-server.conf"
tap_spawn stunnel-server.log env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$conf_both" \
	stunnel "$tap_tmp/stunnel-server.conf"
stunnel_pid=$tap_pid
port=$(listening $stunnel_pid)
ok "stunnel as a server by reference, TLS 1.2" echoes "$conf_plain" "$psk" $suite
ok "TLS 1.3" echoes "$conf_plain_13" "$psk" $suite
not "nor with another key there" echoes "$conf_plain_13" "$(random_hex 32)" $suite
not "and not with another key" echoes "$conf_plain" "$(random_hex 32)" $suite
ok "its memory has no key" in_memory $stunnel_pid
tap_stop $stunnel_pid
echo "me:$psk" >"$tap_tmp/key.txt"
stunnel_conf "$tap_tmp/key.txt" "exec = $(command -v cat)
execArgs = cat" >"$tap_tmp/stunnel-control.conf"
tap_spawn stunnel-control.log env OPENSSL_CONF="$conf_plain" stunnel "$tap_tmp/stunnel-control.conf"
stunnel_pid=$tap_pid
port=$(listening $stunnel_pid)
ok "the control: stunnel with the real key" echoes "$conf_plain" "$psk" $suite
not "there it is found" in_memory $stunnel_pid
like "as bytes" "$(cat "$tap_tmp/output")" "^$psk$"
tap_stop $stunnel_pid

# mosquitto: broker and client, the reference as 64 hexadecimal digits. It cannot listen on a port of the kernel's choice.
s_server "$conf_plain" "$psk"
tap_stop "$server_pid"
echo "me:$(hex $reference_b)" >"$tap_tmp/mosquitto.psk"
cat >"$tap_tmp/mosquitto.conf" <<EOF
listener $port 127.0.0.1
user $(id -un)
allow_anonymous true
psk_hint enrolee
psk_file $tap_tmp/mosquitto.psk
ciphers $suite
EOF
tap_spawn mosquitto.log env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$conf_both" mosquitto -c "$tap_tmp/mosquitto.conf"
mosquitto_pid=$tap_pid
listening $mosquitto_pid >/dev/null
mqtt()
{
	mqtt_conf=$1
	mqtt_key=$2
	mqtt_program=$3
	shift 3
	with "$mqtt_conf" timeout 20 "$mqtt_program" -h 127.0.0.1 -p "$port" --psk "$mqtt_key" --psk-identity me \
		--ciphers "$suite" -t enrolee -q 1 "$@"
}
ok "mosquitto_pub by reference, broker by reference, TLS 1.3" \
	mqtt "$conf_both" "$(hex $reference_a)" mosquitto_pub -r -m hello --tls-version tlsv1.3
ok "TLS 1.2" mqtt "$conf_both" "$(hex $reference_a)" mosquitto_pub -r -m hello --tls-version tlsv1.2
for version in tlsv1.2 tlsv1.3; do
	is "mosquitto_sub with the key, broker by reference, $version" \
		"$(mqtt "$conf_both_plain" "$psk" mosquitto_sub -C 1 -W 10 --tls-version $version 2>&1)" hello
done
not "in TLS 1.3 with another key" mqtt "$conf_both_plain" "$(random_hex 32)" mosquitto_pub -m wrong --tls-version tlsv1.3
not "mosquitto_pub with another key" mqtt "$conf_plain" "$(random_hex 32)" mosquitto_pub -m wrong
ok "the memory of the broker has no key" in_memory $mosquitto_pid
tap_stop $mosquitto_pid

# Node.js, with a libcrypto of its own in most builds, reads the configuration under another name.
cat >"$tap_tmp/psk.js" <<'END'
const [, , key, port, version] = process.argv;
const socket = require('tls').connect({host: '127.0.0.1', port: Number(port), minVersion: version, maxVersion: version,
	ciphers: 'PSK-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256', checkServerIdentity: () => undefined,
	pskCallback: () => ({psk: Buffer.from(key, 'hex'), identity: 'me'})}, () => socket.write('enrolee\n'));
socket.on('data', data => { process.stdout.write(data); socket.end(); });
socket.on('error', error => { console.log(error.message); process.exit(1); });
END
{ echo 'nodejs_conf = init'; cat "$conf_both"; } >"$tap_tmp/node.cnf"
node_connects()
{
	with "$1" timeout 20 node "$tap_tmp/psk.js" "$2" "$port" "$3" | grep -q eelorne
}
if command -v node >/dev/null && [ -z "$sanitizer" ]; then
	for version in 2 3; do
		s_server "$([ $version = 2 ] && echo "$conf_plain" || echo "$conf_plain_13")" "$psk"
		ok "Node.js by reference, TLS 1.$version" node_connects "$tap_tmp/node.cnf" "$(hex $reference_a)" TLSv1.$version
		not "without the provider it does not connect" node_connects "$conf_both_plain" "$(hex $reference_a)" TLSv1.$version
		tap_stop "$server_pid"
	done
else
	skip "Node.js by reference" "no node here, or one that cannot load a sanitized provider"
fi

# The keystore stopped, then down: an error in bounded time, on either side; afterwards all is well.
took()
{
	took_start=$(date +%s)
	"$@"
	took_rc=$?
	[ $(($(date +%s) - took_start)) -le 8 ] || { echo "took $(($(date +%s) - took_start)) s"; return 0; }
	return $took_rc
}
s_server "$conf" "$(hex $reference_b)"
ok "before" connects "$conf_plain" "$psk"
kill -STOP "$keystore_pid"
not "a stopped keystore: the server by reference fails soon" took connects "$conf_plain" "$psk"
kill -CONT "$keystore_pid"
ok "and works again when it goes on" tap_until 10 connects "$conf_plain" "$psk"
kill -STOP "$keystore_pid"
not "a stopped keystore: the client by reference fails soon" took connects "$conf" "$(hex $reference_a)"
kill -CONT "$keystore_pid"
tap_stop "$keystore_pid"
not "no keystore: the client by reference fails soon" took connects "$conf" "$(hex $reference_a)"
like "and says why" "$(cat "$tap_tmp/client.log")" "the keystore does not answer"
start_keystore "$psk"
ok "a new keystore: the same server works again" tap_until 10 connects "$conf" "$(hex $reference_a)"
tap_stop "$server_pid"

tap_done
