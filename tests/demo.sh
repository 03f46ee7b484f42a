#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job on real programs (./bootstrap demo): a gateway enrols from its pre-provisioned key alone with a
# simulated MEF, then stock programs use what was provisioned, over a restart of the keystore and a renewal.
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

write_settings()
{
	sim_settings >"$tap_tmp/mef.conf"
	printf '%s' "$sim_in01_psk" >"$tap_tmp/bootstrap.key" && chmod 600 "$tap_tmp/bootstrap.key"
	cat >"$gateway/etc/enrolee.conf" <<-END
		[mef sim]
		FQDN=$sim_fqdn
		URI=https://$sim_fqdn:$sim_port
		Address=127.0.0.1
		TrustAnchors=$sim_state/root.pem
		AdminFQDN=sp.example.com

		[enrolment gateway]
		MEF=sim
		Client=//sp.example.com/in-cse
		ClientKind=cse
		PublicDomainName=in-cse.sp.example.com
		BootstrapKey=bootstrap
		KeySUID=22
		KeyTargets=//sp.example.com/Sgw01

		[credential gateway]
		Users=$worker

		[credential gateway-key]
		Users=$(id -un)
	END
}

enrol()
{
	enrolee enrol gateway
}

# The provisioned symmetric key by reference against its value, which only the MEF and the test know.
psk_handshake()
{
	IFS=: read -r identity hex <"$gateway/state/credentials/gateway-key/psk.txt" # as mosquitto and GnuTLS have it
	value=$(sim_ctl state | sed -n "s/.*\"id\":\"$identity\"[^}]*\"value\":\"\([0-9A-F]*\)\".*/\1/p")
	[ -n "$hex" ] && [ -n "$value" ] && [ "$hex" != "$value" ] || return 1
	port=$(free_port)
	OPENSSL_CONF=/dev/null start_on_port psk-server openssl s_server -accept "127.0.0.1:$port" -nocert -tls1_2 \
		-psk_identity "$identity" -psk "$value" -cipher PSK-AES128-CBC-SHA256 -naccept 1 -www || return 1
	server=$tap_pid
	printf 'GET / HTTP/1.0\r\n\r\n' | OPENSSL_CONF=$gateway/openssl-psk.cnf timeout 20 openssl s_client \
		-connect "127.0.0.1:$port" -ign_eof -psk_identity "$identity" -psk "$hex" -cipher PSK-AES128-CBC-SHA256 >"$tap_tmp/psk-client" 2>&1
	result=$?
	tap_stop "$server"
	[ $result -eq 0 ] && grep -q 'HTTP/1.0 200' "$tap_tmp/psk-client" && return 0
	tail -n 10 "$tap_tmp/psk-client" "$tap_tmp/psk-server"
	return 1
}

# Requests without an end, each on a new connection, until $tap_tmp/load.stop exists; counts what fails.
request_load()
{
	done_count=0 failed_count=0
	while [ ! -e "$tap_tmp/load.stop" ]; do
		[ "$(nginx_request 2>>"$tap_tmp/load.errors")" = "hello SUCCESS" ] || failed_count=$((failed_count + 1))
		done_count=$((done_count + 1))
		echo "$done_count $failed_count" >"$tap_tmp/load.count"
	done
}

requests_go_on()
{
	before=$(cut -d' ' -f1 "$tap_tmp/load.count" 2>/dev/null || echo 0)
	tap_until 20 requests_reached $((before + ${1:-5}))
}

requests_reached()
{
	[ "$(cut -d' ' -f1 "$tap_tmp/load.count" 2>/dev/null || echo 0)" -ge "$1" ]
}

restarts_under_load()
{
	for signal in TERM KILL TERM KILL; do
		keystored_restart $signal && requests_go_on 3 || return 1
	done
}

renewal_under_load()
{
	old=$(openssl x509 -in "$credential/cert.pem" -noout -serial)
	enrolee enrol gateway && requests_go_on 5 || return 1
	new=$(openssl x509 -in "$credential/cert.pem" -noout -serial)
	[ "$old" != "$new" ] || { echo "the certificate is still $old"; return 1; }
	kill -HUP "$nginx" && requests_go_on 5
}

no_request_failed()
{
	read -r done_count failed_count <"$tap_tmp/load.count"
	echo "$failed_count of $done_count failed"
	cat "$tap_tmp/load.errors"
	[ "$done_count" -gt 0 ] && [ "$failed_count" -eq 0 ]
}

say "Starting a simulated MEF, enrolee-keystored and enroleed in $tap_tmp"
must "the keystore makes its token and answers" gateway_start
sim_settings >"$tap_tmp/mef.conf"
must "the simulated MEF listens" sim_start "$tap_tmp/mef.conf"
write_settings
must "enroleed is on the bus" gateway_enroleed

say "Enrolling from the pre-provisioned key"
must "the pre-provisioned key is imported" enrolee import bootstrap --symmetric "$tap_tmp/bootstrap.key" \
	--identifier "in-0001@$sim_fqdn" --suid 10
enrolee enrol gateway || { failures="; enrolment"; tail -n 20 "$tap_tmp/enroleed.log"; finish; }
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
step "TLS 1.2 PSK by reference with the provisioned symmetric key" psk_handshake

say "A restart of the keystore and a renewal under a running nginx"
if step "nginx starts" nginx_start; then
	request_load &
	load=$!
	step "curl begins" requests_go_on 5
	step "the keystore restarts four times (TERM, KILL)" restarts_under_load
	step "the certificate is renewed, nginx reloads" renewal_under_load
	touch "$tap_tmp/load.stop"
	wait $load
	step "no request failed: $(cut -d' ' -f1 "$tap_tmp/load.count") done" no_request_failed
	tap_stop "$nginx"
fi
finish
