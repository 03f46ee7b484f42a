#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The simulated MEF against independent tools: OpenSSL's s_client, req, verify and cms, GnuTLS's gnutls-cli, curl. Each good
# request has a twin that the simulated MEF must refuse, by the rule it names in its log.
. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"

tap_needs openssl curl gnutls-cli
[ -x "$top_builddir/tests/sim/mef-sim" ] || tap_skip "the simulated MEF is not built (GnuTLS is missing)"

base=/_/$sim_fqdn/-
later=$(($(date -u +%Y) + 2))0101T000000

# Who speaks: as gw01 | in01 with its PSK, or as cert FILE with a certificate. With the name that is asked for.
as()
{
	sni="-servername $sim_fqdn"
	version=-tls1_2
	origin=//sp.example.com/Sgw01
	case $1 in
	gw01) credential="-psk_identity gw-0001@$sim_fqdn -psk $sim_gw01_psk -cipher PSK-AES128-CBC-SHA256" ;;
	in01)
		credential="-psk_identity in-0001@$sim_fqdn -psk $sim_in01_psk -cipher PSK-AES128-CBC-SHA256"
		origin=//sp.example.com/in-cse
		;;
	cert) credential="-cert $2 -key $2 -cert_chain $2 -CAfile $sim_state/root.pem -verify_return_error
		-verify_hostname $sim_fqdn -cipher ECDHE-ECDSA-AES128-SHA256" ;;
	esac
}

