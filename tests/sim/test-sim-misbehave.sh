# SPDX-License-Identifier: LGPL-2.1-or-later
# The misbehaviour of the simulated MEF, part of test-sim-mef.sh: each kind does what it says, once, and then stops.

# spoil STEP KIND: for the next request of that step.
spoil() { sim_ctl misbehave "step=$1" "kind=$2*1" >/dev/null; }

# spoilt DESCRIPTION STEP KIND PATTERN REQUEST...: the answer under this misbehaviour, on one line, matches.
spoilt()
{
	spoilt_what="$2=$3: $1" spoilt_pattern=$4
	spoil "$2" "$3"
	shift 4
	like "$spoilt_what" "$(one "$@" | client -quiet | tr -d '\0\r' | head -c 4000 | tr '\n' ' ')" "$spoilt_pattern"
}

as gw01
here=/_/$sim_fqdn/$id
closing=("X-M2M-Origin: $origin" 'X-M2M-RI: m1' 'X-M2M-RVI: 3' 'Connection: close')
retrieve=(GET "$here" '' "${closing[@]}")

# --- oneM2M answers
spoilt "HTTP against status code" registration-retrieve wrong-http '^HTTP/1.1 500 .*X-M2M-RSC: 2000' "${retrieve[@]}"
spoilt "status code against HTTP" registration-retrieve wrong-rsc '^HTTP/1.1 200 .*X-M2M-RSC: 5000' "${retrieve[@]}"
like "a spent misbehaviour is over" "$(ask GET "$here")" 'X-M2M-RSC: 2000'
spoilt "any status" registration-retrieve status:4105 '^HTTP/1.1 409 .*X-M2M-RSC: 4105' "${retrieve[@]}"
spoilt "HTTP alone" registration-retrieve http-status:503 '^HTTP/1.1 503 *Content-Length: 0' "${retrieve[@]}"
spoilt "another identifier" registration-retrieve wrong-ri 'X-M2M-RI: not-yours' "${retrieve[@]}"
spoilt "half the JSON" registration-retrieve truncated 'Content-Length: 1[0-9][0-9] .*\{"sec:mecr":\{.*[^}]$' "${retrieve[@]}"
spoilt "depth" registration-retrieve deep:1000 'Content-Length: 2000 .*\[{500}' "${retrieve[@]}"
spoilt "size" registration-retrieve huge:1 'Content-Length: 1048[0-9]{3} ' "${retrieve[@]}"
spoilt "types" registration-retrieve wrong-types '"ty":"4".*"ri":7' "${retrieve[@]}"
spoilt "repeated members" registration-retrieve duplicate-keys '"ty":4,.*"ty":"4",' "${retrieve[@]}"
spoilt "a byte order mark" registration-retrieve bom $'\xef\xbb\xbf{"sec:mecr"' "${retrieve[@]}"
spoilt "unknown members" registration-retrieve unknown-members '"x-vendor":"ignore me"' "${retrieve[@]}"
spoilt "a member replaced" registration-retrieve 'replace:cr=//sp.example.com/Sevil' '"cr":"//sp.example.com/Sevil"' "${retrieve[@]}"
spoilt "a member replaced by a number" registration-retrieve 'replace:et=5' '"et":5' "${retrieve[@]}"
spoilt "another root" registration-retrieve wrong-root '\{"m2m:cin":\{' "${retrieve[@]}"
spoilt "a web page" registration-retrieve html 'text/html .*It works' "${retrieve[@]}"
spoilt "elsewhere" registration-retrieve redirect:https://evil.example.com/ '^HTTP/1.1 302 .*Location: https://evil' "${retrieve[@]}"
spoilt "chunks" registration-retrieve chunked 'Transfer-Encoding: chunked .* 7 ' "${retrieve[@]}"
spoilt "no length" registration-retrieve no-length 'Content-Type: application/json Connection: close' "${retrieve[@]}"
spoilt "no member" registration-retrieve drop:adfq '"cr":"[^"]*"\}\}' "${retrieve[@]}"
spoil registration-retrieve drop:adfq
is "... really none" "$(one "${retrieve[@]}" | client -quiet | grep -c adfq)" 0

