#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Years in a minute: a clock that is wrong at boot, and stepped before, in and after an enrolment; weeks without the MEF; a
# Retry-After over a restart; commands between two looks. The gateway's clock and the MEF's are the test's own.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3
[ -z "$preload" ] || tap_skip "nothing goes before a sanitizer"
shim=$top_builddir/tests/.libs/clock-shim.so
[ -f "$shim" ] || tap_skip "the clock was not built"
day=86400

# ahead WHOSE SECONDS: the clock of the gateway, or of the mef, or of both, is set so much ahead of the machine's
ahead()
{
	local whose=$1
	[ "$whose" != both ] || { ahead mef "$2"; whose=gateway; }
	python3 -c "import struct, sys; open(sys.argv[1], 'r+b').write(struct.pack('=q', int(sys.argv[2])))" "$tap_tmp/$whose.clock" "$2"
}
mkdir "$tap_tmp/bin"
for whose in gateway mef; do
	printf '\0\0\0\0\0\0\0\0' >"$tap_tmp/$whose.clock"
	chmod 644 "$tap_tmp/$whose.clock"
done
for name in enroleed enrolee-exchange enrolee-keystored enrolee; do
	printf '#!/bin/sh\nexec env LD_PRELOAD=%s CLOCK_SHIM=%s %s "$@"\n' "$shim" "$tap_tmp/gateway.clock" "$(program $name)" >"$tap_tmp/bin/$name"
	chmod 755 "$tap_tmp/bin/$name"
done
program() { echo "$tap_tmp/bin/$1"; }
mef_start() { LD_PRELOAD=$shim CLOCK_SHIM=$tap_tmp/mef.clock sim_start "$tap_tmp/mef.conf" mef "$1"; }

mark() { marked=$(wc -l <"$sim_state/mef.log"); }
since() { tail -n "+$((marked + 1))" "$sim_state/mef.log"; }
count() { since | grep -Ec -e "$1"; }
misbehave() { sim_ctl misbehave "step=$1" "kind=$2" >/dev/null; }
policy() { sim_ctl policy "key=$1" "value=$2" >/dev/null; }
other_certificate() { [ "$(show gw1 id)" != "$id" ]; }
renewed() { other_certificate && in_state provisioned; }
diagnosis() { diag "$(tail -n 30 "$progress" "$enroleed_log"; since)"; }

# --- a clock that was never set ---
ahead gateway $((315532800 - $(date +%s)))
gateway_start || { diag "$(cat "$tap_tmp"/*.log)"; exit 99; }
sim_settings >"$tap_tmp/mef.conf"
mef_start || { diag "$(cat "$tap_tmp/mef.out")"; exit 99; }
gateway_settings "$sim_port" Start=implicit
import_key "$sim_gw01_psk" >/dev/null
progress=$state/enroleed/gw1.progress
enroleed_start || { diag "$(cat "$enroleed_log")"; exit 99; }
ok "at boot it is 1980: said" tap_until 20 log_has 'the clock is not set: it says 1980-01-01' || diagnosis
is "no MEF is asked" "$(grep -c handshake "$sim_state/mef.log")" 0
ahead gateway 0
ok "the network brings the time: provisioned" tap_until 30 in_state provisioned || diagnosis
is "with times of today" "$(openssl x509 -in "$state/credentials/gw1/cert.pem" -noout -checkend 0)" "Certificate will not expire"

# --- set back and forth at rest ---
id=$(show gw1 id)
times() { grep -E "^(CertificateRenew|KeyRenew|Renew)=" "$progress"; }
renew=$(times)
ahead gateway -$((3 * day))
ahead gateway 0
mark
is "set back and forth at rest: the renewal is when it was" "$(times)" "$renew"
is "set back and forth at rest: at rest" "$(state_of state)" provisioned

# --- an attempt while the clock is far behind: refused, and not for hours once it is right ---
ahead gateway -$((400 * day))
enrolee enrol gw1 --timeout 60 >"$tap_tmp/enrol.out" 2>&1
is "400 days behind: the MEF refuses times of the past" $? 1 || diag "$(cat "$tap_tmp/enrol.out")"
ok "400 days behind: a long pause" in_state refused
is "400 days behind: nothing is lost" "$(show gw1 id)" "$id"
ahead gateway 0
ok "set right: tried again soon" tap_until 30 in_state provisioned || diagnosis

# --- stepped in an exchange ---
id=$(show gw1 id)
misbehave simplereenroll slow:3000
misbehave simpleenroll slow:3000
mark
enrolee enrol gw1 --no-wait
asked() { since | grep -q '"step":"csrattrs"'; }
tap_until 20 asked
ahead gateway $day
ok "a day ahead within an exchange: it ends well" tap_until 30 renewed || diagnosis
misbehave simplereenroll ""
misbehave simpleenroll ""
ahead gateway 0
ok "and back: at rest" tap_until 20 in_state provisioned

