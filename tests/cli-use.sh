#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee use: the stock programs run with the very configuration that it prints, key pairs and symmetric keys; the systemd
# drop-in that --write leaves, and what it does not touch.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/gateway.sh"
. "$top_srcdir/tests/programs.sh"
tap_needs openssl nginx curl mosquitto mosquitto_pub gnutls-cli python3 perl

me=$(id -un)
ok "the keystore starts" gateway_start || tap_done
cp "$gateway"/openssl*.cnf "$gateway/etc/"
pki_new "$tap_tmp/pki"
pki_issue gw localhost
(umask 077 && openssl rand -hex 32 >"$tap_tmp/psk.hex")
ok "a key pair" enrolee import gw "$pki/gw.key" "$pki/gw.pem" --anchors "$pki/root.pem" --user "$worker"
ok "a symmetric key" enrolee import psk --symmetric "$tap_tmp/psk.hex" --identifier me@sp.example.com --user "$me"
ok "anchors alone" enrolee import roots --anchors "$pki/root.pem"
gateway_use gw
unset OPENSSL_CONF
units=$tap_tmp/units

# printed PROGRAM NAME OPTION...: the configuration alone, with this tree's module.
printed()
{
	enrolee use "$@" --snippet | sed "s|[^ ']*/enrolee-pkcs11.so|$module|"
}

# environment PROGRAM NAME OPTION...: what the unit's drop-in sets.
environment()
{
	enrolee use "$@" --unit-dir "$units" | sed -n 's/^Environment=//p'
}

# call FIRST-WORDS: the printed command in $tap_tmp/printed that calls it, for $port of this machine.
call()
{
	{
		grep '^IFS=' "$tap_tmp/printed"
		awk -v first="$1" 'index($0, first) { on = 1 } on { print } on && !/\\$/ { exit }' "$tap_tmp/printed"
	} | sed "s/HOST/localhost/g; s/PORT/$port/g" >"$tap_tmp/call"
	timeout 20 bash "$tap_tmp/call"
}

# ---- what is asked for, and what is not there
programs=$(enrolee use | cut -f 1 | sort -u)
for file in "$top_srcdir"/provisioner/cli/use/*.*; do
	file=$(basename "$file")
	like "$file is in the list" "$(enrolee use | cut -f 1,2)" "^${file%%.*}	${file#*.}\$"
done
for program in $programs; do
	for name in gw psk; do
		printed=$(enrolee use "$program" $name --mutual 2>/dev/null || enrolee use "$program" $name 2>/dev/null) || continue
		is "$program with $name: everything is filled in" "$(grep -c '@[A-Z]' <<<"$printed")" 0
	done
done
enrolee use nginx nothing >/dev/null 2>&1
is "no such credential: status" $? 3
enrolee use nonsense gw >"$tap_tmp/output" 2>&1
is "no such program: status" $? 4
like "no such program: says where they are listed" "$(cat "$tap_tmp/output")" 'enrolee use'
not "a web server takes no symmetric key" enrolee use nginx psk
not "a web server takes no anchors" enrolee use nginx roots
not "nginx for nothing" enrolee use nginx
not "no client can be asked for a certificate without anchors" enrolee use openssl psk --mutual
like "what is to be granted is said" "$(enrolee use nginx gw --as daemon 2>/dev/null)" '^enrolee grant gw --user daemon$'
is "what is granted is not" "$(enrolee use nginx gw --as "$worker" 2>/dev/null | grep -c '^enrolee grant')" 0
ok "--json is JSON" sh -c "'$bin/enrolee' use nginx gw --json --runtime-dir '$gateway/run' --state-dir '$gateway/state' |
	python3 -c 'import json,sys; o = json.load(sys.stdin); assert o[\"version\"] == 1 and o[\"dropin\"][\"state\"] == \"absent\" \
		and \"ssl_certificate\" in o[\"configuration\"]'"

# ---- the drop-in
dropin=$units/nginx.service.d/enrolee.conf
enrolee use nginx gw --write --unit-dir "$units" >"$tap_tmp/output" 2>&1
is "--write" $? 0
like "says the next command" "$(cat "$tap_tmp/output")" '^systemctl daemon-reload$'
is "the drop-in sets the configuration" "$(grep -v '^#' "$dropin" | tr '\n' ' ')" \
	"[Service] Environment=OPENSSL_CONF=$gateway/etc/openssl.cnf "
is "everybody may read it" "$(stat -c %a "$dropin")" 644
is "nothing else is left in its folder" "$(ls -A "$units/nginx.service.d")" enrolee.conf
ok "--write again changes nothing" enrolee use nginx gw --write --unit-dir "$units"
echo '# more' >>"$dropin"
ok "its own file is written again" enrolee use nginx gw --write --unit-dir "$units"
is "as it was" "$(tail -n 1 "$dropin")" "Environment=OPENSSL_CONF=$gateway/etc/openssl.cnf"
echo 'Environment=OPENSSL_CONF=/mine' >"$dropin"
not "somebody else's file is not" enrolee use nginx gw --write --unit-dir "$units"
is "and stays" "$(cat "$dropin")" 'Environment=OPENSSL_CONF=/mine'
rm "$dropin" && ln -s /nonexistent "$dropin"
not "a link is somebody else's" enrolee use nginx gw --write --unit-dir "$units"
ok "another unit" enrolee use nginx gw --write --unit-dir "$units" --unit nginx@two.service
ok "has it" test -f "$units/nginx@two.service.d/enrolee.conf"
not "a path is no unit" enrolee use nginx gw --write --unit-dir "$units" --unit ../x.service
not "a socket is no service" enrolee use nginx gw --write --unit-dir "$units" --unit nginx.socket
not "curl has no unit" enrolee use curl gw --write --unit-dir "$units"
ok "a unit that runs curl" enrolee use curl gw --write --unit-dir "$units" --unit fetch.service
like "a symmetric key's" "$(enrolee use stunnel psk --write --unit-dir "$units" >/dev/null; cat "$units"/stunnel@*/enrolee.conf)" \
	'OPENSSL_CONF=.*/openssl.cnf$'