# --- on the way out
spoilt "cut inside the head" registration-retrieve cut-head '^HTTP/1.1 200  *X-M2M-?R?' "${retrieve[@]}"
spoilt "cut inside the body" registration-retrieve cut-body '\{"sec:mecr":\{.*[^}]$' "${retrieve[@]}"
spoilt "no answer, closed" registration-retrieve close '^$' "${retrieve[@]}"
spoilt "no HTTP" registration-retrieve garbage 'garbage' "${retrieve[@]}"
spoilt "octet by octet" registration-retrieve drip:1 '"adfq":"sp.example.com"\}\}' "${retrieve[@]}"
spoil registration-retrieve silent
is "never an answer" "$(one "${retrieve[@]}" | timeout 1 openssl s_client -connect "127.0.0.1:$sim_port" -tls1_2 -quiet \
	$sni $credential 2>/dev/null | wc -c)" 0
begin=$(date +%s%N)
spoilt "late" registration-retrieve slow:700 'X-M2M-RSC: 2000' "${retrieve[@]}"
ok "... by as much as it was told" test $((($(date +%s%N) - begin) / 1000000)) -ge 700
spoil registration-retrieve alert
one "${retrieve[@]}" | client -quiet >/dev/null
like "registration-retrieve=alert: a fatal alert" "$(cat "$tap_tmp/s_client")" 'alert internal error|alert number 80'

# --- EST
cacerts=(GET $est/cacerts '' 'Connection: close')
spoilt "not base64" cacerts broken-base64 '[A-Za-z0-9+/]{2}!' "${cacerts[@]}"
spoil cacerts crlf-base64
like "cacerts=crlf-base64: lines of 76" "$(one "${cacerts[@]}" | client -quiet | grep -c $'^[A-Za-z0-9+/=]\{76\}\r$')" '^1[0-9]$|^[2-9]$'
spoil cacerts raw-der
one "${cacerts[@]}" | client -quiet | sed '1,/^\r$/d' >"$tap_tmp/raw"
ok "cacerts=raw-der: it is DER" openssl pkcs7 -inform DER -in "$tap_tmp/raw" -noout
spoilt "armour" cacerts pem 'BEGIN PKCS7' "${cacerts[@]}"

# count STEP KIND: how many certificates the answer to cacerts holds.
count() { spoil "$1" "$2"; ask "${cacerts[@]}" | certificates | grep -c BEGIN; }
is "cacerts=empty-pkcs7" "$(count cacerts empty-pkcs7)" 0
is "cacerts=no-chain" "$(count cacerts no-chain)" 1
is "cacerts=extra-certificates" "$(count cacerts extra-certificates)" 4
spoil cacerts misordered
ask "${cacerts[@]}" | certificates >"$tap_tmp/cas"
like "cacerts=misordered: the issuing CA first" "$(grep subject "$tap_tmp/cas" | head -n 1)" 'issuing'
spoilt "no attributes" csrattrs no-attributes '^HTTP/1.1 204 ' GET $est/csrattrs '' 'Connection: close'
spoilt "another status" csrattrs no-attributes:404 '^HTTP/1.1 404 ' GET $est/csrattrs '' 'Connection: close'
spoilt "an empty list" csrattrs empty-attributes 'MAA=' GET $est/csrattrs '' 'Connection: close'

sim_policy Challenge none >/dev/null
bad=$tap_tmp/bad.pem.leaf
verify=(openssl verify -CAfile "$sim_state/root.pem" -untrusted "$sim_state/issuing.pem" "$bad")
issue simpleenroll "$tap_tmp/good" "$tap_tmp/bad.pem"
ok "simpleenroll without misbehaviour verifies" "${verify[@]}"
for kind in expired not-yet-valid foreign-ca; do
	spoil simpleenroll $kind
	issue simpleenroll "$tap_tmp/good" "$tap_tmp/bad.pem"
	not "simpleenroll=$kind does not verify" "${verify[@]}"
done
for usage in 8:'Key Agreement' 0:'^$'; do
	spoil simpleenroll "unsigning:${usage%%:*}"
	issue simpleenroll "$tap_tmp/good" "$tap_tmp/bad.pem"
	like "simpleenroll=unsigning:${usage%%:*}" "$(openssl x509 -in "$bad" -noout -ext keyUsage 2>/dev/null | sed '1d; s/^ *//')" "${usage#*:}"
