#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee check: each status and its one line; enrolee export: certificates and URIs, never a key; what a user without
# privileges sees.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl dbus-daemon gdbus python3
gateway_start || { diag "$(cat "$tap_tmp"/*.log)"; exit 99; }
enroleed_start
cd "$tap_tmp" || exit 99
chmod 755 "$conf" "$conf/conf.d"
umask 077
for days in 60 3; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $days.key -out $days.pem -days $days \
		-subj /CN=$days 2>/dev/null
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 90 -subj /CN=root 2>/dev/null
openssl rand -hex 32 >psk.hex
ok "a credential" enrolee import good 60.key 60.pem --anchors root.pem --user www-data

# checks STATUS PATTERN ARGUMENT...: its exit status, and one line that fits. A clock that is not synchronised is not the test's.
checks()
{
	local wanted=$1 pattern=$2 status line
	shift 2
	line=$(enrolee check "$@" 2>&1)
	status=$?
	line=$(sed 's/WARNING - clock: not synchronised |/OK - |/; s/clock: not synchronised; //; s/; clock: not synchronised//' <<<"$line")
	[ "$wanted" -ne 0 ] || [ "$status" -ne 1 ] || ! grep -q 'ENROLEE OK' <<<"$line" || status=0
	is "check $*: status" $status "$wanted"
	like "check $*: one line" "$line" "^ENROLEE $pattern"
	is "check $*: no more" "$(wc -l <<<"$line")" 1
}

checks 0 'OK - .*\| credentials=1 seconds_left=[0-9]+s$'
checks 2 'CRITICAL - gone: not published' gone
enrolee import short 3.key 3.pem >/dev/null
checks 0 'OK - .*credentials=1' good
checks 0 'OK - .*credentials=2' --days 2
enrolee import long 60.key 60.pem >/dev/null
checks 0 'OK - .*credentials=3'
checks 0 'OK - .*credentials=1' --days 100 short
enrolee import soon --symmetric psk.hex --identifier x@sp.example.com --expires "$(date -u -d '+5 days' +%Y-%m-%dT%H:%M:%SZ)"
checks 1 'WARNING - soon: expires in [45] days'
checks 0 'OK' --days 3
enrolee check --days -1 >/dev/null 2>&1
is "check with a wrong number: status" $? 3
enrolee check --nonsense >/dev/null 2>&1
is "check with a wrong option: status" $? 3
ok "check --json is JSON" sh -c "'$(program enrolee)' check --json --runtime-dir='$run' --state-dir='$state' --config-dir='$conf' \
	--bus='$bus' >'$tap_tmp/json'; python3 -c 'import json; o = json.load(open(\"$tap_tmp/json\"))
assert o[\"status\"] == \"warning\" and o[\"credentials\"] == 4 and o[\"findings\"][0][\"subject\"] == \"soon\"'"
enrolee remove soon --yes

# ---- export
umask 022
ok "export" enrolee export good --to out/there
is "certificates and the URI" "$(ls out/there | tr '\n' ' ')" "ca.pem cert.pem fullchain.pem key.pem "
is "everybody may read them" "$(stat -c %a out/there/cert.pem)" 644
is "the same certificate" "$(openssl x509 -in out/there/cert.pem -noout -fingerprint)" "$(openssl x509 -in 60.pem -noout -fingerprint)"
not "no key is among them" grep -rq 'BEGIN.*PRIVATE KEY' out
not "what exists is not overwritten" enrolee export good --to out/there
ok "unless it is asked for" enrolee export good --to out/there --force
enrolee export gone >/dev/null 2>&1
is "export of nothing: status" $? 3
enrolee import psk --symmetric psk.hex --identifier y@sp.example.com --user www-data
not "a symmetric key has nothing to export" enrolee export psk --to out/psk
not "and leaves no folder" test -e out/psk
not "a name that is a path" enrolee export ../x

# ---- as somebody else
as_other()
{
	setpriv --reuid=www-data --regid=www-data --clear-groups env $preload "$(program enrolee)" "$@" --runtime-dir="$run" \
		--state-dir="$state" --config-dir="$conf" --bus="$bus"
}
if [ "$(id -u)" = 0 ] && setpriv --reuid=www-data --regid=www-data --clear-groups test -x "$(program enrolee)"; then
	chmod 600 "$run/provision.sock"
	is "list shows what is granted" "$(as_other list | cut -f 1-3 | tr '\t\n' ', ')" "good,key pair,EC 256 psk,symmetric key,256 bit "
	like "show" "$(as_other show good)" '^Subject: +CN=60$'
	is "show's certificate" "$(as_other show good --json | python3 -c \
		'import json,sys; print(json.load(sys.stdin)["credential"]["certificate"], end="")' | openssl x509 -noout -fingerprint)" \
		"$(openssl x509 -in 60.pem -noout -fingerprint)"
	like "show's anchors" "$(as_other show good)" '1 anchors'
	as_other show long >/dev/null 2>&1
	is "what is not granted is not there" $? 3
	enrolee revoke good --user www-data
	is "and after a revocation neither" "$(as_other list | cut -f 1)" psk
	not "nothing is changed by others" as_other remove psk --yes
else
	skip "as another user" "needs root, and a build folder that others may read"
fi

# ---- enroleed and the keystore away
enroleed_stop
checks 0 'OK'
printf '[mef x]\nFQDN=mef.example.com\nAdminFQDN=sp.example.com\n[enrolment gw]\nMEF=x\nClient=//sp.example.com/gw\nBootstrapKey=k\n' \
	>"$conf/enrolee.conf"
chmod 644 "$conf/enrolee.conf"
checks 2 'CRITICAL - enroleed: enroleed is not running'
enroleed_start
checks 1 'WARNING - gw: not enrolled yet'
tap_stop "$keystored_pid"
checks 2 'CRITICAL - keystore: .*is enrolee-keystored running'
tap_done