# one METHOD PATH [BODY [HEADER...]]: a request; the headers replace the usual ones.
one()
{
	one_body=${3-}
	printf '%s %s HTTP/1.1\r\nHost: %s\r\n' "$1" "$2" "$sim_fqdn"
	shift $(($# < 3 ? $# : 3))
	if [ $# -eq 0 ]; then
		set -- "X-M2M-Origin: $origin" 'X-M2M-RI: r1' 'X-M2M-RVI: 3' 'Content-Type: application/json;ty=4'
	fi
	printf '%s\r\n' "$@"
	printf 'Content-Length: %d\r\n\r\n%s' ${#one_body} "$one_body"
}

# key_headers, est_headers: for `one`.
key_headers()
{
	mapfile -t headers <<-END
	X-M2M-Origin: $origin
	X-M2M-RI: k1
	X-M2M-RVI: 3
	Content-Type: application/json;ty=5
	END
}

# client [OPTION...]: sends standard input on one session, prints what comes back and, in $tap_tmp/s_client, what s_client says.
client()
{
	timeout 20 openssl s_client -connect "127.0.0.1:$sim_port" $version -ign_eof $sni $credential "$@" 2>"$tap_tmp/s_client"
}

# talk: requests from standard input on one session, the last one with a closing GET.
talk()
{
	talk_answers=$({ cat; one GET /nowhere '' 'Connection: close'; } | client -quiet | tr -d '\r')
	printf '%s\n' "${talk_answers%HTTP/1.1 404 *}"
}

ask()
{
	one "$@" | talk
}

# refused DESCRIPTION RSC RULE REQUEST...: the answer has this status code, and the log names the rule.
refused()
{
	refused_what=$1 refused_rsc=$2 refused_rule=$3
	shift 3
	: >"$sim_state/mef.log"
	answer=$({ one "$@"; one GET /nowhere '' 'Connection: close'; } | client -quiet)
	if sim_logged "\"verdict\":\"refused\".*\"rule\":\"$refused_rule[^\"]*\"" && [[ $answer == *"X-M2M-RSC: $refused_rsc"* ]]; then
		pass "$refused_what"
	else
		fail "$refused_what"
		diag "$answer"
		diag "$(cat "$sim_state/mef.log")"
	fi
}

# no_handshake DESCRIPTION PATTERN [OPTION...]: the handshake fails, s_client or the log says why.
no_handshake()
{
	no_what=$1 no_pattern=$2
	shift 2
	: >"$sim_state/mef.log"
	client "$@" </dev/null >/dev/null
	like "$no_what" "$(cat "$tap_tmp/s_client" "$sim_state/mef.log")" "$no_pattern"
}

member() { printf '%s' "$1" | grep -o "\"$2\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

sim_settings >"$tap_tmp/mef.conf"
sim_start "$tap_tmp/mef.conf" || { fail "it starts"; diag "$(cat "$tap_tmp/mef.out")"; tap_done; }

# --- handshakes
as gw01
register="{\"sec:mecr\":{\"et\":\"$later\",\"adfq\":\"sp.example.com\",\"lbl\":[\"gw\"]}}"
answer=$(ask POST $base "$register")
like "PSK: a client registers" "$answer" "X-M2M-RSC: 2001"
ok "PSK: the mandatory suite was used" sim_logged '"suite":"PSK_AES_128_CBC_SHA256","auth":"psk","client":"gw01","verdict":"ok"'
ok "gnutls-cli: PSK handshake" bash -c "echo | timeout 20 gnutls-cli --priority NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK:-MAC-ALL:+SHA256 \
	--pskusername gw-0001@$sim_fqdn --pskkey $sim_gw01_psk --sni-hostname $sim_fqdn -p $sim_port 127.0.0.1"
no_handshake "an unknown KpmID is refused" '"rule":"R-8.3.2.1-2"' -psk_identity nobody
like "... by the alert unknown_psk_identity" "$(cat "$tap_tmp/s_client")" 'alert number 115|unknown psk identity'
no_handshake "a wrong PSK is refused" '"alert":20.*"rule":"R-8.3.2.1-3"' -psk 00ff
sni=-noservername
no_handshake "no server name is refused" '"alert":112.*"rule":"R-10.2.1-3"'
sni="-servername other.example.com"
no_handshake "another server name is refused" '"alert":112.*"rule":"R-10.2.1-3"'
as gw01
no_handshake "offers without a mandatory suite are refused" '"rule":"R-10.2.1-4"' -cipher PSK-AES256-GCM-SHA384
version=-tls1_3
no_handshake "TLS 1.3 is refused" '"verdict":"refused"'
as gw01
credential="-cipher ECDHE-ECDSA-AES128-SHA256"
no_handshake "a session without a client certificate is refused" '"verdict":"refused"'

as gw01
like "what is not HTTP is refused" "$(printf 'HELLO\r\n\r\n' | client -quiet)" '^HTTP/1.1 400'
ok "... and logged" sim_logged '"event":"malformed".*"rule":"RFC 9112"'
like "a header twice is refused" "$(one GET "$base" '' 'X-M2M-RI: 1' 'X-M2M-RI: 2' | client -quiet)" '^HTTP/1.1 400'

# --- MEF client registration
id=$(member "$answer" ri)
like "the registration carries its command" "$answer" "\"ch\":\[\{\"nm\":\"cmd-$id\",\"typ\":6"
as gw01
refused "expirationTime is mandatory" 4000 R-8.3.5.2.3-1 POST $base '{"sec:mecr":{"adfq":"sp.example.com"}}'
refused "expirationTime lies in the future" 4000 R-8.3.5.2.3-1 POST $base '{"sec:mecr":{"et":"20200101T000000","adfq":"sp.example.com"}}'
refused "expirationTime is a timestamp" 4000 R-TS4-6.3.3-1 POST $base '{"sec:mecr":{"et":"2030-01-01","adfq":"sp.example.com"}}'
refused "a member that is not for the client" 4000 R-8.3.5.2.3-1 POST $base "{\"sec:mecr\":{\"et\":\"$later\",\"adfq\":\"sp.example.com\",\"ri\":\"x\"}}"
refused "a member twice" 4000 R-TS4-8.4.2-1 POST $base "{\"sec:mecr\":{\"et\":\"$later\",\"et\":\"$later\",\"adfq\":\"sp.example.com\"}}"
refused "JSON with a comment" 4000 R-TS4-8.4.2-1 POST $base "{\"sec:mecr\":{\"et\":\"$later\",/**/\"adfq\":\"sp.example.com\"}}"
refused "another root" 4000 R-TS4-8.4.2-1 POST $base "{\"m2m:mecr\":{\"et\":\"$later\",\"adfq\":\"sp.example.com\"}}"
refused "a stakeholder that does not authorise" 4103 R-8.3.5.2.3-4 POST $base "{\"sec:mecr\":{\"et\":\"$later\",\"adfq\":\"other.example.com\"}}"
refused "another originator" 4106 R-7.2.1-1 POST $base "$register" 'X-M2M-Origin: //sp.example.com/Sgw02' 'X-M2M-RI: 1' 'X-M2M-RVI: 3' \
	'Content-Type: application/json;ty=4'
refused "an unknown release" 4001 R-TS4-7.2.1.1-1 POST $base "$register" "X-M2M-Origin: $origin" 'X-M2M-RI: 1' 'X-M2M-RVI: 9' \
	'Content-Type: application/json;ty=4'
refused "no request identifier" 4000 R-TS4-7.2.1.1-1 POST $base "$register" "X-M2M-Origin: $origin" 'X-M2M-RVI: 3' \
	'Content-Type: application/json;ty=4'
refused "no resource type" 4000 R-TS4-7.2.1.1-1 POST $base "$register" "X-M2M-Origin: $origin" 'X-M2M-RI: 1' 'X-M2M-RVI: 3' \
	'Content-Type: application/json'
refused "a foreign resource type" 4108 R-TS4-7.2.1.1-1 POST $base "$register" "X-M2M-Origin: $origin" 'X-M2M-RI: 1' 'X-M2M-RVI: 3' \
	'Content-Type: application/json;ty=3'
refused "another media type" 4015 R-TS9-6.4 POST $base "$register" "X-M2M-Origin: $origin" 'X-M2M-RI: 1' 'X-M2M-RVI: 3' \
	'Content-Type: text/xml;ty=4'
refused "another MEF" 4004 R-TS9-6.2.2.1-1 POST /_/other.example.com/- "$register"
like "retrieved with child references" "$(ask GET "/_/$sim_fqdn/$id?rcn=5")" "\"ri\":\"$id\".*\"ch\":"
is "retrieved without them" "$(ask GET "/_/$sim_fqdn/-/$id" | grep -c '"ch":')" 0
like "updated" "$(ask PUT "/_/$sim_fqdn/$id" '{"sec:mecr":{"lbl":["a","b"]}}')" '\{"sec:mecr":\{"lbl":\["a","b"\]\}\}'
refused "an update of nothing" 4000 R-8.3.5.2.5-1 PUT "/_/$sim_fqdn/$id" '{"sec:mecr":{}}'
refused "an update of the stakeholder" 4000 R-8.3.5.2.5-1 PUT "/_/$sim_fqdn/$id" '{"sec:mecr":{"adfq":"sp.example.com"}}'
as in01
refused "another client's registration" 4103 'TS-0032 4.8' GET "/_/$sim_fqdn/$id"

# --- commands
as gw01
command=/_/$sim_fqdn/cmd-$id
like "the first command is CERT_PROV" "$(ask GET $command)" \
	"\"cmid\":1,\"cmsc\":10,\"cmde\":\{\"cmci\":1,\"tgid\":\"//sp.example.com/Sgw01\",\"cmar\":\{\"cpca\":\{\"cppi\":1,\"uri\":\"https://$sim_fqdn:$sim_port/.well-known/est\",\"crst\":3"
like "it is issued again before the report" "$(ask GET $command)" '"cmid":1,"cmsc":11'
refused "a status that the class does not have" 4000 R-8.3.9.3-1 PUT $command '{"sec:mecc":{"cmid":1,"cmsc":305}}'
refused "a report without its number" 4000 R-8.3.9.3-2 PUT $command '{"sec:mecc":{"cmsc":20}}'
like "a report of another command is discarded" "$(ask PUT $command '{"sec:mecc":{"cmid":9,"cmsc":20}}')" '"cmid":1,"cmsc":11'
like "the report brings the next command" "$(ask PUT $command '{"sec:mecc":{"cmid":1,"cmsc":20}}')" \
	'"cmid":2,"cmsc":10,"cmde":\{"cmci":0,.*"nmca":\{"rtdu":"PT1H"\}'
refused "nothing is reported about NO_MORE_COMMANDS" 4000 R-8.3.9.6-2 PUT $command '{"sec:mecc":{"cmid":2,"cmsc":20}}'
ok "a test issues a command" sim_ctl command client=gw01 'command=MO_NODE path=./DevCfg/ap1 type=1 suid=22'
like "the client gets it" "$(ask GET $command)" '"mnca":\{"obpa":"./DevCfg/ap1","obti":1,"otsa":\{"suid":22\}\}'
not "no such command" sim_ctl command client=gw01 command=DANCE
like "the reports can be read" "$(sim_ctl state)" '"reports":\[\{"number":1,"command":"CERT_PROV","status":20\}\]'

# --- keys
key_headers
key="{\"sec:skr\":{\"et\":\"$later\",\"adfq\":\"sp.example.com\",\"suid\":22,\"tgis\":[\"//sp.example.com/in-cse\"]}}"
{ one POST $base "$key" "${headers[@]}"; one GET /nowhere '' 'Connection: close'; } |
	client -keymatexport EXPORTER-oneM2M-Connection -keymatexportlen 48 >"$tap_tmp/key"
exported=$(sed -n 's/.*Keying material: //p' "$tap_tmp/key")
key_id=$(member "$(cat "$tap_tmp/key")" ri)
is "exporter: RelativeKeyID is the first 16 octets" "$key_id" "${exported:0:32}"
is "exporter: the key is the last 32" "$(member "$(sim_ctl state | grep -o '"keys":.*')" value)" "${exported:32}"
like "the answer holds the targets and no key" "$(cat "$tap_tmp/key")" '"suid":22,"tgis":\["//sp.example.com/in-cse"\]\}\}'
like "a second export on one session is a conflict" \
	"$({ one POST $base "$key" "${headers[@]}"; one POST $base "$key" "${headers[@]}"; } | talk | tr '\n' ' ')" '2001.*X-M2M-RSC: 4105'
given="${key%\}\}},\"kv\":\"$sim_in01_psk\"}}"
like "a given key" "$(ask POST $base "$given" "${headers[@]}")" 'X-M2M-RSC: 2001'
like "... is kept" "$(sim_ctl state)" "\"origin\":\"given\",\"value\":\"${sim_in01_psk^^}\""
refused "a SUID that is not an MEF's" 4000 R-SUID-1 POST $base "${key/22/32}" "${headers[@]}"
refused "two targets of one entity's key" 4000 R-8.3.5.2.7-2 POST $base "${key/in-cse\"/in-cse\",\"\/\/sp.example.com\/Sx\"}" "${headers[@]}"
refused "a relative target" 4000 R-8.3.5.2.7-2 POST $base "${key/\/\/sp.example.com/}" "${headers[@]}"
refused "a key of 10 octets" 4000 R-8.3.5.2.7-3 POST $base "${given/$sim_in01_psk/00112233445566778899}" "${headers[@]}"
is "the source gets no key" "$(ask GET "/_/$sim_fqdn/$key_id" | grep -c '"kv"')" 0
as in01
fetched=$(ask GET "/_/$sim_fqdn/$key_id")
is "the target gets the key" "$(member "$fetched" kv)" "${exported:32}"
is "... and no targets" "$(printf '%s' "$fetched" | grep -c tgis)" 0
refused "only the source updates" 4103 'TS-0032 4.8' PUT "/_/$sim_fqdn/$key_id" '{"sec:skr":{"lbl":["x"]}}'
key_headers
refused "no key without a registration" 4103 R-8.3.5.2.7-1 POST $base "$key" "${headers[@]}"
as gw01
like "the source changes the targets" "$(ask PUT "/_/$sim_fqdn/$key_id" '{"sec:skr":{"tgis":["//sp.example.com/Sx"]}}')" 'X-M2M-RSC: 2004'
as in01
refused "then the old target gets nothing" 4103 R-8.3.5.2.8-3 GET "/_/$sim_fqdn/$key_id"
as gw01
like "the key is deleted" "$(ask DELETE "/_/$sim_fqdn/$key_id")" 'X-M2M-RSC: 2002'
refused "and gone" 4004 'TS-0004 7.2' GET "/_/$sim_fqdn/$key_id"

# --- EST
est=/.well-known/est
est_body() { sed -n '/^$/,$p' | tr -d '\n' | base64 -d; }
certificates() { est_body | openssl pkcs7 -inform DER -print_certs; }

ask GET $est/cacerts '' 'Accept: */*' | certificates >"$tap_tmp/cas"
is "cacerts: root and issuing CA" "$(grep -c BEGIN "$tap_tmp/cas")" 2
ok "cacerts: the root is the exported anchor" bash -c "openssl x509 -in '$tap_tmp/cas' -outform DER | cmp - <(openssl x509 -in '$sim_state/root.pem' -outform DER)"

# request FILE NAME [CHALLENGE [KEY-OPTIONS]]: a PKCS#10 request in FILE, its key in FILE.key.
request()
{
	cat >"$1.conf" <<-END
	[req]
	prompt = no
	distinguished_name = name
	req_extensions = extensions
	attributes = attributes
	[name]
	CN = //sp.example.com/Sgw01
	[extensions]
	subjectAltName = $2
	[attributes]
	${3:+challengePassword = $3}
	END
	openssl genpkey ${4:--algorithm EC -pkeyopt ec_paramgen_curve:P-256} -out "$1.key" 2>/dev/null
	openssl req -new -config "$1.conf" -key "$1.key" -sha256 -outform DER -out "$1"
}
enrol() { one POST "$est/$1" "$(base64 -w 64 "$2")" 'Content-Type: application/pkcs10'; }
challenge() { ask GET $est/csrattrs '' 'Accept: */*' | est_body | openssl asn1parse -inform DER | sed -n 's/.*UTF8STRING *://p'; }
enrol_refused()
{
	: >"$sim_state/mef.log"
	enrol "$4" "$5" | talk >/dev/null
	like "$1" "$(cat "$sim_state/mef.log")" "\"rule\":\"$3[^\"]*\".*\"http\":$2"
}

request "$tap_tmp/bare" URI://sp.example.com/Sgw01
enrol_refused "a request without a challenge" 400 R-8.3.6.2.2-3 simpleenroll "$tap_tmp/bare"
secret=$(challenge)
like "csrattrs hands out a challenge" "$secret" '^[0-9a-f-]{36}$'
request "$tap_tmp/wrong" URI://sp.example.com/Sgw01 "not-$secret"
enrol_refused "a request with another challenge" 403 R-8.3.6.2.2-3 simpleenroll "$tap_tmp/wrong"
request "$tap_tmp/other" URI://sp.example.com/Sgw02 "$secret"
enrol_refused "a request for another name" 403 R-8.3.6.2.2-3 simpleenroll "$tap_tmp/other"
request "$tap_tmp/domain" DNS:gw01.sp.example.com "$secret"
enrol_refused "a request in another name type" 403 R-8.3.6.2.2-3 simpleenroll "$tap_tmp/domain"
request "$tap_tmp/rsa" URI://sp.example.com/Sgw01 "$secret" "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
enrol_refused "an RSA request" 400 R-10.1.1.1-2 simpleenroll "$tap_tmp/rsa"
request "$tap_tmp/p384" URI://sp.example.com/Sgw01 "$secret" "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
enrol_refused "a P-384 request" 400 R-10.1.1.1-2 simpleenroll "$tap_tmp/p384"
request "$tap_tmp/good" URI://sp.example.com/Sgw01 "$secret"
{ head -c -1 "$tap_tmp/good"; printf '\377'; } >"$tap_tmp/forged"
enrol_refused "a request whose signature is wrong" 400 'RFC 7030 4.2.1' simpleenroll "$tap_tmp/forged"
enrol_refused "simplereenroll by PSK" 403 R-8.3.6.2.3-1 simplereenroll "$tap_tmp/good"
like "HTTP authentication" "$(ask POST $est/simpleenroll "$(base64 "$tap_tmp/good")" 'Content-Type: application/pkcs10' 'Authorization: Basic eDp4')" 'R-8.3.6-4'

# issue OPERATION REQUEST FILE: the certificate that comes, with chain and key, in FILE.
issue()
{
	enrol "$1" "$2" | talk >"$3.answer"
	certificates <"$3.answer" >"$3.leaf" && { cat "$3.leaf" "$sim_state/issuing.pem" "$2.key"; } >"$3"
}
sim_policy() { sim_ctl policy "key=$1" "value=$2"; }
sim_policy EstPending 1 >/dev/null
like "202 with Retry-After first" "$(enrol simpleenroll "$tap_tmp/good" | talk | tr '\n' ' ')" 'HTTP/1.1 202 .*Retry-After: 1'
ok "then the certificate" issue simpleenroll "$tap_tmp/good" "$tap_tmp/gw01.pem"
sim_policy EstPending 0 >/dev/null
ok "it verifies against the anchor" openssl verify -CAfile "$sim_state/root.pem" -untrusted "$sim_state/issuing.pem" "$tap_tmp/gw01.pem.leaf"
like "it names the client" "$(openssl x509 -in "$tap_tmp/gw01.pem.leaf" -noout -ext subjectAltName)" 'URI:?//sp.example.com/Sgw01'
like "it is for P-256 and signatures" "$(openssl x509 -in "$tap_tmp/gw01.pem.leaf" -noout -text)" 'prime256v1'
ok "it is for the client's key" bash -c "cmp <(openssl x509 -in '$tap_tmp/gw01.pem.leaf' -noout -pubkey) <(openssl pkey -in '$tap_tmp/good.key' -pubout)"

# --- certificate handshakes
as cert "$tap_tmp/gw01.pem"
like "certificate: the client speaks, the server's chain verifies" "$(ask GET "/_/$sim_fqdn/$id")" 'X-M2M-RSC: 2000'
ok "certificate: the mandatory suite" sim_logged '"suite":"ECDHE_ECDSA_AES_128_CBC_SHA256","auth":"certificate","client":"gw01","verdict":"ok"'
request "$tap_tmp/again" URI://sp.example.com/Sgw01 "$(challenge)"
ok "simplereenroll" issue simplereenroll "$tap_tmp/again" "$tap_tmp/again.pem"
ok "the log tells the latest certificate from an older one" sim_logged '"latest":true'
ask GET "/_/$sim_fqdn/$id" >/dev/null
ok "... which is used here" sim_logged '"latest":false'
sim_policy RequireLatestCertificate true >/dev/null
no_handshake "the older one can be refused" '"rule":"R-8.3.1.2-1"'
sim_policy RequireLatestCertificate false >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tap_tmp/self.key" -subj /CN=x \
	-addext subjectAltName=URI://sp.example.com/Sgw01 -out "$tap_tmp/self.crt" 2>/dev/null
cat "$tap_tmp/self.crt" "$tap_tmp/self.key" >"$tap_tmp/self.pem"
as cert "$tap_tmp/self.pem"
no_handshake "a stranger's certificate is refused" '"alert":48.*"rule":"R-8.1.2.5-2"'
sim_ctl issue client=in01 >"$tap_tmp/in01.pem"
as cert "$tap_tmp/in01.pem"
origin=//sp.example.com/in-cse
like "a CSE is known by its public domain name" "$(ask POST $base "$register")" '"cr":"//sp.example.com/in-cse"'

. "$top_srcdir/tests/sim/test-sim-misbehave.sh"

# --- stopping and starting again
as gw01
ok "paused" sim_ctl pause
no_handshake "a paused MEF serves nobody" 'errno|unexpected eof|connect'
ok "resumed" sim_ctl resume
like "a resumed one does" "$(ask GET "/_/$sim_fqdn/$id")" 'X-M2M-RSC: 2000'
like "de-registered" "$(ask DELETE "/_/$sim_fqdn/$id")" 'X-M2M-RSC: 2002'
refused "the command goes with it" 4004 'TS-0004 7.2' GET $command
cp "$sim_state/root.pem" "$tap_tmp/root"
ok "it ends when asked to" tap_stop $sim_pid
sed 's/^\[mef\]/&\nDialect=alternate/' "$tap_tmp/mef.conf" >"$tap_tmp/alternate.conf"
ok "it starts again" sim_start "$tap_tmp/alternate.conf"
ok "with the same CA" cmp "$sim_state/root.pem" "$tap_tmp/root"
like "the other dialect" "$(ask POST $base "{\"m2m:mefcr\":{\"et\":\"$later\",\"adminfqdn\":\"sp.example.com\"}}" "X-M2M-Origin: $origin" \
	'X-M2M-RI: 1' 'X-M2M-RVI: 3' 'Content-Type: application/json;ty=10004')" '"m2m:mefcr":\{"ty":10004'
refused "does not know the first one's types" 4108 R-TS4-7.2.1.1-1 POST $base "$register"
ok "/stop ends it" sim_ctl stop
ok "... at once" tap_until 10 tap_gone $sim_pid

mef_sim=$top_builddir/tests/sim/mef-sim
printf '[mef]\nFQDN=a.example\nNonsense=1\n' >"$tap_tmp/bad.conf"
not "an unknown key is refused" "$mef_sim" --settings "$tap_tmp/bad.conf" --state-dir "$tap_tmp/bad"
printf '[mef]\nFQDN=a.example\n[misbehave]\nregister=dance\n' >"$tap_tmp/bad.conf"
not "an unknown misbehaviour is refused" "$mef_sim" --settings "$tap_tmp/bad.conf" --state-dir "$tap_tmp/bad"
tap_done
