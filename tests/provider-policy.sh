#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the settings allow TLS to do with a symmetric key: enforced by the real keystore in handshakes by reference, changed
# by a reload, told by show and doctor; and Reveal=, with a program on GnuTLS.
. "${top_srcdir:-.}/tests/tap.sh"
tap_needs openssl nm od softhsm2-util gnutls-serv
. "$top_srcdir/tests/provider-lib.sh"

me=$(id -un)
mkdir -p "$tap_tmp/state" "$tap_tmp/config"
chmod 755 "$tap_tmp"
paths="--runtime-dir=$run --state-dir=$tap_tmp/state --config-dir=$tap_tmp/config"
folder=$tap_tmp/state/credentials/dev
mkdir -m 755 "$run"

enrolee()
{
	enrolee_command=$1
	shift
	"$top_builddir/enrolee" "$enrolee_command" $paths "$@"
}

start_daemon()
{
	tap_spawn keystored.log "$top_builddir/enrolee-keystored" $paths --provisioner-user="$me"
	keystored_pid=$tap_pid
	tap_until 20 test -S "$run/provision.sock"
}

shows()
{
	enrolee show dev | grep -q -x -E "$1"
}

# settings TLS LINE...: what show says of TLS once these are the key's settings.
settings()
{
	settings_tls=$1
	shift
	{ printf '[credential dev]\n'; printf '%s\n' "$@"; } >"$tap_tmp/config/enrolee.conf"
	kill -HUP "$keystored_pid"
	tap_until 10 shows "TLS: +$settings_tls"
}

serve()
{
	tap_spawn "server.log" env OPENSSL_CONF="$conf_plain_both" \
		openssl s_server -accept 127.0.0.1:0 -psk "$psk" -psk_identity me -nocert -rev -cipher ALL:PSK:@SECLEVEL=0
	server_pid=$tap_pid
	tap_until 10 grep -q '^ACCEPT.*:' "$tap_tmp/server.log"
	server=$(sed -n 's/^ACCEPT *//p' "$tap_tmp/server.log" | head -n 1)
}

# connects OPTION...
connects()
{
	connects_answer=$(printf 'enrolee\nCLOSE\n' | with "$conf_both" timeout 20 openssl s_client -connect "$server" \
		-psk "$reference" -psk_identity me "$@" -quiet 2>"$tap_tmp/client.log" | head -n 1)
	[ "$connects_answer" = eelorne ]
}

# The handshakes that work, of: 13, plain 1.2, ephemeral 1.2 with SHA-256, the same with SHA-384.
allowed()
{
	allowed=
	connects -tls1_3 && allowed="$allowed 13"
	connects -tls1_2 -cipher PSK-AES128-CCM8:@SECLEVEL=0 && allowed="$allowed plain"
	connects -tls1_2 -cipher ECDHE-PSK-AES128-CBC-SHA256:@SECLEVEL=0 && allowed="$allowed ephemeral"
	connects -tls1_2 -cipher ECDHE-PSK-AES256-CBC-SHA384:@SECLEVEL=0 && allowed="$allowed sha384"
	printf %s "$allowed"
}

conf_both=$tap_tmp/both.cnf
conf_plain_both=$tap_tmp/plain-both.cnf
write_conf "$conf_both" "$provider" 'MinProtocol = TLSv1.2'
write_conf "$conf_plain_both" '' 'MinProtocol = TLSv1.2'
psk=$(random_hex 32)
(umask 077; printf %s "$psk" >"$tap_tmp/key.hex")
start_daemon || { diag "$(cat "$tap_tmp/keystored.log")"; exit 99; }
printf '[credential dev]\nTLSVersion=1.3\n' >"$tap_tmp/config/enrolee.conf"
ok "a key is imported" enrolee import dev -s "$tap_tmp/key.hex" -i me -u "$me"
ok "with its settings" shows 'TLS: +1.3 only, any hash'
reference=$(sed 's/.*://' "$folder/psk.txt")
serve
is "TLS 1.3 only, without a reload" "$(allowed)" " 13"
connects -tls1_2 -cipher PSK-AES128-CCM8:@SECLEVEL=0
like "and the program says why" "$(cat "$tap_tmp/client.log")" "the key's settings do not allow this handshake"
while IFS='|' read -r lines tls expected; do
	ok "reload: $lines" settings "$tls" $lines
	is "$lines" "$(allowed)" "$expected"
