/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identifiers of oneM2M. Pure functions of text.
 */
#include <config.h>

#include "provisioner/identity.h"

#include "provisioner/error.h"
#include "provisioner/limits.h"

#include <string.h>

void
pv_subject_name_free (PvSubjectName *name)
{
	if (name == NULL)
		return;
	g_free (name->text);
	g_free (name);
}

PvEntityKind
pv_entity_kind_by_word (const char *word)
{
	if (g_str_equal (word, "node"))
		return PV_ENTITY_NODE;
	if (g_str_equal (word, "cse"))
		return PV_ENTITY_CSE;
	if (g_str_equal (word, "ae"))
		return PV_ENTITY_AE;
	return 0;
}

static gboolean
label_is_valid (const char *label, gsize length)
{
	if (length < 1 || length > 63 || label[0] == '-' || label[length - 1] == '-')
		return FALSE;
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_islower (label[i]) && !g_ascii_isdigit (label[i]) && label[i] != '-')
			return FALSE;
	return TRUE;
}

gboolean
pv_fqdn_is_valid (const char *fqdn)
{
	const char *label = fqdn;
	gboolean numeric = FALSE;

	if (strlen (fqdn) > PV_FQDN_MAX)
		return FALSE;
	for (;;) {
		gsize length = strcspn (label, ".");

		if (!label_is_valid (label, length))
			return FALSE;
		numeric = strspn (label, "0123456789") == length;
		if (label[length] == '\0')
			return !numeric;
		label += length + 1;
	}
}

gboolean
pv_relative_key_id_is_valid (const char *relative)
{
	gsize length = strspn (relative, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789._-");

	return length >= 1 && length <= PV_RELATIVE_KEY_ID_MAX && relative[length] == '\0';
}

char *
pv_key_identifier_new (const char *relative, const char *fqdn, GError **error)
{
	if (pv_relative_key_id_is_valid (relative) && pv_fqdn_is_valid (fqdn))
		return g_strdup_printf ("%s@%s", relative, fqdn);
	g_set_error (error, PV_ERROR, PV_ERROR_MALFORMED, "“%.80s” is not a RelativeKeyID",
		     relative);
	return NULL;
}

gboolean
pv_key_identifier_split (const char *identifier, char **relative, char **fqdn)
{
	const char *at = strrchr (identifier, '@');
	g_autofree char *before = NULL;

	if (at == NULL)
		return FALSE;
	before = g_strndup (identifier, at - identifier);
	if (!pv_relative_key_id_is_valid (before) || !pv_fqdn_is_valid (at + 1))
		return FALSE;
	if (relative != NULL)
		*relative = g_steal_pointer (&before);
	if (fqdn != NULL)
		*fqdn = g_strdup (at + 1);
	return TRUE;
}

char *
pv_relative_key_id_from_bytes (const guint8 *bytes, gsize length)
{
	GString *text = g_string_sized_new (2 * length);

	for (gsize i = 0; i < length; i++)
		g_string_append_printf (text, "%02X", bytes[i]);
	return g_string_free (text, FALSE);
}

static gboolean
is_unreserved (const char *text, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isalnum (text[i]) && strchr ("-._~", text[i]) == NULL)
			return FALSE;
	return length >= 1;
}

/* //fqdn/id, and for an AE also //fqdn/cse/stem. */
static gboolean
absolute_is_valid (PvEntityKind kind, const char *id)
{
	const char *slash;
	const char *second;
	g_autofree char *fqdn = NULL;

	if (!g_str_has_prefix (id, "//"))
		return FALSE;
	slash = strchr (id + 2, '/');
	if (slash == NULL)
		return FALSE;
	fqdn = g_strndup (id + 2, slash - id - 2);
	if (!pv_fqdn_is_valid (fqdn))
		return FALSE;
	second = strchr (slash + 1, '/');
	if (second == NULL)
		return is_unreserved (slash + 1, strlen (slash + 1));
	return kind == PV_ENTITY_AE && is_unreserved (slash + 1, second - slash - 1) &&
	       is_unreserved (second + 1, strlen (second + 1));
}

