# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/tap.sh: TAP for the shell tests, sourced by them:
#
#	. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh" || exit 99
#	ok "the tool starts" tool --version
#	not "an unknown option is refused" tool --nonsense
#	is "it says its name" "$(tool --name)" "tool"
#	tap_done
#
# Needs no plan in advance: tap_done writes it, and a script that ends before tap_done counts as an error. Each test
# has a folder of its own, $tap_tmp, and what tap_spawn started is killed with it; nothing else ever is.

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
top_builddir=${top_builddir:-$top_srcdir/build}
tap_count=0
tap_failed=0
tap_pids=
tap_tmp=$(mktemp -d "${TMPDIR:-/tmp}/enrolee-test.XXXXXX") || exit 99

tap_cleanup()
{
	for tap_one in $tap_pids; do
		kill "$tap_one" 2>/dev/null
	done
	for tap_one in $tap_pids; do
		tap_reap "$tap_one"
	done
	rm -rf "$tap_tmp"
}
trap tap_cleanup EXIT
. "$top_srcdir/tests/sanitized.sh"
trap 'exit 143' TERM
trap 'exit 130' INT

# tap_reap PID: waits up to five seconds for a spawned process that was asked to end, then kills it.
tap_reap()
{
	tap_until 5 tap_gone "$1" || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# A zombie has ended as well: only this shell can collect it.
tap_gone()
{
	case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) in
	'' | Z*) return 0 ;;
	*) return 1 ;;
	esac
}

# diag TEXT: a remark in the log.
diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# pass DESCRIPTION, fail DESCRIPTION: one result.
pass()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

fail()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
}

# ok DESCRIPTION COMMAND...: the command succeeds. Its output is kept in $tap_tmp/output.
ok()
{
	tap_what=$1
	shift
	"$@" >"$tap_tmp/output" 2>&1 </dev/null
	tap_rc=$?
	if [ $tap_rc -eq 0 ]; then
		pass "$tap_what"
		return 0
	fi
	fail "$tap_what"
	diag "status $tap_rc: $*"
	diag "$(cat "$tap_tmp/output")"
	return 1
}

# not DESCRIPTION COMMAND...: the command refuses, by its own exit status: not found, not executable or killed
# by a signal is no refusal.
not()
{
	tap_what=$1
	shift
	"$@" >"$tap_tmp/output" 2>&1 </dev/null
	tap_rc=$?
	if [ $tap_rc -gt 0 ] && [ $tap_rc -lt 126 ]; then
		pass "$tap_what"
		return 0
	fi
	fail "$tap_what"
	diag "status $tap_rc, a refusal was expected: $*"
	diag "$(cat "$tap_tmp/output")"
	return 1
}

# is DESCRIPTION GOT WANTED: two texts are equal.
is()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
		return 0
	fi
	fail "$1"
	diag "got:    $2"
	diag "wanted: $3"
	return 1
}

# like DESCRIPTION TEXT PATTERN: an extended regular expression matches.
like()
{
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		pass "$1"
		return 0
	fi
	fail "$1"
	diag "got:     $2"
	diag "pattern: $3"
	return 1
}

# skip DESCRIPTION REASON: one result that this machine cannot give.
skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count # SKIP $1: $2"
}

# tap_skip REASON: the whole script, before its first result.
tap_skip()
{
	echo "1..0 # SKIP $1"
	exit 0
}

# tap_needs PROGRAM...: skips the script unless all are there.
tap_needs()
{
	for tap_one; do
		command -v "$tap_one" >/dev/null || tap_skip "needs $tap_one"
	done
}

# tap_spawn LOG COMMAND...: starts a program in the background; its id is $tap_pid, its output goes to $tap_tmp/LOG.
tap_spawn()
{
	tap_log=$tap_tmp/$1
	shift
	"$@" >"$tap_log" 2>&1 </dev/null &
	tap_pid=$!
	tap_pids="$tap_pids $tap_pid"
}

# tap_stop PID [SIGNAL]: ends a spawned program and waits for it; returns its status.
tap_stop()
{
	kill "-${2:-TERM}" "$1" 2>/dev/null
	tap_until 10 tap_gone "$1" || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	tap_rc=$?
	tap_left=
	for tap_one in $tap_pids; do
		[ "$tap_one" = "$1" ] || tap_left="$tap_left $tap_one"
	done
	tap_pids=$tap_left
	return $tap_rc
}

# tap_until SECONDS COMMAND...: waits until the condition holds; fails when it does not within the time.
tap_until()
{
	tap_deadline=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$tap_deadline" ] || return 1
		sleep 0.02
	done
}

# Under make the results speak for themselves, and a status would be counted as one failure more.
tap_done()
{
	[ -z "$preload" ] || is "the sanitizers have found nothing" "$(cat "$tap_tmp"/sanitizer.* 2>/dev/null)" ""
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ] || [ -n "$TAP_HARNESS" ] || exit 1
	exit 0
}
