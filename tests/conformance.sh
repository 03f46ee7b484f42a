# SPDX-License-Identifier: LGPL-2.1-or-later
# Public suites of PKCS#11 against a token with an EC, an RSA and an Ed25519 credential: see tests/conformance.md.
#
#	PKCS11TEST=FILE  google/pkcs11test, built elsewhere
#
# Without it the programs that the machine has are run alone.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/gateway.sh"
tap_needs openssl pkcs11-tool p11tool

tool()
{
	pkcs11-tool --module "$module" "$@"
}

# tool_says TEXT ARGUMENT...: pkcs11-tool succeeds, and says so.
tool_says()
{
	text=$1
	shift
	tool "$@" >"$tap_tmp/tool" 2>&1 || return 1
	cat "$tap_tmp/tool"
	grep -q "$text" "$tap_tmp/tool"
}

no_errors()
{
	tool --login --pin 0 "$@" >"$tap_tmp/tool" 2>&1
	cat "$tap_tmp/tool"
	grep -q "No errors" "$tap_tmp/tool"
}

# One line per failed test, sorted, without its parameter.
pkcs11test_failures()
{
	# PINs are any text here; 0 is the slot. Nothing is initialised without -I.
	"$PKCS11TEST" -m "$(basename "$module")" -l "$(dirname "$module")" -s 0 -u 0 -o 0 >"$tap_tmp/pkcs11test" 2>&1
	sed -n 's/^\[  FAILED  \] \([A-Za-z0-9_/]*\.[A-Za-z0-9_]*\).*/\1/p' "$tap_tmp/pkcs11test" | sort -u
}

ok "the keystore starts" gateway_start || tap_done
pki_new "$tap_tmp/pki"
pki_issue ec gw.example.com
pki_issue rsa gw.example.com -algorithm RSA -pkeyopt rsa_keygen_bits:2048
pki_issue ed gw.example.com -algorithm ED25519
for name in ec rsa ed; do
	ok "$name is imported" enrolee import "gw-$name" "$pki/$name.key" "$pki/$name.pem" --anchors "$pki/root.pem"
done
gateway_use gw-ec

ok "pkcs11-tool --test" no_errors --test
ok "pkcs11-tool --test-fork" tool_says "C_Initialize" --test-fork
for threads in "IN" "ILGISLT0" "ILGISLT0 --test-threads ILT0GISL --test-threads INSLGI"; do
	ok "pkcs11-tool --test-threads $threads" tool_says "oneM2M" --list-slots --test-threads $threads
done
# GnuTLS 3.7's test signs with SHA-256 whatever the key, and so never with Ed25519
for name in ec rsa; do
	ok "p11tool --test-sign: gw-$name" p11tool --provider "$module" --batch --test-sign \
		"pkcs11:token=oneM2M;object=gw-$name;type=private"
done
for name in ec rsa ed; do
	ok "p11tool --export-chain: gw-$name" p11tool --provider "$module" --batch --export-chain \
		"pkcs11:token=oneM2M;object=gw-$name;type=cert"
done
ok "p11tool --list-mechanisms" p11tool --provider "$module" --list-mechanisms "pkcs11:token=oneM2M"
not "p11tool writes nothing" p11tool --provider "$module" --batch --login --write --label x --load-certificate "$pki/ec.pem" \
	"pkcs11:token=oneM2M"

if [ -n "$PKCS11TEST" ]; then
	sed -e '/^#/d' "$top_srcdir/tests/conformance.expected" | sort >"$tap_tmp/expected"
	pkcs11test_failures >"$tap_tmp/failed"
	ok "pkcs11test ran to its end" grep -q "tests from .* ran" "$tap_tmp/pkcs11test"
	ok "pkcs11test: what fails is what does not apply" diff "$tap_tmp/expected" "$tap_tmp/failed"
fi
tap_done
