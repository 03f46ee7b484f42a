# SPDX-License-Identifier: LGPL-2.1-or-later
# What the shell tests of the provider share: a keystore with one key behind two references, OpenSSL configurations
# with enrolee.so, and the text forms of the references. Source after tests/tap.sh.

provider=$top_builddir/.libs/enrolee.so
run=$tap_tmp/run
id_a=abcdefghijklmnopqrstuv-_
id_b=ABCDEFGHIJKLMNOPQRSTUV09
reference_a=pskref1:$id_a
reference_b=pskref1:$id_b

hex()
{
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}

# random_hex BYTES
random_hex()
{
	od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'
}

# write_conf FILE MODULE [EXTRA SSL LINE]: an OpenSSL configuration; without a module, the default provider alone.
write_conf()
{
	{
		printf 'openssl_conf = init\n[init]\nproviders = providers\nalg_section = algorithms\nssl_conf = ssl\n'
		printf '[providers]\ndefault = default_sect\n'
		[ -z "$2" ] || printf 'enrolee = enrolee_sect\n'
		printf '[default_sect]\nactivate = 1\n[enrolee_sect]\nmodule = %s\nactivate = 1\n' "$2"
		printf '[algorithms]\n'
		[ -z "$2" ] || printf 'default_properties = ?enrolee.pskref=yes,?enrolee.first=yes\n'
		printf '[ssl]\nsystem_default = system_default\n[system_default]\nCipherString = ALL:PSK:@SECLEVEL=0\n'
		printf '%s\n' "${3:-MaxProtocol = TLSv1.2}"
	} >"$1"
}

# start_keystore HEX: the key behind both references.
start_keystore()
{
	mkdir -p "$run"
	rm -f "$run/token.sock"
	tap_spawn keystore.log "$top_builddir/tests/provider-keystore" "$run" "$id_a=$1" "$id_b=$1"
	keystore_pid=$tap_pid
	tap_until 10 grep -q ready "$tap_tmp/keystore.log"
}

# with CONF COMMAND...: a program with an OpenSSL configuration and our keystore.
with()
{
	with_conf=$1
	shift
	env $preload ENROLEE_RUNTIME_DIR="$run" OPENSSL_CONF="$with_conf" "$@"
}

conf=$tap_tmp/enrolee.cnf
conf_plain=$tap_tmp/plain.cnf
conf_13=$tap_tmp/enrolee-13.cnf
conf_plain_13=$tap_tmp/plain-13.cnf
conf_no_ems=$tap_tmp/enrolee-no-ems.cnf
conf_plain_no_ems=$tap_tmp/plain-no-ems.cnf
no_ems=$(printf 'MaxProtocol = TLSv1.2\nOptions = -ExtendedMasterSecret')
write_conf "$conf" "$provider"
write_conf "$conf_plain" ''
write_conf "$conf_13" "$provider" 'MinProtocol = TLSv1.3'
write_conf "$conf_plain_13" '' 'MinProtocol = TLSv1.3'
write_conf "$conf_no_ems" "$provider" "$no_ems"
write_conf "$conf_plain_no_ems" '' "$no_ems"
