#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee-hook, started by a D-Bus: who may ask it, what it does as whom, and what it refuses.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/enrol-lib.sh"
. "$top_srcdir/tests/hook-lib.sh"
tap_needs dbus-daemon gdbus setpriv
[ "$(id -u)" = 0 ] || tap_skip "needs root: commands run as other users"
mkdir -p "$conf/conf.d" "$tap_tmp/drop"
chmod 777 "$tap_tmp/drop"

# script NAME TEXT: a command for OnRenew=.
script()
{
	printf '#!/bin/bash\n%s\n' "$2" >"$tap_tmp/$1"
	chmod 755 "$tap_tmp/$1"
}

# ask NAME [as USER]: what enrolee-hook answers.
ask()
{
	local name=$1
	shift
	"$@" gdbus call --address "$bus" --timeout 60 --dest org.onem2m.EnroleeHook1 --object-path /org/onem2m/EnroleeHook1 \
		--method org.onem2m.EnroleeHook1.Run -- "$name" 2>&1
}

is_gone() { [ -s "$tap_tmp/drop/$1" ] && tap_gone "$(cat "$tap_tmp/drop/$1")"; }

script tell 'id -un; id -G; pwd; umask; env | sort; ls -l /proc/self/fd | sed 1d; grep -E "^(NoNewPrivs|CapEff|SigIgn|SigBlk)" /proc/self/status
printf "%s\n" "$@"; cat'
script told "exec \"$tap_tmp/tell\" \"\$@\" >\"$tap_tmp/drop/told\""
script fail 'echo why not; printf "red \033[31m and a bell \007\n"; exit 3'
script hang "trap '' TERM; echo \$\$ >\"$tap_tmp/drop/hung\"; sleep 1000 & echo \$! >\"$tap_tmp/drop/slept\"; while :; do wait; done"
script loud 'yes line | head -n 20000; tr "\0" x </dev/zero | head -c 5000'
script wide 'tr "\0" x </dev/zero | head -c 200000'
script leave "setsid sleep 1001 & echo \$! >\"$tap_tmp/drop/escaped\"; sleep 1002 >/dev/null 2>&1 & echo \$! >\"$tap_tmp/drop/left\""
cat >"$conf/enrolee.conf" <<-END
[provisioner]
HookTimeSec=3
[credential reload]
OnRenew=reload nginx; reload early.service
[credential told]
OnRenew=run nobody $tap_tmp/told one 'two three' \$HOME *
[credential fail]
OnRenew=run nobody $tap_tmp/fail
OnRenew=reload behind
[credential units]
OnRenew=reload unknown; reload failing; reload hanging; reload behind
[credential hang]
OnRenew=run nobody $tap_tmp/hang
[credential loud]
OnRenew=run nobody $tap_tmp/loud
[credential wide]
OnRenew=run nobody $tap_tmp/wide
[credential leave]
OnRenew=run nobody $tap_tmp/leave
[credential nobody]
OnRenew=run no-such-user /bin/true
[credential nothing]
OnRenew=run nobody /nowhere/at/all
[credential denied]
OnRenew=run nobody $conf/enrolee.conf
[credential root]
OnRenew=run root /bin/sh -c 'id -u >$tap_tmp/drop/root'
[credential none]
Users=root
END
chmod 644 "$conf/enrolee.conf"
ok "the bus starts" hook_bus_start || { diag "$(cat "$tap_tmp"/*.log)"; exit 99; }

# --- who may ask ---
is "root asks: two services" "$(ask reload)" "(uint32 2,)"
is "systemd was asked once" "$(reloads nginx.service)" 1
is "also for a job that ends at once" "$(reloads early.service)" 1
is "the provisioner's user asks" "$(ask reload as $provisioner_user)" "(uint32 2,)"
like "nobody else may" "$(ask reload as nobody)" 'AccessDenied'
like "nor start it" "$(ask reload as games)" 'AccessDenied'
is "and nothing came of it" "$(reloads nginx.service)" 2
idle() { ! pgrep -f "enrolee-hook --bus=$bus" >/dev/null; }
ok "it ends when nobody asks" tap_until 20 idle
is "and is started again" "$(ask reload)" "(uint32 2,)"

# the bus lets it through: it looks itself
sed -i 's/<deny send_destination.*//; s/<policy context="default">/&<allow send_destination="org.onem2m.EnroleeHook1"\/>/' \
	"$tap_tmp/org.onem2m.EnroleeHook1.conf"
gdbus call --address "$bus" --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
	--method org.freedesktop.DBus.ReloadConfig >/dev/null
like "without the policy: nobody else may" "$(ask reload as nobody)" 'AccessDenied: only root and enroleed may ask'

# --- names ---
for name in "" . .. ../reload reload/ 'reload;run root /bin/true' '$(id)' "$(printf 'a\nb')" -x "$(printf '%065d' 0)"; do
	like "no name of a credential: $(tr '\n' ' ' <<<"$name" | cut -c 1-20)" "$(ask "$name")" 'NotFound'
