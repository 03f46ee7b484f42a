#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs the built packages in a minimal system of its own, uses them, upgrades them under a program that signs, removes
# and purges them. Needs root; `make deb-check` builds the packages first.
#
#   deb-check.sh FOLDER-OF-PACKAGES

. "$(dirname "${BASH_SOURCE[0]}")/chroot.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# newer_version PACKAGE: the same package, as an upgrade.
newer_version()
{
	rm -rf "$root/upgrade/tree" &&
	dpkg-deb -R "$1" "$root/upgrade/tree" &&
	sed -i -E 's/^(Version: .*)$/\1+upgrade/; s/(enrolee-module \(= [^)]*)\)/\1+upgrade)/' \
		"$root/upgrade/tree/DEBIAN/control" &&
	dpkg-deb --root-owner-group -b "$root/upgrade/tree" "$root/upgrade/" &&
	rm -rf "$root/upgrade/tree"
}

main_deb_check()
{
	local deb
	chroot_make || return
	write_backports "$root/etc/apt" "$codename" "$(derive_backports /etc/apt "$codename")" || return
	mkdir -p "$root/debs" "$root/upgrade"
	cp "$1"/enrolee_*.deb "$1"/enrolee-module_*.deb "$root/debs/" || return
	for deb in "$root"/debs/*.deb; do
		newer_version "$deb" || return
	done
	cp "$here/deb-check-inside.sh" "$root/inside.sh"
	chroot_run bash /inside.sh
}

main_deb_check "$1"
