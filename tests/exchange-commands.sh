#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The MEF's commands, one exchange at a time, against the simulated MEF: every class and its status, commands that come again, and
# a status that the MEF does not answer (TS-0003 8.3.9).

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/exchange-job.sh"
tap_needs curl python3
[ -x "$top_builddir/tests/sim/mef-sim" ] || tap_skip "the simulated MEF was not built"

# Without the provider a reference is the key itself: the MEF is told the same bytes.
reference=pskref1:0123456789abcdefghijklmn
sim_gw01_psk=$(printf %s "$reference" | od -An -tx1 | tr -d ' \n')

events()
{
	cat "$tap_tmp/events" "$tap_tmp/errors"
}

# exchange [KEY=VALUE...]: a job whose parent answers, as enroleed does
exchange()
{
	job 'extra=,"acknowledge":true' "$@" | "$top_builddir/tests/exchange-driver" >"$tap_tmp/events" 2>"$tap_tmp/errors"
	exchange_status=$?
}

# mef_with COMMANDS: a MEF that commands each new registration so
mefs=0
mef_with()
{
	[ -z "$sim_pid" ] || tap_stop "$sim_pid"
	mefs=$((mefs + 1))
	sim_settings | sed "s|^Commands=.*|Commands=$1|" >"$tap_tmp/mef.conf"
	sim_start "$tap_tmp/mef.conf" "mef$mefs" || { diag "$(cat "$tap_tmp/mef$mefs.out")"; exit 99; }
}

misbehave()
{
	sim_ctl misbehave "step=$1" "kind=$2" >/dev/null
}

# reports: the status of every command, as the MEF has them
reports()
{
	sim_ctl state | python3 -c "
import json, sys
print(*[r['status'] for reg in json.load(sys.stdin)['registrations'] for r in reg['reports']])"
}

# steps: what the client did at the MEF
count() { grep -c "\"step\":\"$1\".*\"verdict\":\"ok\"" "$sim_state/mef.log"; }
registered() { sed -n 's/.*"event":"registered".*\("id":"[^"]*","expires":[0-9]*\).*/registration=,\1/p' "$tap_tmp/events" | tail -n 1; }

# --- every class ---
mef_with 'DEV_CFG;MO_NODE path=./DevCfg/ap1 type=1 suid=22;MO_NODE target=//sp.example.com/Sother'
exchange
is "DEV_CFG 41, MO_NODE 300, MO_NODE for another 43" "$(reports)" "41 300 43" || diag "$(events)"
like "all else is provisioned" "$(events)" 'published 2$'
mef_with 'CERT_PROV class=4;CERT_PROV class=10000;CERT_PROV class=2147483647;CERT_PROV class=-1'
exchange
is "unknown classes: 41" "$(grep -o '"class":-\{0,1\}[0-9]*,"status":[0-9]*' "$tap_tmp/events" | tr '\n' ' ')" \
	'"class":4,"status":41 "class":10000,"status":41 "class":2147483647,"status":41 "class":-1,"status":41 ' || diag "$(events)"
like "all else is provisioned" "$(events)" 'published 2$'
mef_with 'NO_MORE_COMMANDS retry=soon;CERT_PROV'
exchange
is "arguments that cannot be read: 42, and the next command" "$(reports)" "42 20" || diag "$(events)"

# --- whom and what a CERT_PROV is for ---
mef_with 'CERT_PROV target=//sp.example.com/Sother;CERT_PROV id=//sp.example.com/Sother;CERT_PROV type=2;CERT_PROV protocol=2;CERT_PROV uri=https://other.example.com/est;CERT_PROV uri=http://mef.example.com/est'
exchange 'steps="register","commands"'
is "another target, subject, subject type, protocol, host, scheme: 43" "$(reports)" "43 43 43 43 43 43" || diag "$(events)"
is "no certificate is asked for" "$(count simpleenroll)" 0
mef_with 'CERT_PROV target=//SP.example.com/Sgw01;CERT_PROV id=//SP.Example.com/Sgw01'
exchange 'steps="register","commands"'
is "the same identifier in another form" "$(reports)" "20 20" || diag "$(events)"

# --- commanded twice: a certificate each ---
mef_with 'CERT_PROV;CERT_PROV'
exchange
is "CERT_PROV twice" "$(reports)" "20 20" || diag "$(events)"
is "two certificates" "$(count simpleenroll)" 2
is "each published before the MEF hears of it" \
	"$(grep -oE '"event":"(published|command)"' "$tap_tmp/events" | sed 's/.*:"//; s/"//' | head -n 4 | tr '\n' ' ')" \
	"published command published command "
mef_with 'CERT_PROV;CERT_PROV'
job 'steps="register","commands","publish"' | "$top_builddir/tests/exchange-driver" >"$tap_tmp/events" 2>"$tap_tmp/errors"
like "where nobody publishes in between, the last one counts" "$(events)" 'pairs 2 discarded 1 .* published 1$'

