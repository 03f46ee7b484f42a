#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enroleed and its child are killed wherever an enrolment can be: it is resumed and finished, nothing is done twice that must
# not be, and nothing is left behind.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3
gateway_with_mef
import_key "$sim_gw01_psk"
progress=$state/enroleed/gw1.progress

# asked STEP: the MEF has got that request since the last mark, though it may not answer.
mark() { marked=$(wc -l <"$sim_state/mef.log"); }
asked() { tail -n "+$((marked + 1))" "$sim_state/mef.log" | grep -q "\"step\":\"$1\""; }
child() { cat "/proc/$enroleed_pid/task/$enroleed_pid/children"; }
has_child() { [ -n "$(child)" ]; }
anew() { rm -f "$progress"; for name in gw1 gw1-key ${other:+"gw1-${other%@*}"}; do enrolee remove $name --yes >/dev/null 2>&1; done; }
staged_left() { enrolee list | grep -c 'not published'; }

# hang STEP: the MEF never answers that step.
hang() { sim_ctl misbehave "step=$1" kind=silent >/dev/null || fail "the MEF can be silent at $1"; }
unhang() { sim_ctl misbehave "step=$1" kind= >/dev/null; }

wanted=2
provisioned()
{
	in_state provisioned && [ "$(enrolee list | grep -c enrolled)" = "$wanted" ]
}

# killed STEP STATE: enroleed is killed while the MEF does not answer STEP, with its progress at STATE.
killed()
{
	anew
	hang "$1"
	enroleed_start
	enrolee enrol gw1 --no-wait
	ok "$1: at $2" tap_until 20 in_state "$2" || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
	exchange_pid=$(child | tr -d ' ')
	like "$1: the child is confined" "$(grep ^Seccomp: "/proc/$exchange_pid/status")" '2$'
	enroleed_stop KILL
	ok "$1: the child ends with enroleed" tap_until 10 tap_gone "$exchange_pid"
	unhang "$1"
	enroleed_start
	ok "$1: resumed and finished" tap_until 30 provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
	is "$1: nothing is left staged" "$(staged_left)" 0
	enroleed_stop
}

killed register registration
killed command-retrieve commands
killed simpleenroll commands
killed key-register key

# The progress is read at each of its states as a kill might leave it, also where the time in it is too short to hit.
for at in handshake registration commands certificate key retrieval publication waiting; do
	anew
	printf '[progress]\nVersion=1\nState=%s\nNext=1\n[identity]\nMEF=mef.example.com\nAdminFQDN=sp.example.com\nClient=//sp.example.com/Sgw01\n' \
		"$at" >"$progress"
	enroleed_start
	ok "resumed from $at" tap_until 30 provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
	enroleed_stop KILL
done

# Published by the keystore, and enroleed killed before it could note it.
number=$(sed -n 's/^.*gw1: generation \([0-9]*\) published$/\1/p' "$tap_tmp/keystored.log" | tail -n 1)
id=$(show gw1 id)
ok "resumed from everything: noted" grep -q '^\[published\]' "$progress"
sed -i -e '/^\[published\]/,/^$/d' -e 's/^State=.*/State=publication/' \
	-e "s/^\[staged\]/&\nCertificate=$number\nCertificateNotAfter=4000000000/" "$progress"
enroleed_start
ok "published, not noted: finished" tap_until 30 in_state provisioned
is "published, not noted: the certificate is not made twice" "$(show gw1 id)" "$id"
ok "published, not noted: its end is known" grep -qx 'CertificateNotAfter=4000000000' "$progress"
enroleed_stop

# Keys of others: killed while the MEF does not answer for one. Our own is staged by then.
identifier_of() { enrolee show "$1" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['credential']['identifier'])"; }
(umask 077 && echo "$sim_in01_psk" >"$tap_tmp/in.hex")
enrolee import kpm-in --symmetric "$tap_tmp/in.hex" --identifier in-0001@mef.example.com --suid 10 >/dev/null
cat >"$conf/conf.d/in1.conf" <<END
[enrolment in1]
MEF=test
Client=//sp.example.com/in-cse
ClientKind=cse
PublicDomainName=in-cse.sp.example.com
BootstrapKey=kpm-in
KeySUID=22
KeyTargets=//sp.example.com/Sgw01
Certificate=no
Commands=no
END
enroleed_start
enrolee enrol in1 >/dev/null 2>&1
other=$(identifier_of in1-key)
enroleed_stop
enrolee remove in1-key --yes >/dev/null # one gateway cannot have it twice
rm "$conf/conf.d/in1.conf"
gateway_settings "$sim_port" Commands=no "RetrieveKeys=$other"
wanted=3
killed key-retrieve retrieval
is "key-retrieve: it is there" "$(identifier_of "gw1-${other%@*}")" "$other"
anew
gateway_settings "$sim_port"
wanted=2

