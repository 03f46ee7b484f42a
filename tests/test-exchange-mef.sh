#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One Enrolment Exchange against the simulated MEF, with a keystore of the test's own: the whole path, and what happens when
# the MEF misbehaves: a clear error in the right phase, and nothing published.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/exchange-job.sh"
tap_needs curl openssl
[ -x "$top_builddir/tests/sim/mef-sim" ] || tap_skip "the simulated MEF was not built"

# Without the provider a reference is the key itself: the MEF is told the same bytes.
reference=pskref1:0123456789abcdefghijklmn
sim_gw01_psk=$(printf %s "$reference" | od -An -tx1 | tr -d ' \n')
sim_settings >"$tap_tmp/mef.conf"
sim_start "$tap_tmp/mef.conf" || { diag "$(cat "$tap_tmp/mef.out")"; exit 99; }

exchange()
{
	job "$@" | "$top_builddir/tests/exchange-driver" >"$tap_tmp/events" 2>"$tap_tmp/errors"
}

events()
{
	cat "$tap_tmp/events" "$tap_tmp/errors"
}

# refused DESCRIPTION PHASE CODE [KEY=VALUE...]: it fails there and so, and nothing is published but what came before.
published=0
refused()
{
	refused_what=$1 refused_phase=$2 refused_code=$3
	shift 3
	exchange "$@"
	if grep -q "\"event\":\"failed\".*\"phase\":\"$refused_phase\",\"code\":\"$refused_code\"" "$tap_tmp/events" &&
		grep -q " published $published\$" "$tap_tmp/events"; then
		pass "$refused_what"
	else
		fail "$refused_what"
		diag "wanted: $refused_phase $refused_code"
		diag "$(events)"
	fi
}

misbehave()
{
	sim_ctl misbehave "step=$1" "kind=$2" >/dev/null
}

# --- the whole path ---
exchange
like "the whole path is done" "$(events)" 'published 2$'
for phase in handshake registration commands trust-anchors certificate key publication; do
	like "phase $phase is told" "$(events)" "\"phase\":\"$phase\",\"state\":\"done\""
done
like "the key's identifier is RelativeKeyID@MEF-FQDN" "$(events)" '"identifier":"[0-9A-F]{32}@mef.example.com"'
like "both ends exported the same" "$(events)" '"identifier_is_exported":true'
is "two handshakes: the exported key has one of its own" "$(grep -c '"event":"handshake"' "$sim_state/mef.log")" 2
ok "SNI is the MEF's FQDN although an address was given" sim_logged '"server_name":"mef.example.com"'
ok "the MEF saw no deviation" sh -c "! grep '\"verdict\"' '$sim_state/mef.log' | grep -v '\"verdict\":\"ok\"'"
ok "no key in the events" sh -c "! grep '^{' '$tap_tmp/events' | grep -qi \"\$(sed -n 's/^secret [^ ]* //p' '$tap_tmp/events')\""

# The target fetches the key with its own credential: both halves of the export are where they should be (10.3.1).
relative=$(sed -n 's/.*"kind":"key".*"identifier":"\([^@]*\)@.*/\1/p' "$tap_tmp/events")
fetched=$(printf 'GET /_/%s/%s HTTP/1.1\r\nHost: %s\r\nX-M2M-Origin: %s\r\nX-M2M-RI: t1\r\nX-M2M-RVI: 3\r\nConnection: close\r\n\r\n' \
	"$sim_fqdn" "$relative" "$sim_fqdn" //sp.example.com/in-cse |
	timeout 20 openssl s_client -quiet -tls1_2 -cipher PSK-AES128-CBC-SHA256 -psk "$sim_in01_psk" \
		-psk_identity "in-0001@$sim_fqdn" -servername "$sim_fqdn" -connect "127.0.0.1:$sim_port" 2>/dev/null |
	sed -n 's/.*"kv":"\([0-9A-Fa-f]*\)".*/\1/p' | tr A-F a-f)
is "the target gets the key that the keystore has" "$fetched" "$(sed -n 's/^secret [^ ]* //p' "$tap_tmp/events")"

