#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job on real programs (./bootstrap demo): a gateway enrols from its pre-provisioned key alone, as a simulated
# MEF commands it; stock programs use what was provisioned; a peer fetches the shared key from the MEF. Under running
# servers: restarts of both daemons, an outage of the MEF, a renewal that it commands. At the end all is decommissioned.
# Everything lives in a temporary folder and ends with the script. Ends with "demo: ok" or names what failed.

top_srcdir=$(cd "$(dirname "$0")/.." && pwd)
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/gateway.sh"
. "$top_srcdir/tests/programs.sh"

failures=

say()
{
	printf '\n== %s\n' "$*"
}

# step DESCRIPTION COMMAND...: one line with its result and time.
step()
{
	what=$1
	shift
	begin=$(date +%s%N)
	if "$@" >"$tap_tmp/step.log" 2>&1; then
		printf '  ok      %-66s %6d ms\n' "$what" $((($(date +%s%N) - begin) / 1000000))
		return 0
	fi
	printf '  FAILED  %s\n' "$what"
	sed 's/^/          /' "$tap_tmp/step.log" | tail -n 20
	failures="$failures; $what"
	return 1
}

# must: a step without which the rest makes no sense.
must()
{
	step "$@" || finish
}

finish()
{
	echo
	if [ -z "$failures" ]; then
		echo "demo: ok"
		exit 0
	fi
	echo "demo: failed: ${failures#; }"
	exit 1
}

# The gateway is commanded its certificate; the peer wants none, and is the target of the gateway's key.
write_mef_settings()
{
	{
		sim_settings | sed '/^Commands=/d'
		printf '[policy]\nRetryDuration=PT2S\n'
	} | sed 's|^Identity=//sp.example.com/in-cse|&\nCommands=CERT_PROV|' >"$tap_tmp/mef.conf"
}

mef_section()
{
	cat <<-END
		[provisioner]
		RetryMinSec=1
		RetryMaxSec=2

		[mef sim]
		FQDN=$sim_fqdn
		URI=https://$sim_fqdn:$sim_port
		Address=127.0.0.1
		TrustAnchors=$sim_state/root.pem
		AdminFQDN=sp.example.com

	END
}

write_settings()
{
	mef_section
	cat <<-END
		[enrolment gateway]
		MEF=sim
		Client=//sp.example.com/in-cse
		ClientKind=cse
		PublicDomainName=in-cse.sp.example.com
		BootstrapKey=bootstrap
		Certificate=no
		KeySUID=22
		KeyTargets=//sp.example.com/Sgw01

		[credential gateway]
		Users=$worker

		[credential gateway-key]
		Users=$(id -un)
	END
}

# write_peer_settings KEY-IDENTIFIER
write_peer_settings()
{
	mef_section
	cat <<-END
		[enrolment peer]
		MEF=sim
		Client=//sp.example.com/Sgw01
		ClientKind=ae
		BootstrapKey=bootstrap
		Certificate=no
		RetrieveKeys=$1

		[credential peer-${1%@*}]
		Users=$(id -un)
	END
}

# on_peer COMMAND...: on another gateway, with a keystore, an enroleed and a bus of its own.
on_peer()
{
	local gateway=$tap_tmp/peer keystored= enroleed=
	local -x ENROLEE_RUNTIME_DIR=$gateway/run DBUS_SYSTEM_BUS_ADDRESS=unix:path=$gateway/bus
	"$@"
}

# import NAME HEX IDENTIFIER
import()
{
	(umask 077 && printf '%s' "$2" >"$tap_tmp/bootstrap.key") &&
		enrolee import "$1" --symmetric "$tap_tmp/bootstrap.key" --identifier "$3" --suid 10
}

commanded()
{
	sim_logged '"client":"in01".*"step":"simpleenroll".*"verdict":"ok"' &&
		sim_logged '"client":"in01".*"step":"command-update".*"verdict":"ok"'
}

