#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A minimal Debian in a temporary folder, made with the machine's own mirror and removed at the end. Needs root and debootstrap.
#
#   chroot.sh check SOURCE     clones SOURCE into it, runs ./bootstrap check, then ./bootstrap build without a network
#
# KEEP_CHROOT=yes leaves the folder, to look at what failed; USE_CHROOT=FOLDER uses such a one, as it is.
# pkg/deb-check.sh sources this file.

codename=bookworm
. "$(dirname "${BASH_SOURCE[0]}")/../bootstrap"

# chroot_make: sets $root.
chroot_make()
{
	local source mirror
	[ "$(id -u)" -eq 0 ] || { echo "needs root" >&2; return 1; }
	command -v debootstrap >/dev/null || { echo "needs debootstrap: apt-get install debootstrap" >&2; return 1; }
	source=$(derive_backports /etc/apt "$codename") || { echo "no apt source of $codename" >&2; return 1; }
	mirror=$(grep -oE '[a-z]+://[^ ]+' <<<"$source" | head -n 1)
	if [ -n "$USE_CHROOT" ]; then
		root=$USE_CHROOT
		return
	fi
	root=$(mktemp -d "${TMPDIR:-/tmp}/enrolee-chroot.XXXXXX") && chmod 755 "$root" || return
	[ -n "$KEEP_CHROOT" ] || trap chroot_remove EXIT
	debootstrap --variant=minbase "$codename" "$root" "$mirror" >"$root.log" 2>&1 || {
		tail -n 20 "$root.log" >&2
		return 1
	}
	cp -r /etc/apt/sources.list* "$root/etc/apt/"
	rm -f "$root"/etc/apt/sources.list.d/enrolee-backports.*
	# How this machine reaches its mirror.
	apt-config dump | grep -E '^Acquire::(http|https|Check-)[^ ]* "[^"]' >"$root/etc/apt/apt.conf.d/90mirror"
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

# chroot_run COMMAND...: in namespaces of its own, so that nothing that it starts outlives it.
chroot_run()
{
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child --propagation private bash -c '
		root=$1; shift
		mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount -t tmpfs tmpfs "$root/run" &&
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
	' chroot "$root" "$@"
}

chroot_remove()
{
	[ -z "$root" ] || rm -rf --one-file-system "$root" "$root.log"
}

check_in_chroot()
{
	chroot_make || return
	git clone -q "$1" "$root/src" || return
	chroot_run sh -c 'cd /src && ./bootstrap check' || return
	echo "once more, without a network:"
	chroot_run unshare --net sh -c 'cd /src && ./bootstrap build'
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	case $1 in
	check) check_in_chroot "$2" ;;
	*) sed -n '4,6s/^#   //p' "$0" >&2; exit 2 ;;
	esac
fi
