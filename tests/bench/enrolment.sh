#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# make bench, second part: `name ours reference unit ratio` of the enrolment and of daemons that keep many credentials.
#
#   enrolment   `enrolee enrol`, against openssl doing as many handshakes and making one key pair, interleaved
#   memory      resident set of the daemons at a hundred published credentials, against what is allowed
#   restart     from the start of keystored to the first signature of a new process, against what is allowed
#   idle        what the daemons' threads did in BENCH_IDLE seconds (default 60), by their context switches
#
# BENCH_ENROLMENTS (default 50) enrolments bring two credentials each.

[ -w /dev/shm ] && TMPDIR=${TMPDIR:-/dev/shm} && export TMPDIR
top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/gateway.sh"

enrolments=${BENCH_ENROLMENTS:-50}
idle_s=${BENCH_IDLE:-60}

die()
{
	echo "bench: $*" >&2
	exit 1
}

# row NAME OURS REFERENCE UNIT
row()
{
	echo "$2 $3" | awk -v name="$1" -v unit="$4" '{
		printf "%-52s %10.2f %10.2f %-3s %6.3f\n", name, $1, $2, unit, $1 / $2 }'
}

# kpm NUMBER: the pre-provisioned key of that enrolment, in hexadecimal
kpm()
{
	printf '%064x' $((1000000 + $1))
}

write_settings()
{
	sim_settings | sed '/^\[client/,$d' >"$tap_tmp/mef.conf"
	for number in $(seq "$enrolments"); do
		printf '[client e%s]\nKpmID=e%s@%s\nKpm=%s\nIdentity=//sp.example.com/Se%s\nAdminFQDN=sp.example.com\n' \
			"$number" "$number" "$sim_fqdn" "$(kpm "$number")" "$number"
	done >>"$tap_tmp/mef.conf"
	sim_start "$tap_tmp/mef.conf" || return 1
	{
		printf '[mef sim]\nFQDN=%s\nURI=https://%s:%s\nAddress=127.0.0.1\nAdminFQDN=sp.example.com\n' \
			"$sim_fqdn" "$sim_fqdn" "$sim_port"
		for number in $(seq "$enrolments"); do
			printf '[enrolment e%s]\nMEF=sim\nClient=//sp.example.com/Se%s\nClientKind=ae\n' "$number" "$number"
			printf 'BootstrapKey=kpm%s\nKeySUID=22\nKeyTargets=//sp.example.com/in-cse\n' "$number"
		done
	} >"$gateway/etc/enrolee.conf"
	for number in $(seq "$enrolments"); do
		(umask 077 && kpm "$number" >"$tap_tmp/kpm") &&
			enrolee import "kpm$number" --symmetric "$tap_tmp/kpm" --identifier "e$number@$sim_fqdn" \
				--suid 10 >/dev/null || return 1
	done
}

handshakes()
{
	grep -c '"event":"handshake"' "$sim_state/mef.log"
}

# What no enrolment of that number can do without: so many handshakes, and a key pair.
parts()
{
	for _ in $(seq "$2"); do
		OPENSSL_CONF=/dev/null openssl s_client -connect "127.0.0.1:$sim_port" -servername "$sim_fqdn" -tls1_2 \
			-cipher PSK-AES128-CBC-SHA256 -psk_identity "e$1@$sim_fqdn" -psk "$(kpm "$1")" </dev/null
	done
	OPENSSL_CONF=/dev/null openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
}

# timed COMMAND...: milliseconds. Its variables are those of this shell: not in $(...).
timed()
{
	timed_begin=$(date +%s%N)
	"$@" >"$tap_tmp/timed.log" 2>&1 || die "$*: $(tail -n 3 "$tap_tmp/timed.log")"
	echo $((($(date +%s%N) - timed_begin) / 1000000))
}

median()
{
	sort -n "$1" | awk '{ value[NR] = $1 } END { print value[int ((NR + 1) / 2)] }'
}

bench_enrolments()
{
	for number in $(seq "$enrolments"); do
		before=$(handshakes)
		timed enrolee enrol "e$number" >>"$tap_tmp/enrolments"
		timed parts "$number" $(($(handshakes) - before)) >>"$tap_tmp/parts"
	done
	row "enrolment / its handshakes and key pair by openssl" "$(median "$tap_tmp/enrolments")" \
		"$(median "$tap_tmp/parts")" ms
}

# resident PID: MiB
resident()
{
	awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$1/status"
}

peak()
{
	awk '/^VmHWM/ { print $2 / 1024 }' "/proc/$1/status"
}

sign_once()
{
	head -c 32 /dev/zero >"$tap_tmp/digest"
	timeout 10 pkcs11-tool --module "$module" --sign --mechanism ECDSA --label e1 --input-file "$tap_tmp/digest" \
		--output-file "$tap_tmp/signature"
}

start_and_sign()
{
	keystored_spawn
	sign_once
}

bench_restart()
{
	timed sign_once >/dev/null
	for _ in 1 2 3 4 5 6 7 8 9; do
		tap_stop "$keystored"
		timed start_and_sign >>"$tap_tmp/restarts"
	done
	row "start of keystored to a signature / allowed" "$(median "$tap_tmp/restarts")" 100 ms
}

switches()
{
	cat /proc/"$1"/task/*/status | awk '/^(non)?voluntary_ctxt_switches/ { sum += $2 } END { print sum }'
}

bench_idle()
{
	sleep 5 # connections of the last command end
	enroleed_before=$(switches "$enroleed") keystored_before=$(switches "$keystored")
	sleep "$idle_s"
	printf '%-52s %10d %10d\n' "wake-ups of enroleed in $idle_s s, none allowed" \
		$(($(switches "$enroleed") - enroleed_before)) 0
	printf '%-52s %10d %10d\n' "wake-ups of keystored in $idle_s s, none allowed" \
		$(($(switches "$keystored") - keystored_before)) 0
}

gateway_start || die "the keystore does not start"
write_settings || die "no settings for $enrolments enrolments"
gateway_enroleed || die "enroleed does not start"
printf '# %-50s %10s %10s     %6s\n' enrolment ours reference ratio
bench_enrolments
row "enroleed's memory, peak / allowed" "$(peak "$enroleed")" 20 MiB
row "keystored's memory / allowed" "$(resident "$keystored")" 12 MiB
bench_restart
row "keystored's memory after a restart / allowed" "$(resident "$keystored")" 12 MiB
bench_idle