# reference FOLDER: sets $identity and $hex, the reference in hexadecimal as mosquitto and GnuTLS have it
reference()
{
	IFS=: read -r identity hex <"$1/psk.txt" && [ -n "$identity" ] && [ -n "$hex" ]
}

peer_fetches()
{
	gateway_start && write_peer_settings "$identity" >"$gateway/etc/enrolee.conf" && gateway_enroleed &&
		import bootstrap "$sim_gw01_psk" "gw-0001@$sim_fqdn" && enrolee enrol peer
}

fetch_key()
{
	reference "$gateway/state/credentials/gateway-key" && on_peer peer_fetches
}

# psk_handshake CONF KEY RUN: a server with that OpenSSL configuration, key and keystore; the gateway's key by reference as a client.
psk_handshake()
{
	reference "$gateway/state/credentials/gateway-key" || return 1
	port=$(free_port)
	start_on_port psk-server env OPENSSL_CONF="$1" ENROLEE_RUNTIME_DIR="$3" openssl s_server -accept "127.0.0.1:$port" -nocert -tls1_2 \
		-psk_identity "$identity" -psk "$2" -cipher PSK-AES128-CBC-SHA256 -naccept 1 -www || return 1
	server=$tap_pid
	printf 'GET / HTTP/1.0\r\n\r\n' | OPENSSL_CONF=$gateway/openssl.cnf timeout 20 openssl s_client \
		-connect "127.0.0.1:$port" -ign_eof -psk_identity "$identity" -psk "$hex" -cipher PSK-AES128-CBC-SHA256 >"$tap_tmp/psk-client" 2>&1
	result=$?
	tap_stop "$server"
	[ $result -eq 0 ] && grep -q 'HTTP/1.0 200' "$tap_tmp/psk-client" && return 0
	tail -n 10 "$tap_tmp/psk-client" "$tap_tmp/psk-server"
	return 1
}

# Against its value, which only the MEF and the test know.
psk_with_value()
{
	reference "$gateway/state/credentials/gateway-key" || return 1
	value=$(sim_ctl state | sed -n "s/.*\"id\":\"$identity\"[^}]*\"value\":\"\([0-9A-F]*\)\".*/\1/p")
	[ -n "$value" ] && [ "$hex" != "$value" ] && psk_handshake /dev/null "$value" /nowhere
}

# Against the peer, which fetched it: no value at either end.
psk_with_peer()
{
	reference "$(dirname "$tap_tmp"/peer/state/credentials/peer-*/psk.txt)" &&
		psk_handshake "$gateway/openssl.cnf" "$hex" "$tap_tmp/peer/run"
}

# Requests without an end, to nginx and to mosquitto, each on a new connection, until $tap_tmp/load.stop exists; counts
# what fails.
request_load()
{
	done_count=0 failed_count=0
	while [ ! -e "$tap_tmp/load.stop" ]; do
		port=$nginx_port
		[ "$(nginx_request 2>>"$tap_tmp/load.errors")" = "hello SUCCESS" ] || failed_count=$((failed_count + 1))
		port=$broker_port
		mosquitto_exchange 2>>"$tap_tmp/load.errors" || failed_count=$((failed_count + 1))
		done_count=$((done_count + 2))
		echo "$done_count $failed_count" >"$tap_tmp/load.count"
	done
}

requests_go_on()
{
	before=$(cut -d' ' -f1 "$tap_tmp/load.count" 2>/dev/null || echo 0)
	tap_until 30 requests_reached $((before + ${1:-4}))
}

requests_reached()
{
	[ "$(cut -d' ' -f1 "$tap_tmp/load.count" 2>/dev/null || echo 0)" -ge "$1" ]
}

restarts_under_load()
{
	for signal in TERM KILL TERM KILL; do
		keystored_restart $signal && requests_go_on || return 1
	done
	for signal in TERM KILL; do
		tap_stop "$enroleed" $signal
		gateway_enroleed && requests_go_on || return 1
	done
}

