#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# References with the real keystore: its reference files as they are, one for each user, good for that user alone; a grant
# taken back; a restart of the keystore under a running server; a chroot.
. "${top_srcdir:-.}/tests/tap.sh"
tap_needs openssl nm od python3 setpriv softhsm2-util
[ "$(id -u)" = 0 ] || tap_skip "needs root: it acts as two users"
. "$top_srcdir/tests/provider-lib.sh"

# Another user must reach the socket and the provider.
chmod 755 "$tap_tmp"
mkdir -m 755 "$run" "$tap_tmp/modules" "$tap_tmp/config"
mkdir "$tap_tmp/state"
cp "$provider" "$tap_tmp/modules/enrolee.so"
provider=$tap_tmp/modules/enrolee.so
write_conf "$conf" "$provider"
write_conf "$conf_13" "$provider" 'MinProtocol = TLSv1.3'
chmod 644 "$conf" "$conf_plain" "$conf_13"
paths="--runtime-dir=$run --state-dir=$tap_tmp/state --config-dir=$tap_tmp/config"
suite=PSK-AES128-CCM8

start_daemon()
{
	tap_spawn keystored.log "$top_builddir/enrolee-keystored" $paths --provisioner-user=root
	keystored_pid=$tap_pid
	tap_until 20 test -S "$run/provision.sock"
}

enrolee()
{
	enrolee_command=$1
	shift
	"$top_builddir/enrolee" "$enrolee_command" $paths "$@"
}

# reference_of USER: what the user's file says, after the identity.
reference_of()
{
	sed 's/.*://' "$tap_tmp/state/credentials/dev/psk-$1.txt"
}

serve()
{
	tap_spawn "server.log" env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$1" \
		openssl s_server -accept 127.0.0.1:0 -psk "$2" -psk_identity me -nocert -rev
	server_pid=$tap_pid
	tap_until 10 grep -q '^ACCEPT.*:' "$tap_tmp/server.log"
	server=$(sed -n 's/^ACCEPT *//p' "$tap_tmp/server.log" | head -n 1)
}

# connects USER CONF KEY
connects()
{
	connects_answer=$(printf 'enrolee\nCLOSE\n' | env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$2" timeout 20 \
		setpriv --reuid "$1" --clear-groups openssl s_client -connect "$server" -psk "$3" -psk_identity me \
		-cipher "$suite:@SECLEVEL=0" -quiet 2>"$tap_tmp/client.log" | head -n 1)
	[ "$connects_answer" = eelorne ]
}

# through SOCKET: whether a line comes back turned round.
through()
{
	[ "$(printf 'enrolee\n' | timeout 20 python3 -c '
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read()); print(s.recv(100).decode().strip())' "$1")" = eelorne ]
}

psk=$(random_hex 32)
(umask 077; printf %s "$psk" >"$tap_tmp/key.hex")
start_daemon || { diag "$(cat "$tap_tmp/keystored.log")"; exit 99; }
ok "a key is imported for two users" enrolee import dev -s "$tap_tmp/key.hex" -i dev@mef.example -u root -u daemon
ref_root=$(reference_of root)
ref_daemon=$(reference_of daemon)
ok "each has a reference of its own" test "$ref_root" != "$ref_daemon"

serve "$conf_plain" "$psk"
ok "a client of the one user by reference" connects root "$conf" "$ref_root"
ok "a client of the other by its own" connects daemon "$conf" "$ref_daemon"
not "nobody uses the reference of another" connects daemon "$conf" "$ref_root"
like "and learns why" "$(cat "$tap_tmp/client.log")" "unknown reference, or one of another user"
tap_stop "$server_pid"

serve "$conf_plain_13" "$psk"
ok "TLS 1.3: a client of the other by its own" connects daemon "$conf_13" "$ref_daemon"
not "nobody uses the reference of another" connects daemon "$conf_13" "$ref_root"
tap_stop "$server_pid"

serve "$conf" "$ref_root"
ok "a server by reference, a client with the key" connects root "$conf_plain" "$psk"
ok "both by reference, of two users" connects daemon "$conf" "$ref_daemon"
tap_stop "$keystored_pid" KILL
start_daemon
ok "the same server after the keystore was killed and started" tap_until 10 connects root "$conf_plain" "$psk"
tap_stop "$server_pid"

# A program that goes into a chroot and gives up its privileges before it first needs the key, as stunnel does: the
# socket is there under its path, and the user that it became has a reference of his own.
if command -v stunnel >/dev/null; then
	mkdir -p "$tap_tmp/root$run"
	chmod -R 755 "$tap_tmp/root"
	ln "$run/token.sock" "$tap_tmp/root$run/token.sock"
	serve "$conf_plain_13" "$psk"
	(umask 077; sed 's/.*:/me:/' "$tap_tmp/state/credentials/dev/psk-daemon.txt" >"$tap_tmp/secrets.txt")
	cat >"$tap_tmp/stunnel.conf" <<-END
		foreground = yes
		pid =
		syslog = no
		chroot = $tap_tmp/root
		setuid = daemon
		setgid = daemon
		[psk]
		client = yes
		accept = $tap_tmp/root/plain.sock
		connect = $server
		ciphers = PSK
		PSKsecrets = $tap_tmp/secrets.txt
		PSKidentity = me
	END
	tap_spawn stunnel.log env $sanitizer ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$conf_13" stunnel "$tap_tmp/stunnel.conf"
	stunnel_pid=$tap_pid
	tap_until 10 test -S "$tap_tmp/root/plain.sock"
	ok "stunnel in a chroot, without privileges, by reference" through "$tap_tmp/root/plain.sock"
	is "it is nobody else" "$(stat -c %U "/proc/$stunnel_pid")" daemon
	is "and in there" "$(readlink "/proc/$stunnel_pid/root")" "$tap_tmp/root"
	tap_stop "$stunnel_pid"
	tap_stop "$server_pid"
else
	skip "a chroot" "no stunnel here"
fi

serve "$conf" "$ref_root"
ok "a grant is taken back" enrolee revoke dev -u daemon
not "the reference is good for nothing then" connects daemon "$conf" "$ref_daemon"
ok "for the other user it still is" connects root "$conf" "$ref_root"
tap_stop "$server_pid"
tap_done
