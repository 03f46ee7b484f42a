#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An enrolment's later life: renewal of what is due and nothing else, two MEFs of which one is down, more enrolments than
# exchanges at once, a disk that is full, and its end.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3
gateway_with_mef
import_key "$sim_gw01_psk"
progress=$state/enroleed/gw1.progress

enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }
like "nothing to renew yet" "$(control Renew gw1)" 'NotEnrolled.*nothing was provisioned yet'
like "unknown names" "$(control Probe nowhere)" 'NotFound'
enrolee enrol gw1 --timeout 60 >/dev/null 2>&1
ok "provisioned" in_state provisioned
status=$(control Status gw1)
for key in registration_expires published not_after key_not_after renew certificate_renew key_renew registration_renew commands; do
	like "status: $key" "$status" "'$key': <int64 [1-9]"
done
like "status: which MEF" "$status" "'mef_name': <'test'>"

# --- only what is due ---
certificate=$(show gw1 id)
key=$(show gw1-key identifier)
enroleed_stop KILL
sed -i 's/^KeyRenew=.*/KeyRenew=1/' "$progress"
enroleed_start
new_key() { [ "$(show gw1-key identifier)" != "$key" ]; }
ok "a key whose time has come is made anew" tap_until 30 new_key || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
is "the certificate is not" "$(show gw1 id)" "$certificate"
ok "at rest again" tap_until 20 in_state provisioned
key=$(show gw1-key identifier)
is "told to renew" "$(control Renew gw1)" "()"
ok "the key is made anew" tap_until 30 new_key
ok "at rest once more" tap_until 20 in_state provisioned
not "and the certificate" test "$(show gw1 id)" = "$certificate"

# --- a disk that is full: files cannot grow ---
enroleed_stop
cp "$progress" "$tap_tmp/before"
mkfifo "$tap_tmp/pipe"
cat "$tap_tmp/pipe" >"$tap_tmp/full.log" &
(
	trap '' XFSZ
	ulimit -f 0
	exec "$(program enroleed)" --runtime-dir="$run" --state-dir="$state" --config-dir="$conf" --bus="$bus" \
		--exchange="$(program enrolee-exchange)" --provider-dir="$top_builddir/.libs" >"$tap_tmp/pipe" 2>&1
) &
enroleed_pid=$!
tap_until 20 bus_has_name
enrolee enrol gw1 --timeout 30 >"$tap_tmp/enrol.out" 2>&1
is "disk full: tried again" $? 8
like "disk full: said" "$(cat "$tap_tmp/enrol.out")" 'File too large'
ok "disk full: the progress is what it was" cmp -s "$progress" "$tap_tmp/before"
kill "$enroleed_pid"
tap_until 10 bus_lost_name
enroleed_start
ok "disk full: nothing was lost" in_state provisioned

# --- two MEFs, one of them down; many enrolments ---
enroleed_stop
{
	printf '[mef down]\nFQDN=down.example.com\nURI=https://down.example.com:1\nAddress=127.0.0.1\nAdminFQDN=sp.example.com\n'
	for i in $(seq 20); do
		printf '[enrolment down%s]\nMEF=down\nClient=//sp.example.com/Sdown%s\nClientKind=ae\nBootstrapKey=kpm\nStart=implicit\n' "$i" "$i"
	done
} >"$conf/conf.d/down.conf"
enroleed_start
all_tried() { [ "$(grep -l '^Attempts=' "$state"/enroleed/down*.progress | wc -l)" = 20 ]; }
ok "an MEF that is down: all were tried, and wait" tap_until 60 all_tried
key=$(show gw1-key identifier)
is "beside it: told to renew" "$(control Renew gw1)" "()"
ok "beside it: renewed" tap_until 30 new_key
ok "beside it: at rest" tap_until 20 in_state provisioned
rm "$conf/conf.d/down.conf"
kill -HUP "$enroleed_pid"
ok "let go" tap_until 10 log_has 'settings read again'

# --- the end ---
tap_stop "$sim_pid"
answer=$(control Decommission gw1 '{}')
like "the MEF cannot be told: it is not decommissioned" "$answer" "'decommissioned': <false>"
like "why" "$answer" "'error_code': <'unreachable'>"
ok "all is as it was" in_state provisioned
is "its credentials too" "$(enrolee list | grep -c enrolled)" 2
answer=$(control Decommission gw1 "{'force': <true>}")
like "forced: decommissioned" "$answer" "'decommissioned': <true>"
like "forced: what was not proven" "$answer" "'deregistered': <false>"
like "forced: what was destroyed" "$answer" "'destroyed': <\['gw1', 'gw1-key'\]>"
like "forced: it is said that it was" "$answer" "'forced': <true>"
is "no credential is left but the bootstrap key" "$(enrolee list | grep -c enrolled)" 0
ok "the bootstrap key is" test -n "$(show kpm identifier)"
sed -i 's/^BootstrapKey=.*/&\nStart=implicit/' "$conf/enrolee.conf"
enroleed_stop KILL
enroleed_start
ok "it rests over a restart, also with an implicit instruction" in_state decommissioned
like "once more: nothing to do" "$(control Decommission gw1 '{}')" "'decommissioned': <true>"
tap_spawn again.out "$top_builddir/tests/sim/mef-sim" --settings "$tap_tmp/mef.conf" --state-dir "$sim_state" --port "$sim_port"
is "an explicit instruction" "$(control Enrol gw1 '{}')" "()"
ok "leads on" tap_until 30 in_state provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
enroleed_stop
tap_done
