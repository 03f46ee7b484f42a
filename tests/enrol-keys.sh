#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Symmetric keys from their registration to their end: exported and self-generated; retrieved by their Enrolment Target, so
# that both do a TLS-PSK handshake; looked at, updated, renewed, retired; two MEFs side by side; probe and decommission.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3
gateway_with_mef
import_key "$sim_gw01_psk"

# The target is another gateway: a key identifier means one key on each.
gateway_use 2
gateway_start || { diag "$(cat "$tap_tmp"/*.log)"; exit 99; }
(umask 077 && echo "$sim_in01_psk" >"$tap_tmp/in.hex")
enrolee import kpm --symmetric "$tap_tmp/in.hex" --identifier in-0001@mef.example.com --suid 10 >/dev/null

# on NAME: the gateway of an enrolment or a credential
on() { case $1 in in1*) gateway_use 2 ;; *) gateway_use "" ;; esac; }
gateway_of() { on "$1"; }
held() { [ "$(show "$1" identifier)" = "$2" ]; }
diagnosis() { diag "$(tail -n 60 "$tap_tmp"/state*/enroleed/*.progress "$tap_tmp"/enroleed*.log)"; }

# record NAME KEY MEMBER: of a key in the progress of an enrolment; keys NAME ROLE: identifiers
parse='
import configparser, sys
file = configparser.RawConfigParser(strict=False)
file.optionxform = str
file.read(sys.argv[1])
if len(sys.argv) == 4:
    print(file.get("key " + sys.argv[2], sys.argv[3], fallback=""))
else:
    print(*sorted(s[4:] for s in file.sections() if s.startswith("key ") and file[s]["Role"] == sys.argv[2]))'
record() { on "$1"; python3 -c "$parse" "$state/enroleed/$1.progress" "$2" "$3"; }
keys() { on "$1"; python3 -c "$parse" "$state/enroleed/$1.progress" "$2"; }
# at_mef EXPRESSION [CONDITION]: of each key k that the MEF has
at_mef() { sim_ctl state | python3 -c "import json, sys; print(*[$1 for k in json.load(sys.stdin)['keys'] if ${2:-True}])"; }
mark() { marked=$(wc -l <"$sim_state/mef.log"); }
asked() { tail -n "+$((marked + 1))" "$sim_state/mef.log" | grep -Eq "\"step\":\"$1\".*\"verdict\":\"ok\""; }
misbehave() { sim_ctl misbehave "step=$1" "kind=$2" >/dev/null; }

# settings_are NAME LINE...: the settings of an enrolment, read again if its enroleed runs
settings_are()
{
	on "$1"
	gateway_settings "$sim_port" Certificate=no Commands=no
	sed -i '/^\[credential/,$d' "$conf/enrolee.conf"
	for line in "${@:2}"; do
		sed -i -e "/^${line%%=*}=/d" -e "s|^BootstrapKey=.*|&\n$line|" "$conf/enrolee.conf"
	done
	if [ "$1" = in1 ]; then
		sed -i -e 's/gw1/in1/' -e 's/Sgw01/in-cse/' -e '/^Key/d' \
			-e 's/^ClientKind=.*/ClientKind=cse\nPublicDomainName=in-cse.sp.example.com/' "$conf/enrolee.conf"
	fi
	for credential in gw1-key "$retrieved"; do
		[ -z "$credential" ] || printf '\n[credential %s]\nUsers=%s\n' "$credential" "$(id -un)" >>"$conf/enrolee.conf"
	done
	[ -n "$enroleed_pid" ] || return 0
	readings=$(grep -c 'settings' "$enroleed_log")
	kill -HUP "$enroleed_pid"
	tap_until 10 read_again || diag "not read again"
}
read_again() { [ "$(grep -c 'settings' "$enroleed_log")" -gt "$readings" ]; }

# --- a key exported from the handshake ---
retrieved=
settings_are gw1
enroleed_start || { diag "$(cat "$enroleed_log")"; exit 99; }
enrolee enrol gw1 --timeout 60 >"$tap_tmp/enrol.out" 2>&1
is "a key of the handshake: provisioned" $? 0 || diagnosis
first=$(show gw1-key identifier)
is "it is the one that the progress has" "$(keys gw1 current)" "$first"
is "with its target" "$(record gw1 "$first" Targets)" "//sp.example.com/in-cse"
is "and its use" "$(record gw1 "$first" SUID)" 22
not "no key in the progress" grep -qi "$(at_mef "k['value']")" "$state/enroleed/gw1.progress"

