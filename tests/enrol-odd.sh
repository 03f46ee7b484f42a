#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything that the simulated MEF can do wrong, met by a whole gateway: what went wrong is said, the next attempt has its time, what
# was there stays, and the attempt after it succeeds.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs curl dbus-daemon gdbus python3
gateway_with_mef
# Pauses that are longer than the test, with next to no exception: enroleed does nothing by itself.
retry_max=1000000 refused=300000
sed -i "s/^RetryMinSec=.*/RetryMinSec=$retry_max/; s/^RetryMaxSec=.*/RetryMaxSec=$retry_max\nRetryRefusedSec=$refused/
	s/^AdminFQDN=.*/&\nConnectTimeSec=2\nRequestTimeSec=3\nStallTimeSec=1/" "$conf/enrolee.conf"
import_key "$sim_gw01_psk" >/dev/null
enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }

# have: what is published
have()
{
	enrolee list --json | python3 -c "
import json, sys
print(*sorted(c['name'] for c in json.load(sys.stdin)['credentials'] if c['published']))"
}

enrol()
{
	enrolee enrol gw1 --timeout 60 >"$tap_tmp/enrol.out" 2>&1
	enrol_status=$?
}

# met STEP KIND STATUS PATTERN: one attempt with that misbehaviour. STATUS: 8 tried again, 1 refused, 0 none of it matters.
met()
{
	before=$(have)
	[ "$1" != register ] || sim_ctl forget client=gw01 >/dev/null
	sim_ctl misbehave "step=$1" "kind=$2" >/dev/null || { fail "$1 $2: no such misbehaviour"; return; }
	enrol
	sim_ctl misbehave "step=$1" kind= >/dev/null
	pause=$(sed -n 's/.*tries again in \([0-9]*\) s.*/\1/p' "$tap_tmp/enrol.out")
	case $3 in
	0) low=0 high=0 ;;
	8) low=1 high=$((retry_max + 100)) ;;
	*) low=$refused high=$((refused + retry_max)) ;;
	esac
	if [ "$enrol_status" != "$3" ]; then
		fail "$1 $2: status $enrol_status"
	elif ! grep -Eq -e "$4" "$tap_tmp/enrol.out"; then
		fail "$1 $2: not said: $4"
	elif [ "${pause:-0}" -lt "$low" ] || [ "${pause:-0}" -gt "$high" ]; then
		fail "$1 $2: tried again in ${pause:-0} s, not $low to $high"
	elif [ "$3" != 0 ] && [ "$(have)" != "$before" ]; then
		fail "$1 $2: not the same as before: $(have | tr '\n' ' ')"
	else
		pass "$1 $2"
		return
	fi
	diag "$(tail -n 3 "$tap_tmp/enrol.out")"
}

# --- before there is anything: the handshake by the bootstrap key, and the first registration ---
while read -r step kind status pattern; do
	[ -z "$step" ] || met "$step" "$kind" "$status" "$pattern"
done <<'END'
handshake certificate-only 8 \(handshake\)
handshake wrong-psk 1 another key under our key identifier \(KpmID\).*\(credential\)
handshake silent-handshake 8 \(timeout\)
handshake closed-handshake 8 \(handshake\)
handshake alert-handshake 8 \(handshake\)
handshake not-tls 8 \(handshake\)
register status:4000 1 answered 4000 BAD_REQUEST.*Dialect=.*\(request\)
register status:4103 8 answered 4103 ORIGINATOR_HAS_NO_PRIVILEGE.*\(not-authorised\)
register status:4106 1 answered 4106 ORIGINATOR_NOT_AUTHENTICATED.*\(credential\)
register status:4107 1 answered 4107 SECURITY_ASSOCIATION_REQUIRED.*\(credential\)
register status:5000 8 answered 5000 INTERNAL_SERVER_ERROR.*\(server\)
register http-status:202 8 HTTP status 202 and no X-M2M-RSC \(mismatch\)
register wrong-http 8 HTTP status 500 contradicts X-M2M-RSC 2001 \(mismatch\)
register wrong-rsc 8 answered 5000.*\(server\)
register wrong-ri 8 belongs to another request \(mismatch\)
register empty 8 carries no mefClientReg \(malformed\)
register truncated 8 not JSON: .*, at octet [0-9]+ of [0-9]+ \(malformed\)
register deep 8 nested deeper than 16 levels \(limit\)
register huge:2 8 larger than 262144 bytes.*\(limit\)
register html 8 content of type text/html.*: not JSON: it begins with “<.*\(malformed\)
register bad-utf8 8 not valid UTF-8 \(malformed\)
register wrong-types 8 mefClientReg: .* is not a text.*\(malformed\)
register duplicate-keys 8 an object has a member twice \(malformed\)
register wrong-root 8 content is not a mefClientReg .*Dialect=.*\(malformed\)
register drop:et 8 expirationTime \(et\) is missing \(malformed\)
register replace:ri="../../../etc/x" 8 is not a resource identifier \(malformed\)
register replace:ri="a\u0000b" 8 (a NUL in a text|is not a resource identifier).*\(malformed\)
register replace:et="19990101T000000" 8 over already \(is the clock right\?\) \(mismatch\)
register replace:et=1e400 8 not JSON: .*\(malformed\)
register redirect:https://other.example.com/x 8 HTTP status 302 points to “https://other.example.com/x”: redirects are not followed \(mismatch\)
register http-auth 8 HTTP status 401 contradicts.*\(mismatch\)
register many-headers 8 or its header is \(limit\)
register drip:400 8 \(timeout\)
register silent 8 not a word for 1 s.*\(StallTimeSec\) \(timeout\)
register cut-head 8 \((malformed|unreachable)\)
register cut-body 8 \(unreachable\)
register close 8 \(unreachable\)
register garbage 8 \(malformed\)
register alert 8 \((handshake|unreachable)\)
register long-length 8 \(unreachable\)
END
is "nothing was published, nothing is left" "$(enrolee list | grep -vc '^kpm')" 0

