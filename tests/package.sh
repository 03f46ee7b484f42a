#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the packages hold: units and the traps that they must stay out of, D-Bus policy, OpenSSL configuration, man pages, versions.
. "${top_srcdir:-.}/tests/tap.sh"

pkg=$top_srcdir/pkg
made=$top_builddir/pkg

# without_comments FILE
without_comments()
{
	grep -v '^[#;]' "$1"
}

has() { without_comments "$2" | grep -Eq -- "$1"; }
has_not() { ! has "$1" "$2"; }

# ---- units
keystored=$made/systemd/enrolee-keystored.service
for unit in "$made"/systemd/*.service; do
	name=$(basename "$unit")
	ok "$name: privileges cannot grow" has '^NoNewPrivileges=yes$' "$unit"
	ok "$name: no capability" has '^CapabilityBoundingSet=$' "$unit"
	like "$name: its program's path is complete" "$(grep '^ExecStart=' "$unit")" '^ExecStart=/[^@]+$|^ExecStart=/.* wait %i$'
done
ok "keystore: users of peers stay what they are" has_not '^PrivateUsers=' "$keystored"
ok "keystore: the sockets' folder belongs to no service" has_not '^RuntimeDirectory=' "$keystored"
ok "keystore: no start limit" has '^StartLimitIntervalSec=0$' "$keystored"
ok "keystore: restarts within what applications wait" has '^RestartSec=50ms$' "$keystored"
ok "keystore: no network" has '^PrivateNetwork=yes$' "$keystored"
ok "keystore: unix sockets only" has '^RestrictAddressFamilies=AF_UNIX$' "$keystored"
ok "keystore: no core dump" has '^LimitCORE=0$' "$keystored"
ok "keystore: memory may be locked" has '^LimitMEMLOCK=infinity$' "$keystored"
ok "token.sock: a sequence of packets for everybody" has '^SocketMode=0666$' "$pkg/systemd/enrolee-keystored-token.socket"
ok "provision.sock: for the provisioner" has '^SocketMode=0600$' "$pkg/systemd/enrolee-keystored-provision.socket"
for name in token provision; do
	ok "$name.sock: its descriptor is named" has "^FileDescriptorName=$name\$" "$pkg/systemd/enrolee-keystored-$name.socket"
	ok "$name.sock: SEQPACKET" has "^ListenSequentialPacket=/run/enrolee/$name\\.sock\$" \
		"$pkg/systemd/enrolee-keystored-$name.socket"
done
printf '#PrivateUsers=yes\nUser=x\n' >"$tap_tmp/good.service"
printf 'PrivateUsers=yes\n' >"$tap_tmp/bad.service"
ok "a trap in a comment is none" has_not '^PrivateUsers=' "$tap_tmp/good.service"
not "a trap in a unit is seen" has_not '^PrivateUsers=' "$tap_tmp/bad.service"

# exposure UNIT: systemd's measure in tenths, 0 is best.
exposure()
{
	systemd-analyze security --offline=true --no-pager "$1" 2>/dev/null |
		sed -n 's/.*Overall exposure level.*: \([0-9]*\)\.\([0-9]\).*/\1\2/p'
}

if command -v systemd-analyze >/dev/null && [ -n "$(exposure "$keystored")" ]; then
	ok "keystore: exposure $(exposure "$keystored") tenths, at most 10" [ "$(exposure "$keystored")" -le 10 ]
	ok "provisioner: exposure $(exposure "$made/systemd/enroleed.service") tenths, at most 20" \
		[ "$(exposure "$made/systemd/enroleed.service")" -le 20 ]
	# The units as installed, their programs stood in for.
	mkdir "$tap_tmp/units"
	for unit in "$made"/systemd/*.service "$pkg"/systemd/*.socket; do
		sed -E 's,^Exec(Start|Reload)=[^ ]*,Exec\1=/bin/true,' "$unit" >"$tap_tmp/units/$(basename "$unit")"
	done
	complaints=$(cd "$tap_tmp/units" && systemd-analyze verify --man=no ./*.service ./*.socket 2>&1 | grep '^[^ ]*enrol')
	is "systemd finds nothing to say about the units" "$complaints" ""
	sed -i 's/^LimitCORE=0/LimitCORES=0/' "$tap_tmp/units/enrolee-keystored.service"
	like "systemd would find an unknown setting" \
		"$(cd "$tap_tmp/units" && systemd-analyze verify --man=no ./*.service 2>&1)" 'LimitCORES'
else
	skip "exposure of the units" "needs systemd-analyze"
fi

# ---- D-Bus
policy=$pkg/dbus/org.onem2m.Enrolee1.conf
default=$(sed -n '/context="default"/,/<\/policy>/p' "$policy")
like "D-Bus: nobody may send by default" "$default" '<deny send_destination="org.onem2m.Enrolee1"/>'
is "D-Bus: nothing is allowed by default" "$(grep -c '<allow' <<<"$default")" 0
is "D-Bus: root and the group may send" \
	"$(grep -B1 '<allow send_destination' "$policy" | sed -n 's/.*<policy \(.*\)>/\1/p' | tr '\n' ' ')" 'user="root" group="enrolee" '

# ---- OpenSSL
cnf=$made/openssl/openssl.cnf
ok "openssl.cnf: no section [default]" has_not '^\[ *default *\]' "$cnf"
ok "openssl.cnf: loaded early" has '^pkcs11-module-load-behavior = early$' "$cnf"
ok "openssl.cnf: digests, derivations and random stay off the token" has '^pkcs11-module-block-operations = digest kdf random$' "$cnf"
ok "openssl.cnf: every path is filled in" has_not '@' "$cnf"
ok "p11-kit: an MEF's anchors are not the system's" has '^trust-policy: no$' "$pkg/p11-kit/enrolee.module"

# ---- man pages
if command -v man >/dev/null; then
	for page in "$pkg"/man/*; do
		is "man page $(basename "$page") without warnings" \
			"$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)" ""
	done
	printf '.TH X 1\n.SH NAME\nx \\- y\n.XX unknown\n' >"$tap_tmp/bad.1"
	like "a wrong macro is seen" "$(man --warnings -E UTF-8 -l -Tutf8 -Z "$tap_tmp/bad.1" 2>&1 >/dev/null)" 'XX'
else
	skip "man pages" "needs man"
fi

# ---- journal catalog
message_ids()
{
	grep -rhoE '"[0-9a-f]{32}"' "$@" --include='*.[ch]' | tr -d '"' | sort -u
}
catalog_ids()
{
	sed -n 's/^-- \([0-9a-f]*\)$/\1/p' "$1" | sort -u
}
is "every MESSAGE_ID is explained, and no other" "$(catalog_ids "$pkg/catalog/enrolee.catalog")" \
	"$(message_ids "$top_srcdir/keystore" "$top_srcdir/provisioner")"
if command -v journalctl >/dev/null; then
	ok "journalctl reads the catalog" journalctl --update-catalog --root "$tap_tmp"
fi

# ---- one version
version=$(sed -n 's/^AC_INIT(\[enrolee\],\[\([^]]*\)\].*/\1/p' "$top_srcdir/configure.ac")
like "the version has three parts" "$version" '^[0-9]+\.[0-9]+\.[0-9]+$'
is "the package's version" "$(sed -n '1s/^enrolee (\([^)-]*\).*/\1/p' "$pkg/debian/changelog")" "$version"
is "the man pages' versions" "$(grep -h '^\.TH' "$pkg"/man/* | grep -vc "\"enrolee $version\"")" 0
tap_done
