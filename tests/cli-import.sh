#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enrolee import, list, show, grant, revoke, wait, remove against a real keystore; every bad input is refused clearly and
# loses nothing.

. "${top_srcdir:-.}/tests/tap.sh"
. "$top_srcdir/tests/enrol-lib.sh"
tap_needs openssl dbus-daemon python3
umask 077
bus=unix:path=/nowhere
mkdir -p "$run" "$state" "$conf"
keystored_start || { diag "$(cat "$tap_tmp/keystored.log")"; exit 99; }
cd "$tap_tmp" || exit 99

# --- material ---
ca()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 30 \
		-subj "/CN=$1" 2>/dev/null
}

# issue CA NAME [DAYS] [KEY-OPTION...]: NAME.key and NAME.pem
issue()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" -out "$2.csr" -subj "/CN=$2" 2>/dev/null
	openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -out "$2.pem" -days "${3:-20}" \
		-extfile <(printf 'basicConstraints=CA:%s\n' "${4:-FALSE}") 2>/dev/null
}

ca root
ca other
issue root middle 25 TRUE
issue middle leaf
issue middle second
issue root past -1
openssl pkcs8 -topk8 -in leaf.key -passout pass:secret -out leaf.p8 2>/dev/null
openssl pkcs8 -topk8 -in leaf.key -passout pass:secret -outform DER -out leaf.p8.der 2>/dev/null
openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile middle.pem -passout pass:secret -out leaf.p12 2>/dev/null
openssl ec -in leaf.key -aes128 -passout pass:secret -out leaf.old.key 2>/dev/null
openssl pkey -in leaf.key -outform DER -out leaf.key.der 2>/dev/null
openssl x509 -in leaf.pem -outform DER -out leaf.der
openssl genpkey -algorithm ed25519 -out ed.key 2>/dev/null
openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024 -out small.key 2>/dev/null
echo secret >pass
echo wrong >badpass
openssl rand -hex 32 >psk.hex
head -c 32 /dev/urandom >psk.bin

names()
{
	enrolee list | cut -f 1 | tr '\n' ' '
}

field()
{
	enrolee show "$1" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['credential']['$2'])"
}

# --- what is taken ---
ok "key, certificate and chain in PEM" enrolee import pem leaf.key leaf.pem middle.pem --anchors root.pem --user www-data
is "its subject" "$(field pem subject)" "CN=leaf"
is "its users" "$(field pem users)" "['www-data']"
ok "in one file, in any order" enrolee import mixed <(cat middle.pem leaf.key leaf.pem)
ok "PKCS#8, encrypted" enrolee import pkcs8 leaf.p8 leaf.pem --passphrase-file pass
ok "PKCS#8, encrypted, DER" enrolee import pkcs8der leaf.p8.der leaf.der --passphrase-file pass
ok "the old encrypted form" enrolee import old leaf.old.key leaf.pem --passphrase-file pass
ok "PKCS#12" enrolee import pkcs12 leaf.p12 --passphrase-file pass
is "with its chain" "$(enrolee show pkcs12 | grep -c '1 in the chain')" 1
ok "DER" enrolee import der leaf.key.der leaf.der
ok "trust anchors alone" enrolee import anchors --anchors root.pem --anchors other.pem
ok "a symmetric key in hex" enrolee import psk --symmetric psk.hex --identifier one@mef.example.com --suid 10
ok "a symmetric key in bytes, from stdin" sh -c "exec <psk.bin; '$(program enrolee)' import psk2 --runtime-dir='$run' \
	--config-dir='$conf' --symmetric - --format binary --identifier two@mef.example.com"
is "the identifier" "$(field psk2 identifier)" "two@mef.example.com"
is "all are listed" "$(names)" "anchors der mixed old pem pkcs12 pkcs8 pkcs8der psk psk2 "
ok "one that opens nothing is no secret" test -r "$state/credentials/pem/cert.pem"

before=$(names)
id=$(field pem id)

