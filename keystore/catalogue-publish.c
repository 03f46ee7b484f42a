/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publication in the catalogue: a set of staged generations becomes current in one transaction,
 * their predecessors are retained or revoked (A roll-over is harmless). What a publication must
 * fulfil is checked here.
 */
#include <config.h>

#include "keystore/catalogue-mutate.h"
#include "keystore/certificate.h"
#include "keystore/wire/limits.h"

/* A superseded key without an end of its own: time enough for every consumer to read the new one.
 */
#define RETAIN_ENDLESS_S (7 * 24 * 3600)

typedef struct {
	const KsPublication *set;
	guint count;
	gint64 now_s;
} Publication;

static gboolean
fail (GError **error, KsError code, const char *name, const char *reason)
{
	g_set_error (error, KS_ERROR, code, "credential %s: %s", name, reason);
	return FALSE;
}

static gboolean
certificates_are_valid (GPtrArray *certificates, GError **error)
{
	KsCertificateFields fields;

	if (certificates != NULL && certificates->len > WIRE_CERTIFICATES_MAX) {
		g_set_error (error, KS_ERROR, KS_ERROR_LIMIT, "too many certificates");
		return FALSE;
	}
	for (guint i = 0; certificates != NULL && i < certificates->len; i++)
		if (!ks_certificate_parse (g_ptr_array_index (certificates, i), &fields, error))
			return FALSE;
	return TRUE;
}

static gboolean
check_leaf (const KsPublication *item,
	    const KsGeneration *generation,
	    gint64 now_s,
	    KsCertificateFields *fields,
	    GError **error)
{
	if (item->leaf == NULL)
		return fail (error, KS_ERROR_INVALID, item->name, "a key pair needs a certificate");
	if (!ks_certificate_parse (item->leaf, fields, error))
		return FALSE;
	if (!ks_certificate_is_for (fields, generation->spki))
		return fail (error, KS_ERROR_MISMATCH, item->name,
			     "the certificate is for another key");
	if (fields->not_after_s < now_s && !item->allow_expired)
		return fail (error, KS_ERROR_EXPIRED, item->name, "the certificate has expired");
	return TRUE;
}

static gboolean
check_identifier (KsMutation *mutation,
		  const KsCredential *credential,
		  const KsGeneration *generation,
		  gint64 now_s,
		  GError **error)
{
	const KsCredential *holder =
		ks_catalogue_state_find_identifier (mutation->state, generation->identifier, NULL);

	if (holder != NULL && holder != credential) {
		g_set_error (error, KS_ERROR, KS_ERROR_EXISTS,
			     "credential %s: the identifier is %s's already", credential->name,
			     holder->name);
		return FALSE;
	}
	if (generation->not_after_s != 0 && generation->not_after_s < now_s)
		return fail (error, KS_ERROR_EXPIRED, credential->name, "the key has expired");
	return TRUE;
}

static gboolean
check_item (KsMutation *mutation,
	    const KsPublication *item,
	    const KsCredential *credential,
	    const KsGeneration *generation,
	    gint64 now_s,
	    KsCertificateFields *fields,
	    GError **error)
{
	if (generation->state != KS_STATE_STAGED)
		return fail (error, KS_ERROR_STATE, item->name, "the generation is not staged");
	if (!certificates_are_valid (item->chain, error) ||
	    !certificates_are_valid (item->anchors, error))
		return FALSE;
	switch (credential->kind) {
	case KS_KIND_KEY_PAIR:
		return check_leaf (item, generation, now_s, fields, error);
	case KS_KIND_SECRET:
		return check_identifier (mutation, credential, generation, now_s, error);
	case KS_KIND_ANCHORS:
		if (item->anchors == NULL || item->anchors->len == 0)
			return fail (error, KS_ERROR_INVALID, item->name, "no trust anchors");
		return TRUE;
	}
	return FALSE;
}

