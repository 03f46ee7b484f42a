# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/enrol-lib.sh: a gateway of the test's own; source it behind tests/tap.sh (and tests/sim/sim.sh).
#
#	gateway_start		folders, enrolee-keystored, a private D-Bus
#	enrolee COMMAND ...	the command, against this gateway
#	gateway_with_mef	the same with a simulated MEF and settings for it; ends the test when it cannot be
#	import_key HEX		the bootstrap key of the enrolment gw1
#	gateway_settings MEF-PORT ANCHORS	enrolee.conf for an enrolment gw1 at the simulated MEF
#	enroleed_start [OPTION...], enroleed_stop [SIGNAL]
#	in_state [NAME] STATE, log_has PATTERN, show NAME MEMBER, state_of MEMBER, control METHOD ARGUMENT...
#			what the progress, the log, the keystore and enroleed tell of an enrolment or a credential
#	gateway_use NAME	all of these for another gateway of the test; its logs have the name too. "" is the first.

pkcs11_module=$top_builddir/.libs/enrolee-pkcs11.so

declare -A gateway_bus gateway_enroleed gateway_keystored

gateway_use()
{
	gateway_bus[$gateway.]=$bus gateway_enroleed[$gateway.]=$enroleed_pid gateway_keystored[$gateway.]=$keystored_pid
	gateway=$1
	bus=${gateway_bus[$1.]} enroleed_pid=${gateway_enroleed[$1.]} keystored_pid=${gateway_keystored[$1.]}
	run=$tap_tmp/run$1
	state=$tap_tmp/state$1
	conf=$tap_tmp/etc$1
	enroleed_log=$tap_tmp/enroleed$1.log
}
gateway_use ""

# libtool's wrappers start a shell: the programs themselves, with the options of this gateway.
program()
{
	if [ -x "$top_builddir/.libs/$1" ]; then echo "$top_builddir/.libs/$1"; else echo "$top_builddir/$1"; fi
}

enrolee()
{
	env $preload_own "$(program enrolee)" "$1" --runtime-dir="$run" --state-dir="$state" --config-dir="$conf" ${bus:+--bus="$bus"} "${@:2}"
}

keystored_start()
{
	rm -f "$run/token.sock" "$run/provision.sock"
	tap_spawn "${1:-keystored$gateway.log}" "$(program enrolee-keystored)" --runtime-dir="$run" --state-dir="$state" --config-dir="$conf"
	keystored_pid=$tap_pid
	tap_until 20 test -S "$run/provision.sock"
}

bus_start()
{
	tap_spawn "dbus$gateway.log" dbus-daemon --session --nofork --nopidfile --print-address=1 \
		--address="unix:path=$tap_tmp/bus$gateway.sock"
	tap_until 10 grep -q '^unix:' "$tap_tmp/dbus$gateway.log" || return 1
	bus=$(head -n 1 "$tap_tmp/dbus$gateway.log")
}

gateway_start()
{
	mkdir -p "$run" "$state" "$conf/conf.d"
	chmod 755 "$tap_tmp" "$run" "$state"
	keystored_start && bus_start
}

# gateway_settings PORT [LINE...]: LINEs are added to [enrolment gw1].
gateway_settings()
{
	cat >"$conf/enrolee.conf" <<-END
	[provisioner]
	RetryMinSec=1
	RetryMaxSec=2
	ExchangeTimeSec=${exchange_time:-60}

	[mef test]
	FQDN=mef.example.com
	URI=https://mef.example.com:$1
	Address=127.0.0.1
	AdminFQDN=sp.example.com

	[enrolment gw1]
	MEF=test
	Client=//sp.example.com/Sgw01
	ClientKind=ae
	BootstrapKey=kpm
	KeySUID=22
	KeyTargets=//sp.example.com/in-cse

	[credential gw1]
	Users=nobody-else www-data

	[credential gw1-key]
	Users=www-data
	END
	shift
	for line; do
		sed -i "s|^BootstrapKey=.*|&\n$line|" "$conf/enrolee.conf"
	done
}

gateway_with_mef()
{
	[ -x "$top_builddir/tests/sim/mef-sim" ] || tap_skip "the simulated MEF was not built"
	gateway_start || { diag "$(cat "$tap_tmp"/*.log)"; exit 99; }
	sim_settings >"$tap_tmp/mef.conf"
	sim_start "$tap_tmp/mef.conf" || { diag "$(cat "$tap_tmp/mef.out")"; exit 99; }
	gateway_settings "$sim_port"
}

import_key()
{
	(umask 077 && echo "$1" >"$tap_tmp/kpm.hex")
	enrolee import kpm --symmetric "$tap_tmp/kpm.hex" --identifier gw-0001@mef.example.com --suid 10
}

# enroleed_start [OPTION...]
enroleed_start()
{
	tap_spawn "enroleed$gateway.log" env $preload_own "$(program enroleed)" --runtime-dir="$run" --state-dir="$state" --config-dir="$conf" --bus="$bus" \
		--exchange="$(program enrolee-exchange)" --provider-dir="$top_builddir/.libs" \
		--pkcs11-module="$pkcs11_module" "$@"
	enroleed_pid=$tap_pid
	tap_until 20 bus_has_name
}

bus_has_name()
{
	gdbus call --address "$bus" --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
		--method org.freedesktop.DBus.NameHasOwner org.onem2m.Enrolee1 | grep -q true
}

bus_lost_name()
{
	! bus_has_name
}

enroleed_stop()
{
	tap_stop "$enroleed_pid" "${1:-TERM}"
	tap_until 10 bus_lost_name
}

# A test with several gateways says here which one an enrolment or a credential is of.
gateway_of() { :; }

# in_state [NAME] STATE: by the progress of that enrolment, or of gw1
in_state()
{
	[ $# -gt 1 ] || set -- gw1 "$1"
	gateway_of "$1"
	grep -qx "State=$2" "$state/enroleed/$1.progress"
}

log_has()
{
	grep -q -e "$1" "$tap_tmp/enroleed.log"
}

# show NAME MEMBER: of what `enrolee show` says
show()
{
	gateway_of "$1"
	enrolee show "$1" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['credential']['$2'])"
}

# state_of MEMBER: of what `enrolee status` says of the first enrolment
state_of()
{
	enrolee status --json | python3 -c "import json,sys; print(json.load(sys.stdin)['enrolments'][0]['$1'])"
}

# control METHOD NAME ARGUMENT...: asks enroleed on D-Bus
control()
{
	gateway_of "$2"
	gdbus call --address "$bus" --dest org.onem2m.Enrolee1 --object-path /org/onem2m/Enrolee1 --timeout 60 \
		--method "org.onem2m.Enrolee1.$1" "${@:2}" 2>&1
}