done
spoil simpleenroll other-key
issue simpleenroll "$tap_tmp/good" "$tap_tmp/bad.pem"
not "simpleenroll=other-key" bash -c "cmp <(openssl x509 -in '$bad' -noout -pubkey) <(openssl pkey -in '$tap_tmp/good.key' -pubout)"
spoil simpleenroll other-name:URIx
issue simpleenroll "$tap_tmp/good" "$tap_tmp/bad.pem"
like "simpleenroll=other-name" "$(openssl x509 -in "$bad" -noout -ext subjectAltName)" 'URI:URIx'
spoilt "pending" simpleenroll pending:7 '^HTTP/1.1 202 *Retry-After: 7' POST $est/simpleenroll "$(base64 -w 64 "$tap_tmp/good")" \
	'Content-Type: application/pkcs10' 'Connection: close'
enrol_refused "another request after a 202" 400 'RFC 7030 4.2.3' simpleenroll "$tap_tmp/bare"
sim_policy Challenge tls-unique >/dev/null
is "csrattrs: a bare challengePassword asks for tls-unique" "$(challenge)" ""
enrol_refused "... which this request does not hold" 403 R-8.3.6.2.2-3 simpleenroll "$tap_tmp/good"
sim_policy Challenge value >/dev/null

# --- handshakes
spoil handshake certificate-only
no_handshake "handshake=certificate-only refuses a PSK client" '"alert":40.*"verdict":"refused"'
spoil handshake wrong-psk
no_handshake "handshake=wrong-psk" 'bad record mac|"verdict":"refused"'
spoil handshake alert-handshake:47
no_handshake "handshake=alert-handshake" 'alert number 47|illegal parameter'
spoil handshake not-tls
no_handshake "handshake=not-tls" 'wrong version number|http request|unexpected'
spoil handshake closed-handshake
no_handshake "handshake=closed-handshake" 'errno|unexpected eof'
as cert "$tap_tmp/again.pem"
spoil handshake psk-only
no_handshake "handshake=psk-only refuses a certificate client" '"verdict":"refused"'
spoil handshake foreign-server
no_handshake "handshake=foreign-server" 'self-signed certificate in certificate chain|unable to get'
spoil handshake other-server-name
no_handshake "handshake=other-server-name" '[Hh]ostname mismatch'
spoil handshake expired-server
no_handshake "handshake=expired-server" 'certificate has expired'
spoil handshake client-server
no_handshake "handshake=client-server" 'unsuitable certificate purpose'
spoil handshake unsigning-server
no_handshake "handshake=unsigning-server" 'key usage|bad ecc cert|"verdict":"refused"'
spoil handshake unsigning-server:0
: | client >"$tap_tmp/output"
is "handshake=unsigning-server:0" "$(openssl x509 -in "$tap_tmp/output" -noout -ext keyUsage 2>/dev/null)" ""
spoil handshake no-certificate-request
no_handshake "handshake=no-certificate-request: nobody is authenticated by that" '"rule":"R-8.3.5.1-4"'
spoil handshake wildcard-server
: | client >"$tap_tmp/output"
like "handshake=wildcard-server" "$(openssl x509 -in "$tap_tmp/output" -noout -ext subjectAltName)" 'DNS:\*\.example\.com'
like "the next handshake is good again" "$(ask GET "$here")" 'X-M2M-RSC: 2000'

# --- the table and its refusals
like "the table can be read" "$(sim_ctl kinds)" '"wrong-psk":\{"acts":"handshake"'
not "no such kind" sim_ctl misbehave step=register kind=dance
not "no such step" sim_ctl misbehave step=dance kind=slow
as gw01
spoilt "forgets the client" registration-retrieve gone 'X-M2M-RSC: 4004' "${retrieve[@]}"
answer=$(ask POST $base "$register")
like "... which registers anew" "$answer" 'X-M2M-RSC: 2001'
id=$(member "$answer" ri)
command=/_/$sim_fqdn/cmd-$id