# --- odd, and good: one kind for each step at a time ---
# taken [STEP KIND]...
taken()
{
	sim_ctl forget client=gw01 >/dev/null
	taken_what="$*"
	for taken_step in cacerts simpleenroll simplereenroll key-register; do sim_ctl misbehave step=$taken_step kind= >/dev/null; done
	while [ $# -gt 0 ]; do
		sim_ctl misbehave "step=$1" "kind=$2" >/dev/null || fail "$1 $2: no such misbehaviour"
		shift 2
	done
	enrol
	is "taken: $taken_what" $enrol_status 0 || diag "$(tail -n 3 "$tap_tmp/enrol.out")"
}
taken register no-rsc cacerts pem simpleenroll crlf-base64 key-register unknown-members
taken register no-ri cacerts misordered simplereenroll raw-der key-register chunked
taken register bom cacerts no-length simplereenroll raw-der key-register bom
taken register wrong-content-type cacerts no-length simplereenroll extra-certificates key-register 'replace:suid="22"'
taken register 'replace:et="99991231T235959"' cacerts slow:300 simplereenroll pem key-register 'replace:lbl="one"'
for step in register cacerts simpleenroll simplereenroll key-register; do sim_ctl misbehave step=$step kind= >/dev/null; done

# --- in mid-life: what is provisioned stays, whatever becomes of its renewal ---
while read -r step kind status pattern; do
	[ -z "$step" ] || met "$step" "$kind" "$status" "$pattern"
done <<'END'
handshake psk-only 0 is provisioned
handshake foreign-server 1 \(peer\)
handshake other-server-name:other.example.com 1 \(peer\)
handshake wildcard-server 1 \(peer\)
handshake unsigning-server 1 its keyUsage lacks digitalSignature \(peer\)
handshake unsigning-server:0 1 its keyUsage lacks digitalSignature \(peer\)
handshake expired-server 1 \(peer\)
registration-retrieve gone 0 is provisioned
cacerts http-status:404 8 EST cacerts: the server answered 404.*\(not-found\)
cacerts broken-base64 8 \(malformed\)
cacerts empty-pkcs7 8 \(malformed\)
cacerts trailing-data 8 \(malformed\)
cacerts no-chain 1 \(certificate\)
csrattrs no-attributes 1 EST simplereenroll: the server answered 40.*
csrattrs empty-attributes 1 EST simplereenroll: the server answered 40.*
simplereenroll other-key 1 \(certificate\)
simplereenroll other-name:URI://sp.example.com/Sother 1 \(certificate\)
simplereenroll wildcard-name 1 \(certificate\)
simplereenroll unsigning 1 its keyUsage lacks digitalSignature \(certificate\)
simplereenroll unsigning:0 1 its keyUsage lacks digitalSignature \(certificate\)
simplereenroll expired 1 \(certificate\)
simplereenroll not-yet-valid 1 \(certificate\)
simplereenroll foreign-ca 1 \(certificate\)
simplereenroll http-auth 8 \(not-authorised\)
simplereenroll short-length 8 \((malformed|unreachable)\)
simplereenroll pending:40 8 answered 202.*\(pending\)
simplereenroll pending-date:40 8 answered 202.*\(pending\)
simplereenroll pending-without-time 8 answered 202.*\(pending\)
key-register replace:suid=23 8 its SUID is another \(mismatch\)
key-register replace:ri="../x" 8 is not a resource identifier \(malformed\)
key-register status:4000 1 answered 4000 BAD_REQUEST.*\(request\)
END
enrol
is "and the attempt after all of it succeeds" $enrol_status 0 || diag "$(cat "$tap_tmp/enrol.out")"
is "nothing staged is left" "$(enrolee list | grep -c 'not published')" 0
unmet=$(sim_ctl kinds | python3 -c 'import json, sys; print(*json.load(sys.stdin))' | tr ' ' '\n' |
	while read -r kind; do grep -Eq "^(taken.* )?[a-z-]+ '?$kind([: ]|\$)" "$0" ||
		grep -q "^$kind " "$top_srcdir/tests/enrol-certificate.sh" || echo "$kind"; done)
is "no misbehaviour of the simulated MEF is left out" "$unmet" ""
tap_done