# --- Retry-After over a restart ---
id=$(show gw1 id)
for step in simpleenroll simplereenroll; do misbehave $step 'pending:600*1'; done
enrolee enrol gw1 --timeout 60 >"$tap_tmp/enrol.out" 2>&1
is "not ready for ten minutes: later" $? 8
next=$(sed -n 's/^Next=//p' "$progress")
enroleed_stop KILL
mark
enroleed_start
ok "a restart: still waiting" in_state waiting
is "a restart: for the same time" "$(sed -n 's/^Next=//p' "$progress")" "$next"
in_ten=$(($(date +%s) + 590))
ok "a restart: not less than was asked" test "$next" -ge "$in_ten"
is "a restart: the MEF is not asked" "$(count '"event":"request"')" 0
for step in simpleenroll simplereenroll; do misbehave $step ""; done
enroleed_stop
ahead both 700
enroleed_start
ok "ten minutes later: another certificate" tap_until 30 renewed || diagnosis
ahead both 0

# --- weeks without the MEF: the certificate ends, the key at its side too ---
ok "at rest" tap_until 20 in_state provisioned
id=$(show gw1 id)
tap_stop "$sim_pid"
for days in 40 80 100; do
	[ $days != 100 ] || enroleed_stop # a clock that is stepped meanwhile is no time that has passed
	ahead both $((days * day))
	[ $days != 100 ] || enroleed_start
	tried() { in_state waiting && [ "$(sed -n 's/^Attempts=//p' "$progress")" -gt "${attempts:-0}" ]; }
	ok "$days days on, the MEF is away: tried" tap_until 20 tried || diagnosis
	attempts=$(sed -n 's/^Attempts=//p' "$progress")
	pause=$(($(sed -n 's/^Next=//p' "$progress") - $(date +%s) - days * day))
	ok "$days days on: the next attempt is near" test "$pause" -le 4
done
ok "a hundred days on: an alarm, for how long" log_has 'gw1: no attempt has succeeded for [1-9][0-9]* days: ' || diagnosis
ok "a hundred days on: and for what ended" log_has 'gw1: gw1 ended 20.* UTC and could not be renewed' || diagnosis
is "its certificate has expired, and is kept" "$(show gw1 id)" "$id"
like "why is said" "$(state_of error_code)" '^unreachable$'
mef_start "$sim_port" || diag "$(cat "$tap_tmp/mef.out")"
marked=0
ok "the MEF is back: recovered by itself" tap_until 60 renewed || diagnosis
is "by the bootstrap key" "$(since | sed -n 's/.*"event":"handshake".*"auth":"\([^"]*\)".*/\1/p' | head -n 1)" psk
ok "with a certificate of then" openssl x509 -in "$state/credentials/gw1/cert.pem" -noout -checkend $((100 * day))
ahead both 0
enroleed_stop

# --- commands between two looks ---
tap_stop "$sim_pid"
for name in gw1 gw1-key; do enrolee remove $name --yes >/dev/null 2>&1; done
rm -f "$progress"
gateway_settings "$sim_port" Start=implicit CommandPollSec=2 Certificate=no
sed -i '/^Key/d' "$conf/enrolee.conf"
sim_settings | sed 's/^Commands=.*//' >"$tap_tmp/mef.conf"
mef_start "$sim_port"
policy AnnounceCommand false
policy RetryDuration PT2S
enroleed_start
ok "nothing is commanded, nothing is wanted" tap_until 30 in_state provisioned || diagnosis
is "no certificate" "$(enrolee list | grep -c '^gw1 ')" 0
reports() { sim_ctl state | python3 -c "
import json, sys
print(*[r['status'] for reg in json.load(sys.stdin)['registrations'] for r in reg['reports']])"; }
issued() { grep -c '"serial".*"verdict":"ok"' "$sim_state/mef.log"; }
before=$(issued)
sim_ctl command client=gw01 command=CERT_PROV >/dev/null
reported() { [ "$(reports)" = "$1" ] && in_state provisioned; }
ok "a command between two looks: followed" tap_until 30 reported 20 || diagnosis
ok "its certificate is there" show gw1 id
enroleed_stop KILL
enroleed_start
mark
looked() { [ "$(count '"step":"command-retrieve"')" -ge 2 ]; }
ok "a restart: it looks again" tap_until 30 looked || diagnosis
is "and the command is not carried out twice" "$(reports) $(($(issued) - before))" "20 1"
id=$(show gw1 id)
sim_ctl command client=gw01 command=CERT_PROV >/dev/null
ok "the next command: followed" tap_until 30 reported "20 20" || diagnosis
ok "by another certificate" other_certificate
enroleed_stop
tap_done