# The old key is being de-registered: the new one is in use already.
mef_has() { sim_ctl state | grep -q "\"id\":\"$1\""; }
retired() { provisioned && ! grep -q '^Role=retiring' "$progress" && mef_has "$(identifier_of gw1-key)" && ! mef_has "$former"; }
anew
enroleed_start
enrolee enrol gw1 >/dev/null 2>&1
for whom in enroleed child; do
	hang key-deregister
	mark
	former=$(identifier_of gw1-key)
	enrolee renew gw1 --no-wait >/dev/null 2>&1
	ok "retire: at the old key" tap_until 30 asked key-deregister || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
	not "retire: a new one is in use" test "$(identifier_of gw1-key)" = "$former"
	if [ $whom = child ]; then kill -KILL $(child); else enroleed_stop KILL; fi
	unhang key-deregister
	[ $whom = child ] || enroleed_start
	ok "retire: $whom killed, and the old key de-registered" tap_until 30 retired || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
done

# The end of an enrolment: killed while the MEF does not answer for a key, for the registration; before and after the
# credentials are destroyed.
decommission()
{
	gdbus call --address "$bus" --dest org.onem2m.Enrolee1 --object-path /org/onem2m/Enrolee1 --timeout 60 \
		--method org.onem2m.Enrolee1.Decommission gw1 '{}' >"$tap_tmp/decommission.out" 2>&1 </dev/null &
}
decommissioned() { in_state decommissioned && [ "$(enrolee list | grep -c enrolled)" = 0 ]; }
for step in key-deregister deregister; do
	for whom in enroleed child; do
		provisioned || enrolee enrol gw1 >/dev/null 2>&1
		former=$(identifier_of gw1-key)
		mef_has "$former" || diag "the MEF does not have $former"
		hang $step
		mark
		decommission
		ok "decommission: $step is asked" tap_until 20 asked $step
		ok "decommission: it is decided" in_state decommissioning
		if [ $whom = child ]; then kill -KILL $(child); else enroleed_stop KILL; fi
		unhang $step
		if [ $whom = enroleed ]; then
			enroleed_start
		else
			tap_until 20 grep -q "'decommissioned'" "$tap_tmp/decommission.out"
			like "decommission: $step, child killed: said" "$(cat "$tap_tmp/decommission.out")" "'decommissioned': <false>"
			like "decommission: $step, child killed: and why" "$(cat "$tap_tmp/decommission.out")" "'error': <.*ended by signal 9"
			ok "decommission: $step, child killed: nothing is destroyed" test "$(enrolee list | grep -c enrolled)" = 2
			tap_until 20 in_state provisioned
			decommission
		fi
		ok "decommission: $step, $whom killed, and finished" tap_until 30 decommissioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
		not "decommission: $step: the MEF has the key no more" mef_has "$former"
	done
done
for left in 2 0; do
	enrolee enrol gw1 >/dev/null 2>&1
	provisioned || diag "not provisioned"
	enroleed_stop KILL
	sed -i -e 's/^State=.*/State=decommissioning/' -e '/^\[registration\]/,/^$/d' -e '/^\[key /,/^$/d' "$progress"
	[ $left = 2 ] || for name in gw1 gw1-key; do enrolee remove $name --yes >/dev/null; done
	enroleed_start
	ok "decommission: the MEF was told, $left credentials left: finished" tap_until 20 decommissioned || diag "$(cat "$progress")"
done
enroleed_stop

# The settings are read again: what is under way goes on.
anew
hang key-register
enroleed_start
enrolee enrol gw1 --no-wait
ok "settings read again: at the key" tap_until 20 in_state key
before=$(child)
kill -HUP "$enroleed_pid"
ok "settings read again: said" tap_until 10 grep -q 'settings read again' "$tap_tmp/enroleed.log"
is "settings read again: the exchange goes on" "$(child)" "$before"
kill -KILL $before
unhang key-register
ok "settings read again: finished" tap_until 30 provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
enroleed_stop

# The child alone is killed, or takes too long. What the MEF commanded is published by then, and the MEF has heard of it.
anew
hang key-register
mark
enroleed_start
enrolee enrol gw1 --no-wait
ok "child: at the key" tap_until 20 asked key-register
id=$(show gw1 id)
kill -KILL $(child)
unhang key-register
ok "child: killed, and the enrolment finished" tap_until 30 provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
like "child: it was said" "$(cat "$tap_tmp/enroleed.log")" 'ended by signal 9 \(waiting\)'
is "child: the certificate published before is not made twice" "$(show gw1 id)" "$id"
is "child: the command is not carried out twice" "$(tail -n "+$((marked + 1))" "$sim_state/mef.log" | grep -c '"step":"simpleenroll".*"verdict":"ok"')" 1
enroleed_stop

