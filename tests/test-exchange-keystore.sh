#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee-exchange with the keystore and the OpenSSL provider for pre-shared keys, against the simulated MEF: the bootstrap key is
# used by reference and is never in the program's memory; what is provisioned lands in the keystore as one set.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/exchange-job.sh"
tap_needs curl openssl softhsm2-util
[ -x "$top_builddir/tests/sim/mef-sim" ] || tap_skip "the simulated MEF was not built"
[ "$(id -u)" = 0 ] || tap_skip "needs root: the keystore grants the key to it"

# Text, so that it can be looked for in memory.
key_text=Zk4v8QpL2xNw7TsR1bYd6GhJ3mCf9AeU
sim_gw01_psk=$(printf %s "$key_text" | od -An -tx1 | tr -d ' \n')
sim_settings >"$tap_tmp/mef.conf"
sim_start "$tap_tmp/mef.conf" || { diag "$(cat "$tap_tmp/mef.out")"; exit 99; }

mkdir "$tap_tmp/run" "$tap_tmp/state" "$tap_tmp/config"
paths="--runtime-dir=$tap_tmp/run --state-dir=$tap_tmp/state --config-dir=$tap_tmp/config"
start_keystore()
{
	tap_spawn keystored.log "$top_builddir/enrolee-keystored" $paths --provisioner-user=root
	keystore_pid=$tap_pid
	tap_until 20 test -S "$tap_tmp/run/provision.sock"
}

enrolee()
{
	enrolee_command=$1
	shift
	"$top_builddir/enrolee" "$enrolee_command" $paths "$@"
}

# start_exchange [KEY=VALUE...]: in the background, its id is $exchange_pid.
start_exchange()
{
	job "$@" "extra=,\"runtime_dir\":\"$tap_tmp/run\"" >"$tap_tmp/job"
	tap_spawn exchange.out env SSLKEYLOGFILE="$tap_tmp/keylog" https_proxy=http://127.0.0.1:1 sh -c \
		'exec "$0" --provider-dir "$1" 3<"$2" 4>"$3"' \
		"$top_builddir/enrolee-exchange" "${provider_dir:-$top_builddir/.libs}" "$tap_tmp/job" "$tap_tmp/events"
	exchange_pid=$tap_pid
}

exchange()
{
	start_exchange "$@"
	wait "$exchange_pid"
}

events()
{
	cat "$tap_tmp/events" "$tap_tmp/exchange.out"
}

refused()
{
	refused_what=$1 refused_pattern=$2
	shift 2
	exchange "$@"
	is "$refused_what: status" $? 1
	like "$refused_what: $refused_pattern" "$(events)" "\"event\":\"failed\".*$refused_pattern"
}

# dump_memory: all that the program may write to, into $tap_tmp/memory.
dump_memory()
{
	grep ' rw' "/proc/$exchange_pid/maps" | while IFS='- ' read -r from to rest; do
		dd if="/proc/$exchange_pid/mem" iflag=skip_bytes,count_bytes bs=1M skip=$((0x$from)) \
			count=$((0x$to - 0x$from)) status=none 2>/dev/null
	done >"$tap_tmp/memory"
	kill -0 "$exchange_pid"
}

start_keystore || { diag "$(cat "$tap_tmp/keystored.log")"; exit 99; }
(umask 077; printf %s "$sim_gw01_psk" >"$tap_tmp/bootstrap.hex")
ok "the bootstrap key is imported" enrolee import bootstrap -s "$tap_tmp/bootstrap.hex" -i "gw-0001@$sim_fqdn" --suid 10 -u root
reference=$(sed 's/.*://' "$tap_tmp/state/credentials/bootstrap/psk.txt" | sed 's/../\\x&/g')
reference=$(printf "%b" "$reference")

