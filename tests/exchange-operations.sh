#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The operations of an Enrolment Exchange besides the plain enrolment, against the simulated MEF: probe and decommission,
# registrations renewed and lost, keys generated, checked, updated, retrieved and retired, what enroleed must agree to first.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/exchange-job.sh"
tap_needs curl openssl python3
[ -x "$top_builddir/tests/sim/mef-sim" ] || tap_skip "the simulated MEF was not built"

# Without the provider a reference is the key itself: the MEF is told the same bytes.
reference=pskref1:0123456789abcdefghijklmn
target_reference=pskref1:nmlkjihgfedcba9876543210
hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n'; }
sim_gw01_psk=$(hex "$reference")
sim_in01_psk=$(hex "$target_reference")
sim_settings >"$tap_tmp/mef.conf"
sim_start "$tap_tmp/mef.conf" || { diag "$(cat "$tap_tmp/mef.out")"; exit 99; }

driver_argument=
exchange()
{
	job "$@" | "$top_builddir/tests/exchange-driver" ${driver_argument:+"$driver_argument"} >"$tap_tmp/events" 2>"$tap_tmp/errors"
	exchange_status=$?
}

# as_target [KEY=VALUE...]: the same as the client in01, a CSE
as_target()
{
	exchange identity=in-0001@$sim_fqdn reference=$target_reference client=//sp.example.com/in-cse kind=cse \
		domain=in-cse.sp.example.com "$@"
}

events()
{
	cat "$tap_tmp/events" "$tap_tmp/errors"
}

# member NAME: its value in the last event that has it
member()
{
	sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p" "$tap_tmp/events" | tail -n 1
}

misbehave()
{
	sim_ctl misbehave "step=$1" "kind=$2" >/dev/null
}

policy()
{
	sim_ctl policy "key=$1" "value=$2" >/dev/null
}

# count PATTERN: lines of the MEF's log since the last mark
mark=0
mark() { mark=$(wc -l <"$sim_state/mef.log"); }
count() { tail -n "+$((mark + 1))" "$sim_state/mef.log" | grep -Ec -e "$1"; }
secret() { sed -n 's/^secret [^ ]* //p' "$tap_tmp/events"; }

# --- probe ---
exchange 'extra=,"purpose":"probe"'
is "a probe: status" $exchange_status 0 || diag "$(events)"
like "it tells how it is authenticated" "$(events)" '"event":"probe".*"authenticated_by":"ppsk","identity":"gw-0001@mef.example.com"'
like "with what" "$(events)" '"tls":"TLSv1.2","suite":"[A-Z0-9-]*PSK[A-Z0-9-]*","handshake_ms":[0-9]+,"answer_ms":[0-9]+'
like "that there is no registration" "$(events)" '"registration":"none"'
is "nothing was made" "$(count '"step":"(register|key-register|simpleenroll)"')" 0
exchange 'steps="register"'
id=$(member id) expires=$(member expires)
exchange 'extra=,"purpose":"probe"'
like "it finds the registration" "$(events)" "\"registration\":\"found\".*\"id\":\"$id\",\"expires\":$expires,\"admin_fqdn\":\"sp.example.com\",\"command\":\"cmd-$id\""
exchange "registration=,\"id\":\"$id\",\"expires\":$expires" 'extra=,"purpose":"probe"'
like "also by its identifier" "$(events)" "\"registration\":\"found\".*\"id\":\"$id\""
exchange 'registration=,"id":"gone","expires":4000000000' 'extra=,"purpose":"probe"'
like "and says when it is gone" "$(events)" '"registration":"none","message":"the MEF answered 4004'
misbehave base-retrieve status:4005
exchange 'extra=,"purpose":"probe"'
like "an MEF that lists nothing" "$(events)" '"registration":"unknown","message":"the MEF answered 4005'
misbehave base-retrieve ""
exchange identity=nobody@$sim_fqdn 'extra=,"purpose":"probe"'
like "a probe that fails" "$(events)" '"event":"failed".*"phase":"handshake","code":"credential"'
misbehave base-retrieve silent
exchange 'extra=,"purpose":"probe"'
like "an MEF that never answers" "$(events)" '"event":"failed".*"phase":"probe","code":"timeout"'
misbehave base-retrieve ""