# Without commands as well: the key's handshake is authenticated with it.
gateway_settings "$sim_port" Commands=no
anew
hang key-register
mark
enroleed_start
enrolee enrol gw1 --no-wait
ok "child: at the key, without commands" tap_until 20 asked key-register
id=$(show gw1 id)
kill -KILL $(child)
unhang key-register
ok "child: killed, and the key follows" tap_until 30 provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
is "child: the certificate was published before" "$(show gw1 id)" "$id"
enroleed_stop

# A keystore restarted between a certificate and its publication has lost it: another is got, none without certificate published.
anew
hang simpleenroll
mark
enroleed_start
enrolee enrol gw1 --no-wait
ok "keystore: at the certificate" tap_until 20 asked simpleenroll
enroleed_stop KILL
staged=$(sed -n 's/^.*gw1: generation \([0-9]*\) staged.*/\1/p' "$tap_tmp/keystored.log" | tail -n 1)
sed -i "s/^\[staged\]/&\nCertificate=$staged\nCertificateNotAfter=4000000000/" "$progress"
tap_stop "$keystored_pid" KILL
keystored_start keystored2.log
unhang simpleenroll
enroleed_start
ok "keystore: restarted, and the enrolment finished" tap_until 30 provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
not "keystore: the staged key was given up" grep -q "gw1: generation $staged published" "$tap_tmp/keystored2.log"
is "keystore: nothing is left staged" "$(staged_left)" 0
enroleed_stop

# Restarted under a child: what it staged is there, and enroleed hands it another connection.
anew
sim_ctl misbehave step=simpleenroll kind=slow:4000 >/dev/null
mark
enroleed_start
enrolee enrol gw1 --no-wait
ok "keystore: under way" tap_until 20 asked simpleenroll
exchange_pid=$(child)
staged=$(sed -n 's/^.*gw1: generation \([0-9]*\) staged.*/\1/p' "$tap_tmp/keystored2.log" | tail -n 1)
tap_stop "$keystored_pid" KILL
keystored_start keystored3.log
sim_ctl misbehave step=simpleenroll kind= >/dev/null
ok "keystore: the exchange goes on" tap_until 30 provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
ok "keystore: with what was staged" grep -q "gw1: generation $staged published" "$tap_tmp/keystored3.log"
is "no child asked for more than its job" "$(cat "$tap_tmp"/keystored*.log | grep -c 'an exchange asked')" 0
enroleed_stop

exchange_time=1 gateway_settings "$sim_port"
anew
hang register
enroleed_start
enrolee enrol gw1 --timeout 30 >"$tap_tmp/enrol.out" 2>&1
is "time: the attempt ends" $? 8
like "time: it is said" "$(cat "$tap_tmp/enrol.out")" 'the exchange took too long'
enroleed_stop
unhang register

# Disk: full in the middle of a command. The MEF hears nothing that would not hold.
gateway_settings "$sim_port"
anew
sim_ctl misbehave step=simpleenroll kind=slow:3000 >/dev/null
mark
enroleed_start
enrolee enrol gw1 --no-wait
ok "full under way: at the certificate" tap_until 20 in_state commands
tap_until 20 asked csrattrs
mv "$state/enroleed" "$tap_tmp/kept"
echo >"$state/enroleed"
ok "full under way: said" tap_until 30 grep -q 'progress cannot be kept' "$tap_tmp/enroleed.log"
not "full under way: no status is told to the MEF" asked command-update
is "full under way: nothing is published" "$(enrolee list | grep enrolled | grep -vc 'not published')" 0
rm "$state/enroleed"
mv "$tap_tmp/kept" "$state/enroleed"
ok "full under way: room again, and finished" tap_until 30 provisioned || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
enroleed_stop
unhang simpleenroll

# Disk: no progress can be kept, so nothing is done that could not be resumed.
anew
rm -rf "$state/enroleed"
echo >"$state/enroleed"
enroleed_start
enrolee enrol gw1 --timeout 30 >"$tap_tmp/enrol.out" 2>&1
is "no place for the progress: tried again" $? 8
like "no place for the progress: said" "$(cat "$tap_tmp/enrol.out")" 'Not a directory'
is "no place for the progress: nothing was asked for" "$(enrolee list | grep -c enrolled)" 0
enroleed_stop
tap_done