# refused DESCRIPTION PATTERN ARGUMENT...: status 4, the message fits, and the credential is what it was.
refused()
{
	local what=$1 pattern=$2 status
	shift 2
	enrolee import "$@" </dev/null >"$tap_tmp/output" 2>&1
	status=$?
	if [ $status -eq 4 ] && grep -Eq -e "$pattern" "$tap_tmp/output" && [ "$(field pem id)" = "$id" ] &&
		[ "$(names)" = "$before" ]; then
		pass "$what"
	else
		fail "$what"
		diag "status $status: $(cat "$tap_tmp/output")"
	fi
}

# --- what is not ---
refused "key and certificate that do not fit" 'do not belong together; nothing was imported' pem second.key leaf.pem
refused "an expired certificate" 'certificate is expired; nothing was imported' pem past.key past.pem
refused "a wrong passphrase" 'does not open the private key' pem leaf.p8 leaf.pem --passphrase-file badpass
refused "a wrong passphrase of PKCS#12" 'does not open the PKCS#12 file' pem leaf.p12 --passphrase-file badpass
refused "a wrong passphrase of the old form" 'does not open the private key' pem leaf.old.key --passphrase-file badpass
refused "an empty passphrase file" 'first line is no passphrase' pem leaf.p8 --passphrase-file /dev/null
if setsid true 2>/dev/null; then
	setsid "$(program enrolee)" import pem leaf.p8 --runtime-dir="$run" --config-dir="$conf" >"$tap_tmp/output" 2>&1 </dev/null
	is "an encrypted key without passphrase and terminal: status" $? 4
	like "an encrypted key without passphrase and terminal" "$(cat "$tap_tmp/output")" '--passphrase-file'
fi
chmod 640 second.key pass psk.hex
refused "a key that its group can read" 'second.key holds a secret that others .* may read' pem second.key second.pem
refused "a passphrase that its group can read" 'pass holds a secret' pem leaf.p8 leaf.pem --passphrase-file pass
refused "a symmetric key that its group can read" 'psk.hex holds a secret' pem --symmetric psk.hex --identifier x@y.z
chmod 600 second.key pass psk.hex
refused "a file that is not there" 'gone.pem: No such file' pem gone.pem
refused "an empty file" 'empty' pem /dev/null
head -c 5000 /dev/urandom >garbage
refused "garbage" 'garbage: a private key that cannot be read' pem garbage
sed '3d' leaf.pem >cut.pem
refused "a damaged certificate" 'cut.pem: ' pem leaf.key cut.pem
head -c 2000000 /dev/zero >large
refused "a large file" 'too large' pem large
refused "two keys" 'a second private key' pem leaf.key second.key
refused "a key without its certificate" 'no certificate of it' pem ed.key
refused "certificates without a key" 'no private key' pem leaf.pem
refused "a key among the anchors" 'holds a private key' pem leaf.key leaf.pem --anchors root.key
ssh-keygen -q -t ed25519 -N '' -f ssh.key 2>/dev/null &&
	refused "OpenSSH's form, with a hint" 'ssh-keygen -p -m PKCS8' pem ssh.key
refused "a key that is too small" . pem small.key
refused "a symmetric key that is not hex" 'not hex digits' pem --symmetric psk.bin --identifier x@y.z
refused "an unknown format" 'hex or binary' pem --symmetric psk.hex --identifier x@y.z --format base64
refused "an expiry in the past" 'is past' pem --symmetric psk.hex --identifier x@y.z --expires 2001-01-01T00:00:00Z
refused "a symmetric key under a key pair's name" . pem --symmetric psk.hex --identifier x@y.z
printf '[credential x]\nUser=www-data\n' >"$conf/enrolee.conf"
refused "unknown settings" 'enrolee.conf:2: unknown key "User"' pem leaf.key leaf.pem
rm "$conf/enrolee.conf"
enrolee import pem >/dev/null 2>&1
is "no file: usage" $? 2
enrolee import ../x leaf.key >/dev/null 2>&1
is "a name that is a path: usage" $? 2

