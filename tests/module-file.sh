# SPDX-License-Identifier: LGPL-2.1-or-later
# What the module's file says about itself: it is loaded into other people's programs.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
tap_needs readelf

module=$top_builddir/.libs/enrolee-pkcs11.so
needed=$(readelf -d "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v -E '^lib(asan|ubsan)\.so' | tr '\n' ' ')
exported=$(readelf -W --dyn-syms "$module" |
	awk '$5 == "GLOBAL" && $7 != "UND" && $4 != "SECTION" { sub(/@.*/, "", $8); print $8 }' | sort | tr '\n' ' ')
imported=$(readelf -W --dyn-syms "$module" | awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }')

is "it needs libc alone" "$needed" "libc.so.6 "
is "it exports three functions" "$exported" "C_GetFunctionList C_GetInterface C_GetInterfaceList "
like "it is never unloaded" "$(readelf -d "$module")" NODELETE
is "it leaves nothing behind that runs at exit or fork" \
	"$(printf '%s\n' "$imported" | grep -E '^(pthread_atfork|__register_atfork|atexit|on_exit|pthread_key_create|pthread_create)$')" ""
is "it writes to no stream of the program" \
	"$(printf '%s\n' "$imported" | grep -E '^(printf|puts|perror|syslog|stderr|stdout|abort|__assert_fail)$')" ""
like "it binds everything when it is loaded" "$(readelf -d "$module")" 'BIND_NOW|NOW'
tap_done