# --- a registration is prolonged ---
registered="registration=,\"id\":\"$id\",\"expires\":$expires"
exchange "$registered,\"lifetime_s\":86400,\"renew_from\":4000000000" 'steps="register"'
is "its time has not come" "$(member expires)" "$expires"
mark
exchange "$registered,\"lifetime_s\":86400,\"renew_from\":1000" 'steps="register"'
is "its time has come: one Update" "$(count '"step":"registration-update".*"verdict":"ok"')" 1
ok "its end is the one that was asked for" test "$(member expires)" -lt "$expires"
is "it is the same registration" "$(member id)" "$id"
misbehave registration-update 'drop:et'
exchange "$registered,\"lifetime_s\":172800,\"renew_from\":1000" 'steps="register"'
ok "an Update that says nothing about it: it is looked up" test "$(member expires)" -gt "$(($(date +%s) + 90000))"
misbehave registration-update 'replace:et="20010101T000000"'
exchange "$registered,\"renew_from\":1000" 'steps="register"'
is "an end in the past is not taken" "$(member id) $exchange_status" "$id 0"
like "and told" "$(events)" '"event":"warning".*the registration is not prolonged'
misbehave registration-update status:4103
exchange "$registered,\"renew_from\":1000" 'steps="register"'
is "an MEF that does not prolong: what holds, holds" "$(member id) $exchange_status" "$id 0"
misbehave registration-update status:5000
exchange "$registered,\"renew_from\":1000" 'steps="register"'
like "an MEF in trouble: tried again later" "$(events)" '"event":"failed".*"phase":"registration","code":"server"'
misbehave registration-update 'gone*1'
exchange "$registered,\"renew_from\":1000" 'steps="register"'
not "lost while it is prolonged: made anew" test "$(member id)" = "$id"

# --- lost in mid-life ---
for step in registration-retrieve command-retrieve command-update key-register; do
	exchange 'steps="register"'
	registered="registration=,\"id\":\"$(member id)\",\"expires\":$(member expires)"
	misbehave $step 'gone*1'
	exchange "$registered"
	is "4004 at $step: registered anew in the same exchange" "$exchange_status" 0 || diag "$(events)"
	like "4004 at $step: all is provisioned" "$(events)" 'published 2$'
	misbehave $step ""
done
misbehave command-retrieve status:4004
exchange
like "4004 for ever: once anew, then an error" "$(events)" '"event":"failed".*"phase":"commands","code":"not-found"'
is "4004 for ever: two registrations" "$(grep -c '"event":"registered"' "$tap_tmp/events")" 2
misbehave command-retrieve ""

# --- a client that lost its state ---
policy AlreadyRegistered refuse
exchange 'steps="register"'
like "registered already: the MEF's record is adopted" "$(events)" '"event":"registered"' || diag "$(events)"
is "registered already: status" $exchange_status 0
misbehave base-retrieve status:4005
exchange 'steps="register"'
like "registered already, and the MEF does not say where" "$(events)" '"event":"failed".*"code":"conflict"'
misbehave base-retrieve ""
policy AlreadyRegistered replace

