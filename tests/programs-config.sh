# SPDX-License-Identifier: LGPL-2.1-or-later
# Mutual TLS of servers and clients with OpenSSL configurations that a user writes himself: lazy load, pkcs11
# listed first, default first, ?provider=pkcs11 (programs-demand: servers verify clients through the token).
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$top_srcdir/tests/gateway.sh"
. "$top_srcdir/tests/programs.sh"

host=gw-0001.sp.example.com
ossl_modules=$(openssl version -m | sed 's/.*"\(.*\)"/\1/')

# user_cnf FIRST SECOND [QUERY]: providers in that order, loaded lazily, perhaps with default properties.
user_cnf()
{
	cat >"$gateway/user.cnf" <<-END
		openssl_conf = init
		[init]
		providers = providers
		${3:+alg_section = algorithms}
		[providers]
		$1 = $1_sect
		$2 = $2_sect
		[default_sect]
		activate = 1
		[pkcs11_sect]
		module = $ossl_modules/pkcs11.so
		pkcs11-module-path = $module
		activate = 1
		[algorithms]
		${3:+default_properties = $3}
	END
	OPENSSL_CONF=$gateway/user.cnf
}

ok "the keystore starts" gateway_start || tap_done
pki_new "$tap_tmp/pki"
pki_issue ec $host
pki_issue rsa $host -algorithm RSA -pkeyopt rsa_keygen_bits:2048
for kind in ec rsa; do
	ok "$kind is imported" enrolee import $kind "$pki/$kind.key" "$pki/$kind.pem" --anchors "$pki/root.pem" \
		--user "$worker"
	gateway_use $kind
	for order in "default pkcs11" "pkcs11 default" "default pkcs11 ?provider=pkcs11"; do
		user_cnf $order
		ok "$kind, lazy, $order: TLS 1.2" program_openssl tls1_2
		ok "$kind, lazy, $order: TLS 1.3" program_openssl tls1_3
		ok "$kind, lazy, $order: nginx and curl" program_nginx_curl
		ok "$kind, lazy, $order: mosquitto" program_mosquitto
	done
done
tap_done
