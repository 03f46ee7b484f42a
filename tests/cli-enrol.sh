#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an operator does with an enrolment: renew, probe, decommission; what each says when it cannot be done.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3
gateway_with_mef
import_key "$sim_gw01_psk"

# says DESCRIPTION STATUS COMMAND...: its exit status; its words are in $said.
says()
{
	local what=$1 wanted=$2
	shift 2
	said=$("$@" 2>&1 </dev/null)
	is "$what" $? "$wanted" || diag "$said"
}
member() { python3 -c "import json,sys; print(json.loads(sys.stdin.read().splitlines()[-1])['$1'])" <<<"$said"; }

# ---- what cannot be done
for command in renew probe "decommission --yes"; do
	says "$command: enroleed does not run" 5 enrolee $command gw1
	like "and what to do" "$said" 'enroleed is not running; start it: systemctl start enroleed'
done
enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }
for command in renew probe "decommission --yes"; do
	says "$command: no such enrolment" 3 enrolee $command nowhere
	like "it is named" "$said" 'there is no \[enrolment nowhere\] in the settings'
	says "$command: no name" 2 enrolee $command
done
says "renew: not enrolled" 3 enrolee renew gw1
like "it is said" "$said" 'nothing was provisioned yet'
says "decommission asks, or wants --yes" 1 enrolee decommission gw1
like "it says so" "$said" 'not confirmed; say --yes'

# ---- probe
says "probe before there is a registration" 0 enrolee probe gw1
like "who we are" "$said" '^Authenticated: pre-shared key gw-0001@mef\.example\.com$'
like "the handshake" "$said" '^Handshake: +TLSv1\.2, [A-Z0-9-]*PSK[A-Z0-9-]+, [0-9]+ ms; answer [0-9]+ ms$'
like "no registration" "$said" '^Registration: '
is "nothing was kept" "$(enrolee list | grep -c enrolled)" 0
is "nothing was registered" "$(sim_ctl state | python3 -c 'import json,sys; print(len(json.load(sys.stdin).get("registrations", [])))')" 0
says "enrol" 0 enrolee enrol gw1 --timeout 60
certificate=$(show gw1 id)
says "probe" 0 enrolee probe gw1
like "the registration is there" "$said" '^Registration: +there$'
like "its end" "$said" '^Expires: +20[0-9-]+ '
says "probe --json" 0 enrolee probe gw1 --json
is "ok" "$(member ok)" True
is "registration" "$(member registration)" found
ok "handshake_ms" test "$(member handshake_ms)" -ge 0
ok "expires" test "$(member expires)" -gt 1700000000
is "error" "$(member error)" None

# ---- renew
says "renew" 0 enrolee renew gw1 --timeout 60
like "each phase is shown" "$said" 's  certificate +done +[0-9]+ ms  8\.3'
like "and the end" "$said" '^gw1 is provisioned\.$'
not "the certificate is another" test "$(show gw1 id)" = "$certificate"
certificate=$(show gw1 id)
sim_ctl misbehave step=simplereenroll 'kind=slow:1500*1' >/dev/null
sim_ctl misbehave step=simpleenroll 'kind=slow:1500*1' >/dev/null
says "renew --no-wait" 0 enrolee renew gw1 --no-wait
is "without a word" "$said" ""
says "enrol --json joins it" 0 enrolee enrol gw1 --json --timeout 60
is "the end is the last line" "$(member outcome)" provisioned
sim_ctl misbehave step=any kind=none >/dev/null 2>&1

