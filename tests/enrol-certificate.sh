#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The latest certificate of the MEF authenticates the MEF Handshake (TS-0003 8.3.1.2), through enroleed, and what it falls
# back to.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3
[ -f "$(openssl version -m | sed 's/.*"\(.*\)".*/\1/')/pkcs11.so" ] || tap_skip "needs pkcs11-provider"
gateway_with_mef
import_key "$sim_gw01_psk"
progress=$state/enroleed/gw1.progress

enrol()
{
	enrolee enrol gw1 --timeout 60 >"$tap_tmp/enrol.out" 2>&1
	enrol_status=$?
}
policy() { sim_ctl policy "key=$1" "value=$2" >/dev/null; }
misbehave() { sim_ctl misbehave "step=$1" "kind=$2" >/dev/null; }
other_certificate() { [ "$(show gw1 id)" != "$id" ]; }

# mark, since, count PATTERN: lines of the MEF's log since the last mark
mark() { mark=$(wc -l <"$sim_state/mef.log"); }
since() { tail -n "+$((mark + 1))" "$sim_state/mef.log"; }
count() { since | grep -Ec -e "$1"; }
issued() { count "\"step\":\"$1\".*\"serial\".*\"verdict\":\"ok\""; }

# enrolled WHAT KINDS: an attempt that ends well, and with what its handshakes were authenticated, one after the other
enrolled()
{
	mark
	enrol
	is "$1: provisioned" $enrol_status 0 || diag "$(cat "$tap_tmp/enrol.out" "$tap_tmp/enroleed.log"; since)"
	is "$1: authenticated by" "$(since | sed -n 's/.*"event":"handshake".*"auth":"\([^"]*\)".*"verdict":"ok".*/\1/p' | tr '\n' ' ')" "$2 "
}

# anew: nothing was provisioned yet
anew()
{
	enroleed_stop
	rm -f "$progress"
	for name in gw1 gw1-key; do enrolee remove $name --yes >/dev/null 2>&1; done
}

# --- from the key to the certificate ---
enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }
enrolled "the first time" "psk certificate"
is "the first time: a new certificate" "$(issued simpleenroll)" 1
id=$(show gw1 id)
enrolled "the next time" "certificate certificate"
is "the next time: always with the latest" "$(count '"latest":false')" 0
is "the next time: by simplereenroll" "$(issued simplereenroll)" 1
ok "the next time: another certificate" other_certificate
is "status: by what" "$(state_of authenticated_by) $(state_of authenticated_with)" "certificate gw1"
like "status: for people" "$(enrolee status)" 'certificate gw1'
is "status: nothing was passed over" "$(state_of refused)" None
like "a probe" "$(enrolee probe gw1 2>&1)" 'certificate'

# --- the MEF takes nothing else any more, and the key is gone on both sides ---
policy RefusePskAfterCertificate true
policy RequireLatestCertificate true
enrolled "an MEF without our key" "certificate certificate"
enrolee remove kpm --yes >/dev/null
enrolled "without our key" "certificate certificate"
ok "without our key: it is said" log_has 'gw1: the bootstrap key kpm: no credential of that name'
import_key "$sim_gw01_psk"
policy RefusePskAfterCertificate false

# --- refused: the key takes its place, and another certificate is got ---
sim_ctl issue client=gw01 >"$tap_tmp/elsewhere.pem"
sim_ctl forget client=gw01 >/dev/null
id=$(show gw1 id)
misbehave handshake 'alert-handshake:44*1'
enrolled "refused" "psk certificate"
like "refused: status" "$(state_of refused)" '^gw1: the MEF refuses our certificate: alert certificate revoked$'
like "refused: for people" "$(enrolee status)" 'gw1: credential passed over: gw1: the MEF refuses our certificate'
ok "refused: logged" log_has 'the next credential takes the place of gw1: the MEF refuses our certificate'
ok "refused: another certificate" other_certificate
is "refused: by simpleenroll" "$(issued simpleenroll) $(issued simplereenroll)" "1 0"
enrolled "refused once" "certificate certificate"
is "refused once: forgotten" "$(state_of refused)" None
misbehave handshake 'alert-handshake:44*1'
said=$(enrolee probe gw1 2>&1)
like "a probe: what was passed over" "$said" '^Passed over: +gw1: the MEF refuses our certificate: alert certificate revoked$'
like "a probe: and what took its place" "$said" '^Authenticated: pre-shared key'
enroleed_stop
kept=$pkcs11_module pkcs11_module=
enroleed_start
enrolled "nothing that uses keys of certificates" "psk psk"
like "nothing that uses keys of certificates: status" "$(state_of refused)" '^gw1: no certificate can be used: pkcs11-provider .*; gw1: '
enroleed_stop
pkcs11_module=$kept
id=$(show gw1 id)
sed -i 's/^KeyRenew=.*/KeyRenew=1/' "$progress"
misbehave handshake 'alert-handshake:44*1'
mark
enroleed_start
ok "refused while it was not due: made anew soon" tap_until 30 other_certificate || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
ok "at rest" tap_until 20 in_state provisioned

# --- both refused ---
id=$(show gw1 id)
misbehave handshake 'alert-handshake:44'
enrol
is "all refused: status" $enrol_status 1
like "all refused: both are named" "$(cat "$tap_tmp/enrol.out")" 'refuses our certificate: alert certificate revoked; .*\(credential\)'
is "all refused: nothing is lost" "$(show gw1 id)" "$id"
misbehave handshake ""
enrolled "all refused: and then" "certificate certificate"

# --- refused in an answer, after a handshake that the MEF accepted ---
for code in 4106 4107; do
	id=$(show gw1 id)
	misbehave registration-retrieve "status:$code*1"
	enrolled "answered $code" "certificate psk certificate"
	like "answered $code: status" "$(state_of refused)" "^gw1: the MEF answered $code [A-Z_]*(: .*)?\$"
	is "answered $code: another certificate, by simpleenroll" "$(issued simpleenroll) $(issued simplereenroll)" "1 0"
	ok "answered $code: it is published" other_certificate
done
enrolled "answered once" "certificate certificate"
policy RequireLatestCertificate false
misbehave key-register 'status:4106*1'
enrolled "the new one is refused" "certificate certificate certificate"
is "the new one is refused: then the one before" "$(count '"latest":false')" 1
made_anew() { [ "$(count '"serial".*"verdict":"ok"')" -ge 2 ] && in_state provisioned; }
ok "the new one is refused: made anew soon" tap_until 30 made_anew
policy RequireLatestCertificate true
id=$(show gw1 id)
misbehave registration-retrieve status:4106
mark
enrol
is "answered 4106 whatever we have: refused" $enrol_status 1
like "answered 4106 whatever we have: said" "$(cat "$tap_tmp/enrol.out")" 'answered 4106 .*; the MEF answered 4106 .*\(credential\)'
is "answered 4106 whatever we have: each is tried once" "$(count '"rsc":4106')" 2
is "answered 4106 whatever we have: nothing is lost" "$(show gw1 id)" "$id"
misbehave registration-retrieve ""
enrolled "answered 4106: and then" "certificate certificate"

# --- in a trace: who the MEF says it is ---
enrolee enrol gw1 --trace "$tap_tmp/trace" --timeout 60 >/dev/null 2>&1
fingerprint() { openssl x509 -in "$sim_state/issuing.pem" -noout -fingerprint -sha256 | cut -d = -f 2; }
like "a trace: the MEF's certificate" "$(cat "$tap_tmp/trace")" \
	'-- certificate 1 of the MEF: subject CN = mef.example.com; issuer .*; until [A-Z].* GMT; SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$'
like "a trace: and its issuer's" "$(cat "$tap_tmp/trace")" "-- certificate 2 of the MEF: subject .*; SHA-256 $(fingerprint)\$"
like "a trace: version and suite" "$(cat "$tap_tmp/trace")" '-- TLSv1.2, ECDHE-ECDSA-[A-Z0-9-]*, by the certificate gw1$'
misbehave handshake expired-server
enrolee enrol gw1 --trace "$tap_tmp/trace" --timeout 60 >/dev/null 2>&1
misbehave handshake ""
like "a trace: also of one that is not trusted" "$(cat "$tap_tmp/trace")" '-- certificate 1 of the MEF: subject CN = mef.example.com; '
enrolled "traced: and then" "certificate certificate"

# --- an MEF that is not who it should be: no credential is tried after another, and nothing is lost ---
while read -r kind text; do
	id=$(show gw1 id)
	misbehave handshake "$kind"
	mark
	enrol
	misbehave handshake ""
	is "$kind: refused for good" $enrol_status 1 || diag "$(cat "$tap_tmp/enrol.out"; since)"
	like "$kind: named" "$(cat "$tap_tmp/enrol.out")" "$text.*\\(peer\\)"
	is "$kind: the key is not tried" "$(count '"psk_identity"')" 0
	is "$kind: no request is sent" "$(count '"event":"request"')" 0
	is "$kind: nothing is lost" "$(show gw1 id)" "$id"
done <<'END'
expired-server certificate has expired
foreign-server local issuer certificate
other-server-name mef.example.com
wildcard-server holds a wildcard
client-server server
unsigning-server keyUsage lacks digitalSignature
unsigning-server:0 keyUsage lacks digitalSignature
no-certificate-request did not ask for our certificate
END
misbehave handshake 'psk-only*1'
enrolled "an MEF that takes keys only" "psk certificate"

# --- EST without simplereenroll ---
for code in 404 405 501; do
	misbehave simplereenroll http-status:$code
	enrolled "simplereenroll answered $code" "certificate certificate"
	is "simplereenroll answered $code: simpleenroll" "$(issued simpleenroll)" 1
done
misbehave simplereenroll http-status:503
id=$(show gw1 id)
mark
enrol
is "simplereenroll answered 503: later" $enrol_status 8
is "simplereenroll answered 503: no simpleenroll" "$(count '"step":"simpleenroll"')" 0
is "simplereenroll answered 503: nothing is lost" "$(show gw1 id)" "$id"
misbehave simplereenroll ""
ok "simplereenroll answered again: goes on by itself" tap_until 30 in_state provisioned

# --- EST where the MEF's command has us go ---
policy EstPath /labels/gateways
sim_ctl forget client=gw01 >/dev/null
enrolled "commanded to another EST server" "certificate certificate"
enrolled "a renewal goes there as well" "certificate certificate"
is "a renewal goes there as well: by simplereenroll" "$(count '"path":"/labels/gateways/simplereenroll".*"serial".*"verdict":"ok"')" 1
enroleed_stop KILL
sed -i "s|^BootstrapKey=.*|&\nEstURI=https://mef.example.com:$sim_port/.well-known/est|" "$conf/enrolee.conf"
enroleed_start
enrolled "the settings name one: it counts" "certificate certificate"
is "the settings name one: nothing goes elsewhere" "$(count '"path":"/labels/')" 0
enroleed_stop
policy EstPath ""
sed -i '/^EstURI=/d' "$conf/enrolee.conf"
sim_ctl forget client=gw01 >/dev/null
enroleed_start
enrolled "and back" "certificate certificate"

# --- expired while the gateway was off ---
policy CertificateValidity 6
enrol
enroleed_stop KILL
policy CertificateValidity 7776000
end=$(openssl x509 -in "$state/credentials/gw1/cert.pem" -noout -enddate | cut -d= -f2)
expired() { [ "$(date +%s)" -gt "$(date -d "$end" +%s)" ]; }
id=$(show gw1 id)
ok "expired" tap_until 20 expired
mark
enroleed_start
ok "expired: another is got" tap_until 30 other_certificate || diag "$(cat "$progress" "$tap_tmp/enroleed.log")"
ok "expired: said" log_has 'gw1: gw1 does not authenticate us to the MEF: its certificate has expired'
is "expired: by the key" "$(count '"auth":"psk".*"step":"simpleenroll".*"verdict":"ok"')" 1
ok "expired: at rest" tap_until 20 in_state provisioned

# --- a gateway that has a certificate from the factory, and no key ---
anew
enrolee remove kpm --yes >/dev/null
gateway_settings "$sim_port"
sed -i 's/^BootstrapKey=.*/BootstrapCertificate=device/' "$conf/enrolee.conf"
chmod 600 "$tap_tmp/elsewhere.pem"
enroleed_start
enrol
is "no such certificate: tried again" $enrol_status 8
like "no such certificate: named" "$(cat "$tap_tmp/enrol.out")" 'the bootstrap certificate device: no credential of that name'
enrolee import device "$tap_tmp/elsewhere.pem" >/dev/null 2>&1
enrol
is "no trust anchors: refused for good" $enrol_status 1
like "no trust anchors: named" "$(cat "$tap_tmp/enrol.out")" 'the bootstrap certificate device: nothing verifies the MEF'
enrolee import device "$tap_tmp/elsewhere.pem" --anchors "$sim_state/root.pem" >/dev/null 2>&1
policy RequireLatestCertificate false
enrolled "a certificate of the factory" "certificate certificate"
is "a certificate of the factory: the initial procedure" "$(issued simpleenroll) $(issued simplereenroll)" "1 0"
is "a certificate of the factory: then that of the MEF" "$(state_of authenticated_with)" gw1
policy RequireLatestCertificate true
enrolled "and the next time" "certificate certificate"
is "and the next time: renewed" "$(issued simplereenroll)" 1
refused=$(grep '"verdict":"refused"' "$sim_state/mef.log" | grep -v -e '"misbehaviour"' -e '"rsc":4004')
is "the MEF saw no deviation but what it was told to; what is gone was looked for" "$refused" ""
enroleed_stop
tap_done