# --- keys: generated, looked at, updated ---
exchange 'steps="register","key","publish"' 'key=,"value":"generated"'
like "a self-generated key" "$(events)" 'published 1$' || diag "$(events)"
identifier=$(member identifier) relative=${identifier%@*}
value=$(secret)
is "it is 32 octets" ${#value} 64
is "the MEF holds the same" "$(sim_ctl state | python3 -c "
import json, sys
print(*[k['value'].lower() for k in json.load(sys.stdin)['keys'] if k['id'] == '$identifier'])")" "$value"
not "no key in the events" sh -c "grep '^{' '$tap_tmp/events' | grep -qi '$value'"
like "an exported key says whether its identifier is" "$(exchange 'steps="register","key"'; events)" '"identifier_is_exported":true'
keys='steps="register","key","publish"'
mark
exchange "$keys" "key=,\"current\":\"$identifier\""
like "the current key is looked at" "$(events)" "\"event\":\"key\".*\"identifier\":\"$identifier\""
is "and no other registered" "$(count '"step":"key-register"')" 0
exchange "$keys" suid=24 'targets="//sp.example.com/in-cse","//sp.example.com/Sother"'
several=$(member identifier)
mark
exchange "$keys" suid=24 'targets="//sp.example.com/in-cse"' "key=,\"current\":\"$several\",\"update\":true"
is "its targets are changed by one Update" "$(count '"step":"key-update".*"verdict":"ok"')" 1
like "and told" "$(events)" '"event":"key".*"targets":\["//sp.example.com/in-cse"\]'
exchange "$keys" 'key=,"current":"1234567890ABCDEF1234567890ABCDEF@mef.example.com"'
like "a key that the MEF has lost" "$(events)" '"event":"key-lost"'
like "is registered anew" "$(events)" 'published 1$'
misbehave key-retrieve status:5000
exchange "$keys" "key=,\"current\":\"$identifier\""
like "an MEF in trouble is no reason for a new key" "$(events)" '"event":"failed".*"phase":"key","code":"server"'
misbehave key-retrieve status:4005
mark
exchange "$keys" "key=,\"current\":\"$identifier\""
is "an MEF that does not let its source look: no failure" "$exchange_status" 0 || diag "$(events)"
like "but told" "$(events)" '"event":"warning".*4005'
is "and no new key" "$(count '"step":"key-register"')" 0
misbehave key-retrieve ""
exchange "$keys" 'key=,"current":"12@other.example.com"'
like "a key of another MEF is none of this one" "$(events)" '"phase":"start","code":"job"'

# --- keys of others ---
exchange 'steps="register","key","publish"'
identifier=$(member identifier)
value=$(secret)
as_target 'steps="retrieve","publish"' "extra=,\"retrieve\":[\"$identifier\"]"
like "a target retrieves the key" "$(events)" "\"kind\":\"retrieved\",\"credential\":\"gw1-${identifier%@*}\".*\"identifier\":\"$identifier\",\"suid\":22.*\"source\":\"//sp.example.com/Sgw01\"" ||
	diag "$(events)"
is "it is the source's" "$(secret)" "$value"
like "it is published" "$(events)" 'published 1$'
not "no key in the events" sh -c "grep '^{' '$tap_tmp/events' | grep -qi '$value'"
exchange 'steps="retrieve","publish"' "extra=,\"retrieve\":[\"$identifier\"]"
like "the source is not a target" "$(events)" '"event":"not-retrieved".*"code":"mismatch"'
as_target 'steps="retrieve","publish"' "extra=,\"retrieve\":[\"00@$sim_fqdn\",\"$identifier\"]"
like "one that is not there (yet)" "$(events)" '"event":"not-retrieved","time":[0-9.]*,"identifier":"00@mef.example.com","code":"not-found"'
like "does not keep the others from coming" "$(events)" 'published 1$'
while read -r kind code; do
	misbehave key-retrieve "$kind"
	as_target 'steps="retrieve","publish"' "extra=,\"retrieve\":[\"$identifier\"]"
	like "key-retrieve $kind" "$(events)" "\"event\":\"not-retrieved\".*\"code\":\"$code\""
	like "key-retrieve $kind: nothing published" "$(events)" 'published 0$'
done <<'END'
replace:kv="0011" malformed
replace:kv="zz" malformed
replace:kv=7 malformed
replace:kv="AAECAwQFBgcICQoLDA0ODw==" malformed
drop:kv mismatch
replace:suid=32 mismatch
replace:suid="x" malformed
replace:ri="FF" mismatch
replace:et="20010101T000000" mismatch
replace:et="never" malformed
truncated malformed
status:4103 not-authorised
END
misbehave key-retrieve silent
as_target 'steps="retrieve","publish"' "extra=,\"retrieve\":[\"$identifier\"]"
like "an MEF that never answers" "$(events)" '"event":"failed".*"phase":"retrieval","code":"timeout"'
misbehave key-retrieve ""

# --- keys that are retired ---
exchange 'steps="register","key","publish","retire"' "extra=,\"retire\":[\"$identifier\",\"00@$sim_fqdn\"]"
like "the old key is de-registered when the new one is published" "$(events)" "\"event\":\"retired\".*\"identifier\":\"$identifier\",\"result\":\"removed\""
like "one that is gone is no fault" "$(events)" '"event":"retired".*"identifier":"00@mef.example.com","result":"absent"'
as_target 'steps="retrieve"' "extra=,\"retrieve\":[\"$identifier\"]"
like "no target gets it any more" "$(events)" '"event":"not-retrieved".*"code":"not-found"'
exchange 'steps="register","key","publish"'
identifier=$(member identifier)
misbehave key-deregister status:4103
exchange 'steps="register","retire"' "extra=,\"retire\":[\"$identifier\"]"
is "an MEF that keeps it: no failure" $exchange_status 0
like "but told" "$(events)" '"event":"retired".*"result":"refused","message":"the MEF answered 4103'
misbehave key-deregister ""
mark
exchange 'steps="register","key","retire"' "extra=,\"retire\":[\"$identifier\"]"
is "nothing is retired before its successor is published" "$(count '"step":"key-deregister"')" 0

# --- what enroleed must agree to ---
exchange 'extra=,"acknowledge":true'
like "enroleed answers: all is done" "$(events)" 'published 2$' || diag "$(events)"
is "the certificate is published before the MEF hears that it holds" \
	"$(grep -E '"event":"(published|command)"' "$tap_tmp/events" | sed 's/.*"event":"\([^"]*\)".*/\1/' | head -n 2 | tr '\n' ' ')" "published command "
driver_argument="the disk is full"
exchange 'extra=,"acknowledge":true'
like "enroleed refuses: the MEF is told 101" "$(events)" '"event":"command".*"class":1,"status":101'
like "enroleed refuses: and why" "$(events)" '"event":"warning".*the disk is full'
like "enroleed refuses: nothing is published" "$(events)" 'published 0$'
driver_argument=

# --- decommission ---
exchange
id=$(member id) expires=$(sed -n 's/.*"event":"registered".*"expires":\([0-9]*\).*/\1/p' "$tap_tmp/events")
id=$(sed -n 's/.*"event":"registered".*"id":"\([^"]*\)".*/\1/p' "$tap_tmp/events")
identifier=$(member identifier)
exchange "registration=,\"id\":\"$id\",\"expires\":$expires" "extra=,\"purpose\":\"decommission\",\"retire\":[\"$identifier\",\"00@$sim_fqdn\"]"
is "decommission: status" $exchange_status 0 || diag "$(events)"
like "the key is removed" "$(events)" "\"event\":\"decommission\".*\"what\":\"key\",\"id\":\"$identifier\",\"result\":\"removed\",\"proven\":true"
like "one that is gone is absent" "$(events)" '"what":"key","id":"00@mef.example.com","result":"absent","proven":true'
like "the registration is removed" "$(events)" "\"what\":\"registration\",\"id\":\"$id\",\"result\":\"removed\",\"proven\":true"
like "what is not proven is said" "$(events)" '"left":"certificates that the MEF issued are good until'
is "the MEF has neither" "$(sim_ctl state | python3 -c "
import json, sys
state = json.load(sys.stdin)
print(sum(r['id'] == '$id' for r in state['registrations']), sum(k['id'] == '$identifier' for k in state['keys']))")" "0 0"
exchange "registration=,\"id\":\"$id\",\"expires\":$expires" 'extra=,"purpose":"decommission"'
like "again: it is gone, and that is proven" "$(events)" '"what":"registration".*"result":"absent","proven":true'
exchange 'extra=,"purpose":"decommission"'
like "without its identifier: the MEF lists none" "$(events)" '"what":"registration","id":"","result":"absent","proven":true'
exchange 'steps="register"'
exchange 'extra=,"purpose":"decommission"'
like "without its identifier: it is found and removed" "$(events)" '"what":"registration","id":"mecr[^"]*","result":"removed"'
misbehave base-retrieve status:4005
exchange 'extra=,"purpose":"decommission"'
like "nothing known, nothing listed: nothing proven" "$(events)" '"what":"registration".*"result":"absent","proven":false'
misbehave base-retrieve ""
exchange 'steps="register"'
misbehave deregister status:4103
exchange 'extra=,"purpose":"decommission"'
like "an MEF that refuses" "$(events)" '"what":"registration".*"result":"refused","proven":false,"message":"the MEF answered 4103'
misbehave deregister close
exchange 'extra=,"purpose":"decommission"'
like "an answer that was lost: asked again, it is gone" "$(events)" '"what":"registration".*"result":"absent","proven":true'
misbehave base-retrieve silent
exchange 'extra=,"purpose":"decommission"'
like "an MEF that does not answer: tried again" "$(events)" '"event":"failed".*"phase":"decommission","code":"timeout"'
misbehave base-retrieve ""
misbehave deregister ""

# --- an MEF of another dialect: the same label of the exporter and the same text form of keys at both ends ---
sim_settings | sed "s/^FQDN=.*/&\nDialect=alternate/" >"$tap_tmp/other.conf"
sim_start "$tap_tmp/other.conf" other || { diag "$(cat "$tap_tmp/other.out")"; exit 99; }
cat >"$tap_tmp/other.dialect" <<-END
	[wire]
	prefix=m2m
	exporter-label=EXPORTER-oneM2M-Bootstrap
	key-encoding=base64
	[types]
	mefClientReg=10004
	symmKeyReg=10005
	mefClientCmd=10006
	[names]
	mefClientReg=mefcr
	symmKeyReg=sykr
	adminFQDN=adminfqdn
	targetIDs=tids
	keyValue=kvl
END
other="mef=,\"dialect\":\"$tap_tmp/other.dialect\""
for value in exported generated; do
	exchange "$other" "key=,\"value\":\"$value\""
	like "another dialect, a key that is $value: all is provisioned" "$(events)" 'published 2$' || diag "$(events)"
	identifier=$(member identifier) key=$(secret)
	is "another dialect, a key that is $value: both ends have the same" "$(sim_ctl state | python3 -c "
import json, sys
print(*[k['value'].lower() for k in json.load(sys.stdin)['keys'] if k['id'] == '$identifier'])")" "$key"
	as_target "$other" 'steps="retrieve","publish"' "extra=,\"retrieve\":[\"$identifier\"]"
	is "another dialect, a key that is $value: the target as well" "$(secret)" "$key"
done
sed -i 's/^key-encoding=.*/key-encoding=hex/' "$tap_tmp/other.dialect"
as_target "$other" 'steps="retrieve","publish"' "extra=,\"retrieve\":[\"$identifier\"]"
like "base64 is not taken for hex" "$(events)" '"event":"not-retrieved".*"code":"malformed","message":"symmKeyReg: keyValue is not a key of .* octets in hex'
not "and no log has it" grep -qi "$key" "$tap_tmp/events"
exchange
like "the standard dialect: refused, and where to say it" "$(events)" \
	'"event":"failed".*"phase":"registration","code":"request","message":"the MEF answered 4[^"]*Dialect= in enrolee.conf'
tap_done
