#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The latest certificate of the MEF authenticates the MEF Handshake (TS-0003 8.3.1.2), through enroleed, and what it falls back
# to. For a build with sanitizers: exchange= and pkcs11_module= of a build without, as tests/enrol-lib.sh says.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl curl dbus-daemon gdbus python3
[ -f "$(openssl version -m | sed 's/.*"\(.*\)".*/\1/')/pkcs11.so" ] || tap_skip "needs pkcs11-provider"
[ -z "$preload" ] || [ -n "$pkcs11_module" ] || tap_skip "pkcs11-provider cannot load a module in a program with sanitizers"
gateway_with_mef
import_key "$sim_gw01_psk"

enrol()
{
	enrolee enrol gw1 --timeout 60 >"$tap_tmp/enrol.out" 2>&1
	enrol_status=$?
}
show() { enrolee show "$1" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['credential']['$2'])"; }

# mark, count PATTERN: lines of the MEF's log since the last mark
mark() { mark=$(wc -l <"$sim_state/mef.log"); }
since() { tail -n "+$((mark + 1))" "$sim_state/mef.log"; }
count() { since | grep -Ec -e "$1"; }

# enrolled WHAT KINDS: an attempt that ends well, and with what its handshakes were authenticated, one after the other
enrolled()
{
	mark
	enrol
	is "$1: provisioned" $enrol_status 0 || diag "$(cat "$tap_tmp/enrol.out" "$tap_tmp/enroleed.log"; since)"
	is "$1: authenticated by" "$(since | sed -n 's/.*"event":"handshake".*"auth":"\([^"]*\)".*"verdict":"ok".*/\1/p' | tr '\n' ' ')" "$2 "
}

# --- from the key to the certificate ---
enroleed_start || { diag "$(cat "$tap_tmp/enroleed.log")"; exit 99; }
enrolled "the first time" "psk certificate"
is "the first time: a new certificate" "$(count '"step":"simpleenroll".*"verdict":"ok"')" 1
id=$(show gw1 id)
enrolled "the next time" "certificate certificate"
is "the next time: always with the latest" "$(count '"latest":false')" 0
is "the next time: by simplereenroll" "$(count '"step":"simplereenroll".*"verdict":"ok"')" 1
not "the next time: another certificate" test "$(show gw1 id)" = "$id"
enroleed_stop
tap_done
