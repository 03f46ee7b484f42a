# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/gateway.sh: a whole gateway in $tap_tmp, sourced after tests/tap.sh (and tests/sim/sim.sh):
#
#	gateway_start               keystored in $gateway/run and $gateway/state, $keystored its process
#	gateway_enroleed            a private D-Bus and enroleed, $enroleed its process
#	enrolee ARGUMENT...         the command, on this gateway
#	gateway_use NAME            sets what tests/programs.sh reads, and OPENSSL_CONF
#	keystored_restart [SIGNAL]  ends keystored and starts it again
#	pki_new, pki_issue          a small certification authority by openssl

gateway=$tap_tmp/gateway
bin=$top_builddir
module=$top_builddir/.libs/enrolee-pkcs11.so
provider_dir=$top_builddir/.libs
worker=$(id -un)
[ "$(id -u)" -ne 0 ] || worker=www-data

gateway_start()
{
	mkdir -p "$gateway/run" "$gateway/state" "$gateway/etc"
	chmod 755 "$tap_tmp" "$gateway" "$gateway/run" "$gateway/state"
	ENROLEE_RUNTIME_DIR=$gateway/run
	export ENROLEE_RUNTIME_DIR
	openssl_cnf
	keystored_start
}

# Without waiting until it answers.
keystored_spawn()
{
	tap_spawn keystored.log "$bin/enrolee-keystored" --runtime-dir "$gateway/run" --state-dir "$gateway/state" \
		--config-dir "$gateway/etc" --provisioner-user "$(id -un)" "$@"
	keystored=$tap_pid
}

keystored_start()
{
	keystored_spawn "$@"
	tap_until 20 gateway_answers && return 0
	diag "keystored does not answer: $(tail -n 5 "$tap_tmp/keystored.log")"
	return 1
}

gateway_answers()
{
	enrolee list || ! kill -0 "$keystored"
}

keystored_restart()
{
	tap_stop "$keystored" "${1:-TERM}"
	keystored_start
}

enrolee()
{
	env $preload_own "$bin/enrolee" --runtime-dir "$gateway/run" --state-dir "$gateway/state" --config-dir "$gateway/etc" "$@"
}

gateway_enroleed()
{
	cat >"$gateway/bus.conf" <<-END
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
		 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig><type>session</type><listen>unix:path=$gateway/bus</listen><auth>EXTERNAL</auth>
		<policy context="default"><allow own="*"/><allow send_destination="*"/><allow eavesdrop="false"/></policy>
		</busconfig>
	END
	if [ ! -S "$gateway/bus" ]; then
		tap_spawn bus.log dbus-daemon --nofork --config-file="$gateway/bus.conf"
		tap_until 10 test -S "$gateway/bus" || return 1
	fi
	DBUS_SYSTEM_BUS_ADDRESS=unix:path=$gateway/bus
	export DBUS_SYSTEM_BUS_ADDRESS
	tap_spawn enroleed.log env $preload_own "$bin/enroleed" --runtime-dir "$gateway/run" --state-dir "$gateway/state" \
		--config-dir "$gateway/etc" --exchange "$bin/enrolee-exchange" --provider-dir "$provider_dir" \
		--pkcs11-module "$module"
	enroleed=$tap_pid
	tap_until 10 bus_has_enroleed && return 0
	diag "enroleed does not answer: $(tail -n 5 "$tap_tmp/enroleed.log")"
	return 1
}

bus_has_enroleed()
{
	gdbus call --address "$DBUS_SYSTEM_BUS_ADDRESS" --dest org.freedesktop.DBus --object-path / \
		--method org.freedesktop.DBus.NameHasOwner org.onem2m.Enrolee1 | grep -q true
}

# openssl_cnf: the shipped configuration with this tree's paths.
openssl_cnf()
{
	modules=$(openssl version -m | sed 's/.*"\(.*\)"/\1/')
	sed -e "s|@osslmodulesdir@/enrolee.so|$provider_dir/enrolee.so|" \
		-e "s|@pkcs11moduledir@/enrolee-pkcs11.so|$module|" -e "s|@osslmodulesdir@|$modules|" \
		"$top_srcdir/pkg/openssl/openssl.cnf.in" >"$gateway/openssl.cnf"
	chmod 644 "$gateway/openssl.cnf"
}

gateway_use()
{
	name=$1
	credential=$gateway/state/credentials/$1
	programs_uri="pkcs11:token=oneM2M;object=$name"
	OPENSSL_CONF=$gateway/openssl.cnf
	export OPENSSL_CONF
	[ -z "$preload" ] || export $preload
}

# pki_new FOLDER: a root (root.pem) and an issuing authority (ca.pem).
pki_new()
{
	pki=$1
	mkdir -p "$pki"
	pki_key "$pki/root.key" && pki_key "$pki/ca.key" &&
		OPENSSL_CONF=/dev/null openssl req -x509 -new -key "$pki/root.key" -subj "/CN=Test root" -days 400 \
			-addext basicConstraints=critical,CA:TRUE -out "$pki/root.pem" \
			-config "$top_srcdir/tests/pki.cnf" 2>"$pki/log" &&
		pki_sign "$pki/ca.key" "/CN=Test issuing authority" "$pki/root" \
			basicConstraints=critical,CA:TRUE keyUsage=keyCertSign,cRLSign >"$pki/ca.pem"
}

# pki_key FILE [ALGORITHM]: an EC P-256 key, or what openssl genpkey takes.
pki_key()
{
	pki_file=$1
	shift
	[ $# -gt 0 ] || set -- -algorithm EC -pkeyopt ec_paramgen_curve:P-256
	(umask 077 && OPENSSL_CONF=/dev/null openssl genpkey "$@" -out "$pki_file" 2>/dev/null)
}

# pki_sign KEY SUBJECT ISSUER EXTENSION...: a certificate on standard output; the issuer is a path without suffix.
pki_sign()
{
	pki_subject_key=$1 pki_subject=$2 pki_issuer=$3
	shift 3
	printf '%s\n' "$@" >"$pki/extensions"
	OPENSSL_CONF=/dev/null openssl req -new -key "$pki_subject_key" -subj "$pki_subject" \
		-config "$top_srcdir/tests/pki.cnf" |
		OPENSSL_CONF=/dev/null openssl x509 -req -CA "$pki_issuer.pem" -CAkey "$pki_issuer.key" \
			-days "${pki_days:-90}" -extfile "$pki/extensions" 2>>"$pki/log"
}

# pki_issue NAME HOST [ALGORITHM...]: NAME.key and NAME.pem (with its chain) in the folder of the authority.
pki_issue()
{
	pki_name=$1 pki_host=$2
	shift 2
	pki_key "$pki/$pki_name.key" "$@" &&
		{ pki_sign "$pki/$pki_name.key" "/CN=$pki_name" "$pki/ca" "subjectAltName=DNS:$pki_host" \
			extendedKeyUsage=serverAuth,clientAuth && cat "$pki/ca.pem"; } >"$pki/$pki_name.pem"
}
