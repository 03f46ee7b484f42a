#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee import --from: a key with its certificates out of another token, and clear words about keys that stay there, PINs
# and URIs that fit nothing or too much.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl dbus-daemon python3 softhsm2-util pkcs11-tool
softhsm=
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so; do
	[ ! -e "$path" ] || softhsm=$path
done
[ -n "$softhsm" ] || tap_skip "needs SoftHSMv2's module"
umask 077
bus=unix:path=/nowhere
mkdir -p "$run" "$state" "$conf"
keystored_start || { diag "$(cat "$tap_tmp/keystored.log")"; exit 99; }
cd "$tap_tmp" || exit 99

# ---- somebody else's token
mkdir other
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$tap_tmp/other" >softhsm.conf
export SOFTHSM2_CONF=$tap_tmp/softhsm.conf
for label in Old Second; do
	softhsm2-util --init-token --free --label "$label" --pin 123456 --so-pin 12345678 >/dev/null
done
tool() { pkcs11-tool --module "$softhsm" --token-label Old --login --pin 123456 "$@" >>"$tap_tmp/tool.log" 2>&1; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 30 -subj /CN=root 2>/dev/null
issue()
{
	openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -out "$2.pem" -days 20 \
		-extfile <(printf 'basicConstraints=CA:%s\n' "$3") 2>/dev/null
	openssl x509 -in "$2.pem" -outform DER -out "$2.der"
}
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout middle.key -out middle.csr -subj /CN=middle 2>/dev/null
issue root middle TRUE
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout web.key -out web.csr -subj /CN=web 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.csr -subj /CN=rsa 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout kept.key -out kept.csr -subj /CN=kept 2>/dev/null
id=10
for name in web rsa kept; do
	issue middle $name FALSE
	openssl pkey -in $name.key -outform DER -out $name.key.der
	extractable=--extractable
	[ $name != kept ] || extractable=
	tool --write-object $name.key.der --type privkey --label $name --id $id $extractable
	tool --write-object $name.der --type cert --label $name --id $id
	id=$((id + 1))
done
tool --write-object middle.der --type cert --label middle --id 99
is "the token is filled" "$(pkcs11-tool --module "$softhsm" --token-label Old --login --pin 123456 --list-objects --type privkey |
	grep -c '^Private Key')" 3
echo 123456 >pin

# from STATUS URI [OPTION...]: imports as x; its words are in $said
from()
{
	local wanted=$1 uri=$2
	shift 2
	said=$(enrolee import x --from "$uri" --module "$softhsm" "$@" 2>&1 </dev/null)
	is "$uri $*" $? "$wanted" || diag "$said"
}
fingerprints() { openssl x509 -in "$1" -noout -fingerprint; }

from 0 'pkcs11:token=Old;object=web' --pin-file pin
is "without a word" "$said" ""
is "its certificate" "$(fingerprints "$state/credentials/x/cert.pem")" "$(fingerprints web.pem)"
is "and the issuer, and nobody else's" "$(grep -c BEGIN "$state/credentials/x/fullchain.pem")" 2
like "the key" "$(enrolee show x)" 'EC 256'
from 0 "pkcs11:token=Old;object=rsa?pin-source=file:$tap_tmp/pin"
like "an RSA key, the PIN by the URI" "$(enrolee show x)" 'RSA 2048'
from 0 "pkcs11:token=Old;id=%10?pin-source=$tap_tmp/pin"
is "by its identifier" "$(fingerprints "$state/credentials/x/cert.pem")" "$(fingerprints web.pem)"
from 0 "pkcs11:token=Old;object=web?module-path=$softhsm" --pin-file pin --anchors root.pem --user root
ok "with anchors beside it" test -s "$state/credentials/x/ca.pem"

