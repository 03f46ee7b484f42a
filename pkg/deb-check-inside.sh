#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The part of pkg/deb-check.sh that runs in the minimal system; /debs holds the packages, /upgrade newer ones.
export DEBIAN_FRONTEND=noninteractive
failures=0

check()
{
	local what=$1
	shift
	if "$@" >/tmp/output 2>&1 </dev/null; then
		echo "ok: $what"
	else
		echo "FAILED: $what"
		tail -n 20 /tmp/output | cut -c1-300 | sed 's/^/    /'
		failures=$((failures + 1))
	fi
}

absent() { ! test -e "$1"; }
mode_is() { [ "$(stat -c '%a %U %G' "$1")" = "$2" ]; }

# as USER COMMAND...
as()
{
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
}

# The sockets that systemd would hold, and the daemon behind them, started again whenever it ends.
keystored()
{
	while [ -e /tmp/keystored.run ]; do
		rm -f /run/enrolee/*.sock
		(wait_for test -S /run/enrolee/provision.sock && chmod 666 /run/enrolee/token.sock) &
		systemd-socket-activate --seqpacket -l /run/enrolee/token.sock -l /run/enrolee/provision.sock \
			--fdname=token:provision setpriv --reuid enrolee-keystore \
			--regid "$(id -g enrolee-keystore)" --init-groups /usr/libexec/enrolee-keystored --provisioner-user=enrolee
	done >>/tmp/keystored.log 2>&1
}

# wait_for COMMAND...: up to 20 seconds.
wait_for()
{
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

# systemd's socket unit says 0666.
token_is_open()
{
	[ "$(stat -c %a /run/enrolee/token.sock)" = 666 ]
}

start_keystored()
{
	touch /tmp/keystored.run
	keystored &
	wait_for token_is_open
}

restart_keystored()
{
	kill "$(pgrep -x -u enrolee-keystore enrolee-keystor)" && wait_for token_is_open
}

sign()
{
	as tester pkcs11-tool --module "$module" --sign --mechanism ECDSA --label example \
		--signature-format openssl --input-file /tmp/digest --output-file "/tmp/signature.$1" &&
	openssl pkeyutl -verify -pubin -inkey /tmp/public.pem -in /tmp/digest -sigfile "/tmp/signature.$1"
}

# Signs until /tmp/sign.run is gone; one line for each signature.
signer()
{
	while [ -e /tmp/sign.run ]; do
		if sign loop >/tmp/sign.out 2>&1; then echo good; else echo bad; cat /tmp/sign.out; fi
	done >/tmp/sign.log
}

make_credential()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /tmp/key.pem -out /tmp/cert.pem \
		-subj /CN=example -days 30 && chmod 600 /tmp/key.pem &&
	openssl pkey -in /tmp/key.pem -pubout -out /tmp/public.pem &&
	printf 'some text' | openssl dgst -sha256 -binary >/tmp/digest && chmod 644 /tmp/digest /tmp/public.pem
}

apt-get -q update >/tmp/apt.log 2>&1
apt-get -q -y --no-install-recommends install procps p11-kit pkcs11-provider opensc openssl systemd dbus >>/tmp/apt.log 2>&1 ||
	{ tail /tmp/apt.log; exit 1; }
id -u tester >/dev/null 2>&1 || useradd -M tester

check "the packages install" apt-get -q -y --no-install-recommends install /debs/enrolee_*.deb /debs/enrolee-module_*.deb
module=$(ls /usr/lib/*/pkcs11/enrolee-pkcs11.so)
check "users exist" id enrolee-keystore
check "users exist" id enrolee
check "the keys' folder is the keystore's" mode_is /var/lib/enrolee/keystore "700 enrolee-keystore enrolee-keystore"
check "the runtime folder is root's" mode_is /run/enrolee "755 root root"
check "p11-kit lists the token before the keystore runs" sh -c 'p11-kit list-modules | grep -q "token: oneM2M"'
check "nothing in the packages is built for one machine" sh -c '! grep -rE "^[^#]*/usr/local" /etc/enrolee /lib/systemd/system/enrol*'