# --- the whole path ---
exchange
is "an enrolment from the bootstrap key alone: status" $? 0
like "it ends with done" "$(tail -1 "$tap_tmp/events")" '"event":"done"'
like "one publication of both pieces" "$(events)" '"event":"published".*"staged":\[[0-9]+,[0-9]+\]'
like "the handshake is told with its time" "$(events)" '"phase":"handshake","state":"done","clause":"8.3.5.2.2","ms":[0-9]+'
ok "the MEF saw no deviation" sh -c "! grep '\"verdict\"' '$sim_state/mef.log' | grep -v '\"verdict\":\"ok\"'"
is "the proxy of the environment was not asked, no key log written" "$(ls "$tap_tmp/keylog" 2>/dev/null)" ""
ok "the credential is listed" sh -c "'$top_builddir/enrolee' list $paths | grep -q '^gw1'"
folder=$tap_tmp/state/credentials/gw1
ok "the certificate verifies with the anchors that were provisioned" openssl verify -CAfile "$folder/ca.pem" \
	-untrusted "$folder/chain.pem" "$folder/cert.pem"
like "it names the AE-ID" "$(openssl x509 -in "$folder/cert.pem" -noout -ext subjectAltName)" 'URI://sp.example.com/Sgw01'
identifier=$(sed -n 's/.*"kind":"key".*"identifier":"\([^"]*\)".*/\1/p' "$tap_tmp/events")
ok "the symmetric key has its identifier" sh -c "'$top_builddir/enrolee' show $paths gw1-key | grep -q '$identifier'"

# --- a second run replaces, with the same registration ---
id=$(sed -n 's/.*"event":"registered".*"id":"\([^"]*\)".*/\1/p' "$tap_tmp/events")
first=$(openssl x509 -in "$folder/cert.pem" -noout -serial)
exchange "registration=,\"id\":\"$id\",\"expires\":4000000000" 'steps="register","certificate","publish"'
is "a second certificate: status" $? 0
ok "it took the place of the first" test "$(openssl x509 -in "$folder/cert.pem" -noout -serial)" != "$first"

# --- what the program's memory holds in the middle of an exchange ---
sim_ctl misbehave step=command-retrieve kind=silent >/dev/null
start_exchange total=60 stall=60
tap_until 10 grep -q '"phase":"commands"' "$tap_tmp/events"
like "its memory is locked" "$(grep VmLck "/proc/$exchange_pid/status")" '[1-9][0-9]* kB'
like "it leaves no core" "$(grep 'core file' "/proc/$exchange_pid/limits")" ' 0 +0 '
ok "its memory can be read by root" dump_memory
ok "control: the reference is in it" grep -aFq -e "$reference" "$tap_tmp/memory"
not "the key is not" grep -aFq -e "$key_text" "$tap_tmp/memory"
tap_stop "$exchange_pid"
sim_ctl misbehave step=command-retrieve kind= >/dev/null

# --- failing twins ---
before=$(openssl x509 -in "$folder/cert.pem" -noout -serial)
refused "a reference that the keystore does not know" '"phase":"handshake","code":"keystore"' \
	reference=pskref1:0123456789abcdefghijklmn
refused "an unknown KpmID" '"code":"credential"' identity=nobody@$sim_fqdn
sim_ctl misbehave step=simpleenroll kind=other-key >/dev/null
refused "a certificate for another key" '"phase":"certificate","code":"certificate"' 'steps="register","certificate","publish"'
sim_ctl misbehave step=simpleenroll kind= >/dev/null
provider_dir=$tap_tmp
refused "without the provider" '"code":"local"'
provider_dir=
is "nothing changed in the keystore" "$(openssl x509 -in "$folder/cert.pem" -noout -serial)" "$before"
tap_stop "$keystore_pid"
refused "without the keystore" '"phase":"handshake","code":"keystore"'
start_keystore
exchange
is "and when it is back: status" $? 0
printf '{' >"$tap_tmp/bad"
"$top_builddir/enrolee-exchange" 3<"$tap_tmp/bad" 4>"$tap_tmp/events"
is "a job that cannot be read: status" $? 2
tap_done
