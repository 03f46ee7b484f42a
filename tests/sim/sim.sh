# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/sim/sim.sh: the simulated MEF for shell tests; source it behind tests/tap.sh.
#
#	sim_settings >"$tap_tmp/mef.conf"	standard settings: clients gw01 (an AE) and in01 (a CSE)
#	sim_start "$tap_tmp/mef.conf"		starts it; $sim_port, $sim_state (CA in root.pem, issuing.pem; log in mef.log)
#	sim_ctl misbehave step=register kind=slow:500
#	sim_ctl state
#	sim_logged '"step":"register".*"verdict":"ok"'

sim_fqdn=mef.example.com
sim_gw01_psk=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
sim_in01_psk=202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f

sim_settings()
{
	cat <<-END
	[mef]
	FQDN=$sim_fqdn

	[client gw01]
	KpmID=gw-0001@$sim_fqdn
	Kpm=$sim_gw01_psk
	Identity=//sp.example.com/Sgw01
	AdminFQDN=sp.example.com
	Commands=CERT_PROV

	[client in01]
	KpmID=in-0001@$sim_fqdn
	Kpm=$sim_in01_psk
	Identity=//sp.example.com/in-cse
	AdminFQDN=sp.example.com
	END
}

# sim_start SETTINGS [NAME [PORT]]: waits until it listens. NAME is the state folder below $tap_tmp; an existing one is used again.
sim_start()
{
	sim_state=$tap_tmp/${2:-mef}
	rm -f "$sim_state.port"
	tap_spawn "${2:-mef}.out" "$top_builddir/tests/sim/mef-sim" --settings "$1" --state-dir "$sim_state" \
		--port-file "$sim_state.port" ${3:+--port "$3"}
	sim_pid=$tap_pid
	tap_until 20 test -s "$sim_state.port" || return 1
	sim_port=$(cat "$sim_state.port")
}

# sim_ctl REQUEST [NAME=VALUE...]: the control interface; prints its answer, fails on a refusal.
sim_ctl()
{
	sim_request=$1
	shift
	for sim_argument; do
		shift
		set -- "$@" --data-urlencode "$sim_argument"
	done
	curl -sS --fail-with-body --get --unix-socket "$sim_state/control.sock" "$@" "http://sim/$sim_request"
}

# sim_logged PATTERN: whether a line of the log matches the extended regular expression.
sim_logged()
{
	grep -Eq -e "$1" "$sim_state/mef.log"
}