chmod 500 "$units"
[ "$(id -u)" -eq 0 ] || not "a folder that cannot be written" enrolee use mosquitto gw --write --unit-dir "$units"
chmod 700 "$units"

[ -z "$preload" ] || export $preload

# ---- nginx, and its clients
nginx_printed()
{
	printed nginx gw --mutual >"$tap_tmp/nginx.snippet"
	port=$(free_port)
	echo "server_name localhost; include $tap_tmp/nginx.snippet;" | nginx_conf 1
	start_on_port nginx.log env "$(environment nginx gw)" nginx -e "$tap_tmp/nginx/error.log" -p "$tap_tmp/nginx" \
		-c "$tap_tmp/nginx/nginx.conf"
}

ok "nginx starts as printed" nginx_printed
nginx=$tap_pid
printed curl gw >"$tap_tmp/printed"
is "curl as printed" "$(call ' curl ' 2>"$tap_tmp/output")" "hello SUCCESS" || diag "$(cat "$tap_tmp/output")"
not "control: curl without its key is not served" sh -c \
	"curl -sS --fail --cacert '$credential/ca.pem' 'https://localhost:$port/'"
printed openssl gw >"$tap_tmp/printed"
like "openssl s_client as printed" "$(call 'openssl s_client' 2>&1 </dev/null)" 'Verification: OK'
tap_stop "$nginx"

# ---- openssl s_server, and gnutls-cli
port=$(free_port)
printed openssl gw --mutual | sed "s/PORT/127.0.0.1:$port -naccept 1/" >"$tap_tmp/printed"
call 'openssl s_server' >"$tap_tmp/s_server" 2>&1 </dev/null &
tap_pids="$tap_pids $!"
s_server=$!
tap_until 10 port_open "$port"
printed gnutls gw | sed "s|gnutls-cli|& --provider $module|" >"$tap_tmp/printed"
like "gnutls-cli as printed, openssl s_server as printed" "$(printf 'GET / HTTP/1.0\r\n\r\n' | call gnutls-cli 2>&1)" \
	'Handshake was completed' || diag "$(cat "$tap_tmp/s_server")"
