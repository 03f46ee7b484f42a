#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An MEF that spells the interface otherwise: what is said without a dialect file, a whole enrolment with one, keys in another text
# form, and what is heard from the MEF itself.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3

# gateway_with_mef starts the simulated MEF with what sim_settings prints.
eval "standard_settings() $(declare -f sim_settings | tail -n +2)"
sim_settings()
{
	standard_settings | sed 's/^FQDN=.*/&\nDialect=alternate/
		s/^Commands=.*/Commands=CERT_PROV;MO_NODE path=.\/DevCfg\/ap1 type=1 suid=22/'
}
gateway_with_mef

enrol()
{
	enrolee enrol gw1 --timeout 60 "$@" >"$tap_tmp/enrol.out" 2>&1
	enrol_status=$?
}

# dialect [LINE...]: the dialect file of the MEF, read by the next exchange
dialect()
{
	printf '%s\n' "$@" >"$conf/test.dialect"
}

import_key "$sim_gw01_psk" >/dev/null
enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }

# --- without a dialect ---
enrol
is "no dialect: refused" $enrol_status 1
like "no dialect: the MEF's words, and where to say it" "$(cat "$tap_tmp/enrol.out")" \
	'the MEF answered 4[0-9]{3} [A-Z_]+: .*Dialect= in enrolee.conf\(5\).* \(request\); enroleed tries again in [0-9]+ s'
is "no dialect: nothing is kept" "$(enrolee list | grep -c enrolled)" 0

# --- a dialect that is wrong ---
sed -i "s|^AdminFQDN=.*|&\nDialect=$conf/test.dialect|" "$conf/enrolee.conf"
kill -HUP "$enroleed_pid"
enrolee config >"$tap_tmp/output" 2>&1
is "a dialect that is not there" $? 4
like "is named" "$(cat "$tap_tmp/output")" '\[mef test\] Dialect: .*/test.dialect: '
dialect '[names]' 'adminFQND=adminfqdn'
enrolee config >"$tap_tmp/output" 2>&1
is "a dialect with an unknown name" $? 4
like "is named" "$(cat "$tap_tmp/output")" '/test.dialect: \[names\] adminFQND: unknown or not valid'
enrol
is "a dialect with an unknown name: an exchange" $enrol_status 1
like "says the same" "$(cat "$tap_tmp/enrol.out")" '/test.dialect: \[names\] adminFQND: unknown or not valid \(job\)'

# --- the least that is to be said before the MEF has said anything; the rest is heard ---
dialect '[types]' mefClientReg=10004 symmKeyReg=10005 mefClientCmd=10006 \
	'[names]' mefClientReg=mefcr adminFQDN=adminfqdn symmKeyReg=sykr targetIDs=tids \
	'[wire]' prefix=m2m exporter-label=EXPORTER-oneM2M-Bootstrap key-encoding=base64
ok "a dialect that is right" enrolee config
enrol
is "enrolled" $enrol_status 0 || diag "$(cat "$tap_tmp/enrol.out" "$tap_tmp/enroleed.log")"
is "provisioned" "$(state_of state)" provisioned
like "a command is answered with the MEF's own names" "$(sim_ctl state)" '"status": ?20'
like "no node, no object tree: 300" "$(sim_ctl state)" '"status": ?300'

# --- every name: the whole table in the file ---
dialect '[types]' mefClientReg=10004 symmKeyReg=10005 mefClientCmd=10006 \
	'[names]' MEFBase=meb mefClientReg=mefcr symmKeyReg=sykr mefClientCmd=mefcc adminFQDN=adminfqdn targetIDs=tids keyValue=kvl \
	assignedSymmKeyID=ask deviceConfigURI=deviceConfigURI cmdID=cmdi cmdDescription=cmdd cmdStatusCode=cmst cmdClassID=cmdClassID \
	cmdArgs=cmdArgs targetID=targetID noMoreCmdArgs=noMoreCmdArgs certProvCmdArgs=certProvCmdArgs devCfgCmdArgs=devCfgCmdArgs \
	MONodeCmdArgs=MONodeCmdArgs retryDuration=rd certProvProtocolID=certProvProtocolID URI=URI certSubjectType=certSubjectType \
	certSubjectID=certSubjectID objectPath=objectPath objectTypeID=objectTypeID objectTypeSpecificArgs=objectTypeSpecifcArgs \
	'[wire]' prefix=m2m exporter-label=EXPORTER-oneM2M-Bootstrap key-encoding=base64 path-form=relative child-form=structured
enrol
is "enrolled once more, with all names, relative paths and structured addresses" $enrol_status 0 ||
	diag "$(cat "$tap_tmp/enrol.out" "$tap_tmp/enroleed.log")"
kill -STOP "$enroleed_pid"
enrolee probe gw1 --timeout 1 >"$tap_tmp/output" 2>&1
is "an enroleed that hangs: time is over" $? 6
like "and it is said whose" "$(cat "$tap_tmp/output")" '^enrolee probe: enroleed did not answer in time'
kill -CONT "$enroleed_pid"
ok "the paths were relative" sim_logged '"path":"/-'
tap_done