gboolean
pv_identifier_is_valid (PvEntityKind kind, const char *id)
{
	if (*id == '\0' || strlen (id) > PV_ID_MAX)
		return FALSE;
	if (kind != PV_ENTITY_NODE)
		return absolute_is_valid (kind, id);
	for (const char *at = id; *at != '\0'; at++)
		if (!g_ascii_isgraph (*at))
			return FALSE;
	return TRUE;
}

static gboolean
is_oid (const char *text)
{
	return strspn (text, "0123456789.") == strlen (text) && strchr (text, '.') != NULL &&
	       g_ascii_isdigit (text[0]) && strstr (text, "..") == NULL &&
	       !g_str_has_suffix (text, ".");
}

/* Decision 1: URI when it contains ':', else dNSName when it has a dot; what has neither is a URI
 * of the namespace oneM2M uses for nodes. */
static PvSubjectName *
node_name (PvNameType wanted, const char *id)
{
	PvSubjectName *name = g_new0 (PvSubjectName, 1);

	name->type = wanted;
	name->text = g_strdup (id);
	if (wanted != PV_NAME_TYPE_AUTO)
		return name;
	name->type = strchr (id, ':') == NULL && pv_fqdn_is_valid (id) && strchr (id, '.') != NULL
			     ? PV_NAME_TYPE_DNS
			     : PV_NAME_TYPE_URI;
	if (name->type == PV_NAME_TYPE_URI && strchr (id, ':') == NULL) {
		g_free (name->text);
		name->text = g_strdup_printf ("urn:onem2m:node:%s", id);
	}
	return name;
}

static PvSubjectName *
name_of (const PvDialect *dialect, PvEntityKind kind, const char *id, const char *domain)
{
	PvSubjectName *name;

	if (kind == PV_ENTITY_NODE)
		return node_name (dialect->node_name, id);
	name = g_new0 (PvSubjectName, 1);
	if (kind == PV_ENTITY_CSE && dialect->cse_name != PV_NAME_TYPE_URI) {
		name->type = PV_NAME_TYPE_DNS;
		name->text = g_strdup (domain != NULL ? domain : "");
		return name;
	}
	name->type = PV_NAME_TYPE_URI;
	name->text = g_strdup (id); /* A13: verbatim */
	return name;
}

gboolean
pv_identifier_is_same (const char *own, const char *other)
{
	gsize authority = g_str_has_prefix (own, "//") ? 2 + strcspn (own + 2, "/") : 0;

	if (authority == 0 || other[0] != '/')
		return g_str_equal (own, other);
	if (other[1] != '/')
		return g_str_equal (own + authority, other);
	return g_ascii_strncasecmp (own, other, authority) == 0 &&
	       g_str_equal (own + authority, other + authority);
}

PvSubjectName *
pv_subject_name_new (const PvDialect *dialect,
		     PvEntityKind kind,
		     const char *id,
		     const char *public_domain_name,
		     GError **error)
{
	g_autoptr (PvSubjectName) name = name_of (dialect, kind, id, public_domain_name);

	if (name->type == PV_NAME_TYPE_DNS && !pv_fqdn_is_valid (name->text)) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB,
			     "“%s” cannot be a dNSName: set the public domain name of %s",
			     name->text, id);
		return NULL;
	}
	if (name->type == PV_NAME_TYPE_REGISTERED_ID && !is_oid (name->text)) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "“%s” is not an OID", name->text);
		return NULL;
	}
	if (strchr (name->text, '*') != NULL) {
		g_set_error (error, PV_ERROR, PV_ERROR_JOB, "“%s” contains a wildcard", name->text);
		return NULL;
	}
	return g_steal_pointer (&name);
}
