#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# EST between the simulated MEF and a client that nobody here wrote: strongSwan's pki, with its own TLS stack. Skipped where it is not
# installed, or where this user may not mount: pki takes the MEF's address from /etc/hosts only.
. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/sim/sim.sh"

tap_needs pki openssl curl unshare
[ -x "$top_builddir/tests/sim/mef-sim" ] || tap_skip "the simulated MEF is not built (GnuTLS is missing)"
{ cat /etc/hosts; echo "127.0.0.1 $sim_fqdn"; } >"$tap_tmp/hosts"
unshare -m mount --bind "$tap_tmp/hosts" /etc/hosts 2>/dev/null || tap_skip "this user may not mount"
pki --gen --type ecdsa --size 256 >"$tap_tmp/key" 2>/dev/null || tap_skip "pki has no plugin for elliptic curves"

sim_settings >"$tap_tmp/mef.conf"
sim_start "$tap_tmp/mef.conf" || { fail "it starts"; diag "$(cat "$tap_tmp/mef.out")"; tap_done; }
sim_ctl policy key=Challenge value=none >/dev/null
sim_ctl issue client=in01 >"$tap_tmp/client.pem"
openssl pkey -in "$tap_tmp/client.pem" -out "$tap_tmp/client.key"
openssl x509 -in "$tap_tmp/client.pem" -out "$tap_tmp/client.crt"

# renew NAME: simplereenroll for this subjectAltName; the certificate is in $tap_tmp/new.
renew()
{
	pki --req --in "$tap_tmp/key" --type ecdsa --dn "CN=//sp.example.com/in-cse" --san "$1" --digest sha256 \
		--outform der >"$tap_tmp/request" 2>/dev/null
	unshare -m sh -c "mount --bind '$tap_tmp/hosts' /etc/hosts && exec timeout 60 pki --est --url 'https://$sim_fqdn:$sim_port' \
		--in '$tap_tmp/request' --cacert '$sim_state/root.pem' --cacert '$sim_state/issuing.pem' \
		--cert '$tap_tmp/client.crt' --key '$tap_tmp/client.key' --outform pem >'$tap_tmp/new'"
}

ok "strongSwan renews a certificate" renew in-cse.sp.example.com
ok "it verifies" openssl verify -CAfile "$sim_state/root.pem" -untrusted "$sim_state/issuing.pem" "$tap_tmp/new"
ok "by simplereenroll on a certificate session" sim_logged '"auth":"certificate".*"step":"simplereenroll".*"verdict":"ok"'
not "another name is refused" renew other.sp.example.com
ok "... by the rule for it" sim_logged '"rule":"R-8.3.6.2.2-3".*"http":403'
tap_done
