# SPDX-License-Identifier: LGPL-2.1-or-later
# The README's walks through the code: each file:function it names is there.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"

grep -o '`[a-z0-9/-]*\.[ch]:[a-z_0-9]*`' "$top_srcdir/README.md" | tr -d '`' >"$tap_tmp/places"
like "the README names places" "$(wc -l <"$tap_tmp/places")" '^[1-9][0-9]'
while IFS=: read -r file function; do
	ok "$file:$function" grep -Eq "^$function \(" "$top_srcdir/$file"
done <"$tap_tmp/places"
for file in $(grep -o '`[a-z0-9/-]*\.c`' "$top_srcdir/README.md" | tr -d '`'); do
	ok "$file" test -f "$top_srcdir/$file"
done
not "a function that is not there is missed" grep -Eq '^no_such_function \(' "$top_srcdir/module/sign.c"
tap_done
