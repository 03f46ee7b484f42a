#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee doctor: nothing is found where all is well, and each thing that is broken is found, with its remedy.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl dbus-daemon gdbus python3
pkcs11_provider=$(openssl version -m | sed -n 's/^MODULESDIR: "\(.*\)"/\1/p')/pkcs11.so
[ -e "$pkcs11_provider" ] || tap_skip "needs pkcs11-provider"
gateway_start || { diag "$(cat "$tap_tmp"/*.log)"; exit 99; }
sed -e "s|@osslmodulesdir@/pkcs11.so|$pkcs11_provider|" -e "s|@osslmodulesdir@|$top_builddir/.libs|" \
	-e "s|@pkcs11moduledir@|$top_builddir/.libs|" "$top_srcdir/pkg/openssl/openssl.cnf.in" >"$conf/openssl.cnf"
enroleed_start
cd "$tap_tmp" || exit 99
chmod 755 "$conf" "$conf/conf.d"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.pem -days 60 -subj /CN=a 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout b.key -out b.pem -days 2 -subj /CN=b 2>/dev/null
chmod 600 ./*.key
ok "a credential" enrolee import good a.key a.pem --user www-data

# finds WORD SUBJECT-AND-TEXT ARGUMENT...: doctor says so.
finds()
{
	local pattern="^$1 +$2"
	shift 2
	enrolee doctor "$@" >"$tap_tmp/output" 2>&1
	doctor_status=$?
	like "finds: $pattern" "$(cat "$tap_tmp/output")" "$pattern"
}

finds good 'keystore: running, its token is ready'
finds good 'enroleed: running'
finds good 'good: .* can use it'
finds good 'OpenSSL: pre-shared keys by reference are resolved'
finds good 'state folder: '
if [ "$(id -u)" = 0 ] && setpriv --reuid=www-data --regid=www-data --clear-groups test -x "$(program enrolee)"; then
	finds good 'good: www-data can use it' --as www-data
	finds problem 'good: daemon cannot use it' good --as daemon
	like "with its remedy" "$(cat "$tap_tmp/output")" '-> enrolee grant good --user daemon'
	is "and its status" $doctor_status 7
	ok "who needs it is granted it" enrolee grant good --user daemon
	finds good 'good: daemon can use it' good --as daemon
	enrolee revoke good --user daemon
	finds problem '--as: there is no user nosuchuser' --as nosuchuser
else
	skip "as another user" "needs root, and a build folder that others may read"
fi
enrolee import soon b.key b.pem --user nosuchuser >/dev/null 2>&1
finds warning 'soon: expires within 2 days'
finds warning 'soon: there is no user nosuchuser'
ok "--json is JSON" sh -c "$preload_own '$(program enrolee)' doctor --json --runtime-dir='$run' --state-dir='$state' --config-dir='$conf' \
	--bus='$bus' >'$tap_tmp/json'; python3 -c 'import json; assert json.load(open(\"$tap_tmp/json\"))[\"findings\"]'"
chmod 600 "$run/token.sock"
finds problem 'token.sock: .* has mode 600, not 666'
chmod 666 "$run/token.sock"
sed -i 's/^default_properties.*/default_properties = provider=default/' "$conf/openssl.cnf"
finds problem 'OpenSSL: provider default derives TLS keys'
printf '[mef x]\nColour=red\n' >"$conf/enrolee.conf"
finds problem 'settings: .*enrolee.conf:2: unknown key "Colour"'
enroleed_stop
finds problem 'enroleed: enroleed is not running'
tap_stop "$keystored_pid"
finds problem 'keystore: .*is enrolee-keystored running'
is "and the status says so" $doctor_status 7
tap_done