# --- its target retrieves it ---
settings_are in1 Start=implicit
enroleed_start
ok "a target that has nothing to retrieve" tap_until 30 in_state in1 provisioned || diagnosis
retrieved=in1-${first%@*}
settings_are in1 "RetrieveKeys=$first"
ok "the settings name it: retrieved" tap_until 30 held "$retrieved" "$first" || diagnosis
ok "at rest again" tap_until 20 in_state in1 provisioned
is "the progress has it" "$(keys in1 retrieved)" "$first"
is "and whose it is" "$(record in1 "$first" Source)" "//sp.example.com/Sgw01"
is "for the same use" "$(show "$retrieved" suid)" 22

# --- both ends by reference ---
cat >"$tap_tmp/psk.cnf" <<END
openssl_conf = init
[init]
providers = providers
alg_section = algorithms
[providers]
default = default_sect
enrolee = enrolee_sect
[default_sect]
activate = 1
[enrolee_sect]
module = $top_builddir/.libs/enrolee.so
activate = 1
[algorithms]
default_properties = ?enrolee.pskref=yes,?enrolee.first=yes
END
# handshake SERVER CLIENT: two credentials by their references
handshake()
{
	on "$1"
	server_run=$run
	IFS=: read -r server_id server_key <"$state/credentials/$1/psk.txt" || return 2
	on "$2"
	IFS=: read -r client_id client_key <"$state/credentials/$2/psk.txt" || return 2
	[ -n "$server_key" ] && [ -n "$client_key" ] && [ "$server_key" != "$client_key" ] || return 2
	tap_spawn server.log env $preload ENROLEE_RUNTIME_DIR="$server_run" OPENSSL_CONF="$tap_tmp/psk.cnf" openssl s_server -accept 127.0.0.1:0 \
		-nocert -tls1_2 -psk_identity "$server_id" -psk "$server_key" -cipher PSK-AES128-GCM-SHA256 -rev
	server_pid=$tap_pid
	tap_until 10 grep -q '^ACCEPT.*:' "$tap_tmp/server.log"
	answer=$(printf 'enrolee\nCLOSE\n' | env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$tap_tmp/psk.cnf" timeout 20 openssl s_client \
		-connect "$(sed -n 's/^ACCEPT *//p' "$tap_tmp/server.log" | head -n 1)" -tls1_2 -psk_identity "$client_id" \
		-psk "$client_key" -cipher PSK-AES128-GCM-SHA256 -quiet 2>"$tap_tmp/client.log" | head -n 1)
	tap_stop "$server_pid"
	[ "$answer" = eelorne ]
}
ok "source and target do a handshake with it, each by its own reference" handshake gw1-key "$retrieved" ||
	diag "$(cat "$tap_tmp/server.log" "$tap_tmp/client.log")"
not "another key does not" handshake kpm "$retrieved"
before=$(show "$retrieved" id)
mark
is "told to enrol again" "$(control Enrol in1 '{}')" "()"
ok "at rest" tap_until 20 in_state in1 provisioned
not "one that is held is not asked for again (R-8.3.5.2.8-2)" asked key-retrieve

# --- one that is not there yet ---
missing=00112233445566778899AABBCCDDEEFF@mef.example.com
settings_are in1 "RetrieveKeys=$first, $missing"
told() { [ -n "$(record in1 "$missing" Message)" ]; }
ok "one that the MEF does not have: told" tap_until 20 told || diagnosis
like "why" "$(record in1 "$missing" Message)" '4004'
ok "that is no failure" tap_until 20 in_state in1 provisioned
is "the other stays" "$(show "$retrieved" id)" "$before"
settings_are in1 "RetrieveKeys=12@other.example.com"
ok "a key of another MEF: wrong settings" grep -q 'RetrieveKeys: 12@other.example.com is not a key of this MEF' "$enroleed_log"
settings_are in1 "RetrieveKeys=$first"

# --- looked at, and updated ---
at_rest() { in_state gw1 provisioned; }
mark
settings_are gw1 KeyLabels=uplink
ok "other labels in the settings: an update" tap_until 20 asked key-update || diagnosis
ok "at rest after it" tap_until 20 at_rest
is "no new key" "$(keys gw1 current)" "$first"
like "the progress has what was asked for" "$(record gw1 "$first" Asked)" '\| uplink$'
mark
settings_are gw1 KeyLabels=uplink
not "the same settings: nothing is asked" asked 'key-(update|retrieve)'

# --- renewed, the old one retired ---
settings_are gw1 KeyLabels=uplink KeyValue=generated
is "told to renew" "$(control Renew gw1)" "()"
renewed() { [ "$(show gw1-key identifier)" != "$first" ] && in_state gw1 provisioned; }
ok "renewed by a self-generated one" tap_until 30 renewed || diagnosis
second=$(show gw1-key identifier)
retired() { [ -z "$(keys gw1 retiring)" ] && [ "$(at_mef "k['id']")" = "$second" ]; }
ok "the old one is de-registered" tap_until 20 retired || diagnosis
is "the new one is current" "$(keys gw1 current)" "$second"
retrieved=in1-${second%@*}
settings_are in1 "RetrieveKeys=$second"
ok "the target retrieves the new one" tap_until 30 held "$retrieved" "$second"
ok "a handshake with it" handshake gw1-key "$retrieved"

# --- towards its end the target looks again: its source may have put that off ---
on in1
enroleed_stop
sed -i '/^\[key /,/^$/s/^Look=.*/Look=1/' "$state/enroleed/in1.progress"
misbehave key-retrieve 'replace:et="20400101T000000"*1'
mark
enroleed_start
put_off() { [ "$(record in1 "$second" Expires)" = 2208988800 ] && in_state in1 provisioned; }
ok "near its end the target fetches it again" tap_until 30 put_off || diagnosis
ok "once" test "$(tail -n "+$((marked + 1))" "$sim_state/mef.log" | grep -c "\"path\":\"[^\"]*${second%@*}\".*\"step\":\"key-retrieve\"")" = 1
is "it is the same key" "$(show "$retrieved" identifier)" "$second"
like "with its later end" "$(show "$retrieved" not_after)" '^(2208988800|2040-01-01.*)$'
misbehave key-retrieve ""

