#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# When enrolee-keystored does not start: a clear reason, an exit status of its own, and nothing lost.
. "${top_srcdir:-.}/tests/tap.sh"
tap_needs sqlite3

keystored=$top_builddir/enrolee-keystored
state=$tap_tmp/state
catalogue=$state/keystore/catalogue.db
mkdir -p "$tap_tmp/etc/conf.d"
export ASAN_OPTIONS=detect_leaks=0

# start [OPTION...]: runs it in the foreground; for starts that are refused.
start()
{
	timeout 20 "$keystored" --state-dir="$state" --runtime-dir="$tap_tmp/run" --config-dir="$tap_tmp/etc" "$@"
}

# refused STATUS PATTERN DESCRIPTION [OPTION...]
refused()
{
	local status=$1 pattern=$2 what=$3
	shift 3
	start "$@" >"$tap_tmp/output" 2>&1
	is "$what: exit status" $? "$status"
	like "$what: says why" "$(cat "$tap_tmp/output")" "$pattern"
}

serve()
{
	tap_spawn log "$keystored" --state-dir="$state" --runtime-dir="$tap_tmp/run" --config-dir="$tap_tmp/etc" "$@"
	tap_until 20 grep -q started "$tap_tmp/log"
}

like "--version" "$("$keystored" --version)" '^enrolee-keystored [0-9]'
refused 2 'unexpected argument' "an argument" rubbish
refused 2 'Unknown option' "an unknown option" --rubbish
refused 2 'auto, memory or token' "a wrong residency" --residency=nowhere

# Settings: its own group strictly, the others not at all.
printf '[enroleed]\nWhatever=1\n\n[keystore]\n# a remark\nResidency=memory\n' >"$tap_tmp/etc/enrolee.conf"
printf '[keystore]\nResidency=auto\n\nColour=red\n' >"$tap_tmp/etc/conf.d/10-colour.conf"
refused 2 '10-colour\.conf:4: unknown key Colour' "an unknown key"
printf '[keystore]\nBackingModule=relative.so\n' >"$tap_tmp/etc/conf.d/10-colour.conf"
refused 2 '10-colour\.conf:2: .*absolute' "a relative module"
printf '[keystore]\nrubbish\n' >"$tap_tmp/etc/conf.d/10-colour.conf"
refused 2 '10-colour\.conf:2: ' "a line that is none"
rm "$tap_tmp/etc/conf.d/10-colour.conf"

ok "it starts" serve
first=$tap_pid
refused 15 'another enrolee-keystored' "a second one on the same state"
refused 15 'another keystore listens' "a second one on the same sockets" --state-dir="$tap_tmp/state2"
ok "it still runs" kill -0 "$first"
tap_stop "$first"
is "it ends cleanly" $? 0
is "what it leaves is its own" "$(stat -c %a "$state/keystore")" 700
is "the credential folders are everybody's" "$(stat -c %a "$state/credentials")" 755
is "token.sock" "$(stat -c %a "$tap_tmp/run/token.sock")" 666
is "provision.sock" "$(stat -c %a "$tap_tmp/run/provision.sock")" 600

cp -a "$state" "$tap_tmp/good"
again()
{
	rm -rf "$state"
	cp -a "$tap_tmp/good" "$state"
}

dd if=/dev/urandom of="$catalogue" bs=1024 seek=1 count=8 conv=notrunc 2>/dev/null
refused 10 'catalogue' "a damaged catalogue"
ok "a copy of it is kept" sh -c "ls '$state'/keystore/catalogue.db.corrupt-*"
refused 10 'catalogue' "a damaged catalogue, again"
again

sqlite3 "$catalogue" 'PRAGMA user_version = 999'
refused 11 'newer enrolee' "a catalogue of a newer enrolee"
again

if [ -s /etc/machine-id ]; then
	ok "the state is bound" sqlite3 "$catalogue" "UPDATE fact SET value = 'f00d' WHERE key LIKE '%machine%'"
	refused 13 'adopt' "the state of another machine"
	ok "an operator adopts it" start --adopt
	ok "then it starts" serve
	tap_stop "$tap_pid"
else
	skip "the state of another machine" "this machine has no machine-id"
fi
again

# A catalogue with a key, and the token gone.
sqlite3 "$catalogue" "INSERT INTO credential VALUES (1, 'gw', 1, 1, NULL, NULL, NULL, 0, -1, 1, 1, 3, 0, 0, 0);
	INSERT INTO generation VALUES (1, 1, 1, 3, 1, 0, zeroblob(20), 1, 2, x'30', NULL, 1, 2, 1, 1, 0)"
rm -r "$state/keystore/tokens"
refused 12 'token' "a token that is gone"
again

if [ "$(id -u)" -eq 0 ]; then
	rm -rf "$state"
	mkdir -m 755 "$state"
	chmod 755 "$tap_tmp"
	refused_as_other()
	{
		timeout 20 setpriv --reuid=54321 --regid=54321 --clear-groups "$keystored" --state-dir="$state" \
			--runtime-dir="$tap_tmp/run" --config-dir="$tap_tmp/etc"
	}
	refused_as_other >"$tap_tmp/output" 2>&1
	is "a state folder of somebody else: exit status" $? 14
	like "a state folder of somebody else: says why" "$(cat "$tap_tmp/output")" 'state|folder'
	rm -rf "$state"
	echo file >"$state"
	refused 14 'folder' "a state folder that is a file"
fi
tap_done
