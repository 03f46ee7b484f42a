#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OnRenew= over an enrolment's life: done once for each publication and for nothing else, repeated when it fails, and not
# lost when enroleed or enrolee-hook is killed.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
. "$top_srcdir/tests/hook-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3 setpriv
[ "$(id -u)" = 0 ] || tap_skip "needs root: commands run as other users"
bus_start() { hook_bus_start; }
gateway_with_mef
import_key "$sim_gw01_psk"
progress=$state/enroleed/gw1.progress
drop=$tap_tmp/drop
mkdir -m 777 "$drop"

done_for() { grep -cx "$1" "$drop/done"; }
pending() { grep -q '^Pending=' "$progress"; }
settled() { in_state provisioned && ! pending; }
calls() { echo "$(reloads nginx.service) $(done_for gw1) $(done_for gw1-key)"; }
are() { [ "$(calls)" = "$1" ]; }

# The command: fails while there is a file "broken", never ends while there is one "stuck".
cat >"$tap_tmp/mark" <<-END
#!/bin/bash
[ ! -e "$drop/stuck" ] || { echo \$\$ >"$drop/pid"; exec sleep 1000; }
[ ! -e "$drop/broken" ] || { echo tried >>"$drop/tried"; exit 3; }
echo "\$ENROLEE_CREDENTIAL" >>"$drop/done"
END
chmod 755 "$tap_tmp/mark"
sed -i -e "s|^\[credential gw1\]|&\nOnRenew=reload nginx\nOnRenew=run nobody $tap_tmp/mark|" \
	-e "s|^\[credential gw1-key\]|&\nOnRenew=run nobody $tap_tmp/mark|" -e 's/^\[provisioner\]/&\nHookTimeSec=2/' "$conf/enrolee.conf"
touch "$drop/done"
chmod 666 "$drop/done"

# --- once for each publication ---
enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }
enrolee enrol gw1 --timeout 60 >/dev/null 2>&1
ok "enrolled: both credentials' hooks are done" tap_until 20 are "1 1 1" || diag "$(calls) $(cat "$tap_tmp/enroleed.log" "$hook_log")"
ok "and nothing is left to be done" tap_until 10 settled
is "told to renew" "$(control Renew gw1)" "()"
ok "renewed: once more each" tap_until 30 are "2 2 2" || diag "$(calls)"
ok "at rest" tap_until 20 settled
enroleed_stop KILL
sed -i '/^\[registration\]/,/^$/s/^Renew=.*/Renew=1/' "$progress"
enroleed_start
prolonged() { [ "$(sed -n '/^\[registration\]/,/^$/s/^Renew=//p' "$progress")" -gt 1 ] && settled; }
ok "the registration is prolonged" tap_until 30 prolonged || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
enroleed_stop
enroleed_start
is "nothing was published: nothing is done" "$(calls)" "2 2 2"

# --- only the one that changed ---
enroleed_stop KILL
sed -i 's/^KeyRenew=.*/KeyRenew=1/' "$progress"
enroleed_start
ok "only the key renewed: only its hook is done" tap_until 30 are "2 2 3" || diag "$(calls)"
ok "at rest again" tap_until 20 settled

