# SPDX-License-Identifier: LGPL-2.1-or-later
# Restarts of the keystore, TERM and KILL in turn, under four signing threads: no operation fails. `make soak` does 200.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/gateway.sh"
tap_needs perl
restarts=${RESTARTS:-30}
wait_ms=$(awk '$2 == "REPLY_WAIT_MEMORY_MS" { print $3 }' "$top_srcdir/keystore/dispatch-use.c")
load=$top_builddir/tests/module-load

# What systemd does for the keystore: holds its sockets, starts it, and starts it again when it ends. Writes the
# process's number to a file.
cat >"$tap_tmp/supervise" <<'END'
use POSIX ();
use Socket;
my ($run, $pid_file, @command) = @ARGV;
my $child;
$^F = 4; # the two sockets are inherited
for my $name ("token", "provision") {
	socket (my $fd, PF_UNIX, SOCK_SEQPACKET, 0) or die;
	bind ($fd, sockaddr_un ("$run/$name.sock")) or die "$run/$name.sock: $!";
	listen ($fd, 128) or die;
	push @sockets, $fd;
}
# make's job server may hold these numbers
POSIX::dup2 (fileno ($sockets[$_]), 3 + $_) // die for 0, 1;
$SIG{TERM} = sub { kill "KILL", $child; exit 0 };
while (1) {
	$child = fork ();
	if ($child == 0) {
		@ENV{"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} = (2, $$, "token:provision");
		exec @command or die;
	}
	open (my $out, ">", "$pid_file.new"); print $out "$child\n"; close ($out);
	rename ("$pid_file.new", $pid_file);
	waitpid ($child, 0);
}
END

supervised_start()
{
	mkdir -p "$gateway/run" "$gateway/state" "$gateway/etc"
	ENROLEE_RUNTIME_DIR=$gateway/run
	export ENROLEE_RUNTIME_DIR
	tap_spawn keystored.log perl "$tap_tmp/supervise" "$gateway/run" "$tap_tmp/keystored" "$bin/enrolee-keystored" \
		--runtime-dir "$gateway/run" --state-dir "$gateway/state" --config-dir "$gateway/etc" \
		--provisioner-user "$(id -un)"
	tap_until 20 enrolee list
}

another_keystore()
{
	keystored=$(cat "$tap_tmp/keystored")
	[ "$keystored" != "$1" ]
}

# restart SIGNAL: it is over when a program can sign with the new keystore. Keeps the longest time that this took.
slowest=0
restart()
{
	began=$(date +%s%3N)
	kill "-$1" "$keystored"
	tap_until 10 another_keystore "$keystored" && "$load" "$module" ec 1 1 >"$tap_tmp/once" 2>&1 || return 1
	took=$(($(date +%s%3N) - began))
	[ $took -le $slowest ] || slowest=$took
}

ok "the keystore starts" supervised_start || tap_done
another_keystore none
pki_new "$tap_tmp/pki"
pki_issue ec gw-0001.sp.example.com
ok "a key is imported" enrolee import ec "$pki/ec.key" "$pki/ec.pem" --anchors "$pki/root.pem"
ok "four threads sign and verify" "$load" "$module" ec 4 50
not "a key that is not there is not found" "$load" "$module" none 4 50

mkfifo "$tap_tmp/input"
"$load" "$module" ec 4 <"$tap_tmp/input" >"$tap_tmp/load.out" 2>"$tap_tmp/load.err" &
signing=$!
tap_pids="$tap_pids $signing"
exec 8>"$tap_tmp/input"
ok "the program signs" tap_until 10 grep -q ready "$tap_tmp/load.out"
restarted=0
signal=KILL
while [ $restarted -lt "$restarts" ] && restart $signal 8>&-; do
	restarted=$((restarted + 1))
	[ $signal = KILL ] && signal=TERM || signal=KILL
done
exec 8>&-
wait $signing
result=$(tail -n 1 "$tap_tmp/load.out")
diag "$result, $restarted restarts, the slowest $slowest ms"
is "restarts" $restarted "$restarts"
like "the program went on to its end" "$result" '^[1-9][0-9]* operations, [0-9]+ failed$'
if [ $slowest -ge "$wait_ms" ] && [ -s "$tap_tmp/load.err" ]; then
	skip "no operation failed" "this machine is too busy: a restart took $slowest ms, an operation waits $wait_ms ms"
else
	is "no operation failed" "$(cat "$tap_tmp/load.err")" ""
fi
tap_done
