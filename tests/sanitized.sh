# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/sanitized.sh: what a build with --enable-sanitizers needs, sourced by tests/tap.sh; tap_done fails on what was found.
# Both are empty in any other build.
#
#	$preload	for programs that are not sanitized and load our modules: the runtime comes first. Leaks of
#			theirs are not ours.
#	$preload_own	for our own programs that load pkcs11-provider, as tests/no-deepbind.c says

preload=
preload_own=

sanitized()
{
	nm -D "$top_builddir/.libs/enrolee-pkcs11.so" 2>/dev/null | grep -q __asan_init
}

if sanitized; then
	no_deepbind=$(cd "$top_builddir" && pwd)/tests/.libs/no-deepbind.so
	[ -f "$no_deepbind" ] || tap_skip "$no_deepbind was not built"
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$tap_tmp/sanitizer:verify_asan_link_order=0
	UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$tap_tmp/sanitizer:print_stacktrace=1
	export ASAN_OPTIONS UBSAN_OPTIONS
	preload="LD_PRELOAD=$no_deepbind:$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0"
	preload_own="LD_PRELOAD=$no_deepbind"
fi
