# SPDX-License-Identifier: LGPL-2.1-or-later
# The rules of the house that a program can check. Each is a function rule_NAME ROOT that prints every violation as
# "file:line: what" and nothing when there is none. tests/lint.sh runs each on the tree and on examples that must fail.

# sources ROOT FIND-EXPRESSION...: the tree's own files, relative to ROOT.
sources()
{
	(cd "$1" && shift && find keystore module provisioner tests pkg -type f \( "$@" \) 2>/dev/null | sort)
}

c_sources()
{
	sources "$1" -name '*.[ch]'
}

# What a folder may include. A line is: folder, then extended regular expressions of the allowed includes
# (with their quotes or brackets) and, after a "!", of forbidden ones. The longest folder that fits a file counts.
# Arrows: module/ and provisioner/ see keystore/wire/ only; keystore/ sees neither; the daemon's parent never sees
# exchange/, which runs in a child; the simulated MEF shares nothing with the product, not even the TLS stack.
libc='<[a-z0-9_]+\.h> <(sys|linux|net|netinet|arpa)/[a-z0-9_]+\.h>'
foreign='<(glib|gio|gmodule|sqlite3|curl|gnutls|microhttpd|libcoap|cbor|winscard)[^>]*>'
include_rules="
keystore/wire   $libc <p11-kit/pkcs11\.h> \"keystore/wire/[^/]+\" ! $foreign
module          $libc <p11-kit/pkcs11\.h> \"keystore/wire/[^/]+\" \"module/[^/]+\" ! $foreign
module/provider $libc <p11-kit/pkcs11\.h> <openssl/.+> \"keystore/wire/[^/]+\" \"module/.+\" ! $foreign
keystore        <.+> \"keystore/.+\" ! <(curl|json-glib|gnutls)/.+>
provisioner     <.+> \"provisioner/[^/]+\" \"keystore/wire/.+\" ! <(gnutls|sqlite3).*>
provisioner/exchange <.+> \"provisioner/(exchange/)?[^/]+\" \"keystore/wire/.+\" ! \
	<(gnutls|sqlite3).*> \"provisioner/(main|daemon|control|control-policy|renew|hooks|enrolment|supervisor|progress|backoff|machine|machine-table)\.h\"
provisioner/hook <.+> \"provisioner/(hook/)?[^/]+\" ! <(gnutls|sqlite3|openssl|curl|json-glib).*>
provisioner/cli <.+> \"provisioner/(cli/)?[^/]+\" \"keystore/wire/.+\" ! <(gnutls|sqlite3).*>
tests/sim       <.+> \"tests/sim/.+\" ! <(openssl|curl)/.+>
"

rule_includes()
{
	(cd "$1" && c_sources . | xargs -r grep -n -E '^[[:space:]]*#[[:space:]]*include' /dev/null) |
	RULES=$include_rules awk '
		BEGIN {
			rules = ENVIRON["RULES"]; gsub(/\\\n/, "", rules)
			count = split(rules, line, "\n")
			for (i = 1; i <= count; i++) {
				words = split(line[i], word, " "); if (!words) continue
				list = 0
				for (j = 2; j <= words; j++) {
					if (word[j] == "!") { list = 1; continue }
					rule[word[1], list] = rule[word[1], list] (rule[word[1], list] ? "|" : "") word[j]
				}
				known[word[1]] = 1
			}
		}
		{
			file = $0; sub(/:.*/, "", file)
			included = $0; sub(/^[^:]*:[0-9]*:[ \t]*#[ \t]*include[ \t]*/, "", included)
			sub(/[ \t]*(\/[\/*].*)?$/, "", included)
			folder = file
			while (!(folder in known) && sub(/\/[^\/]*$/, "", folder)) ;
			if (!(folder in known)) next
			if (included ~ "^(" rule[folder, 0] ")$" && !(rule[folder, 1] && included ~ "^(" rule[folder, 1] ")$")) next
			where = $0; match(where, /^[^:]*:[0-9]*:/)
			print substr(where, 1, RLENGTH) " " folder "/ may not include " included
		}'
}

# Every source names its licence in its first lines.
rule_spdx()
{
	(cd "$1" && { sources . -name '*.[ch]' -o -name '*.sh' -o -name '*.am' -o -name '*.py' -o -name '*.map'
		for top in configure.ac Makefile.am bootstrap .ci/run; do [ ! -e $top ] || echo $top; done; } |
	while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later' || echo "$file:1: no SPDX line"
	done)
}

# Functions of at most 60 lines. A body opens and closes in column 0; a table opens at the end of its line.
rule_function_length()
{
	(cd "$1" && c_sources . | xargs -r awk '
		FNR == 1 { start = 0 }
		/^[a-z_].*\(/ { name = $0; sub(/ *\(.*/, "", name); sub(/.*[ *]/, "", name) }
		/^\{/ { start = FNR; next }
		/^\}/ && start {
			length_lines = FNR - start - 1
			if (length_lines > 60) print FILENAME ":" start ": " name " has " length_lines " lines, more than 60"
			start = 0
		}' /dev/null)
}

# Files of at most 600 lines.
rule_file_length()
{
	(cd "$1" && sources . -name '*.[ch]' -o -name '*.sh' | xargs -r awk '
		FNR == 601 { print FILENAME ":601: more than 600 lines" }' /dev/null)
}

rule_goto()
{
	(cd "$1" && c_sources . | xargs -r grep -n -E '^[^*/"]*\bgoto[[:space:]]+[a-z_]' /dev/null |
		sed 's/:\([0-9]*\):.*/:\1: goto/')
}

# A memset before a free or at the end of a life is removed by the compiler: wipes are explicit_bzero.
rule_wipe()
{
	(cd "$1" && c_sources . | grep -v '^tests/' | xargs -r awk '
		/memset *\(.*, *(0|0x0|0x00|.\\0.), / { wiped = FNR; next }
		/^[[:space:]]*(g_free|free|sqlite3_free|munmap|munlock) *\(/ && wiped == FNR - 1 {
			print FILENAME ":" wiped ": memset before a free, use explicit_bzero" }
		FNR == 1 { wiped = 0 }' /dev/null)
}

# Nothing of a build machine in the tree: no absolute paths below /home, /work or /tmp in what is compiled or installed.
rule_machine_paths()
{
	(cd "$1" && sources . -name '*.[ch]' -o -name '*.am' -o -name '*.in' -o -name '*.conf' -o -name '*.service' |
		grep -v '^tests/' | xargs -r grep -n -E '["= ](/home/|/work/|/tmp/)' /dev/null | sed 's/:\([0-9]*\):.*/:\1: path of a machine/')
}
