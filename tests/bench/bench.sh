#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# make bench: prints `name ours reference unit ratio`, medians of interleaved runs on this machine.
#
#   signatures  against SoftHSM in process, p11-kit server, and libcrypto with the key at hand; idle, with two
#               threads, and beside one busy program; time and CPU (with the server's) of one signature
#   find        by CKA_ID, and C_Initialize with the first find, at 10, 1,000 and 10,000 certificates
#   provider    handshakes without references beside the PSK provider, against without it
#   TLS 1.3     mutual handshakes, keys of the token at both ends, against file keys and SoftHSM
#
# BENCH_ROUNDS (default 40) sets how long it takes.

# Files in memory: what is measured is not the disk.
[ -w /dev/shm ] && TMPDIR=${TMPDIR:-/dev/shm} && export TMPDIR
top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/gateway.sh"

rounds=${BENCH_ROUNDS:-40}
softhsm=$(sed -n 's/^BACKING_MODULE = //p' "$top_builddir/Makefile")
p11_client=$(pkg-config --variable=p11_module_path p11-kit-1)/p11-kit-client.so
host=gateway.example.com

die()
{
	echo "bench: $*" >&2
	exit 1
}

softhsm_token()
{
	mkdir -p "$tap_tmp/softhsm"
	cat >"$tap_tmp/softhsm.conf" <<-END
		directories.tokendir = $tap_tmp/softhsm
		objectstore.backend = file
		log.level = ERROR
	END
	SOFTHSM2_CONF=$tap_tmp/softhsm.conf
	export SOFTHSM2_CONF
	softhsm2-util --init-token --free --label oneM2M --pin 1234 --so-pin 1234 >/dev/null
}

# softhsm_import NAME NUMBER: key and certificate
softhsm_import()
{
	openssl x509 -in "$pki/$1.pem" -outform DER -out "$tap_tmp/cert.der"
	softhsm2-util --import "$pki/$1.key" --token oneM2M --label "$1" --id "0$2" --pin 1234 >/dev/null 2>&1 &&
		pkcs11-tool --module "$softhsm" --token-label oneM2M --login --pin 1234 --write-object "$tap_tmp/cert.der" \
			--type cert --label "$1" --id "0$2" >/dev/null 2>&1
}

import_both()
{
	pki_issue "$@" || die "cannot issue $1"
	number=$((${number:-0} + 1))
	enrolee import "$1" "$pki/$1.key" "$pki/$1.pem" --anchors "$pki/root.pem" >/dev/null || die "cannot import $1"
	softhsm_import "$1" $number || echo "bench: SoftHSM takes no $1" >&2
}

# bench_sign NAME MECHANISM BATCH
bench_sign()
{
	set -- "$1" "$2" "$3" "enrolee=$module,,$keystored" "softhsm=$softhsm,1234" \
		"p11-kit-server=$p11_client,1234,$p11_server" "libcrypto=$pki/$1.key"
	[ "$2" = ed25519 ] && set -- "$1" "$2" "$3" "$4" "$5" "$7" # p11-kit passes no EdDSA
	bench_name=$1 bench_mechanism=$2 bench_batch=$3
	shift 3
	for mode in "1 0" "2 0" "1 1"; do
		BENCH_TOKEN=oneM2M "$top_builddir/tests/bench/bench-sign" "$bench_name" "$bench_mechanism" $mode "$rounds" \
			"$bench_batch" "$@" || echo "bench: $bench_name $mode failed" >&2
	done
}

bench_find()
{
	filled=0
	printf '# %-50s %10s %10s     %6s\n' find "at N" "at 10" ratio
	for count in 10 1000 10000; do
		"$top_builddir/tests/bench/fill" "$gateway/run" "$pki/root.pem" $filled $((count - filled)) || die "cannot fill"
		filled=$count
		read -r open_us find_us <<-END
			$("$top_builddir/tests/bench/bench-find" "$module" - 30 "many-00005 anchor 1 Test root")
		END
		[ $count -eq 10 ] && first_open=$open_us first_find=$find_us
		echo "$count $open_us $first_open $find_us $first_find" | awk '{
			printf "%-52s %10.2f %10.2f us  %6.3f\n", "C_Initialize and first find at " $1, $2, $3, $2 / $3
			printf "%-52s %10.2f %10.2f us  %6.3f\n", "find by CKA_ID at " $1, $4, $5, $4 / $5 }'
	done
}

# tls_cnf NAME MODULE [LINE...]
tls_cnf()
{
	cnf=$tap_tmp/$1.cnf
	cat >"$cnf" <<-END
		openssl_conf = init
		[init]
		providers = providers
		[providers]
		default = default_sect
		${2:+pkcs11 = pkcs11_sect}
		[default_sect]
		activate = 1
		[pkcs11_sect]
		module = $(openssl version -m | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
		pkcs11-module-path = $2
		pkcs11-module-quirks = no-deinit
		$3
		$4
		$5
		activate = 1
	END
}

bench_tls()
{
	early="pkcs11-module-load-behavior = early"
	block="pkcs11-module-block-operations = digest kdf random"
	tls_cnf file ""
	tls_cnf enrolee "$module" "$early" "$block"
	tls_cnf enrolee-lazy "$module"
	tls_cnf softhsm "$softhsm" "$early" "$block" "pkcs11-module-token-pin = 1234"
	tls_cnf softhsm-lazy "$softhsm" "pkcs11-module-token-pin = 1234"
	uri="pkcs11:token=oneM2M;object=$1;type=private"
	for lazy in "" -lazy; do
		"$top_builddir/tests/bench/bench-tls" "$rounds" 20 "$pki/$1.pem" "$pki/root.pem" \
			"$1-token$lazy=$tap_tmp/enrolee$lazy.cnf,$uri" "file=$tap_tmp/file.cnf,$pki/$1.key" \
			"softhsm$lazy=$tap_tmp/softhsm$lazy.cnf,$uri" || echo "bench: TLS $1$lazy failed" >&2
	done
}

gateway_start || die "the keystore does not start"
pki_new "$tap_tmp/pki" || die "no certification authority"
softhsm_token || die "SoftHSM makes no token"
import_both ec $host
import_both rsa $host -algorithm RSA -pkeyopt rsa_keygen_bits:2048
import_both ed25519 $host -algorithm ED25519
P11_KIT_SERVER_ADDRESS=unix:path=$tap_tmp/p11-kit.sock
export P11_KIT_SERVER_ADDRESS
tap_spawn p11-kit-server p11-kit server -f --provider "$softhsm" -n "$tap_tmp/p11-kit.sock" pkcs11:
tap_until 10 test -S "$tap_tmp/p11-kit.sock" || die "p11-kit server does not start"
p11_server=$tap_pid

printf '# %-50s %10s %10s     %6s\n' name ours reference ratio
bench_sign ec ecdsa 200
bench_sign rsa rsa 40
bench_sign ed25519 ed25519 200
bench_tls ec
bench_tls rsa
"$top_builddir/tests/bench/bench-psk" "$top_builddir/.libs" "$rounds" 40 || echo "bench: the PSK provider failed" >&2
bench_find
