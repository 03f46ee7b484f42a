#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One Enrolee at two MEFs of two administrating stakeholders, side by side: kept apart in the settings, the catalogue, the labels
# and the progress; what happens at one is nothing to the other.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3 pkcs11-tool
gateway_with_mef
import_key "$sim_gw01_psk"
first_state=$sim_state first_port=$sim_port

# The other MEF knows the same client by another key.
sim_fqdn=mef.example.org sim_gw01_psk=404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f
sim_settings | sed 's/^AdminFQDN=.*/AdminFQDN=operator.example.org/' >"$tap_tmp/other.conf"
sim_start "$tap_tmp/other.conf" other || { diag "$(cat "$tap_tmp/other.out")"; exit 99; }
other_state=$sim_state other_port=$sim_port other_pid=$sim_pid
(umask 077 && echo "$sim_gw01_psk" >"$tap_tmp/kpm2.hex")
enrolee import kpm2 --symmetric "$tap_tmp/kpm2.hex" --identifier gw-0001@mef.example.org --suid 10 >/dev/null
cat >"$conf/conf.d/other.conf" <<END
[mef other]
FQDN=mef.example.org
URI=https://mef.example.org:$other_port
Address=127.0.0.1
AdminFQDN=operator.example.org

[enrolment gw2]
MEF=other
Client=//sp.example.com/Sgw01
ClientKind=ae
BootstrapKey=kpm2
KeySUID=22
KeyTargets=//sp.example.com/in-cse

[credential gw2]
Users=daemon
END

# at FIRST|OTHER: sim_ctl asks that MEF
at() { if [ "$1" = first ]; then sim_state=$first_state sim_port=$first_port; else sim_state=$other_state sim_port=$other_port; fi; }
registrations() { at "$1"; sim_ctl state | python3 -c "
import json, sys
print(*sorted(r['adminFQDN'] for r in json.load(sys.stdin)['registrations']))"; }
keys() { at "$1"; sim_ctl state | python3 -c "import json, sys; print(*[k['id'] for k in json.load(sys.stdin)['keys']])"; }

enroleed_start || { diag "$(cat "$enroleed_log")"; exit 99; }
is "told to enrol with one" "$(control Enrol gw1 '{}')" "()"
is "and with the other at once" "$(control Enrol gw2 '{}')" "()"
ok "provisioned by one" tap_until 60 in_state gw1 provisioned || diag "$(cat "$enroleed_log")"
ok "provisioned by the other" tap_until 60 in_state gw2 provisioned || diag "$(cat "$enroleed_log")"
is "each has one registration, of its stakeholder" "$(registrations first); $(registrations other)" \
	"sp.example.com; operator.example.org"
for name in gw1 gw1-key; do
	is "the catalogue: $name" "$(show $name mef) $(show $name admin)" "mef.example.com sp.example.com"
done
for name in gw2 gw2-key; do
	is "the catalogue: $name" "$(show $name mef) $(show $name admin)" "mef.example.org operator.example.org"
done
is "each key's identifier is its MEF's" "$(show gw1-key identifier) $(show gw2-key identifier)" "$(keys first) $(keys other)"
is "the progress: gw1" "$(sed -n 's/^\(MEF\|AdminFQDN\)=//p' "$state/enroleed/gw1.progress" | tr '\n' ' ')" "mef.example.com sp.example.com "
is "the progress: gw2" "$(sed -n 's/^\(MEF\|AdminFQDN\)=//p' "$state/enroleed/gw2.progress" | tr '\n' ' ')" "mef.example.org operator.example.org "
chain() { openssl verify -CAfile "$state/credentials/$2/ca.pem" -untrusted "$state/credentials/$1/chain.pem" "$state/credentials/$1/cert.pem"; }
ok "the certificate of one leads to its own anchor" chain gw1 gw1
ok "that of the other to its own" chain gw2 gw2
not "not to each other's" chain gw1 gw2
labels=$(env $preload ENROLEE_RUNTIME_DIR="$run" pkcs11-tool --module "$top_builddir/.libs/enrolee-pkcs11.so" -O 2>/dev/null | sed -n 's/^ *label: *//p' | sort -u)
for label in gw1 gw2 "$(show gw1-key identifier)" "$(show gw2-key identifier)"; do
	like "a label of its own: $label" "$labels" "^$label\$"
done

# --- one is away; the other's life goes on ---
tap_stop "$other_pid"
id=$(show gw1 id)
other_id=$(show gw2 id)
is "the one that is there: told to renew" "$(control Renew gw1)" "()"
is "the one that is away: told to renew" "$(control Renew gw2)" "()"
renewed() { [ "$(show gw1 id)" != "$id" ] && in_state gw1 provisioned; }
ok "renewed by the one" tap_until 60 renewed || diag "$(cat "$enroleed_log")"
ok "the other is waited for" tap_until 20 grep -q '^Attempts=' "$state/enroleed/gw2.progress"
is "what it provisioned stays in use" "$(show gw2 id)" "$other_id"

# --- the end with one ---
answer=$(control Decommission gw1 '{}')
like "decommissioned at the one" "$answer" "'decommissioned': <true>"
like "with its own credentials" "$answer" "'destroyed': <\['gw1', 'gw1-key'\]>"
is "it has no registration" "$(registrations first)" ""
is "those of the other stay" "$(show gw2 mef) $(show gw2-key mef)" "mef.example.org mef.example.org"
not "the other's progress stays" in_state gw2 decommissioned
enroleed_stop
tap_done
