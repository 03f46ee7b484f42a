#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# References with the real keystore: its reference files as they are, one for each user, good for that user alone; a grant
# taken back; a restart of the keystore under a running server.
. "${top_srcdir:-.}/tests/tap.sh"
tap_needs openssl nm od setpriv softhsm2-util
[ "$(id -u)" = 0 ] || tap_skip "needs root: it acts as two users"
. "$top_srcdir/tests/provider-lib.sh"

# Another user must reach the socket and the provider.
chmod 755 "$tap_tmp"
mkdir -m 755 "$run" "$tap_tmp/modules" "$tap_tmp/config"
mkdir "$tap_tmp/state"
cp "$provider" "$tap_tmp/modules/enrolee.so"
provider=$tap_tmp/modules/enrolee.so
write_conf "$conf" "$provider"
chmod 644 "$conf" "$conf_plain"
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

serve "$conf" "$ref_root"
ok "a server by reference, a client with the key" connects root "$conf_plain" "$psk"
ok "both by reference, of two users" connects daemon "$conf" "$ref_daemon"
tap_stop "$keystored_pid" KILL
start_daemon
ok "the same server after the keystore was killed and started" tap_until 10 connects root "$conf_plain" "$psk"
ok "a grant is taken back" enrolee revoke dev -u daemon
not "the reference is good for nothing then" connects daemon "$conf" "$ref_daemon"
ok "for the other user it still is" connects root "$conf" "$ref_root"
tap_stop "$server_pid"
tap_done
