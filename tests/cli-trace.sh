#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee enrol --trace: everything is written down but secrets. Each secret that the MEF or the keystore knows is looked for
# in every encoding, and that it would be found is shown with one trace that holds them. What happens when nothing can be written.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/exchange-job.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3
gateway_with_mef
import_key "$sim_gw01_psk"
trace=$tap_tmp/trace

# secrets: the symmetric keys of the MEF, bootstrap keys, and the references that stand for keys, in hexadecimal.
secrets()
{
	printf '%s\n' "$sim_gw01_psk" "$sim_in01_psk"
	sim_ctl state | python3 -c 'import json,sys
for key in json.load(sys.stdin)["keys"]: print(key["value"])'
	cat "$state"/credentials/*/psk-*.txt 2>/dev/null | cut -d : -f 2 | grep -E '^[0-9A-Fa-f]{16,}$'
}
find_secrets() { python3 "$top_srcdir/tests/find-secrets.py" "$@"; }
# holds_none FILE: no secret is in it, and at least three were looked for.
holds_none()
{
	local all
	all=$(secrets)
	[ "$(wc -l <<<"$all")" -ge 3 ] && find_secrets "$1" $all
}

enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }
said=$(enrolee enrol gw1 --trace "$trace" --timeout 60 2>&1)
is "enrolled, with an exported key" $? 0 || diag "$said"
like "it is said where the trace is" "$said" "^What was exchanged is in $trace, secrets masked\.$"
is "the trace is for its owner" "$(stat -c '%a %u' "$trace")" "600 $(id -u)"
text=$(cat "$trace")
like "whom" "$text" "-- enrol of gw1 \(//sp\.example\.com/Sgw01\) at mef\.example\.com:$sim_port by 127\.0\.0\.1$"
like "TLS" "$text" '-- TLSv1\.2, [A-Z0-9-]*PSK[A-Z0-9-]+, by the pre-shared key gw-0001@mef\.example\.com$'
like "a request" "$text" '^[0-9:.]{12} >> POST /_/mef\.example\.com/-$'
like "its headers" "$text" '^> X-M2M-Origin: //sp\.example\.com/Sgw01$'
like "its body" "$text" '^>     "adfq" : "sp\.example\.com"'
like "an answer and its time" "$text" '<< 201 after [0-9]+ ms$'
like "its headers" "$text" '^< x-m2m-rsc: 2001$'
like "its body" "$text" '^<     "tgis" : \[$'
like "a certificate" "$text" '^< subject: CN = //sp\.example\.com/Sgw01$'
like "a request for one" "$text" '^>  +Subject: CN = //sp\.example\.com/Sgw01$'
like "the challenge password is not" "$text" 'this challenge password \[masked\]'
like "events" "$text" '== phase phase="certificate" state="done"'
like "the end" "$(tail -n 1 "$trace")" '-- end of the trace$'
ok "no secret is in it" holds_none "$trace"

# the control: the same search in the same trace, with one secret more
for form in '.hex()' '.hex().upper()' 'base64' 'within' 'raw'; do
	python3 - "$trace" "$trace.control" "$form" "$sim_gw01_psk" <<-'END'
	import base64, sys
	secret = bytes.fromhex(sys.argv[4])
	form = {'.hex()': secret.hex().encode(), '.hex().upper()': secret.hex().upper().encode(), 'base64': base64.b64encode(secret),
	        'within': base64.b64encode(b'x' + secret + b'yz'), 'raw': secret}[sys.argv[3]]
	with open(sys.argv[1], 'rb') as file: text = file.read()
	with open(sys.argv[2], 'wb') as file: file.write(text[:500] + form + text[500:])
	END
	not "it would be found: $form" holds_none "$trace.control"
done

# ---- keys that go over the line: by enroleed, then as the MEF and a target see them
sed -i 's/^KeySUID=.*/&\nKeyValue=generated/' "$conf/enrolee.conf"
kill -HUP "$enroleed_pid"
tap_until 10 log_has 'settings read again'
ok "a generated key, by enroleed" enrolee enrol gw1 --trace "$trace" --timeout 60
like "went over the line" "$(cat "$trace")" '^>     "kv" : "\[masked: text of [0-9]+ octets\]"'
ok "and is not in the trace" holds_none "$trace"
driver() { "$top_builddir/tests/exchange-driver" >"$tap_tmp/events" 2>&1 5>"$trace"; }
gateway_reference=pskref1:0123456789abcdefghijklmn
target_reference=pskref1:nmlkjihgfedcba9876543210
hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n'; }
sim_gw01_psk=$(hex "$gateway_reference")
sim_in01_psk=$(hex "$target_reference")
tap_stop "$sim_pid"
sim_settings >"$tap_tmp/driver.conf"
sim_start "$tap_tmp/driver.conf" driver
reference=$gateway_reference
job 'steps="register","key","publish"' 'key=,"value":"generated"' 'extra=,"trace":5' | driver
is "a generated key" $? 0 || diag "$(cat "$tap_tmp/events")"
like "is registered with its value" "$(cat "$trace")" '^>     "kv" : "\[masked: text of [0-9]+ octets\]"'
ok "which is not in the trace" holds_none "$trace"
identifier=$(sed -n 's/^secret \([^ ]*\) .*/\1/p' "$tap_tmp/events")
value=$(sed -n 's/^secret [^ ]* //p' "$tap_tmp/events")
is "it was looked for" "$(secrets | tr A-F a-f | grep -cx "$value")" 1
reference=$target_reference
job identity=in-0001@$sim_fqdn reference=$target_reference client=//sp.example.com/in-cse kind=cse domain=in-cse.sp.example.com \
	'steps="register","retrieve","publish"' "extra=,\"retrieve\":[\"$identifier\"],\"trace\":5" | driver
is "a key that a target retrieves" $? 0 || diag "$(cat "$tap_tmp/events")"
like "is answered with its value" "$(cat "$trace")" '^<     "kv" : "\[masked: text of [0-9]+ octets\]"'
ok "which is not in the trace" holds_none "$trace"
tap_stop "$sim_pid"
sim_start "$tap_tmp/mef.conf"
gateway_settings "$sim_port"
kill -HUP "$enroleed_pid"
read_twice() { [ "$(grep -c 'settings read again' "$tap_tmp/enroleed.log")" -ge 2 ]; }
tap_until 10 read_twice

# ---- where nothing can be written, the enrolment goes on
enrolled() { enrolee enrol gw1 --timeout 60 "$@"; }
ok "a disk that is full" enrolled --trace /dev/full
ok "is told" log_has 'the trace is incomplete: No space left on device'
mkfifo "$tap_tmp/pipe"
head -c 10 "$tap_tmp/pipe" >/dev/null &
ok "a pipe that is closed" enrolled --trace "$tap_tmp/pipe"
wait $!
ok "is told" log_has 'the trace is incomplete: Broken pipe'
enrolled --trace "$tap_tmp/pipe" >"$tap_tmp/out" 2>&1
is "a pipe that nobody reads" $? 4
enrolled --trace "$tap_tmp/none/trace" >"$tap_tmp/out" 2>&1
is "a folder that is not there" $? 4
like "is said" "$(cat "$tap_tmp/out")" 'none/trace: No such file or directory'
chmod 644 "$trace"
ok "a file that is there" enrolled --trace "$trace"
is "is its owner's alone then" "$(stat -c %a "$trace")" 600
is "and holds one trace" "$(grep -c 'end of the trace' "$trace")" 1
if [ "$(id -u)" = 0 ]; then
	chown nobody "$trace"
	not "a file of somebody else" enrolled --trace "$trace"
	chown root "$trace"
fi
enrolee enrol nowhere --trace "$tap_tmp/nothing" >/dev/null 2>&1
is "an unknown enrolment" $? 3
not "leaves no file" test -e "$tap_tmp/nothing"
sim_ctl misbehave step=registration-retrieve 'kind=slow:1500*1' >/dev/null
sim_ctl misbehave step=simplereenroll 'kind=slow:1500*1' >/dev/null
ok "one under way" enrolee renew gw1 --no-wait
enrolled --trace "$tap_tmp/late" >"$tap_tmp/out" 2>&1
is "is not traced any more" $? 9
like "which is said" "$(cat "$tap_tmp/out")" 'an attempt without trace is under way'
enroleed_stop
tap_done
