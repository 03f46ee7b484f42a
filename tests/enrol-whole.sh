#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A whole enrolment: from a bootstrap key alone to a certificate and a symmetric key that programs use, by the real programs
# against the simulated MEF; renewal, and what goes wrong.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3 pkcs11-tool
gateway_with_mef

enrol()
{
	enrolee enrol gw1 --timeout 60 "$@" >"$tap_tmp/enrol.out" 2>&1
	enrol_status=$?
}

# --- before there is anything ---
enrolee status >/dev/null 2>&1
is "no enroleed: status" $? 5
enrol
is "no enroleed: enrol" $enrol_status 5
like "it is named" "$(cat "$tap_tmp/enrol.out")" 'enroleed is not running'
# The machine's OpenSSL may load our providers for every program: not in an exchange, which has its own way to the keystore.
sed -e "s|@osslmodulesdir@/enrolee.so|$top_builddir/.libs/enrolee.so|" -e "s|@pkcs11moduledir@|$top_builddir/.libs|" \
	-e "s|@osslmodulesdir@|$(openssl version -m | sed 's/.*"\(.*\)"/\1/')|" "$top_srcdir/pkg/openssl/openssl.cnf.in" >"$conf/openssl.cnf"
export OPENSSL_CONF=$conf/openssl.cnf
enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }
unset OPENSSL_CONF
is "nothing starts without an instruction" "$(state_of state)" configured
enrolee enrol nowhere >/dev/null 2>&1
is "an unknown enrolment" $? 3
enrol
is "no bootstrap key: tried again" $enrol_status 8
like "it is named" "$(cat "$tap_tmp/enrol.out")" 'bootstrap key kpm: no credential'

# --- a wrong key, then the right one ---
ok "a wrong key" import_key 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
enrol
is "a wrong key: refused for good" $enrol_status 1
like "it is named" "$(cat "$tap_tmp/enrol.out")" '\(credential\); enroleed tries again in [0-9]+ s'
is "and remembered" "$(state_of state)" refused
ok "the right key" import_key "$sim_gw01_psk"
enrol
is "enrolled" $enrol_status 0 || diag "$(cat "$tap_tmp/enrol.out" "$tap_tmp/enroleed.log")"
for phase in handshake registration commands trust-anchors certificate key publication; do
	like "phase $phase is shown with its time and clause" "$(cat "$tap_tmp/enrol.out")" "s  $phase +done +[0-9]+ ms"
done
like "the end is shown" "$(cat "$tap_tmp/enrol.out")" '^gw1 is provisioned\.$'
is "provisioned" "$(state_of state)" provisioned
ok "the MEF saw no deviation" sh -c "! grep '\"verdict\"' '$sim_state/mef.log' | tail -n +1 | grep 'deviat'"

# --- used ---
module=$top_builddir/.libs/enrolee-pkcs11.so
export ENROLEE_RUNTIME_DIR="$run"
echo data >"$tap_tmp/data"
id=$(show gw1 id)
ok "the key signs for who may" env $preload pkcs11-tool --module "$module" --sign --mechanism ECDSA-SHA256 --id "$id" \
	--input-file "$tap_tmp/data" --output-file "$tap_tmp/signature" --signature-format openssl
openssl x509 -in "$state/credentials/gw1/cert.pem" -noout -pubkey >"$tap_tmp/public.pem"
ok "with the key of the certificate" openssl dgst -sha256 -verify "$tap_tmp/public.pem" -signature "$tap_tmp/signature" \
	"$tap_tmp/data"
ok "the certificate leads to the MEF's anchor" openssl verify -CAfile "$state/credentials/gw1/ca.pem" \
	-untrusted "$state/credentials/gw1/chain.pem" "$state/credentials/gw1/cert.pem"
objects_of()
{
	setpriv --reuid="$1" --regid="$1" --clear-groups env $preload ENROLEE_RUNTIME_DIR="$run" \
		pkcs11-tool --module "$module" -O 2>/dev/null | grep -c 'Private Key'
}
if [ "$(id -u)" = 0 ] && setpriv --reuid=www-data --regid=www-data --clear-groups test -r "$module"; then
	is "a user of the settings sees it" "$(objects_of www-data)" 1
	is "another does not" "$(objects_of daemon)" 0
else
	skip "who sees it" "needs root, and a build folder that others may read"
fi
like "the symmetric key is there by its identifier" "$(show gw1-key identifier)" '^[0-9A-F]{32}@mef.example.com$'
is "for its one use" "$(show gw1-key suid)" 22
is "it is the MEF's stakeholder's" "$(show gw1-key admin) $(show gw1-key mef)" "sp.example.com mef.example.com"

