#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion: commands, options, enrolments, credentials, programs; and that it knows every option that takes a value.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs bash

mkdir -p "$state/credentials/gateway" "$state/credentials/gateway-key" "$conf/conf.d"
touch "$state/credentials/no-folder" "$tap_tmp/cert.pem"
printf '[enrolment gw1]\nMEF=x\n' >"$conf/enrolee.conf"
printf '#[enrolment commented]\n[enrolment gw2]\n[mef other]\n' >"$conf/conf.d/more.conf"
ok "it can be sourced, also twice" bash -euc ". '$top_srcdir/pkg/bash-completion/enrolee'; . '$top_srcdir/pkg/bash-completion/enrolee'"
. "$top_srcdir/pkg/bash-completion/enrolee"
is "it is bound" "$(complete -p enrolee)" "complete -F _enrolee enrolee"

# words TEXT: as readline breaks them; a blank at the end begins a new word.
words()
{
	local text=$1

	[[ $text == *' ' ]] && text="$text''"
	text=${text//=/ = }
	eval "COMP_WORDS=($text)"
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
}

# completes TEXT: what follows, one a line
completes()
{
	words "$1"
	COMP_WORDS[0]=$(program enrolee)
	_enrolee enrolee "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>"$tap_tmp/errors"
	printf '%s\n' "${COMPREPLY[@]}" | sort
}
list() { completes "$@" | tr '\n' ' '; }
here="--state-dir=$state --config-dir=$conf"

is "a command" "$(list 'enrolee re')" "remove renew revoke "
is "all commands" "$(completes 'enrolee ' | wc -l)" "$("$(program enrolee)" --help | sed -n '/^Commands:/,/^$/p' | grep -c '^  ')"
is "nothing else" "$(list 'enrolee xyz')" " "
for command in enrol renew probe decommission; do
	is "$command: enrolments" "$(list "enrolee $command $here ")" "gw1 gw2 "
done
is "an enrolment" "$(list "enrolee enrol $here gw2")" "gw2 "
is "behind an option with a value" "$(list "enrolee enrol --timeout 5 $here ")" "gw1 gw2 "
is "behind a short one" "$(list "enrolee enrol $here -w ")" "gw1 gw2 "
is "one name only" "$(list "enrolee enrol $here gw1 ")" " "
for command in show remove grant revoke export; do
	is "$command: credentials" "$(list "enrolee $command $here g")" "gateway gateway-key "
done
is "doctor: any number" "$(list "enrolee doctor $here gateway gateway-")" "gateway-key "
is "wait: both" "$(list "enrolee wait $here ")" "gateway gateway-key gw1 gw2 "
is "options before the command" "$(list "enrolee $here show gateway-")" "gateway-key "
like "use: programs" "$(list 'enrolee use ')" 'curl .*nginx .*stunnel '
is "use: then a credential" "$(list "enrolee use $here nginx gateway-k")" "gateway-key "
is "options" "$(list 'enrolee enrol --t')" "--timeout= --trace= "
like "options of all commands" "$(list 'enrolee list --')" '--json .*--state-dir= '
is "a user" "$(list 'enrolee grant --user roo')" "root "
is "a user behind a sign" "$(list 'enrolee grant --user=roo')" "root "
is "a group" "$(list 'enrolee grant -g roo')" "root "
is "a file" "$(list "enrolee import x $tap_tmp/cert")" "$tap_tmp/cert.pem "
is "a trace" "$(list "enrolee enrol --trace=$tap_tmp/cert")" "$tap_tmp/cert.pem "
is "folders that are not there" "$(list "enrolee show --state-dir=$tap_tmp/none ")" " "
is "and no word about it" "$(cat "$tap_tmp/errors")" ""
for command in $(completes 'enrolee '); do
	for option in $(completes "enrolee $command --" | sed -n 's/=$//p'); do
		ok "$command $option: its value is thought of" _enrolee_value "$option"
	done
done
not "an option without a value" _enrolee_value --yes
tap_done