like "status tells which is in use" "$(control Status gw1)" "'keys': <\['$second'\]>"
like "status tells which was retrieved" "$(control Status in1)" "'keys_retrieved': <\[.*'$second'.*\]>"

# --- the MEF keeps the old one, or is away for that ---
misbehave key-deregister status:5000
is "told to renew once more" "$(control Renew gw1)" "()"
newer() { [ "$(show gw1-key identifier)" != "$second" ]; }
ok "renewed" tap_until 30 newer || diagnosis
third=$(show gw1-key identifier)
retiring() { [ "$(keys gw1 retiring)" = "$second" ] && in_state gw1 provisioned; }
ok "the old one waits to be de-registered, the new one is in use" tap_until 20 retiring || diagnosis
on gw1
enroleed_stop KILL
enroleed_start
is "also over a restart" "$(keys gw1 retiring)" "$second"
misbehave key-deregister status:4103
kept() { [ -n "$(record gw1 "$second" Message)" ]; }
ok "the MEF keeps it: told" tap_until 20 kept || diagnosis
ok "that is no failure" tap_until 20 in_state gw1 provisioned
misbehave key-deregister ""
gone() { [ -z "$(keys gw1 retiring)" ] && [ "$(at_mef "k['id']")" = "$third" ]; }
ok "the MEF takes it back: de-registered" tap_until 30 gone || diagnosis

# --- lost by the MEF ---
misbehave key-retrieve 'status:4004*2'
settings_are gw1 KeyLabels=downlink KeyValue=generated
anew() { [ "$(show gw1-key identifier)" != "$third" ] && in_state gw1 provisioned; }
ok "it is seen when the key is looked at, and another one registered" tap_until 30 anew || diagnosis