# The MEF is gone, and has forgotten all registrations and keys when it is back.
outage_under_load()
{
	tap_stop "$sim_pid"
	! enrolee renew gateway >"$tap_tmp/renew" 2>&1 && cat "$tap_tmp/renew" && requests_go_on || return 1
	sim_start "$tap_tmp/mef.conf" mef "$sim_port" && enrolee renew gateway && requests_go_on
}

serial()
{
	openssl x509 -in "$credential/cert.pem" -noout -serial
}

has_new_certificate()
{
	[ "$(serial)" != "$1" ]
}

# The MEF commands it; enroleed asks for commands by itself.
renewal_under_load()
{
	old=$(serial)
	sim_ctl command client=in01 command=CERT_PROV || return 1
	tap_until 60 has_new_certificate "$old" || { echo "the certificate is still $old"; tail "$tap_tmp/enroleed.log"; return 1; }
	requests_go_on && kill -HUP "$nginx" "$broker" && requests_go_on
}

servers_start()
{
	nginx_start || return 1
	nginx_port=$port
	mosquitto_start || return 1
	broker_port=$port
}

no_request_failed()
{
	read -r done_count failed_count <"$tap_tmp/load.count"
	echo "$failed_count of $done_count failed"
	cat "$tap_tmp/load.errors"
	[ "$done_count" -gt 0 ] && [ "$failed_count" -eq 0 ]
}

decommissioned()
{
	enrolee decommission --yes gateway && ! enrolee list | grep ^gateway &&
		! sim_ctl state | grep -oE '"(registrations|keys)":\[[^]]*\]' | grep '"client":"in01"'
}

say "Starting a simulated MEF, enrolee-keystored and enroleed in $tap_tmp"
must "the keystore makes its token and answers" gateway_start
write_mef_settings
must "the simulated MEF listens" sim_start "$tap_tmp/mef.conf"
write_settings >"$gateway/etc/enrolee.conf"
must "enroleed is on the bus" gateway_enroleed

say "Enrolling from the pre-provisioned key, as the MEF commands"
must "the gateway's pre-provisioned key is imported" import bootstrap "$sim_in01_psk" "in-0001@$sim_fqdn"
enrolee enrol gateway || { failures="; enrolment"; tail -n 20 "$tap_tmp/enroleed.log"; finish; }
step "the MEF commanded the certificate, and heard that it is there" commanded
step "a peer enrols, and fetches the gateway's symmetric key" fetch_key
enrolee list
gateway_use gateway
host=in-cse.sp.example.com

say "Stock programs with the provisioned credential"
step "pkcs11-tool lists, signs; OpenSSL verifies" program_pkcs11_tool
step "p11tool lists and signs" program_p11tool
step "openssl s_server and s_client, mutual TLS 1.2" program_openssl tls1_2
step "openssl s_server and s_client, mutual TLS 1.3" program_openssl tls1_3
step "curl at nginx, both keys in the token" program_nginx_curl
step "mosquitto broker and clients" program_mosquitto
step "gnutls-cli at gnutls-serv" program_gnutls
step "ssh login" program_ssh
step "TLS-PSK by reference with the provisioned symmetric key" psk_with_value
step "TLS-PSK with the peer, by reference at both ends" psk_with_peer

say "Under a running nginx and mosquitto"
if step "nginx and mosquitto start" servers_start; then
	request_load &
	load=$!
	step "curl and mosquitto's clients begin" requests_go_on
	step "both daemons restart (TERM, KILL)" restarts_under_load
	step "the MEF is down for a while" outage_under_load
	step "the MEF commands a renewal; the servers reload" renewal_under_load
	touch "$tap_tmp/load.stop"
	wait $load
	step "no handshake failed: $(cut -d' ' -f1 "$tap_tmp/load.count") exchanges" no_request_failed
	tap_stop "$nginx"
	tap_stop "$broker"
fi

say "The end of the gateway"
step "decommissioned: the MEF has no registration, the keystore no credential" decommissioned
finish
