# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/hook-lib.sh: a D-Bus of the test's own that is like the system's, with the policies as they are installed, a stand-in
# for systemd, and enrolee-hook started by it; source it behind tests/enrol-lib.sh.
#
#	hook_bus_start		the bus; its address is $bus
#	as USER COMMAND ...

provisioner_user=daemon # stands in for enrolee, which is on no build machine
systemd_log=$tap_tmp/systemd.log
hook_log=$tap_tmp/hook.log

as()
{
	setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups "${@:2}"
}

hook_bus_settings()
{
	cat <<-END
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
	  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig>
	  <listen>unix:path=$tap_tmp/bus.sock</listen>
	  <auth>EXTERNAL</auth>
	  <servicedir>$tap_tmp/services</servicedir>
	  <policy context="default">
	    <allow user="*"/>
	    <deny own="*"/>
	    <deny send_type="method_call"/>
	    <allow send_type="signal"/>
	    <allow send_requested_reply="true" send_type="method_return"/>
	    <allow send_requested_reply="true" send_type="error"/>
	    <allow receive_type="method_call"/>
	    <allow receive_type="method_return"/>
	    <allow receive_type="error"/>
	    <allow receive_type="signal"/>
	    <allow send_destination="org.freedesktop.DBus"/>
	    <allow send_destination="org.freedesktop.systemd1"/>
	  </policy>
	  <policy user="root">
	    <allow own="org.freedesktop.systemd1"/>
	    <allow own="org.onem2m.Enrolee1"/>
	  </policy>
	  <include>$tap_tmp/org.onem2m.Enrolee1.conf</include>
	  <include>$tap_tmp/org.onem2m.EnroleeHook1.conf</include>
	</busconfig>
	END
}

hook_bus_start()
{
	chmod 755 "$tap_tmp"
	mkdir -p "$tap_tmp/services"
	for name in org.onem2m.Enrolee1 org.onem2m.EnroleeHook1; do
		sed "s/user=\"enrolee\"/user=\"$provisioner_user\"/; s/group=\"enrolee\"/group=\"$provisioner_user\"/" \
			"$top_srcdir/pkg/dbus/$name.conf" >"$tap_tmp/$name.conf"
	done
	hook_bus_settings >"$tap_tmp/bus.conf"
	printf '[D-BUS Service]\nName=org.onem2m.EnroleeHook1\nExec=/bin/sh %s\n' "$tap_tmp/hook.sh" \
		>"$tap_tmp/services/org.onem2m.EnroleeHook1.service"
	# a secret in the environment, and a descriptor that must not be inherited
	cat >"$tap_tmp/hook.sh" <<-END
	exec 7</dev/zero
	HOOK_SECRET=1 exec "$(program enrolee-hook)" --bus="unix:path=$tap_tmp/bus.sock" --config-dir="$conf" \\
		--state-dir="$state" --provisioner-user=$provisioner_user --idle=${hook_idle:-2} >>"$hook_log" 2>&1
	END
	: >"$hook_log"
	tap_spawn dbus.log dbus-daemon --config-file="$tap_tmp/bus.conf" --nofork --nopidfile --print-address=1
	tap_until 10 grep -q '^unix:' "$tap_tmp/dbus.log" || return 1
	bus=unix:path=$tap_tmp/bus.sock
	tap_spawn "$(basename "$systemd_log")" "$(test_program hook-systemd)" "$bus"
	systemd_pid=$tap_pid
	tap_until 10 grep -q '^ready' "$systemd_log"
}

test_program()
{
	if [ -x "$top_builddir/tests/.libs/$1" ]; then echo "$top_builddir/tests/.libs/$1"; else echo "$top_builddir/tests/$1"; fi
}

# reloads UNIT: how often systemd was asked to reload it.
reloads()
{
	grep -cx "$1 replace" "$systemd_log"
}