check "the keystore starts by hand" start_keystored
check "a credential is made" make_credential
check "import" enrolee import example /tmp/key.pem /tmp/cert.pem
check "default deny: nobody else signs" sh -c '! setpriv --reuid tester --regid tester --clear-groups pkcs11-tool \
	--module "$0" --sign --mechanism ECDSA --label example --input-file /tmp/digest --output-file /tmp/none' "$module"
check "grant" enrolee grant example --user tester
check "p11-kit lists the token" sh -c 'p11-kit list-modules | grep -q "token: oneM2M"'
check "one signature, verified" sign one
check "OpenSSL has both providers by the installed configuration" sh -c \
	'[ "$(OPENSSL_CONF=/etc/enrolee/openssl.cnf openssl list -providers | grep -c "status: active")" -eq 3 ]'
check "OpenSSL signs by the credential's key.pem" as tester env OPENSSL_CONF=/etc/enrolee/openssl.cnf \
	openssl pkeyutl -sign -inkey /var/lib/enrolee/credentials/example/key.pem -in /tmp/digest -out /tmp/signature.file

# The provisioner, started by the system bus on demand.
introspect() { dbus-send --system --print-reply --dest=org.onem2m.Enrolee1 / org.freedesktop.DBus.Introspectable.Introspect; }
mkdir -p /run/dbus
check "the system bus starts" dbus-daemon --system --fork
check "the bus starts the provisioner, and root may talk to it" introspect
check "it runs as enrolee" pgrep -x -u enrolee enroleed
check "nobody else may" sh -c '! setpriv --reuid tester --clear-groups --regid tester dbus-send --system --print-reply \
	--dest=org.onem2m.Enrolee1 / org.freedesktop.DBus.Introspectable.Introspect'
check "enrolee status" enrolee status
run_hook() { "$@" dbus-send --system --print-reply --dest=org.onem2m.EnroleeHook1 /org/onem2m/EnroleeHook1 \
	org.onem2m.EnroleeHook1.Run string:example 2>&1; }
check "the bus starts enrolee-hook for root" sh -c 'echo "$0" | grep -q "no OnRenew= is set"' "$(run_hook env)"
check "and for enroleed" sh -c 'echo "$0" | grep -q "no OnRenew= is set"' "$(run_hook as enrolee)"
check "not for others" sh -c 'echo "$0" | grep -q AccessDenied' "$(run_hook as tester)"

touch /tmp/sign.run
signer &
wait_for grep -q good /tmp/sign.log
check "upgrade under a running signer" apt-get -q -y install /upgrade/*.deb
check "the new version is there" sh -c 'dpkg-query -W enrolee | grep -q upgrade'
check "the keystore restarts" restart_keystored
before=$(wc -l </tmp/sign.log)
check "it signs on" wait_for sh -c "[ \$(wc -l </tmp/sign.log) -gt $((before + 3)) ]"
rm /tmp/sign.run
wait $! 2>/dev/null
check "no signature failed of $(grep -c . /tmp/sign.log)" sh -c '! grep -v good /tmp/sign.log'

rm /tmp/keystored.run
pkill -x -u enrolee-keystore enrolee-keystor
check "remove" apt-get -q -y remove enrolee enrolee-module
check "remove keeps the keys" test -s /var/lib/enrolee/keystore/catalogue.db
check "remove keeps the settings" test -e /etc/enrolee/enrolee.conf
check "remove takes the sockets" absent /run/enrolee/token.sock
check "purge" apt-get -q -y purge enrolee enrolee-module
check "purge takes the settings" absent /etc/enrolee/enrolee.conf
check "purge without confirmation keeps the keys" test -s /var/lib/enrolee/keystore/catalogue.db
check "the packages install again" apt-get -q -y --no-install-recommends install /debs/enrolee_*.deb /debs/enrolee-module_*.deb
check "purge with confirmation" env ENROLEE_PURGE_KEYS=yes apt-get -q -y purge enrolee enrolee-module
check "it deletes the keys" absent /var/lib/enrolee

[ $failures -eq 0 ] && echo "deb-check: ok" || { echo "deb-check: $failures failed"; tail -n 30 /tmp/keystored.log; exit 1; }