static gboolean
write_certificate (KsMutation *mutation,
		   const KsGeneration *generation,
		   KsRole role,
		   guint position,
		   GBytes *der,
		   GError **error)
{
	guint32 object;

	return ks_mutation_take_objects (mutation, 1, &object, error) &&
	       ks_sql_run (mutation->db, error,
			   "INSERT INTO certificate VALUES (?1, ?2, ?3, ?4, ?5)", "iiiib",
			   (gint64)object, generation->row, (gint64)role, (gint64)position, der);
}

static gboolean
write_certificates (KsMutation *mutation,
		    const KsGeneration *generation,
		    KsRole role,
		    GPtrArray *certificates,
		    GError **error)
{
	for (guint i = 0; certificates != NULL && i < certificates->len; i++)
		if (!write_certificate (mutation, generation, role, i,
					g_ptr_array_index (certificates, i), error))
			return FALSE;
	return TRUE;
}

/* When the key of a superseded generation ends; not above @now_s: at once. */
static gint64
retained_until (const KsCredential *credential, const KsGeneration *former, gint64 now_s)
{
	gint64 rule_s = credential->retain_s == KS_RETAIN_UNTIL_EXPIRY
				? G_MAXINT64
				: now_s + credential->retain_s;
	gint64 end_s = former->not_after_s != 0 ? former->not_after_s : now_s + RETAIN_ENDLESS_S;

	return former->key_type == KS_KEY_NONE ? 0 : MIN (rule_s, end_s);
}

static gboolean
supersede (KsMutation *mutation, const KsCredential *credential, gint64 now_s, GError **error)
{
	const KsGeneration *former = ks_credential_current (credential);
	gint64 until_s;
	KsState state;

	if (former == NULL)
		return TRUE;
	until_s = retained_until (credential, former, now_s);
	state = until_s > now_s ? KS_STATE_RETAINED : KS_STATE_REVOKED;
	return ks_sql_run (mutation->db, error,
			   "UPDATE generation SET state = ?2, retained_until_s = ?3 WHERE id = ?1",
			   "iii", former->row, (gint64)state, until_s);
}

static gboolean
publish_item (KsMutation *mutation, const KsPublication *item, gint64 now_s, GError **error)
{
	KsCertificateFields fields = {.not_before_s = 0};
	KsCredential *credential;
	KsGeneration *generation =
		ks_mutation_find (mutation, item->name, item->generation, &credential, error);

	if (generation == NULL ||
	    !check_item (mutation, item, credential, generation, now_s, &fields, error) ||
	    !supersede (mutation, credential, now_s, error))
		return FALSE;
	if (credential->kind == KS_KIND_KEY_PAIR &&
	    !write_certificate (mutation, generation, KS_ROLE_LEAF, 0, item->leaf, error))
		return FALSE;
	if (!write_certificates (mutation, generation, KS_ROLE_CHAIN, item->chain, error) ||
	    !write_certificates (mutation, generation, KS_ROLE_ANCHOR, item->anchors, error))
		return FALSE;
	if (!ks_sql_run (
		    mutation->db, error,
		    "UPDATE generation SET state = 3, published_s = ?2, not_before_s = ?3, "
		    "not_after_s = CASE WHEN ?4 = 0 THEN not_after_s ELSE ?4 END WHERE id = ?1",
		    "iiii", generation->row, now_s, fields.not_before_s, fields.not_after_s))
		return FALSE;
	return credential->kind != KS_KIND_SECRET ||
	       ks_mutation_sync_references (mutation, credential->row, error);
}

static gboolean
publish (KsMutation *mutation, gpointer arguments, GError **error)
{
	const Publication *publication = arguments;

	for (guint i = 0; i < publication->count; i++)
		if (!publish_item (mutation, &publication->set[i], publication->now_s, error))
			return FALSE;
	return TRUE;
}

gboolean
ks_catalogue_publish (
	KsCatalogue *catalogue, const KsPublication *set, guint count, gint64 now_s, GError **error)
{
	Publication publication = {set, count, now_s};

	return ks_catalogue_mutate (catalogue, publish, &publication, error);
}
