/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Binds the state to the machine. The machine-id itself is not stored: machine-id(5) asks for a
 * keyed hash of it.
 */
#include <config.h>

#include "keystore/binding.h"

#include <string.h>

#define FACT "machine"
#define APPLICATION "enrolee keystore 4f0c4e1d"
#define MACHINE_ID_LEN 32

/* NULL without a valid machine-id: "uninitialized", empty, missing. */
static char *
hash_of_machine (const char *path)
{
	g_autofree char *text = NULL;
	gsize len;

	if (!g_file_get_contents (path, &text, &len, NULL))
		return NULL;
	g_strchomp (text);
	if (strlen (text) != MACHINE_ID_LEN || strspn (text, "0123456789abcdef") != MACHINE_ID_LEN)
		return NULL;
	return g_compute_hmac_for_string (G_CHECKSUM_SHA256, (const guchar *)text, MACHINE_ID_LEN,
					  APPLICATION, -1);
}

gboolean
ks_binding_check (KsCatalogue *catalogue, const char *machine_id, GError **error)
{
	g_autofree char *machine = hash_of_machine (machine_id);
	g_autofree char *bound = ks_catalogue_get_fact (catalogue, FACT);

	if (machine == NULL || g_strcmp0 (machine, bound) == 0)
		return TRUE;
	if (bound == NULL)
		return ks_catalogue_set_fact (catalogue, FACT, machine, error);
	g_set_error (
		error, KS_ERROR, KS_ERROR_FOREIGN,
		"the keys belong to another machine: this looks like a copied image. Start with "
		"an empty state folder, or adopt the state if the machine-id was changed on "
		"purpose");
	return FALSE;
}

gboolean
ks_binding_adopt (KsCatalogue *catalogue, const char *machine_id, GError **error)
{
	g_autofree char *machine = hash_of_machine (machine_id);

	if (machine == NULL) {
		g_set_error (error, KS_ERROR, KS_ERROR_INVALID,
			     "%s holds no machine-id to bind the state to", machine_id);
		return FALSE;
	}
	return ks_catalogue_set_fact (catalogue, FACT, machine, error);
}