id=$(sed -n 's/.*"event":"registered".*"id":"\([^"]*\)".*/\1/p' "$tap_tmp/events")
expires=$(sed -n 's/.*"event":"registered".*"expires":\([0-9]*\).*/\1/p' "$tap_tmp/events")
exchange "registration=,\"id\":\"$id\",\"expires\":$expires" 'steps="register"'
like "a registration that exists is adopted" "$(events)" "\"event\":\"registered\".*\"id\":\"$id\""
exchange 'registration=,"id":"gone","expires":4000000000' 'steps="register"'
like "one that the MEF has lost is made anew" "$(events)" '"event":"registered".*"id":"mecr'

exchange 'steps="register","certificate","publish"'
like "a certificate without a command" "$(events)" '"phase":"publication","state":"done"'

json_pem()
{
	sed ':a;N;$!ba;s/\n/\\n/g' "$1"
}
exchange "mef=,\"anchors\":\"$(json_pem "$sim_state/root.pem")\""
not "no warning when the MEF's CA is the configured anchor" grep -q 'configured trust anchor' "$tap_tmp/events"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tap_tmp/other.key" -out "$tap_tmp/other.pem" \
	-subj /CN=other -days 2 2>/dev/null
exchange "mef=,\"anchors\":\"$(json_pem "$tap_tmp/other.pem")\""
like "a warning when it is another" "$(events)" '"event":"warning".*configured trust anchor'

# --- who we are ---
refused "an unknown KpmID" handshake credential identity=nobody@$sim_fqdn
like "it is named so" "$(events)" 'does not know our key identifier'
refused "a wrong key" handshake credential reference=pskref1:0123456789abcdefghijklmX
like "it is named so" "$(events)" 'another key under our key identifier'
refused "an identity that is not the authenticated one" registration credential client=//sp.example.com/Sother
refused "another stakeholder" registration not-authorised admin=other.example.com
refused "nobody listens" registration unreachable port=1
refused "a job without a version" start job version=2
refused "a reference that is none" start job reference=short
refused "a wildcard as identity" start job 'client=//sp.example.com/*'

# --- the handshake ---
for row in certificate-only:handshake not-tls:handshake closed-handshake:handshake silent-handshake:timeout \
	wrong-psk:credential alert-handshake:handshake; do
	misbehave handshake "${row%:*}*1"
	refused "handshake: ${row%:*}" handshake "${row#*:}"
	misbehave handshake ""
done

# --- answers of the Mmef interface ---
while read -r step kind phase code; do
	case $step in key-* | command-update) published=1 ;; *) published=0 ;; esac
	misbehave "$step" "$kind"
	refused "$step: $kind" "$phase" "$code"
	misbehave "$step" ""
done <<'END'
register status:4000 registration request
register status:4103 registration not-authorised
register status:4106 registration credential
register status:4107 registration credential
register status:5000 registration server
register http-status:503 registration server
register wrong-http registration mismatch
register wrong-rsc registration server
register wrong-ri registration mismatch
register empty registration malformed
register truncated registration malformed
register deep registration limit
register huge:2 registration limit
register html registration malformed
register bad-utf8 registration malformed
register wrong-types registration malformed
register wrong-root registration malformed
register drop:et registration malformed
register replace:et="20010101T000000" registration mismatch
register replace:et="soon" registration malformed
register replace:cr="//sp.example.com/Sother" registration mismatch
register replace:adfq="other.example.com" registration mismatch
register redirect:https://mef.example.com/ registration mismatch
register replace:ri="../../etc/x" registration malformed
register replace:ri="a\nb" registration malformed
register replace:ri="a\u0000b" registration malformed
register replace:ri="" registration malformed
register replace:ri={"a":1} registration malformed
register replace:et=-1 registration malformed
register replace:et="99999999T000000" registration malformed
register duplicate-keys registration malformed
register http-auth registration mismatch
register many-headers registration limit
register silent registration timeout
register drip:400 registration timeout
register cut-head registration malformed
register cut-body registration unreachable
register close registration unreachable
register long-length registration unreachable
command-retrieve truncated commands malformed
command-retrieve replace:cmsc=99 commands malformed
command-update close commands unreachable
key-register status:4105 key conflict
key-register replace:suid=23 key mismatch
key-register replace:et="20010101T000000" key mismatch
key-register replace:ri="a@b" key malformed
key-register truncated key malformed
END

published=0

# --- answers that are odd but good ---
while read -r step kind; do
	misbehave "$step" "$kind"
	exchange
	like "$step: $kind is taken" "$(events)" 'published 2$'
	misbehave "$step" ""