# --- a failure ---
touch "$drop/broken"
control Renew gw1 >/dev/null
tried_often() { [ "$(grep -c tried "$drop/tried")" -ge 5 ]; }
ok "what fails is repeated" tap_until 40 tried_often || diag "$(cat "$hook_log")"
like "Status: for which credentials" "$(control Status gw1)" "'hooks': <\['gw1', 'gw1-key'\]>"
like "Status: why" "$(control Status gw1)" "'hook_error': <'gw1(-key)?: run nobody $tap_tmp/mark: ended with status 3'>"
like "enrolee status: for which" "$(state_of hooks)" "\['gw1', 'gw1-key'\]"
like "enrolee status: why" "$(state_of hook_error)" 'ended with status 3'
like "in words" "$(enrolee status)" 'gw1: OnRenew= is still to be done for gw1, gw1-key: .*ended with status 3'
like "enrolee check" "$(enrolee check)" 'WARNING.*OnRenew= is still to be done for gw1, gw1-key'
like "enrolee doctor" "$(enrolee doctor)" 'enrolment gw1: OnRenew= is still to be done .*ended with status 3'
ok "it is in the log" log_has 'gw1: OnRenew= of gw1: run nobody .*ended with status 3'
ok "the enrolment is at rest meanwhile" in_state provisioned
rm "$drop/broken"
both_done() { settled && [ "$(done_for gw1) $(done_for gw1-key)" = "3 4" ]; }
ok "mended: done in the end" tap_until 20 both_done || diag "$(calls) $(cat "$progress")"
not "and forgotten" grep -q '^\[hooks\]' "$progress"
is "enrolee status says nothing of it any more" "$(enrolee status | grep -c OnRenew)" 0

# --- killed between the publication and its hook ---
touch "$drop/broken"
control Renew gw1 >/dev/null
both_pending() { grep -q '^Pending=gw1:[0-9]* gw1-key:[0-9]*$' "$progress"; }
ok "published, not done: it is in the progress" tap_until 30 both_pending || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
enroleed_stop KILL
rm "$drop/broken"
before=$(done_for gw1)
enroleed_start
more() { settled && [ "$(done_for gw1)" -gt "$before" ]; }
ok "done after the restart" tap_until 20 more || diag "$(calls) $(cat "$progress" "$tap_tmp/enroleed.log")"

# published by the keystore, and enroleed killed before it could note it
enroleed_stop KILL
number=$(sed -n 's/^.*gw1: generation \([0-9]*\) published$/\1/p' "$tap_tmp/keystored.log" | tail -n 1)
sed -i -e '/^\[published\]/,/^$/d' -e '/^\[hooks\]/,/^$/d' -e 's/^State=.*/State=publication/' \
	-e "s/^\[staged\]/&\nCertificate=$number\nCertificateNotAfter=4000000000/" "$progress"
before=$(done_for gw1)
enroleed_start
ok "published, not noted: done after the restart" tap_until 30 more || diag "$(calls) $(cat "$progress" "$tap_tmp/enroleed.log")"

# --- enrolee-hook is killed, or a command hangs ---
touch "$drop/stuck"
control Renew gw1 >/dev/null
ok "a command hangs" tap_until 30 test -s "$drop/pid"
hook_pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$(cat "$drop/pid")/status")
kill -KILL "$hook_pid"
ok "enrolee-hook killed: the command ends with it" tap_until 10 tap_gone "$(cat "$drop/pid")"
like "still to be done" "$(control Status gw1)" "'hooks': <\['gw1'"
timed_out() { log_has 'OnRenew= of gw1: run nobody .*was ended after 2 s'; }
ok "it is asked again, and ends what hangs" tap_until 40 timed_out || diag "$(cat "$hook_log")"
before=$(done_for gw1)
rm "$drop/stuck"
ok "and it is done in the end" tap_until 30 more

# --- settings that others could change ---
chmod o+w "$conf/enrolee.conf"
before=$(done_for gw1)
control Renew gw1 >/dev/null
refused() { log_has 'OnRenew= of gw1: .*can be written by others than root'; }
ok "settings that others could change are refused" tap_until 30 refused
is "nothing is done" "$(done_for gw1)" "$before"
like "enrolee doctor says so" "$(enrolee doctor)" 'problem .*OnRenew: .*can be written by others than root'
chmod o-w "$conf/enrolee.conf"
ok "corrected: done" tap_until 30 more

# --- a hook that is not wanted any more ---
touch "$drop/broken"
control Renew gw1 >/dev/null
ok "it fails" tap_until 30 pending
sed -i '/^OnRenew=/d' "$conf/enrolee.conf"
ok "the settings have none any more: forgotten" tap_until 30 settled
ok "it is said" log_has 'OnRenew= of gw1: no OnRenew= is set for that credential'
rm "$drop/broken"
enroleed_stop
tap_done
