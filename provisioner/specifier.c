/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See specifier.h. */
#include <config.h>

#include "provisioner/specifier.h"

#include <string.h>

#include "provisioner/error.h"

#define INSERTED_MAX 64

static char *
read_machine_id (void)
{
	char *text = NULL;

	(void) g_file_get_contents ("/etc/machine-id", &text, NULL, NULL);
	return text;
}

static char *
read_host_name (void)
{
	return g_strdup (g_get_host_name ());
}

/* The first of these files that has something in it; a question mark is the unit's word for nothing. */
static char *
read_serial (void)
{
	const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");
	g_autofree char *credential =
		folder != NULL ? g_build_filename (folder, "enrolee.serial", NULL) : NULL;
	const char *paths[] = {credential,
			       "/sys/firmware/devicetree/base/serial-number",
			       "/sys/class/dmi/id/product_serial"};

	for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
		char *text = NULL;

		if (paths[i] != NULL && g_file_get_contents (paths[i], &text, NULL, NULL) &&
		    g_strstrip (text)[0] != '\0' && !g_str_equal (text, "?"))
			return text;
		g_free (text);
	}
	return NULL;
}

static const struct {
	char letter;
	char *(*read) (void);
	const char *what;
} specifiers[] = {
	{'m', read_machine_id, "machine-id"},
	{'H', read_host_name, "host name"},
	{'s', read_serial, "serial number"},
};

static gboolean
insert (GString *result, char letter, gboolean lower_case, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS (specifiers); i++) {
		g_autofree char *text = NULL;
		gsize len;

		if (specifiers[i].letter != letter)
			continue;
		text = specifiers[i].read ();
		len = text != NULL ? strlen (g_strstrip (text)) : 0;
		if (len >= 1 && len <= INSERTED_MAX &&
		    strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-") == len) {
			g_autofree char *lower = g_ascii_strdown (text, -1);

			g_string_append (result, lower_case ? lower : text);
			return TRUE;
		}
		g_set_error (error,
			     PV_ERROR,
			     PV_ERROR_JOB,
			     "this machine has no usable %s for %%%c",
			     specifiers[i].what,
			     letter);
		return FALSE;
	}
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_JOB,
		     "%%%c is no specifier (%%m, %%H, %%s; %%%% is a percent sign)",
		     g_ascii_isprint (letter) ? letter : '?');
	return FALSE;
}

char *
pv_specifier_expand (const char *value, gboolean lower_case, GError **error)
{
	g_autoptr (GString) result = g_string_new (NULL);

	for (const char *at = value; *at != '\0'; at++) {
		if (*at != '%') {
			g_string_append_c (result, *at);
			continue;
		}
		at++;
		if (*at == '%')
			g_string_append_c (result, '%');
		else if (!insert (result, *at, lower_case, error))
			return NULL;
	}
	return g_string_free (g_steal_pointer (&result), FALSE);
}