kill "$s_server" 2>/dev/null

# ---- gnutls-serv
port=$(free_port)
printed gnutls gw --mutual | sed "s|gnutls-serv|exec & --provider $module|; s/PORT/$port/" >"$tap_tmp/gnutls"
sed -n '/gnutls-serv/,$p' "$tap_tmp/gnutls" >"$tap_tmp/gnutls-serv.sh"
tap_spawn gnutls-serv bash "$tap_tmp/gnutls-serv.sh"
gnutls_serv=$tap_pid
tap_until 10 grep -q listening "$tap_tmp/gnutls-serv"
printed openssl gw >"$tap_tmp/printed"
like "gnutls-serv as printed" "$(call 'openssl s_client' 2>&1 </dev/null)" 'Verification: OK' ||
	diag "$(cat "$tap_tmp/gnutls-serv")"
tap_stop "$gnutls_serv"

# ---- mosquitto
# broker_printed NAME: with a certificate or pre-shared keys.
broker_printed()
{
	port=$(free_port)
	{
		[ "$(id -u)" -ne 0 ] || echo "user ${2:-$worker}"
		printf 'allow_anonymous true\nlistener %s 127.0.0.1\n' "$port"
		printed mosquitto "$1" $3 --as "${2:-$worker}"
	} >"$tap_tmp/mosquitto.conf"
	chmod 644 "$tap_tmp/mosquitto.conf"
	start_on_port mosquitto.log env "$(environment mosquitto "$1")" mosquitto -c "$tap_tmp/mosquitto.conf"
}

ok "mosquitto starts as printed" broker_printed gw "$worker" --mutual
broker=$tap_pid
printed mosquitto-client gw >"$tap_tmp/printed"
ok "mosquitto_pub as printed" call mosquitto_pub
not "control: without its key it is refused" mosquitto_pub -h localhost -p "$port" -t gateway -m hello -q 1 \
	--cafile "$credential/ca.pem"
tap_stop "$broker"
ok "mosquitto starts as printed, with a pre-shared key" broker_printed psk "$me"
broker=$tap_pid
printed mosquitto-client psk >"$tap_tmp/printed"
ok "mosquitto_pub as printed, with a pre-shared key" call mosquitto_pub
not "control: with another key it is refused" mosquitto_pub -h localhost -p "$port" -t gateway -m hello -q 1 \
	--psk-identity me@sp.example.com --psk 00112233 --ciphers PSK-AES128-GCM-SHA256
tap_stop "$broker"

# ---- openssl with a pre-shared key, against its value
port=$(free_port)
OPENSSL_CONF=/dev/null start_on_port psk-server openssl s_server -accept "127.0.0.1:$port" -nocert -tls1_2 \
	-psk_identity me@sp.example.com -psk "$(cat "$tap_tmp/psk.hex")" -naccept 2 -www
psk_server=$tap_pid
printed openssl psk >"$tap_tmp/printed"
like "openssl s_client as printed, with a pre-shared key" "$(call 'openssl s_client' 2>&1 </dev/null)" \
	'PSK identity: me@sp.example.com'
tap_stop "$psk_server"

# ---- stunnel
stunnel_printed()
{
	port=$(free_port)
	{
		printf 'foreground = yes\npid =\n[service]\naccept = 127.0.0.1:%s\nexec = /bin/cat\n' "$port"
		printed stunnel "$@" --as "$me"
	} >"$tap_tmp/stunnel.conf"
	start_on_port stunnel-log env "$(environment stunnel "$1")" stunnel4 "$tap_tmp/stunnel.conf"
}

if command -v stunnel4 >/dev/null; then
	ok "stunnel starts as printed" stunnel_printed gw --mutual
	stunnel=$tap_pid
	printed openssl gw >"$tap_tmp/printed"
	like "and speaks TLS" "$(call 'openssl s_client' 2>&1 </dev/null)" 'Verification: OK'
	tap_stop "$stunnel"
	ok "stunnel starts as printed, with a pre-shared key" stunnel_printed psk
	stunnel=$tap_pid
	like "and speaks TLS to who has its value" "$(OPENSSL_CONF=/dev/null timeout 20 openssl s_client -connect \
		"localhost:$port" -tls1_2 -psk_identity me@sp.example.com -psk "$(cat "$tap_tmp/psk.hex")" 2>&1 </dev/null)" \
		'PSK identity: me@sp.example.com'
	tap_stop "$stunnel"