done
like "a credential without OnRenew=" "$(ask none)" 'NotFound: no OnRenew= is set'
like "a name that is not in the settings" "$(ask other)" 'NotFound: no OnRenew= is set'

# --- a command ---
is "a command runs" "$(ask told)" "(uint32 1,)"
told=$(cat "$tap_tmp/drop/told")
like "as its user" "$(sed -n 1p <<<"$told")" '^nobody$'
is "with that user's groups" "$(sed -n 2p <<<"$told")" "$(id -G nobody)"
is "in the root folder" "$(sed -n 3,4p <<<"$told" | tr '\n' ' ')" "/ 0022 "
like "it knows the credential" "$told" '^ENROLEE_CREDENTIAL=told$'
like "and its folder" "$told" "^ENROLEE_CREDENTIAL_DIR=$state/credentials/told\$"
like "its home" "$told" "^HOME=$(getent passwd nobody | cut -d: -f6)\$"
is "no variable of ours" "$(grep -c -e HOOK_SECRET -e DBUS_ <<<"$told")" 0
is "no descriptor of ours" "$(grep -c -e zero -e socket: <<<"$told")" 0
like "no new privileges" "$told" '^NoNewPrivs:[[:space:]]1$'
like "no capability" "$told" '^CapEff:[[:space:]]0*$'
# bits 31 and 32 are the C library's own signals: no program can change what the test was started with
like "no signal ignored" "$told" '^SigIgn:[[:space:]]0*[01]?[08]?0{7}$'
is "its arguments, as they are" "$(tail -n 4 <<<"$told" | tr '\n' '|')" 'one|two three|$HOME|*|'
is "as root, when root says so" "$(ask root) $(cat "$tap_tmp/drop/root")" "(uint32 1,) 0"

# --- failures ---
answer=$(ask fail)
like "a command fails" "$answer" "Failed: run nobody $tap_tmp/fail: ended with status 3"
is "what comes behind is done" "$(reloads behind.service)" 1
like "what it said is logged" "$(cat "$hook_log")" 'fail: fail: why not$'
like "without what a terminal obeys" "$(cat "$hook_log")" 'fail: fail: red  \[31m and a bell +$'
answer=$(ask units)
like "a unit that is not there" "$answer" 'reload unknown: Unit not found'
like "a job that fails" "$answer" 'reload failing: systemd.s job ended as "failed"'
like "a job that does not end" "$answer" 'reload hanging: has not ended within 3 s'
is "and the last" "$(reloads behind.service)" 2
like "a user that is not there" "$(ask nobody)" 'there is no user no-such-user'
like "a command that is not there" "$(ask nothing)" 'cannot be started: No such file'
like "no command" "$(ask denied)" 'cannot be started: Permission denied'
start=$(date +%s)
like "a command that hangs" "$(ask hang)" 'was ended after 3 s'
ok "is ended, by force in the end" test $(($(date +%s) - start)) -le 20
ok "it is gone" is_gone hung
ok "and its child" tap_until 5 is_gone slept
is "a command that says too much" "$(ask loud)" "(uint32 1,)"
like "is cut off" "$(cat "$hook_log")" 'loud: loud: what else it says is not logged'
ok "in the log, too" test "$(grep -c 'loud: loud: line' "$hook_log")" -le 1000
is "also in one line" "$(ask wide)" "(uint32 1,)"
is "is cut off, in lines of 1024" "$(grep -c 'wide: wide: x\{1024\}$' "$hook_log")" 65
is "a command that leaves something behind is not waited for" "$(ask leave)" "(uint32 1,)"
ok "and what is left of it is ended" tap_until 5 is_gone left

# --- settings that others could change ---
calls=$(reloads nginx.service)
for path in enrolee.conf conf.d .; do
	chmod o+w "$conf/$path"
	like "$path can be written by others" "$(ask reload)" 'Refused: .* can be written by others than root'
	chmod o-w "$conf/$path"
done
chown nobody "$conf/enrolee.conf"
like "enrolee.conf is another's" "$(ask reload)" 'Refused: .* does not belong to root'
chown root "$conf/enrolee.conf"
echo 'OnRenew=restart nginx' >>"$conf/enrolee.conf"
like "enrolee.conf is wrong" "$(ask reload)" 'Refused: .*OnRenew=restart nginx is neither'
sed -i '$d' "$conf/enrolee.conf"
is "nothing was done" "$(reloads nginx.service)" "$calls"
is "corrected" "$(ask reload)" "(uint32 2,)"

# --- an option that is wrong ---
not "an unknown option" "$(program enrolee-hook)" --nonsense
not "an argument" "$(program enrolee-hook)" reload
not "no bus" "$(program enrolee-hook)" --bus=unix:path="$tap_tmp/nowhere"
kill "$(cat "$tap_tmp/drop/escaped")" 2>/dev/null
tap_done
