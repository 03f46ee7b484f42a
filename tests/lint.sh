#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The rules of tests/lint/rules.sh on the tree, and each on an example that it must refuse: a rule that cannot fail is none.
. "${top_srcdir:-$(dirname "$0")/..}/tests/tap.sh" || exit 99
. "$top_srcdir/tests/lint/rules.sh"

# example RULE PATH TEXT: puts a file alone into a tree of its own and prints what the rule says about it.
example()
{
	rm -rf "$tap_tmp/tree"
	mkdir -p "$tap_tmp/tree/$(dirname "$2")"
	printf '%s\n' "$3" >"$tap_tmp/tree/$2"
	"rule_$1" "$tap_tmp/tree"
}

# refuses RULE PATH TEXT and accepts RULE PATH TEXT
refuses()
{
	like "$1 refuses $2: $(printf %s "$3" | head -n 1 | cut -c1-60)" "$(example "$1" "$2" "$3")" "^$2:[0-9]+: "
}

accepts()
{
	is "$1 accepts $2: $(printf %s "$3" | head -n 1 | cut -c1-60)" "$(example "$1" "$2" "$3")" ""
}

lines()
{
	yes "${2:-	x++;}" | head -n "$1"
}

for rule in $(declare -F | sed -n 's/^declare -f rule_//p'); do
	is "the tree: $rule" "$("rule_$rule" "$top_srcdir")" ""
done

refuses includes module/sign.c '#include <glib.h>'
refuses includes module/sign.c '#include <openssl/evp.h>'
refuses includes module/sign.c '#include "keystore/token.h"'
refuses includes module/sign.c '#include "module/provider/reference.h"'
refuses includes module/provider/kdf.c '#include <gio/gio.h>'
refuses includes keystore/wire/codec.c '#include <sqlite3.h>'
refuses includes keystore/wire/codec.c '# include "keystore/peer.h" /* no */'
refuses includes keystore/token.c '#include "module/client.h"'
refuses includes keystore/token.c '#include "provisioner/csr.h"'
refuses includes keystore/token.c '#include "token.h"'
refuses includes keystore/token.c '#include <curl/curl.h>'
refuses includes provisioner/csr.c '#include "keystore/token.h"'
refuses includes provisioner/csr.c '#include "module/client.h"'
refuses includes provisioner/daemon.c '#include "provisioner/exchange/tls.h"'
refuses includes provisioner/daemon.c '#include "provisioner/cli/cli.h"'
refuses includes provisioner/exchange/tls.c '#include "provisioner/supervisor.h"'
refuses includes provisioner/cli/enrol.c '#include "provisioner/exchange/tls.h"'
refuses includes provisioner/hook/run.c '#include "keystore/wire/codec.h"'
refuses includes provisioner/hook/run.c '#include <openssl/evp.h>'
refuses includes tests/sim/mef.c '#include "provisioner/csr.h"'
refuses includes tests/sim/mef.c '#include "keystore/wire/codec.h"'
refuses includes tests/sim/mef.c '#include <openssl/ssl.h>'
accepts includes module/sign.c '#include <sys/mman.h>
#include <string.h>
#include <p11-kit/pkcs11.h>
#include "keystore/wire/codec.h"
#include "module/client.h" /* the pool */'
accepts includes provisioner/exchange/est.c '#include <curl/curl.h>
#include "provisioner/exchange/tls.h"
#include "provisioner/csr.h"'
accepts includes tests/test-keystore-policy.c '#include "keystore/policy.h"'

refuses spdx keystore/a.c 'int x;'
refuses spdx tests/a.sh '#!/bin/sh'
refuses spdx configure.ac 'AC_INIT'
accepts spdx keystore/a.c '/* SPDX-License-Identifier: LGPL-2.1-or-later */'

refuses function_length keystore/a.c "void
f (void)
{
$(lines 61)
}"
accepts function_length keystore/a.c "void
f (void)
{
$(lines 60)
}"
accepts function_length keystore/a.c "static const int table[] = {
$(lines 200 '	1,')
};"

refuses file_length keystore/a.c "$(lines 601)"
accepts file_length keystore/a.c "$(lines 600)"

refuses goto keystore/a.c '	goto out;'
accepts goto keystore/a.c '/* we never goto places */'

refuses wipe keystore/a.c '	memset (key, 0, len);
	g_free (key);'
accepts wipe keystore/a.c '	explicit_bzero (key, len);
	g_free (key);'

refuses machine_paths keystore/a.c 'const char *dir = "/tmp/x";'
accepts machine_paths keystore/a.c 'const char *dir = "/run/enrolee";'
tap_done
