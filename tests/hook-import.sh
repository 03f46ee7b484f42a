#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OnRenew= after `enrolee import`, and what `enrolee doctor` finds of it before it is needed.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/enrol-lib.sh"
. "$top_srcdir/tests/hook-lib.sh"
tap_needs openssl dbus-daemon setpriv
[ "$(id -u)" = 0 ] || tap_skip "needs root: commands run as other users"
bus_start() { hook_bus_start; }
gateway_start || { diag "$(cat "$tap_tmp"/*.log)"; exit 99; }
cd "$tap_tmp" || exit 99
mkdir -m 777 drop

printf '#!/bin/bash\n[ ! -e %s ] || exit 5\necho "$ENROLEE_CREDENTIAL $(ls "$ENROLEE_CREDENTIAL_DIR" | tr "\\n" " ")" >>%s\n' \
	"$tap_tmp/drop/broken" "$tap_tmp/drop/done" >mark
chmod 755 mark
for name in web key anchors; do
	printf '[credential %s]\nOnRenew=run nobody %s/mark\n' "$name" "$tap_tmp"
done >"$conf/enrolee.conf"
chmod 644 "$conf/enrolee.conf"
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout web.key -out web.pem -subj /CN=web -days 30 2>/dev/null
openssl req -x509 -key web.key -out later.pem -subj /CN=web -days 60 2>/dev/null
openssl rand -hex 32 >psk.hex
times() { grep -c "^$1 " drop/done; }

ok "a key pair" enrolee import web web.key web.pem
is "its hook is done" "$(times web)" 1
like "the files are there by then" "$(cat drop/done)" '^web .*fullchain.pem .*key.pem'
ok "the same once more" enrolee import web web.key web.pem
is "nothing changed: nothing is done" "$(times web)" 1
ok "another certificate" enrolee import web web.key later.pem
is "done" "$(times web)" 2
ok "an anchor more" enrolee import web web.key later.pem --anchors web.pem
is "done" "$(times web)" 3
ok "anchors alone" enrolee import anchors --anchors web.pem
ok "the same once more" enrolee import anchors --anchors web.pem
is "done once" "$(times anchors)" 1
ok "a symmetric key" enrolee import key --symmetric psk.hex --identifier k@mef.example.com
ok "nobody can tell whether it is another" enrolee import key --symmetric psk.hex --identifier k@mef.example.com
is "done each time" "$(times key)" 2
not "an import that fails" enrolee import web web.key /dev/null
is "nothing is done" "$(times web)" 3

touch drop/broken
enrolee import web web.key web.pem >out 2>&1
is "a hook that fails: a status of its own" $? 1
like "it is said" "$(cat out)" "web was imported, but its OnRenew= failed: run nobody $tap_tmp/mark: ended with status 5"
is "it was imported" "$(openssl x509 -in "$state/credentials/web/cert.pem" -noout -serial)" "$(openssl x509 -in web.pem -noout -serial)"
rm drop/broken
former=$bus
bus=unix:path=$tap_tmp/nowhere
not "without a bus" enrolee import web web.key later.pem
ok "which others do not need" enrolee import other web.key web.pem
bus=$former

# --- doctor ---
like "doctor: nothing is known against it" "$(enrolee doctor)" 'good +OnRenew: 3 actions'
touch "$tap_tmp/plain"
cat >"$conf/conf.d/x.conf" <<-END
[credential web]
OnRenew=run no-such-user /bin/true; run nobody /nowhere/at/all; run nobody $tap_tmp/plain; reload unknown-unit; reload nginx
END
findings=$(enrolee doctor)
like "doctor: no such user" "$findings" "problem +OnRenew: $conf/conf.d/x.conf:2: run no-such-user /bin/true: there is no user no-such-user"
like "doctor: no such command" "$findings" 'problem +OnRenew: .*/nowhere/at/all: No such file'
like "doctor: no such unit" "$findings" 'problem +OnRenew: .*reload unknown-unit: there is no unit unknown-unit.service'
is "doctor: not of one that is there" "$(grep -c nginx <<<"$findings")" 0
tap_stop "$systemd_pid"
is "doctor: nobody knows of units without systemd" "$(enrolee doctor | grep -c 'unknown-unit')" 0
like "doctor: not a command" "$findings" "problem +OnRenew: .*$tap_tmp/plain is no command"
like "doctor: others can change the settings" "$(chmod g+w "$conf/conf.d"; enrolee doctor)" \
	'problem +OnRenew: enrolee-hook will refuse the settings: .*conf.d can be written by others'
tap_done