done <<'END'
TLSVersion=1.2|1\.2 only, any hash| plain ephemeral sha384
TLSHash=sha256|1\.2 and 1\.3, sha256 only| 13 plain ephemeral
TLSVersion=1.2 TLSHash=sha384|1\.2 only, sha384 only| sha384
TLSEphemeral=yes|1\.2 and 1\.3, any hash, with Diffie-Hellman only| 13 ephemeral sha384
TLSVersion=all|1\.2 and 1\.3, any hash| 13 plain ephemeral sha384
END

# What cannot be read changes nothing; what is in effect is kept over a restart, whatever the file says then.
ok "a limit" settings '1\.3 only, any hash' TLSVersion=1.3
printf '[credential dev]\nTLSVersion=1.4\n' >"$tap_tmp/config/enrolee.conf"
kill -HUP "$keystored_pid"
ok "a mistake is named" tap_until 10 grep -q "enrolee.conf:2: TLSVersion=1.4: not one of its values" "$tap_tmp/keystored.log"
is "and the limit holds" "$(allowed)" " 13"
not "nothing is published meanwhile" enrolee import dev -s "$tap_tmp/key.hex" -i me
like "which says why" "$(cat "$tap_tmp/output")" "enrolee.conf:2"
not "enrolee config says it as well" enrolee config
tap_stop "$keystored_pid"
start_daemon
is "after a restart it still holds" "$(allowed)" " 13"
tap_stop "$server_pid"

# Reveal=: the key itself, for a program that knows no references.
revealed=$folder/revealed-psk.txt
not "no key is in a file" test -e "$revealed"
ok "it is revealed" settings '1\.2 and 1\.3, any hash' Reveal=yes
ok "the file is there" tap_until 10 test -s "$revealed"
is "with the key" "$(cat "$revealed")" "me:$psk"
is "others cannot read it" "$(stat -c %A "$revealed" | cut -c 8-10)" ---
ok "show tells it" shows "REVEALED: +$revealed"
like "so does JSON" "$(enrolee show dev --json | tr -d ' \n')" '"tls":\{"versions":\["1.2","1.3"\],"hash":"any","ephemeral":false,"revealed":true\}'
like "and doctor" "$(enrolee doctor 2>&1)" "warning +dev: the key itself is in $revealed"
tap_spawn gnutls-serv.log gnutls-serv --echo --nodb -p 0 --pskpasswd "$revealed" \
	--priority NORMAL:-VERS-ALL:+VERS-TLS1.3:+PSK:+DHE-PSK:+ECDHE-PSK
gnutls_pid=$tap_pid
gnutls_port()
{
	port=$(sed -n 's/.*port \([0-9]*\)\.*.*/\1/p' "$tap_tmp/gnutls-serv.log" | head -n 1)
	[ "${port:-0}" != 0 ]
}
gnutls_port || port=$(for fd in /proc/"$gnutls_pid"/fd/*; do readlink "$fd"; done | sed -n 's/^socket:\[\(.*\)\]$/\1/p' |
	while read -r inode; do awk -v inode="$inode" '$4 == "0A" && $10 == inode { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp /proc/net/tcp6; done |
	head -n 1 | sed 's/^/0x/')
server=127.0.0.1:$((port))
echoes()
{
	{ printf 'enrolee\n'; tap_until 10 grep -q enrolee "$tap_tmp/echo"; } | with "$conf_both" timeout 20 openssl s_client \
		-connect "$server" -psk "$1" -psk_identity me -tls1_3 -quiet -no_ign_eof >"$tap_tmp/echo" 2>"$tap_tmp/client.log"
	grep -q enrolee "$tap_tmp/echo"
}
ok "gnutls-serv with the file, a client by reference" echoes "$reference"
not "and not with another key" echoes "$(random_hex 32)"
tap_stop "$gnutls_pid"
ok "enrolee use knows gnutls-cli" sh -c "\"$top_builddir/enrolee\" use gnutls dev --snippet $paths | grep -q '<$revealed$'"
ok "the setting goes" settings '1\.2 and 1\.3, any hash' TLSVersion=all
ok "and the file" tap_until 10 test ! -e "$revealed"
not "show is silent" shows 'REVEALED:.*'
is "the reference is as it was" "$(sed 's/.*://' "$folder/psk.txt")" "$reference"
printf '[credential dev]\nTLSVersion=1.2\n' >"$tap_tmp/config/enrolee.conf"
like "doctor misses a reload" "$(enrolee doctor 2>&1)" "warning +dev: the keystore has not read what the settings say of TLS"

tap_done
