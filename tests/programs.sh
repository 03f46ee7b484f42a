# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/programs.sh: stock programs on a token's credential, sourced after tests/tap.sh by tests and by the demo.
# Each program_NAME runs one program against the credential and succeeds or fails; it starts what it needs with
# tap_spawn and ends it. They read:
#
#	credential   folder with cert.pem, fullchain.pem, ca.pem, key.pem (a PKCS#11 URI in PEM)
#	name         the credential's name: CKA_LABEL
#	host         a DNS name in its certificate
#	module       path of the PKCS#11 module
#	worker       user to whom servers drop their privileges (as root only)
# and OPENSSL_CONF, which loads pkcs11-provider on the module.



# free_port: a TCP port of the loopback that nobody uses now.
free_port()
{
	perl -MIO::Socket::INET -e \
		'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}

# port_open PORT: somebody listens there. Connects to nothing: a server that counts connections sees none.
port_open()
{
	grep -q "^ *[0-9]*: 0100007F:$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}

# start_on_port LOG COMMAND...: spawns a server and waits until it listens on $port; sets $tap_pid.
start_on_port()
{
	tap_spawn "$@"
	tap_until 10 started_or_gone "$tap_pid" "$port"
	port_open "$port" && return 0
	diag "$1 does not listen: $(tail -n 5 "$tap_tmp/$1")"
	return 1
}

started_or_gone()
{
	port_open "$2" || ! kill -0 "$1"
}

program_pkcs11_tool()
{
	pkcs11-tool --module "$module" -L | grep -q oneM2M &&
		pkcs11-tool --module "$module" -M | grep -q ECDSA &&
		pkcs11-tool --module "$module" -O | grep -q "label: *$name" &&
		echo data >"$tap_tmp/data" &&
		pkcs11-tool --module "$module" -s -m ECDSA-SHA256 --label "$name" --signature-format openssl \
			-i "$tap_tmp/data" -o "$tap_tmp/pkcs11-tool.sig" &&
		openssl x509 -in "$credential/cert.pem" -noout -pubkey >"$tap_tmp/public.pem" &&
		openssl dgst -sha256 -verify "$tap_tmp/public.pem" -signature "$tap_tmp/pkcs11-tool.sig" \
			"$tap_tmp/data"
}

program_pkcs11_tool_test()
{
	pkcs11-tool --module "$module" --login --pin 0 --test </dev/null >"$tap_tmp/pkcs11-tool.out" 2>&1
	grep -q "No errors" "$tap_tmp/pkcs11-tool.out" && return 0
	cat "$tap_tmp/pkcs11-tool.out"
	return 1
}

program_p11tool()
{
	p11tool --provider "$module" --list-all "$programs_uri" | grep -q "Label: $name" &&
		p11tool --provider "$module" --batch --test-sign "$programs_uri;type=private"
}

# openssl s_server and s_client, both with the token's key; $1 is tls1_2 or tls1_3.
program_openssl()
{
	port=$(free_port)
	start_on_port "s_server-$1" openssl s_server -accept "127.0.0.1:$port" "-$1" -naccept 1 -www \
		-cert_chain "$credential/fullchain.pem" -cert "$credential/cert.pem" -key "$programs_uri;type=private" \
		-CAfile "$credential/ca.pem" -Verify 3 -verify_return_error || return 1
	server=$tap_pid
	printf 'GET / HTTP/1.0\r\n\r\n' | timeout 20 openssl s_client -connect "127.0.0.1:$port" "-$1" -ign_eof \
		-servername "$host" -verify_hostname "$host" \
		-cert "$credential/cert.pem" -cert_chain "$credential/fullchain.pem" -key "$credential/key.pem" \
		-CAfile "$credential/ca.pem" -verify_return_error >"$tap_tmp/s_client-$1" 2>&1
	result=$?
	tap_stop "$server"
	[ $result -eq 0 ] && grep -q 'Verify return code: 0' "$tap_tmp/s_client-$1" &&
		grep -q 'HTTP/1.0 200' "$tap_tmp/s_client-$1" && return 0
	tail -n 20 "$tap_tmp/s_client-$1" "$tap_tmp/s_server-$1"
	return 1
}

# nginx_conf WORKERS: a configuration in $tap_tmp/nginx whose one server, on $port, has the lines of standard input.
nginx_conf()
{
	mkdir -p "$tap_tmp/nginx"
	chmod 755 "$tap_tmp" "$tap_tmp/nginx"
	cat >"$tap_tmp/nginx/nginx.conf" <<-END
		$([ "$(id -u)" -ne 0 ] || echo "user $worker;")
		daemon off; worker_processes $1; pid $tap_tmp/nginx/pid; error_log $tap_tmp/nginx/error.log info;
		events { worker_connections 64; }
		http {
			access_log off; client_body_temp_path $tap_tmp/nginx/b; proxy_temp_path $tap_tmp/nginx/p;
			fastcgi_temp_path $tap_tmp/nginx/f; uwsgi_temp_path $tap_tmp/nginx/u; scgi_temp_path $tap_tmp/nginx/s;
			server {
				listen 127.0.0.1:$port ssl;
				$(cat)
				location / { return 200 "hello \$ssl_client_verify\n"; }
			}
		}
	END
}

# nginx_start: nginx with the token's key that demands client certificates; sets $port and $nginx.
nginx_start()
{
	port=$(free_port)
	nginx_conf 2 <<-END
		server_name $host;
		ssl_certificate $credential/fullchain.pem; ssl_certificate_key $credential/key.pem;
		ssl_client_certificate $credential/ca.pem; ssl_verify_client on; ssl_verify_depth 3;
		ssl_session_cache off; ssl_session_tickets off;
	END
	start_on_port nginx.log nginx -e "$tap_tmp/nginx/error.log" -p "$tap_tmp/nginx" -c "$tap_tmp/nginx/nginx.conf" ||
		{ tail -n 5 "$tap_tmp/nginx/error.log"; return 1; }
	nginx=$tap_pid
}

# nginx_request: one request by curl with the token's client key, on a connection of its own.
nginx_request()
{
	curl -sS --max-time 10 --resolve "$host:$port:127.0.0.1" --cacert "$credential/ca.pem" \
		--cert "$credential/fullchain.pem" --key "$credential/key.pem" "https://$host:$port/"
}

program_nginx_curl()
{
	nginx_start || return 1
	answer=$(nginx_request 2>&1)
	tap_stop "$nginx"
	[ "$answer" = "hello SUCCESS" ] && return 0
	echo "$answer"
	tail -n 5 "$tap_tmp/nginx/error.log"
	return 1
}

# mosquitto_start: a broker with the token's key that demands client certificates; sets $port and $broker.
mosquitto_start()
{
	port=$(free_port)
	cat >"$tap_tmp/mosquitto.conf" <<-END
		per_listener_settings true
		$([ "$(id -u)" -ne 0 ] || echo "user $worker")
		listener $port 127.0.0.1
		allow_anonymous true
		certfile $credential/fullchain.pem
		keyfile $credential/key.pem
		cafile $credential/ca.pem
		require_certificate true
	END
	chmod 644 "$tap_tmp/mosquitto.conf"
	start_on_port mosquitto.log mosquitto -c "$tap_tmp/mosquitto.conf" || return 1
	broker=$tap_pid
}

mosquitto_exchange()
{
	set -- -h 127.0.0.1 -p "$port" -t gateway -q 1 --insecure --cafile "$credential/ca.pem" \
		--cert "$credential/fullchain.pem" --key "$credential/key.pem"
	mosquitto_pub "$@" -r -m kept && [ "$(mosquitto_sub "$@" -C 1 -W 10)" = kept ]
}

program_mosquitto()
{
	mosquitto_start || return 1
	mosquitto_exchange
	result=$?
	tap_stop "$broker"
	[ $result -eq 0 ] || tail -n 10 "$tap_tmp/mosquitto.log"
	return $result
}

# gnutls-serv and gnutls-cli, both with the token's key by URI.
program_gnutls()
{
	port=$(free_port)
	start_on_gnutls "$port" || return 1
	server=$tap_pid
	echo hello | timeout 20 gnutls-cli --provider "$module" -p "$port" 127.0.0.1 --sni-hostname "$host" \
		--verify-hostname "$host" --x509cafile "$credential/ca.pem" \
		--x509certfile "$credential/fullchain.pem" --x509keyfile "$programs_uri;type=private" \
		>"$tap_tmp/gnutls-cli" 2>&1
	result=$?
	tap_stop "$server"
	[ $result -eq 0 ] && grep -q 'Handshake was completed' "$tap_tmp/gnutls-cli" && return 0
	tail -n 20 "$tap_tmp/gnutls-cli" "$tap_tmp/gnutls-serv"
	return 1
}

# gnutls-serv listens on every address: the table of ports is the IPv6 one or the one of 0.0.0.0.
start_on_gnutls()
{
	tap_spawn gnutls-serv gnutls-serv --provider "$module" -p "$1" --echo --require-client-cert \
		--x509cafile "$credential/ca.pem" --x509certfile "$credential/fullchain.pem" \
		--x509keyfile "$programs_uri;type=private"
	tap_until 10 grep -q 'listening' "$tap_tmp/gnutls-serv" && return 0
	tail -n 5 "$tap_tmp/gnutls-serv"
	return 1
}

# ssh to an sshd of our own; the client's key is the token's. Without OPENSSL_CONF: ssh links libcrypto, which would
# initialise the module first, and OpenSSH takes CKR_CRYPTOKI_ALREADY_INITIALIZED for a failure.
program_ssh()
{
	(unset OPENSSL_CONF && ssh_login)
}

ssh_clean()
{
	[ -z "$made" ] || rmdir "$made"
}

ssh_login()
{
	port=$(free_port)
	rm -rf "$tap_tmp/ssh"
	mkdir -p "$tap_tmp/ssh" && chmod 700 "$tap_tmp/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$tap_tmp/ssh/host" </dev/null
	ssh-keygen -D "$module" >"$tap_tmp/ssh/keys" || return 1
	grep "$name" "$tap_tmp/ssh/keys" >"$tap_tmp/ssh/authorized" || cp "$tap_tmp/ssh/keys" "$tap_tmp/ssh/authorized"
	cat >"$tap_tmp/ssh/sshd_config" <<-END
		Port $port
		ListenAddress 127.0.0.1
		HostKey $tap_tmp/ssh/host
		AuthorizedKeysFile $tap_tmp/ssh/authorized
		PidFile none
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PermitRootLogin yes
	END
	# sshd as root wants its folder of privilege separation, which the system makes when its own sshd starts
	made=
	if [ "$(id -u)" -eq 0 ] && [ ! -e /run/sshd ]; then
		mkdir -m 755 /run/sshd && made=/run/sshd
	fi
	start_on_port sshd /usr/sbin/sshd -D -e -f "$tap_tmp/ssh/sshd_config" || { ssh_clean; return 1; }
	server=$tap_pid
	answer=$(timeout 20 ssh -F none -p "$port" -o PKCS11Provider="$module" -o IdentityFile=none \
		-o IdentitiesOnly=no -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o LogLevel=ERROR "$(id -un)@127.0.0.1" echo logged in </dev/null 2>"$tap_tmp/ssh/error")
	tap_stop "$server"
	ssh_clean
	[ "$answer" = "logged in" ] && return 0
	tail -n 10 "$tap_tmp/ssh/error" "$tap_tmp/sshd"
	return 1
}

# stunnel in front of an echo, and stunnel as the client of it: keys of the token at both ends.
program_stunnel()
{
	port=$(free_port)
	server_port=$port
	mkdir -p "$tap_tmp/stunnel"
	cat >"$tap_tmp/stunnel/server.conf" <<-END
		foreground = yes
		pid =
		[server]
		accept = 127.0.0.1:$server_port
		exec = /bin/cat
		cert = $credential/fullchain.pem
		key = $credential/key.pem
		CAfile = $credential/ca.pem
		verifyChain = yes
	END
	start_on_port stunnel-server stunnel4 "$tap_tmp/stunnel/server.conf" || return 1
	server=$tap_pid
	port=$(free_port)
	cat >"$tap_tmp/stunnel/client.conf" <<-END
		foreground = yes
		pid =
		[client]
		client = yes
		accept = 127.0.0.1:$port
		connect = 127.0.0.1:$server_port
		cert = $credential/fullchain.pem
		key = $credential/key.pem
		CAfile = $credential/ca.pem
		verifyChain = yes
		checkHost = $host
	END
	start_on_port stunnel-client stunnel4 "$tap_tmp/stunnel/client.conf" || { tap_stop "$server"; return 1; }
	client=$tap_pid
	answer=$(perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die; alarm 10;
		print $s "hello\n"; $s->flush; print scalar <$s>' "$port")
	tap_stop "$client"
	tap_stop "$server"
	[ "$answer" = hello ] && return 0
	tail -n 10 "$tap_tmp/stunnel-server" "$tap_tmp/stunnel-client"
	return 1
}

# Java's SunPKCS11: lists the token's key store and signs a certificate request with the key.
program_java()
{
	cat >"$tap_tmp/java.cfg" <<-END
		name = oneM2M
		library = $module
		slotListIndex = 0
	END
	set -- -keystore NONE -storetype PKCS11 -storepass "" -providerClass sun.security.pkcs11.SunPKCS11 \
		-providerArg "$tap_tmp/java.cfg"
	keytool -list "$@" </dev/null >"$tap_tmp/java.list" 2>&1 && grep -q "^$name, *PrivateKeyEntry" "$tap_tmp/java.list" &&
		keytool -certreq -alias "$name" "$@" </dev/null >"$tap_tmp/java.csr" 2>"$tap_tmp/java.error" &&
		openssl req -in "$tap_tmp/java.csr" -noout -verify && return 0
	tail -n 20 "$tap_tmp/java.list" "$tap_tmp/java.error"
	return 1
}

# NSS: a database with our module lists the certificate with its key, and tstclnt uses both as a client.
program_nss()
{
	mkdir -p "$tap_tmp/nss"
	: >"$tap_tmp/nss/empty"
	certutil -N -d "sql:$tap_tmp/nss" -f "$tap_tmp/nss/empty" --empty-password &&
		modutil -force -dbdir "sql:$tap_tmp/nss" -add oneM2M -libfile "$module" </dev/null >/dev/null &&
		certutil -A -d "sql:$tap_tmp/nss" -n anchor -t CT,, -i "$credential/ca.pem" &&
		certutil -L -d "sql:$tap_tmp/nss" -h all -f "$tap_tmp/nss/empty" | grep -q "oneM2M:$name" &&
		certutil -K -d "sql:$tap_tmp/nss" -h oneM2M -f "$tap_tmp/nss/empty" | grep -q "$name"
}

# OpenVPN without a tunnel device: server and client, keys of the token at both ends.
program_openvpn()
{
	port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Proto => "udp")->sockport')
	set -- --dev null --port "$port" --ca "$credential/ca.pem" --cert "$credential/cert.pem" \
		--extra-certs "$credential/fullchain.pem" --key "$credential/key.pem" --verb 3 --cipher AES-128-GCM \
		--data-ciphers AES-128-GCM
	tap_spawn openvpn-server openvpn --tls-server --dh none --local 127.0.0.1 "$@"
	server=$tap_pid
	tap_spawn openvpn-client openvpn --tls-client --remote 127.0.0.1 --nobind "$@"
	client=$tap_pid
	tap_until 20 openvpn_connected
	result=$?
	tap_stop "$client"
	tap_stop "$server"
	[ $result -eq 0 ] || tail -n 12 "$tap_tmp/openvpn-server" "$tap_tmp/openvpn-client"
	return $result
}

openvpn_connected()
{
	grep -q 'Initialization Sequence Completed' "$tap_tmp/openvpn-server" &&
		grep -q 'Initialization Sequence Completed' "$tap_tmp/openvpn-client"
}