# --- one that an exchange which was ended has staged ---
mef_with 'CERT_PROV;CERT_PROV'
exchange 'certificate=,"staged":true' 'extra=,"acknowledge":true,"staged":[7]' 'steps="register","commands"'
is "what is staged answers the first command, the second has its own" "$(reports) $(count simpleenroll)" "20 20 1" || diag "$(events)"

# --- a status without answer ---
mef_with 'CERT_PROV;DEV_CFG'
misbehave command-update 'close*1'
exchange
is "a status that was heard, and not answered: sent again, discarded, and on" "$(reports)" "20 41" || diag "$(events)"
is "and executed once" "$(count simpleenroll)" 1
is "no failure" $exchange_status 0
mef_with 'CERT_PROV;DEV_CFG'
misbehave command-update 'http-status:503*1'
exchange 'steps="register","commands"'
like "an MEF in trouble: the exchange ends" "$(events)" '"event":"failed".*"phase":"commands","code":"server"'
last="extra=,\"acknowledge\":true,\"commands\":{\"last_id\":1,\"last_status\":20}"
exchange "$(registered)" "$last" 'steps="register","commands"'
is "the next one reports what was done, and does it not again" "$(reports) $(count simpleenroll)" "20 41 1" || diag "$(events)"
mef_with 'CERT_PROV'
misbehave command-update silent
exchange total=2 stall=1 'steps="register","commands"'
like "an MEF that never answers: three times, then an error" "$(events)" '"event":"failed".*"phase":"commands","code":"timeout"'
is "three times" "$(grep -c '"step":"command-update"' "$sim_state/mef.log")" 3
is "executed once" "$(count simpleenroll)" 1
misbehave command-update ""

# --- a command that comes again ---
mef_with 'CERT_PROV'
exchange 'steps="register"'
misbehave command-retrieve 'replace:cmid=7'
exchange "$(registered)" 'extra=,"acknowledge":true,"commands":{"last_id":7,"last_status":20}' 'steps="register","commands"'
like "ISSUED with the cmdID that was reported last: 40" "$(events)" '"event":"command".*"id":7,"class":1,"status":40' || diag "$(events)"
misbehave command-retrieve ""
mef_with 'CERT_PROV'
exchange 'extra=,"acknowledge":true,"commands":{"last_id":1,"last_status":100}' 'registration=,"id":"gone","expires":4000000000'
is "another registration: the same cmdID is another command" "$(reports)" "20" || diag "$(events)"

# --- commands that cannot be understood ---
mef_with 'CERT_PROV'
misbehave command-retrieve 'truncated*2'
exchange
is "a broken command is retrieved again" "$(reports) $exchange_status" "20 0" || diag "$(events)"
while read -r kind message; do
	misbehave command-retrieve "$kind"
	exchange 'steps="register","commands"'
	like "command-retrieve $kind: $message" "$(events)" "\"event\":\"failed\".*\"phase\":\"commands\",\"code\":\"malformed\",\"message\":\"[^\"]*$message"
	misbehave command-retrieve ""
done <<'END'
replace:cmid={"a":1} cmdID .cmid. is missing, or neither number nor short text
replace:cmid=true cmdID .cmid. is missing, or neither number nor short text
drop:cmid cmdID .cmid. is missing, or neither number nor short text
drop:cmde cmdDescription .cmde. is missing
drop:cmsc cmdStatusCode .cmsc. is missing
replace:cmsc=-10 cmdStatusCode .cmsc. is out of range
replace:cmsc=10.5 cmdStatusCode .cmsc. is not a whole number
replace:cmsc="ten" cmdStatusCode .cmsc. is not a whole number
duplicate-keys an object has a member twice
bad-utf8 not valid UTF-8
END

# --- numbers as texts, and cmdIDs of every kind ---
mef_with 'CERT_PROV'
misbehave command-retrieve 'replace:cmsc="10"*1'
exchange 'steps="register","commands"'
is "a status code as text" "$(reports)" "20" || diag "$(events)"
mef_with 'CERT_PROV'
for id in '"a text"' 1.5 -3 9007199254740993; do
	misbehave command-retrieve "replace:cmid=$id*1"
	exchange 'steps="register","commands"'
	like "cmdID $id is kept as it came" "$(events)" "\"event\":\"command\".*\"id\":$id,"
done

# --- nothing is announced ---
mef_with ''
exchange
like "no command resource: no time to ask again is made up" "$(grep no-more-commands "$tap_tmp/events")" '"event":"no-more-commands","time":[0-9.]*}$' ||
	diag "$(events)"
mef_with 'NO_MORE_COMMANDS retry=PT2H'
exchange 'steps="register","commands"'
like "one that says when" "$(events)" '"event":"no-more-commands".*"retry_s":7200'
tap_done
