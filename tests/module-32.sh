# SPDX-License-Identifier: LGPL-2.1-or-later
# The module and a program of 32 bits before the keystore of this build: CK_ULONG and handles have four bytes there.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/gateway.sh"
tap_needs gcc pkg-config

m32="gcc -m32 -std=gnu11 -O1 -g -fPIC -fvisibility=hidden -DHAVE_CONFIG_H -I$top_builddir -I$top_srcdir
	-DENROLEE_RUNTIME_DIR=\"/nonexistent\" $(pkg-config --cflags p11-kit-1)"
echo 'int main (void) { return 0; }' >"$tap_tmp/none.c"
$m32 "$tap_tmp/none.c" -o "$tap_tmp/none" 2>/dev/null || tap_skip "the compiler has no 32 bits"
# a kernel may not run such programs; an emulator in user space does
run32=
if ! "$tap_tmp/none" 2>/dev/null; then
	run32=qemu-i386
	command -v $run32 >/dev/null || tap_skip "neither the kernel nor qemu-i386 runs programs of 32 bits"
fi

module32=$tap_tmp/enrolee-pkcs11.so
ok "the module is built" $m32 -shared -Wl,-z,nodelete -Wl,--version-script="$top_srcdir/module/exports.map" \
	-o "$module32" "$top_srcdir"/module/*.c "$top_srcdir"/keystore/wire/{codec,handover,message,snapshot}.c
ok "the program is built" $m32 -o "$tap_tmp/load" "$top_srcdir/tests/module-load.c" || tap_done
like "they have 32 bits" "$(readelf -h "$module32")" ELF32
ok "the keystore starts" gateway_start || tap_done
pki_new "$tap_tmp/pki"
pki_issue ec gw-0001.sp.example.com
ok "a key is imported" enrolee import ec "$pki/ec.key" "$pki/ec.pem" --anchors "$pki/root.pem"
ok "two threads sign and verify" $run32 "$tap_tmp/load" "$module32" ec 2 10
not "a key that is not there is not found" $run32 "$tap_tmp/load" "$module32" none 1 1
ok "the keystore restarts" keystored_restart KILL
ok "and again" $run32 "$tap_tmp/load" "$module32" ec 1 5
tap_done
