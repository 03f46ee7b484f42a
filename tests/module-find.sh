# SPDX-License-Identifier: LGPL-2.1-or-later
# Searches and attributes cost no system call while nothing changes, and a program that starts reads no objects.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/gateway.sh"
tap_needs strace

# calls COUNT: system calls of a program that searches so often, without what it prints.
calls()
{
	strace -f -qq -o "$tap_tmp/calls-$1" "$top_builddir/tests/module-load" "$module" ec 0 "$1" >"$tap_tmp/found" &&
		grep -c . "$tap_tmp/calls-$1"
}

ok "the keystore starts" gateway_start || tap_done
pki_new "$tap_tmp/pki"
pki_issue ec gw-0001.sp.example.com
ok "a key is imported" enrolee import ec "$pki/ec.key" "$pki/ec.pem" --anchors "$pki/root.pem"
few=$(calls 1)
ok "strace sees the program" test "${few:-0}" -gt 20
many=$(calls 10001)
is "ten thousand searches" "$(cat "$tap_tmp/found")" "10001 operations, 0 failed"
# once in 100 ms the module looks whether the keystore still runs
ok "they cost less than one system call in fifty ($few, then $many)" test $((many - few)) -lt 200
is "the view was asked for once" "$(grep -c 'recvmsg.*SCM_RIGHTS' "$tap_tmp/calls-10001")" 1
is "nothing is printed" "$("$top_builddir/tests/module-load" "$module" ec 0 1 2>&1)" "1 operations, 0 failed"
tap_done