done <<'END'
register no-rsc
register no-ri
register unknown-members
register wrong-content-type
register chunked
register drop:ch
cacerts crlf-base64
cacerts raw-der
cacerts pem
cacerts misordered
simpleenroll crlf-base64
simpleenroll raw-der
simpleenroll misordered
simpleenroll extra-certificates
simpleenroll wrong-content-type
simpleenroll chunked
END

sim_ctl policy key=Challenge value=none >/dev/null
while read -r step kind; do
	misbehave "$step" "$kind"
	exchange
	like "$step: $kind is taken" "$(events)" 'published 2$'
	misbehave "$step" ""
done <<'END'
csrattrs no-attributes
csrattrs no-attributes:404
csrattrs empty-attributes
END
sim_ctl policy key=Challenge value=value >/dev/null

# --- EST, without a command that would report the fault to the MEF ---
while read -r step kind phase code; do
	misbehave "$step" "$kind"
	refused "$step: $kind" "$phase" "$code" 'steps="register","certificate","key","publish"'
	misbehave "$step" ""
done <<'END'
cacerts broken-base64 trust-anchors malformed
cacerts empty-pkcs7 trust-anchors malformed
cacerts trailing-data trust-anchors malformed
cacerts html trust-anchors malformed
cacerts huge:2 trust-anchors limit
cacerts http-status:404 trust-anchors not-found
cacerts redirect:https://mef.example.com/ trust-anchors mismatch
csrattrs broken-base64 certificate malformed
csrattrs http-status:500 certificate server
simpleenroll broken-base64 certificate malformed
simpleenroll empty-pkcs7 certificate malformed
simpleenroll trailing-data certificate malformed
simpleenroll html certificate malformed
simpleenroll other-key certificate certificate
simpleenroll other-name:URI://sp.example.com/Sother certificate certificate
simpleenroll wildcard-name certificate certificate
simpleenroll unsigning certificate certificate
simpleenroll unsigning:0 certificate certificate
simpleenroll expired certificate certificate
simpleenroll not-yet-valid certificate certificate
simpleenroll foreign-ca certificate certificate
simpleenroll http-auth certificate not-authorised
simpleenroll http-status:400 certificate request
simpleenroll silent certificate timeout
simpleenroll huge:2 certificate limit
END
misbehave simpleenroll foreign-ca
exchange 'steps="register","certificate","publish"'
like "the key pair of a refused certificate is discarded" "$(events)" 'pairs 1 discarded 1'
misbehave simpleenroll ""

# --- a fault that the MEF hears about: the command's status ---
misbehave simpleenroll 'other-key*1'
exchange
like "a commanded certificate that is unusable is reported as 100" "$(events)" '"class":1,"status":100'
like "and tried once more" "$(events)" 'published 2$'
misbehave simpleenroll ""

# --- not yet ---
misbehave simpleenroll pending:7
refused "202: not ready" certificate pending 'steps="register","certificate","publish"'
like "Retry-After is handed on" "$(events)" '"event":"pending".*"staged":7,.*"retry_after_s":7'
like "the key pair is kept" "$(events)" 'pairs 1 discarded 0'
misbehave simpleenroll ""

# A new key pair: the MEF waits for the request that it answered 202 (RFC 7030 4.2.3), says so, and forgets it.
refused "202: another request" certificate request 'steps="register","certificate","publish"'
misbehave simpleenroll pending-date:7
refused "202: not ready until a date" certificate pending 'steps="register","certificate","publish"'
like "the date is counted from the MEF's clock" "$(events)" '"event":"pending".*"retry_after_s":7'
misbehave simpleenroll ""
refused "202: another request, again" certificate request 'steps="register","certificate","publish"'
misbehave simpleenroll pending-without-time
refused "202: not ready, and not when" certificate pending 'steps="register","certificate","publish"'
like "a minute" "$(events)" '"event":"pending".*"retry_after_s":60'
misbehave simpleenroll ""
refused "202: another request, a third time" certificate request 'steps="register","certificate","publish"'

# --- other settings of the MEF ---
sim_ctl policy key=Challenge value=tls-unique >/dev/null
exchange
like "tls-unique as challengePassword" "$(events)" 'published 2$'
sim_ctl policy key=Challenge value=value >/dev/null
sim_ctl policy key=RelativeKeyID value=random >/dev/null
exchange
like "a RelativeKeyID that the MEF selected" "$(events)" '"identifier_is_exported":false'
tap_done
