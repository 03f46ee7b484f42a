# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/exchange-job.sh: jobs for enrolee-exchange in shell tests; source it behind tests/tap.sh and tests/sim/sim.sh.

# job [KEY=VALUE...]: prints a job for the simulated MEF's client gw01. Keys: identity, reference, address, fqdn, port, total, stall, client,
# kind, domain, admin, version, steps, mef (more members of "mef"), certificate, registration, key (more of "key"), suid, targets, extra (more members of
# the job), first (a credential to be used before the key).
job()
{
	job_identity=gw-0001@$sim_fqdn job_reference=$reference job_address=127.0.0.1 job_fqdn=$sim_fqdn
	job_total=5 job_stall=3 job_port=$sim_port job_client=//sp.example.com/Sgw01 job_kind=ae job_domain= job_mef= job_certificate=
	job_admin=sp.example.com job_version=1
	job_registration= job_key= job_suid=22 job_extra= job_first= job_targets='"//sp.example.com/in-cse"'
	job_steps='"register","commands","certificate","key","publish"'
	for job_argument; do
		eval "job_${job_argument%%=*}=\${job_argument#*=}"
	done
	cat <<-END
	{"version":$job_version,"credential":"gw1","steps":[$job_steps],
	 "mef":{"fqdn":"$job_fqdn","uri":"https://$job_fqdn:$job_port","address":"$job_address","connect_s":5,"total_s":$job_total,
	  "stall_s":$job_stall$job_mef},
	 "authentication":[$job_first{"kind":"ppsk","credential":"kpm","identity":"$job_identity","reference":"$job_reference"}],
	 "client":{"id":"$job_client","kind":"$job_kind"${job_domain:+,\"public_domain_name\":\"$job_domain\"}},
	 "registration":{"admin_fqdn":"$job_admin"$job_registration},
	 "certificate":{"key_type":"p256"$job_certificate},
	 "key":{"suid":$job_suid,"targets":[$job_targets]$job_key}$job_extra}
	END
}

# pem_ders FILE...: the certificates of PEM files as a list for a job.
pem_ders()
{
	cat "$@" | awk '/^-----BEGIN/ { der = ""; next } /^-----END/ { printf "%s\"%s\"", n++ ? "," : "", der; next } { der = der $0 }'
}

# certificate_credential KEY-URI CHAIN-FILE ANCHORS-FILE [MEMBERS]: a credential for first=.
certificate_credential()
{
	printf '{"kind":"certificate","credential":"gw1","key":"%s","chain":[%s],"anchors":[%s]%s},' "$1" "$(pem_ders "$2")" \
		"$(pem_ders "$3")" "${4-}"
}
