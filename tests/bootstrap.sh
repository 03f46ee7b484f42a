#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ./bootstrap: the package list, the backports source derived from the machine's own, and the counting of results.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh" || exit 99
. "$top_srcdir/bootstrap"

# ---- the package list
PACKAGES_FILE=$tap_tmp/packages
printf '%s\n' '# comment' 'one build' 'two   test demo # why' 'three build test' '' >"$PACKAGES_FILE"
is "packages of one section" "$(packages_for build | tr '\n' ' ')" "one three "
is "packages of two sections, each once" "$(packages_for build test | tr '\n' ' ')" "one two three "
is "a section that nobody wants is empty" "$(packages_for nonsense)" ""
unset PACKAGES_FILE
is "the real list has no name twice" "$(packages_for build test demo | sort | uniq -d)" ""
is "a missing package is named" "$(missing_of bash enrolee-no-such-package)" "enrolee-no-such-package"

# ---- the backports source
mkdir -p "$tap_tmp/one/sources.list.d" "$tap_tmp/two/sources.list.d" "$tap_tmp/none"

cat >"$tap_tmp/one/sources.list" <<'END'
# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb http://other.example/apt bookworm contrib
deb [ arch=amd64 signed-by=/usr/share/keyrings/k.gpg ] http://mirror.example/debian bookworm contrib main # ours
END
is "one-line source: mirror and options are kept" "$(derive_backports "$tap_tmp/one" bookworm)" \
	"list
deb [ arch=amd64 signed-by=/usr/share/keyrings/k.gpg ] http://mirror.example/debian bookworm-backports main"

cat >"$tap_tmp/two/sources.list.d/debian.sources" <<'END'
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
Enabled: no

# a comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
Trusted: yes
END
is "deb822 source: mirror, key and options are kept" "$(derive_backports "$tap_tmp/two" bookworm)" \
	"sources
Types: deb
URIs: http://mirror.example/debian
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
Trusted: yes
Suites: bookworm-backports
Components: main"
not "no source of this release" derive_backports "$tap_tmp/two" trixie
not "no source at all" derive_backports "$tap_tmp/none" bookworm

ok "source and pin are written" write_backports "$tap_tmp/none" bookworm "$(derive_backports "$tap_tmp/two" bookworm)"
like "the source" "$(cat "$tap_tmp/none/sources.list.d/enrolee-backports.sources")" '^Suites: bookworm-backports$'
is "the pin refuses all but pkcs11-provider" \
	"$(grep -A2 '^Package' "$tap_tmp/none/preferences.d/enrolee-backports" | tr '\n' ' ')" \
	"Package: pkcs11-provider Pin: release n=bookworm-backports Pin-Priority: 500 -- Package: * Pin: release n=bookworm-backports Pin-Priority: -1 "
mkdir -p "$tap_tmp/again/sources.list.d"
cp "$tap_tmp/none/sources.list.d/enrolee-backports.sources" "$tap_tmp/again/sources.list.d/"
not "its own source is not taken for the machine's" derive_backports "$tap_tmp/again" bookworm

# ---- the count
cat >"$tap_tmp/suite.log" <<'END'
# TOTAL: 12
# PASS:  5
# SKIP:  2
# XFAIL: 1
# FAIL:  2
# XPASS: 1
# ERROR: 1
END
is "results are added up" "$(count_results "$tap_tmp/suite.log")" "6 4 2"
printf '# TOTAL: 3\n# PASS: 3\n' >"$tap_tmp/short.log"
not "a log that was cut off is not counted" count_results "$tap_tmp/short.log"
not "no log is not counted" count_results "$tap_tmp/no.log"

tap_done