else
	skip "stunnel" "no stunnel4"
fi

# ---- apache
apache_printed()
{
	port=$(free_port)
	mkdir -p "$tap_tmp/apache"
	{
		for part in mpm_event authz_core ssl socache_shmcb; do
			echo "LoadModule ${part}_module /usr/lib/apache2/modules/mod_$part.so"
		done
		[ "$(id -u)" -ne 0 ] || printf 'User %s\nGroup %s\n' "$worker" "$worker"
		printf 'ServerName localhost\nServerRoot %s\nPidFile %s/pid\nErrorLog %s/log\nListen 127.0.0.1:%s\n' \
			"$tap_tmp/apache" "$tap_tmp/apache" "$tap_tmp/apache" "$port"
		printf 'DocumentRoot %s/apache\n<VirtualHost *:%s>\n' "$tap_tmp" "$port"
		printed apache gw --mutual
		echo '</VirtualHost>'
	} >"$tap_tmp/apache/httpd.conf"
	start_on_port apache.log env "$(environment apache gw)" apache2 -X -f "$tap_tmp/apache/httpd.conf" ||
		{ tail -n 5 "$tap_tmp/apache/log"; return 1; }
}

if command -v apache2 >/dev/null; then
	ok "apache starts as printed" apache_printed
	apache=$tap_pid
	echo hello >"$tap_tmp/apache/index.html"
	chmod -R a+rX "$tap_tmp/apache"
	printed curl gw | sed 's|PORT/|&index.html|' >"$tap_tmp/printed"
	is "and serves curl as printed" "$(call ' curl ' 2>/dev/null)" hello || diag "$(tail -n 5 "$tap_tmp/apache/log")"
	tap_stop "$apache"
else
	skip "apache" "no apache2"
fi

# ---- haproxy, alone and as a master with a worker
# haproxy_printed MODE OPTION...: what it says to do is done in a folder of the test's own
haproxy_printed()
{
	mode=$1
	shift
	port=$(free_port)
	{
		printf 'global\n\tlog stderr format raw daemon\ndefaults\n\tmode http\n\ttimeout connect 5s\n\ttimeout client 5s\n\ttimeout server 5s\nfrontend f\n'
		printed haproxy gw "$@" | sed "s|/etc/haproxy|$tap_tmp/haproxy|; s|:PORT|127.0.0.1:$port|"
		printf '\thttp-request return status 200 content-type text/plain lf-string "hello %%[ssl_c_used]"\n'
	} >"$tap_tmp/haproxy.cfg"
	enrolee use haproxy gw --json | python3 -c "import json, sys; print(json.load(sys.stdin)['then'])" |
		sed "s|/etc/haproxy|$tap_tmp/haproxy|g; s| && systemctl.*||" | sh || return 1
	tap_spawn haproxy.log env "$(environment haproxy gw)" haproxy "$mode" -f "$tap_tmp/haproxy.cfg"
	tap_until 20 bash -c ": <>/dev/tcp/127.0.0.1/$port"
}

if command -v haproxy >/dev/null; then
	for mode in -db -W; do
		haproxy_printed $mode
		is "haproxy $mode as printed" "$(curl -sS --cacert "$credential/ca.pem" "https://localhost:$port/" 2>&1)" "hello 0" ||
			diag "$(cat "$tap_tmp/haproxy.log")"
		tap_stop "$tap_pid"
	done
	haproxy_printed -db --mutual
	printed curl gw >"$tap_tmp/printed"
	is "haproxy --mutual as printed" "$(call ' curl ' 2>/dev/null)" "hello 1" || diag "$(cat "$tap_tmp/haproxy.log")"
	not "haproxy --mutual: nobody without a certificate" curl -sS --cacert "$credential/ca.pem" "https://localhost:$port/"
	tap_stop "$tap_pid"