# ---- decommission
tap_stop "$sim_pid"
says "probe: no MEF" 1 enrolee probe gw1
like "it is said" "$said" '\(unreachable\)$'
says "probe --json: no MEF" 1 enrolee probe gw1 --json
is "not ok" "$(member ok)" False
is "the code" "$(member error_code)" unreachable
says "decommission: no MEF" 1 enrolee decommission gw1 --yes
like "why" "$said" '\(unreachable\)'
like "nothing was destroyed, and what can be done" "$said" 'nothing was destroyed \(--force'
ok "all is still there" test -n "$(show gw1 id)"
tap_spawn again.out "$top_builddir/tests/sim/mef-sim" --settings "$tap_tmp/mef.conf" --state-dir "$sim_state" --port "$sim_port"
tap_until 10 grep -q ready "$tap_tmp/again.out"
says "enrol at an MEF that has forgotten" 0 enrolee enrol gw1 --timeout 60
sim_ctl misbehave step=deregister 'kind=slow:2000*1' >/dev/null
tap_spawn first.out "$(program enrolee)" decommission gw1 --yes --runtime-dir="$run" --state-dir="$state" --config-dir="$conf" --bus="$bus"
first=$tap_pid
ok "it begins" tap_until 10 in_state decommissioning
for command in "enrol" "renew"; do
	says "$command while it goes: busy" 9 enrolee $command gw1
	like "why" "$said" 'it is being decommissioned'
done
says "decommission again meanwhile" 0 enrolee decommission gw1 --yes
proof() { grep -E '^(Key|Registration|Not proven|Destroyed|Left):' <<<"$1"; }
second=$said
wait "$first"
is "decommission" $? 0
said=$(cat "$tap_tmp/first.out")
is "who asked second is told the same" "$(proof "$second")" "$(proof "$said")"
like "the phase" "$said" 's  decommission +done'
like "what was proven" "$said" "^Registration: .*: de-registered, as the MEF's answer proves$"
like "of the key as well" "$said" "^Key: +[0-9A-F]+@mef\\.example\\.com: de-registered, as the MEF's answer proves\$"
like "what was destroyed" "$said" '^Destroyed: +gw1, gw1-key$'
like "what is left" "$said" '^Left: +bootstrap key'
is "nothing enrolled is left" "$(enrolee list | grep -c enrolled)" 0
says "once more: nothing to do" 0 enrolee decommission gw1 --yes --json
is "as JSON" "$(member decommissioned)" True
is "nothing was destroyed" "$(member destroyed)" "[]"
is "no key was there" "$(member keys)" "[]"
says "it begins anew" 0 enrolee enrol gw1 --timeout 60
printf 'n\n' | script -qec "$(program enrolee) decommission gw1 --runtime-dir=$run --state-dir=$state --config-dir=$conf --bus=$bus" \
	/dev/null >"$tap_tmp/asked" 2>&1
like "on a terminal it asks" "$(cat "$tap_tmp/asked")" 'destroy all that was provisioned for it\?.*\[y/N\]'
ok "no is no" test -n "$(show gw1 id)"
enroleed_stop

# ---- somebody who may not: a bus with the installed policy
if [ "$(id -u)" = 0 ] && setpriv --reuid=www-data --regid=www-data --clear-groups test -x "$(program enrolee)"; then
	cat >"$tap_tmp/bus.conf" <<-END
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig><type>system</type><listen>unix:path=$tap_tmp/system.sock</listen>
	<policy context="default"><allow user="*"/><allow send_destination="org.freedesktop.DBus"/>
	<allow send_requested_reply="true" send_type="method_return"/><allow receive_type="method_return"/><allow receive_type="error"/>
	<allow receive_type="signal"/><allow receive_type="method_call"/></policy>
	<include>$(realpath "$top_srcdir/pkg/dbus/org.onem2m.Enrolee1.conf")</include>
	<policy user="root"><allow own="org.onem2m.Enrolee1"/></policy></busconfig>
	END
	tap_spawn system.log dbus-daemon --config-file="$tap_tmp/bus.conf" --nofork --nopidfile
	tap_until 10 test -S "$tap_tmp/system.sock"
	bus=unix:path=$tap_tmp/system.sock
	enroleed_start
	says "root may" 0 enrolee probe gw1
	for command in enrol renew probe "decommission --yes"; do
		says "$command: others may not" 5 setpriv --reuid=www-data --regid=www-data --clear-groups env $preload \
			"$(program enrolee)" $command gw1 --bus="$bus"
		like "and who may" "$said" 'not allowed: enroleed answers root and the members of the group enrolee'
	done
	enroleed_stop
else
	skip "somebody who may not" "needs root"
fi
tap_done
