#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the packages hold: units and the traps that they must stay out of, D-Bus policy, OpenSSL configuration, man pages, versions.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh" || exit 99

pkg=$top_srcdir/pkg
made=$top_builddir/pkg

# without_comments FILE
without_comments()
{
	grep -v '^[#;]' "$1"
}

has() { without_comments "$2" | grep -Eq -- "$1"; }
has_not() { [ -s "$2" ] && ! has "$1" "$2"; }

# ---- units
# capabilities UNIT
capabilities()
{
	case $1 in enrolee-hook.service) echo 'CAP_KILL CAP_SETGID CAP_SETUID' ;; esac
}

keystored=$made/systemd/enrolee-keystored.service
for unit in "$made"/systemd/*.service; do
	name=$(basename "$unit")
	ok "$name: privileges cannot grow" has '^NoNewPrivileges=yes$' "$unit"
	ok "$name: no capability that it does not use" has "^CapabilityBoundingSet=$(capabilities "$name")\$" "$unit"
	like "$name: its program's path is complete" "$(grep '^ExecStart=' "$unit")" '^ExecStart=/[^@]+$|^ExecStart=/.* wait %i$'
done
ok "keystore: users of peers stay what they are" has_not '^PrivateUsers=' "$keystored"
ok "keystore: the sockets' folder belongs to no service" has_not '^RuntimeDirectory=' "$keystored"
ok "keystore: no start limit" has '^StartLimitIntervalSec=0$' "$keystored"
ok "keystore: restarts within what applications wait" has '^RestartSec=50ms$' "$keystored"
ok "keystore: packages do not restart the sockets with it" has_not '^Also=' "$keystored"
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
	ok "hooks: exposure $(exposure "$made/systemd/enrolee-hook.service") tenths, at most 40" \
		[ "$(exposure "$made/systemd/enrolee-hook.service")" -le 40 ]
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

policy=$pkg/dbus/org.onem2m.EnroleeHook1.conf
default=$(sed -n '/context="default"/,/<\/policy>/p' "$policy")
like "D-Bus, hooks: nobody may send by default" "$default" '<deny send_destination="org.onem2m.EnroleeHook1"/>'
is "D-Bus, hooks: nothing is allowed by default" "$(grep -c '<allow' <<<"$default")" 0
is "D-Bus, hooks: root and enroleed's user may send, the group may not" \
	"$(sed -n -e '/<policy/h' -e '/<allow send_destination/{g;s/.*<policy \(.*\)>/\1/p}' "$policy" | tr '\n' ' ')" 'user="root" user="enrolee" '

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

# ---- what the programs offer is in their pages
# undocumented PAGE WORD...: the words that a page does not have in bold at the start of an entry. Options are written \-\-x.
undocumented()
{
	local page=$1 word
	shift
	for word; do
		grep -Fq -e "${word//-/\\-}" "$page" || echo "$word"
	done
}

# options_of COMMAND...: the long options that --help-all names.
options_of()
{
	"$@" 2>/dev/null | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -e '--[a-z-]+' | grep -vE '^--help' | sort -u
}

is "an option that no page has is seen" "$(undocumented "$pkg/man/enrolee-keystored.8" --state-dir --nonsense)" --nonsense
for program in enrolee-hook enrolee-keystored enroleed; do
	[ -x "$top_builddir/$program" ] || continue
	# shellcheck disable=SC2046
	is "$program: every option is in its page" \
		"$(undocumented "$pkg/man/$program.8" $(options_of "$top_builddir/$program" --help-all))" ""
done
if [ -x "$top_builddir/enrolee" ]; then
	commands=$("$top_builddir/enrolee" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
	like "enrolee names its commands" "$commands" '^import$'
	for command in $commands; do
		ok "enrolee $command: in the page" grep -Eq "^\.(B|BR|BI) \"?enrolee $command|^\.SS .*$command" "$pkg/man/enrolee.1"
		# shellcheck disable=SC2046
		is "enrolee $command: every option is in the page" \
			"$(undocumented "$pkg/man/enrolee.1" $(options_of "$top_builddir/enrolee" "$command" --help-all))" ""
	done
	statuses=$("$top_builddir/enrolee" --help | sed -n '/^Exit status:/,$s/^ *\([0-9][0-9]*\) .*/\1/p')
	is "every exit status is in the page" \
		"$(sed -n '/^\.SH "EXIT STATUS"/,/^\.SH [^"E]/s/^\.B \([0-9][0-9]*\)$/\1/p' "$pkg/man/enrolee.1")" "$statuses"
fi

# settings_of FILE...: "group key" of each row of the tables in the code.
settings_of()
{
	sed -n -E 's/^\t\{"([a-z]+)", "([A-Za-z]+)", PV_SETTING_.*/\1 \2/p' "$1" | sort
}
table=$top_srcdir/provisioner/settings-table.c
if [ -e "$table" ]; then
	like "the settings' table is read" "$(settings_of "$table")" '^mef FQDN$'
	is "every setting is in enrolee.conf(5), under its group, and no other" \
		"$(awk '/^\.SH "GROUP /{ group = substr($3, 2); sub(/\].*/, "", group) } /^\.SH [^"]/{ group = "" }
			/^\.BI? [A-Z][A-Za-z]* ?=/{ if (group) print group, $2 }' "$pkg/man/enrolee.conf.5" | sed 's/ =.*//; s/=$//' | sort)" \
		"$(settings_of "$table")"
	is "every setting is explained in the sample, and no other" \
		"$(awk '/^#?\[/{ group = $0; gsub(/[#\[]|[] ].*/, "", group) } /^#?[A-Z][A-Za-z]*=/{ key = $0; gsub(/^#|=.*/, "", key); print group, key }' \
			"$pkg/settings/enrolee.conf" | sort -u)" "$(settings_of "$table")"
	keystore_keys=$(sed -n -E 's/^\t\{"([A-Za-z]+)", TYPE_.*/keystore \1/p' "$top_srcdir/keystore/settings.c" | sort)
	is "both programs know the same keys of [keystore]" "$keystore_keys" "$(settings_of "$table" | grep '^keystore ')"
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
	mkdir -p "$tap_tmp/root/usr/lib/systemd/catalog" "$tap_tmp/root/var/lib/systemd/catalog"
	cp "$pkg/catalog/enrolee.catalog" "$tap_tmp/root/usr/lib/systemd/catalog/"
	journalctl --update-catalog --root "$tap_tmp/root"
	is "journalctl reads all of the catalog" "$(journalctl --list-catalog --root "$tap_tmp/root" | grep -c 'enrolee: ')" \
		"$(catalog_ids "$pkg/catalog/enrolee.catalog" | grep -c .)"
fi

# ---- one version
version=$(sed -n 's/^AC_INIT(\[enrolee\],\[\([^]]*\)\].*/\1/p' "$top_srcdir/configure.ac")
like "the version has three parts" "$version" '^[0-9]+\.[0-9]+\.[0-9]+$'
is "the package's version" "$(sed -n '1s/^enrolee (\([^)-]*\).*/\1/p' "$pkg/debian/changelog")" "$version"
is "the man pages' versions" "$(grep -h '^\.TH' "$pkg"/man/* | grep -vc "\"enrolee $version\"")" 0
tap_done