else
	skip "haproxy" "no haproxy"
fi

# ---- openvpn without a tunnel device
openvpn_printed()
{
	port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Proto => "udp")->sockport')
	printed openvpn gw >"$tap_tmp/openvpn.snippet"
	for end in "server
tls-server
dh none
local 127.0.0.1" "client
tls-client
remote 127.0.0.1
nobind"; do
		{
			printf 'dev null\nport %s\nverb 3\ncipher AES-128-GCM\ndata-ciphers AES-128-GCM\n' "$port"
			tail -n +2 <<<"$end"
			cat "$tap_tmp/openvpn.snippet"
		} >"$tap_tmp/openvpn-${end%%
*}.conf"
	done
	tap_spawn openvpn-server env "$(environment openvpn gw)" openvpn --config "$tap_tmp/openvpn-server.conf"
	server=$tap_pid
	tap_spawn openvpn-client env "$(environment openvpn gw)" openvpn --config "$tap_tmp/openvpn-client.conf"
	client=$tap_pid
	tap_until 20 openvpn_connected
	result=$?
	tap_stop "$client"
	tap_stop "$server"
	return $result
}

if command -v openvpn >/dev/null; then
	ok "openvpn as printed" openvpn_printed || diag "$(tail -n 5 "$tap_tmp/openvpn-server" "$tap_tmp/openvpn-client")"
else
	skip "openvpn" "no openvpn"
fi

# ---- pkcs11-tool, ssh-keygen, keytool
echo data >"$tap_tmp/data"
printed pkcs11 gw | sed "s|DATA|$tap_tmp/data|; s|SIGNATURE|$tap_tmp/signature|" >"$tap_tmp/printed"
like "pkcs11-tool as printed lists" "$(call --list-objects 2>&1)" 'label: *gw'
ok "pkcs11-tool as printed signs" sh -c "sed -n '/--sign/,/SIGNATURE\|signature/p' '$tap_tmp/printed' | sh && test -s '$tap_tmp/signature'"
printed ssh gw | sed 's/HOST/localhost/' >"$tap_tmp/ssh_config"
is "ssh as printed takes the module" "$(ssh -G -F "$tap_tmp/ssh_config" localhost 2>/dev/null | sed -n 's/^pkcs11provider //p')" "$module"
if command -v keytool >/dev/null; then
	printed java gw >"$tap_tmp/oneM2M.cfg"
	like "keytool as printed" "$(cd "$tap_tmp" && enrolee use java gw | grep '^keytool' | sed 's/$/ -storepass ""/' | sh 2>&1)" \
		'gw, *PrivateKeyEntry'
else
	skip "keytool" "no keytool"
fi

# ---- as its user
if [ "$(id -u)" -eq 0 ] && setpriv --reuid="$worker" --regid="$worker" --clear-groups test -r "$module"; then
	enrolee use nginx gw --as "$worker" >"$tap_tmp/output" 2>&1
	is "--as who may: status" $? 0
	like "--as who may" "$(cat "$tap_tmp/output")" "good +gw: $worker can use it"
	enrolee use nginx gw --as daemon >"$tap_tmp/output" 2>&1
	is "--as who may not: status" $? 7
	like "--as who may not" "$(cat "$tap_tmp/output")" 'problem +gw: daemon cannot use it'
	not "a symmetric key is not daemon's" enrolee use openssl psk --as daemon
	enrolee grant psk --user daemon
	enrolee use openssl psk --as daemon >"$tap_tmp/output" 2>&1
	like "until it is granted" "$(cat "$tap_tmp/output")" 'good +psk: daemon can use it'
	enrolee use nginx gw --as nosuchuser >"$tap_tmp/output" 2>&1
	like "nobody of that name" "$(cat "$tap_tmp/output")" 'there is no user nosuchuser'
else
	skip "--as" "needs root, and a build folder that others may read"
fi
enrolee use openssl psk --as "$me" >"$tap_tmp/output" 2>&1
like "a symmetric key, as oneself" "$(cat "$tap_tmp/output")" "good +psk: $me can use it"
tap_done