# ---- symmetric keys: shown, wrapped, and neither
secret() { tool --write-object "$1.bin" --type secrkey --key-type "AES:$3" --label "$1" --id "$2" "${@:4}"; }
for name in shown hidden stays; do openssl rand -out $name.bin 32; done
secret shown 21 32 --extractable
secret hidden 22 32 --extractable --sensitive
secret stays 23 32 --sensitive
psk() { said=$(enrolee import kpm --from "pkcs11:token=Old;object=$1" --module "$softhsm" --pin-file pin "${@:2}" 2>&1); }
for name in shown hidden; do
	enrolee remove kpm --yes >/dev/null 2>&1
	psk $name --identifier gw@mef.example.com --suid 10
	is "a symmetric key, $name" "$? $said" "0 "
	is "with its identifier and use" "$(enrolee show kpm --json | python3 -c "
import json, sys
c = json.load(sys.stdin)['credential']
print(c['kind'], c['identifier'], c['suid'])")" "symmetric-key gw@mef.example.com 10"
done
psk stays --identifier other@mef.example.com
is "one that stays" $? 4
like "it is said" "$said" 'Old: this key never leaves its token \(CKA_EXTRACTABLE is false\)'
psk none --identifier other@mef.example.com
like "no such key" "$said" 'no symmetric key fits the URI'
psk shown
like "without identifier: no private key" "$said" 'no private key fits the URI'
psk shown --identifier a@b web.pem
is "nor with files" $? 2

# ---- what cannot be
before=$(enrolee show x --json)
from 4 'pkcs11:token=Old;object=kept' --pin-file pin
like "a key that stays" "$said" 'Old: this key never leaves its token \(CKA_EXTRACTABLE is false\).*enrolee enrol'
from 4 'pkcs11:token=Old' --pin-file pin
like "too many keys" "$said" 'more than one private key fits'
from 4 'pkcs11:token=Old;object=none' --pin-file pin
like "no key" "$said" 'no private key fits'
from 4 'pkcs11:token=None;object=web' --pin-file pin
like "no token" "$said" 'no token fits; `p11-kit list-tokens`'
from 4 'pkcs11:object=web;manufacturer=SoftHSM%20project' --pin-file pin
like "too many tokens" "$said" 'fits more than one token; name it'
from 4 'pkcs11:token=Old;object=web?pin-value=123456'
like "a PIN on the command line" "$said" 'known to all users of this machine'
from 4 'pkcs11:token=%zz'
from 4 'http://example.com/'
echo 654321 >wrong
from 4 'pkcs11:token=Old;object=web' --pin-file wrong
like "a wrong PIN" "$said" 'the PIN is wrong; many tokens lock themselves'
chmod 644 pin
from 4 'pkcs11:token=Old;object=web' --pin-file pin
like "a PIN for everybody" "$said" 'others than its owner may read'
chmod 600 pin
said=$(setsid "$(program enrolee)" import x --from 'pkcs11:token=Old;object=web' --module "$softhsm" --runtime-dir="$run" \
	--state-dir="$state" --config-dir="$conf" 2>&1 </dev/null)
is "nobody to ask for the PIN" $? 4
like "it is said where it can be" "$said" 'Old: needs its PIN; say where it is by --pin-file'
said=$(enrolee import x --from 'pkcs11:token=Old;object=web' --module "$tap_tmp/none.so" 2>&1)
is "no module" $? 4
said=$(ENROLEE_RUNTIME_DIR=$run enrolee import x --from 'pkcs11:token=oneM2M;object=x' --module "$top_builddir/.libs/enrolee-pkcs11.so" 2>&1)
is "out of our own token" $? 4
like "which is said" "$said" 'fits only the token of enrolee itself'
said=$(enrolee import x --module "$softhsm" web.pem 2>&1)
is "--module alone" $? 2
said=$(enrolee import x web.key web.pem --from 'pkcs11:token=Old;object=web' --module "$softhsm" --pin-file pin 2>&1)
is "two keys" $? 4
is "nothing was lost by all that" "$(enrolee show x --json)" "$before"
tap_done