# --- warned, and taken ---
enrolee import warned leaf.key leaf.pem second.pem root.pem >"$tap_tmp/output" 2>&1
is "a chain that does not chain is taken" $? 0
like "with a warning" "$(cat "$tap_tmp/output")" 'warning: CN=second: does not belong to the certificate.s chain'
like "a self-signed certificate is not trusted by itself" "$(cat "$tap_tmp/output")" 'CN=root: self-signed, not taken'

# --- replaced ---
ok "a new certificate replaces the old at once" enrolee import pem second.key second.pem middle.pem --anchors root.pem
is "it is the new one" "$(field pem subject)" "CN=second"
is "the old key stays" "$(field pem older_keys)" 1
is "who may use it stays" "$(field pem users)" "['www-data']"
ok "the old key ends when it is asked for" enrolee import pem leaf.key leaf.pem --revoke-old
is "it is gone" "$(field pem older_keys)" 0

# --- policy from the settings ---
printf '[credential settled]\nUsers=daemon\nGroups=games\n' >"$conf/enrolee.conf"
ok "users and groups of the settings" enrolee import settled leaf.key leaf.pem
is "both are there" "$(field settled users) $(field settled groups)" "['daemon'] ['games']"
rm "$conf/enrolee.conf"
ok "grant" enrolee grant settled --group staff --user mail
is "granted" "$(field settled users) $(field settled groups)" "['daemon', 'mail'] ['games', 'staff']"
ok "revoke" enrolee revoke settled --group games
is "revoked" "$(field settled groups)" "['staff']"
like "a user that does not exist is warned of" "$(enrolee grant settled --user nosuchuser 2>&1)" 'there is no user "nosuchuser"'
not "nobody is not a user" enrolee grant settled --user nobody
enrolee grant gone --user mail >/dev/null 2>&1
is "grant on what is not there" $? 3

# --- a right given for an import that fails ---
enrolee import pem leaf.key leaf.pem --user mail --user www-data --user nobody >"$tap_tmp/output" 2>&1
is "an import for nobody fails" $? 4
is "what it granted is taken back, what was there stays" "$(field pem users)" "['www-data']"
enrolee import fresh leaf.key leaf.pem --user mail --user nobody >/dev/null 2>&1
enrolee show fresh >"$tap_tmp/output" 2>&1
is "and a new one leaves nothing" "$(grep -c mail "$tap_tmp/output")" 0

# --- wait ---
ok "wait for what is there" enrolee wait pem
enrolee wait later --timeout 1 >/dev/null 2>&1
is "wait runs out of time" $? 6
tap_spawn wait.log "$(program enrolee)" wait later --state-dir="$state" --timeout 60
waiting=$tap_pid
ok "what is waited for" enrolee import later leaf.key leaf.pem
tap_until 20 tap_gone "$waiting"
wait "$waiting"
is "wait ends" $? 0

# --- remove ---
not "remove asks, or wants --yes" enrolee remove later
ok "remove" enrolee remove later --yes
enrolee show later >/dev/null 2>&1
is "it is gone" $? 3
not "its folder as well" test -e "$state/credentials/later"

# --- shapes ---
ok "list --json is JSON of version 1" sh -c "'$(program enrolee)' list --json --runtime-dir='$run' |
	python3 -c 'import json,sys; assert json.load(sys.stdin)[\"version\"] == 1'"
ok "config --json is JSON" sh -c "'$(program enrolee)' config --json --config-dir='$conf' | python3 -m json.tool"
is "no colour and no heading when it is no terminal" "$(enrolee list | grep -c "$(printf '\033')\|NAME")" 0
not "the symmetric key is in no file of the state" grep -rqi "$(cat psk.hex)" "$state/credentials" "$tap_tmp/keystored.log"

# --- without the keystore ---
tap_stop "$keystored_pid"
enrolee list >"$tap_tmp/output" 2>&1
is "no keystore: status" $? 5
like "no keystore: what to look at" "$(cat "$tap_tmp/output")" 'is enrolee-keystored running\?'
keystored_start keystored2.log
is "all is there after a restart" "$(field pem subject)" "CN=leaf"
tap_done