# --- no key in enroleed ---
if [ "$(id -u)" = 0 ] && [ -z "$preload" ]; then
	cat >"$tap_tmp/scan.py" <<-'END'
	import sys
	pid, wanted = sys.argv[1], [bytes.fromhex(h) for h in sys.argv[2:]]
	found = set()
	with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
	    for line in maps:
	        span, flags = line.split()[:2]
	        low, high = (int(x, 16) for x in span.split("-"))
	        if "rw" not in flags:
	            continue
	        try:
	            mem.seek(low)
	            data = mem.read(high - low)
	        except OSError:
	            continue
	        found |= {w.hex() for w in wanted if w in data}
	print(" ".join(sorted(found)))
	END
	control=$(printf gw1 | od -An -tx1 | tr -d ' \n')
	hex_text=$(printf %s "$sim_gw01_psk" | od -An -tx1 | tr -d ' \n')
	is "enroleed's memory has names, and no bootstrap key" \
		"$(python3 "$tap_tmp/scan.py" "$enroleed_pid" "$control" "$sim_gw01_psk" "$hex_text")" "$control"
else
	skip "enroleed's memory" "needs root, and no sanitizer"
fi
not "no bootstrap key in the progress" grep -qi "$sim_gw01_psk" "$state/enroleed/gw1.progress"

# --- once more: a renewal ---
enrol
is "enrolled again" $enrol_status 0 || diag "$(cat "$tap_tmp/enrol.out")"
not "with a new key" test "$(show gw1 id)" = "$id"
is "the old one is still usable" "$(show gw1 older_keys)" 1
like "its users stay" "$(show gw1 users)" "www-data"

# --- the MEF is away, and comes back ---
tap_stop "$sim_pid"
enrol
is "no MEF: tried again" $enrol_status 8
like "it is named" "$(cat "$tap_tmp/enrol.out")" '\(unreachable\); enroleed tries again in [1-3] s'
ok "what is provisioned stays usable" env $preload pkcs11-tool --module "$module" --sign --mechanism ECDSA-SHA256 --id "$(show gw1 id)" \
	--input-file "$tap_tmp/data" --output-file "$tap_tmp/signature" --signature-format openssl
tap_spawn again.out "$top_builddir/tests/sim/mef-sim" --settings "$tap_tmp/mef.conf" --state-dir "$sim_state" --port "$sim_port"
again() { [ "$(state_of state)" = provisioned ]; }
ok "it is back: enroleed goes on by itself" tap_until 30 again
is "stopped as it should" "$(enroleed_stop; echo $?)" 0

# --- settings read again ---
enroleed_start
cp "$conf/enrolee.conf" "$tap_tmp/good.conf"
enrolments() { enrolee status --json | python3 -c "import json,sys; print(*[e['name'] for e in json.load(sys.stdin)['enrolments']])"; }
has_enrolments() { [ "$(enrolments)" = "$1" ]; }
printf '[enrolment gw2]\nMEF=test\nClient=//sp.example.com/Sgw02\nBootstrapKey=kpm\n' >"$conf/conf.d/gw2.conf"
kill -HUP "$enroleed_pid"
ok "SIGHUP: a new enrolment" tap_until 10 has_enrolments "gw1 gw2"
is "SIGHUP: the others stay where they were" "$(state_of state)" provisioned
echo nonsense >"$conf/conf.d/gw2.conf"
kill -HUP "$enroleed_pid"
ok "SIGHUP: wrong settings are named" tap_until 10 grep -q 'stay as they were: .*gw2.conf:1: ' "$tap_tmp/enroleed.log"
is "SIGHUP: and not taken" "$(enrolments)" "gw1 gw2"
rm "$conf/conf.d/gw2.conf"
enroleed_stop

# --- an implicit instruction, and settings that are wrong ---
rm -f "$state/enroleed/gw1.progress"
sed -i 's/^BootstrapKey=.*/&\nStart=implicit/' "$conf/enrolee.conf"
enroleed_start
ok "an implicit instruction" tap_until 30 again
enroleed_stop
echo 'Pot=1' >>"$conf/enrolee.conf"
"$(program enroleed)" --config-dir="$conf" --bus="$bus" >"$tap_tmp/output" 2>&1
is "wrong settings: their own status" $? 78
like "named with file and line" "$(cat "$tap_tmp/output")" 'enrolee.conf:[0-9]+: unknown key "Pot" in group \[credential gw1-key\]'
tap_done
