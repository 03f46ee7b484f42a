# SPDX-License-Identifier: LGPL-2.1-or-later
# Stock programs with an imported credential of each key type, with the shipped OpenSSL configuration, over a
# restart of the keystore between them.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/gateway.sh"
. "$top_srcdir/tests/programs.sh"

host=gw-0001.sp.example.com

import_credential()
{
	enrolee import "$1" "$pki/$1.key" "$pki/$1.pem" --anchors "$pki/root.pem" --user "$worker"
}

# run_with NAME PROGRAM...: each program on this credential.
run_with()
{
	gateway_use "$1"
	shift
	for program; do
		ok "$program with $name" "program_${program% *}" ${program#* }
	done
}

# run_if_there NAME COMMAND PROGRAM: where the machine has the command.
run_if_there()
{
	if command -v "$2" >/dev/null; then
		run_with "$1" "$3"
	else
		skip "$3 with $1" "no $2"
	fi
}

ok "the keystore starts" gateway_start || tap_done
pki_new "$tap_tmp/pki"
pki_issue ec $host
pki_issue ec384 $host -algorithm EC -pkeyopt ec_paramgen_curve:P-384
pki_issue ec521 $host -algorithm EC -pkeyopt ec_paramgen_curve:P-521
pki_issue rsa2048 $host -algorithm RSA -pkeyopt rsa_keygen_bits:2048
pki_issue rsa4096 $host -algorithm RSA -pkeyopt rsa_keygen_bits:4096
pki_issue ed25519 $host -algorithm ED25519

ok "P-256 is imported" import_credential ec
run_with ec pkcs11_tool pkcs11_tool_test p11tool "openssl tls1_2" "openssl tls1_3" nginx_curl mosquitto gnutls ssh
run_if_there ec stunnel4 stunnel
run_if_there ec openvpn openvpn
run_if_there ec keytool java
run_if_there ec modutil nss
enrolee remove ec --yes >/dev/null 2>&1

ok "the keystore restarts" keystored_restart KILL
ok "RSA-2048 is imported" import_credential rsa2048
run_with rsa2048 p11tool "openssl tls1_2" "openssl tls1_3" nginx_curl mosquitto gnutls ssh
run_if_there rsa2048 stunnel4 stunnel
run_if_there rsa2048 openvpn openvpn
run_if_there rsa2048 keytool java
enrolee remove rsa2048 --yes >/dev/null 2>&1

for kind in ec384 ec521 rsa4096; do
	ok "$kind is imported" import_credential $kind
	run_with $kind "openssl tls1_2" "openssl tls1_3" nginx_curl gnutls
	enrolee remove $kind --yes >/dev/null 2>&1
done
ok "Ed25519 is imported" import_credential ed25519
run_with ed25519 "openssl tls1_3" nginx_curl
tap_done