# --- another use: another key, and targets that change ---
fourth=$(show gw1-key identifier)
settings_are gw1 KeySUID=24 "KeyTargets=//sp.example.com/in-cse //sp.example.com/Sother"
other_use() { [ "$(show gw1-key suid)" = 24 ] && [ -z "$(at_mef 1 "k['id'] == '$fourth'")" ] && at_rest; }
is "for another use: told to enrol" "$(control Enrol gw1 '{}')" "()"
ok "for another use: told what to do" tap_until 10 grep -q 'KeySUID was changed: .*enrolee remove gw1-key' "$enroleed_log"
ok "the key stays as it is" tap_until 20 at_rest
is "with its use" "$(show gw1-key suid)" 22
enrolee remove gw1-key --yes >/dev/null
is "it is removed: told to enrol" "$(control Enrol gw1 '{}')" "()"
ok "another one is registered, and the old one retired" tap_until 30 other_use || diagnosis
fifth=$(show gw1-key identifier)
not "it is another key" test "$fifth" = "$fourth"
is "for all targets" "$(at_mef "' '.join(k['targets'])" "k['suid'] == 24")" "//sp.example.com/in-cse //sp.example.com/Sother"
settings_are gw1 KeySUID=24 "KeyTargets=//sp.example.com/in-cse"
fewer() { [ "$(at_mef "' '.join(k['targets'])" "k['suid'] == 24")" = //sp.example.com/in-cse ] && at_rest; }
ok "one target less: the MEF's list is changed" tap_until 20 fewer || diagnosis
is "and the progress's" "$(record gw1 "$fifth" Targets)" "//sp.example.com/in-cse"
is "the key is the same" "$(show gw1-key identifier)" "$fifth"
misbehave key-update status:4103
settings_are gw1 KeySUID=24 "KeyTargets=//sp.example.com/Sother"
ok "a change that the MEF refuses: tried again" tap_until 20 in_state gw1 waiting || diagnosis
is "the key stays in use" "$(show gw1-key identifier)" "$fifth"
misbehave key-update ""
ok "and done" tap_until 30 at_rest

# --- no key is wanted any more, and then one again ---
settings_are gw1 KeySUID=24
ok "at rest" tap_until 30 at_rest
now_held=$(show gw1-key identifier)
gateway_settings "$sim_port" Certificate=no Commands=no
sed -i '/^Key/d' "$conf/enrolee.conf"
kill -HUP "$enroleed_pid"
deregistered() { [ -z "$(at_mef 1 "k['id'] == '$now_held'")" ] && [ -z "$(keys gw1 current)$(keys gw1 retiring)" ] && at_rest; }
ok "KeySUID= is gone: the key is de-registered at once" tap_until 20 deregistered || diagnosis
ok "it is said what is left" grep -q 'KeySUID= is gone: .*enrolee remove gw1-key' "$enroleed_log"
is "the key stays here for who uses it" "$(show gw1-key identifier)" "$now_held"
mark
is "told to enrol" "$(control Enrol gw1 '{}')" "()"
ok "at rest" tap_until 20 at_rest
not "it is not de-registered again, nor another registered" asked 'key-(deregister|register)'
settings_are gw1 KeySUID=24
other_held() { [ "$(show gw1-key identifier)" != "$now_held" ] && at_rest; }
ok "KeySUID= is back: another key" tap_until 30 other_held || diagnosis

# --- probe and decommission over D-Bus ---
answer=$(control Probe gw1)
for fact in "'ok': <true>" "'authenticated_by': <'ppsk'>" "'tls': <'TLSv1.2'>" "'registration': <'found'>" "'admin_fqdn': <'sp.example.com'>"; do
	like "a probe: $fact" "$answer" "$fact"
done
ok "nothing was changed by it" at_rest
misbehave deregister status:4103
answer=$(control Decommission gw1 '{}')
like "the MEF refuses: not decommissioned" "$answer" "'decommissioned': <false>"
like "and why" "$answer" "'message': <'the MEF answered 4103"
ok "the enrolment goes on" tap_until 20 at_rest || diagnosis
ok "with a key that the MEF has" tap_until 20 sh -c "[ -n '$(show gw1-key identifier)' ]"
misbehave deregister ""
key_is_registered() { [ "$(at_mef "k['id']" "k['suid'] == 24")" = "$(show gw1-key identifier)" ]; }
is "told to enrol" "$(control Enrol gw1 '{}')" "()"
ok "the de-registered key was replaced" tap_until 30 key_is_registered || diagnosis
ok "at rest" tap_until 20 at_rest
last=$(show gw1-key identifier)
answer=$(control Decommission gw1 '{}')
for fact in "'decommissioned': <true>" "'deregistered': <true>" "'result': <'removed'>" "'destroyed': <\['gw1-key'\]>" \
	"'keys': <\[\{.*'id': <'$last'>" "'left': <'certificates that the MEF issued" "'left': <'whoever retrieved the key"; do
	like "decommissioned: $fact" "$answer" "$fact"
done
like "the key's removal is proven" "$(grep -o "'keys': <.*}\]>" <<<"$answer")" "'proven': <true>"
is "the MEF has the key no more" "$(at_mef "k['id']" "k['suid'] == 24")" ""
is "and no registration of it" "$(sim_ctl state | python3 -c "
import json, sys
print(sum(r['client'] == 'gw01' for r in json.load(sys.stdin)['registrations']))")" 0
on gw1
is "the credential is destroyed" "$(enrolee list | grep -c enrolled)" 0
not "the progress has forgotten it" grep -q "$last" "$state/enroleed/gw1.progress"
answer=$(control Decommission in1 '{}')
like "the target as well: $retrieved" "$answer" "'destroyed': <\[.*'$retrieved'.*\]>"
is "nothing is left of it" "$(enrolee list | grep -c enrolled)" 0

on gw1
enroleed_stop
on in1
enroleed_stop
tap_done
