/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The enrolment's names in the keystore: reconciled with the progress, and granted. */
#include <config.h>

#include "provisioner/backoff.h"
#include "provisioner/enrolment-hook.h"
#include "provisioner/enrolment-job.h"
#include "provisioner/keystore-credential.h"
#include "provisioner/schedule.h"

/* Leftovers under one name: each exchange that was killed left at most one. */
#define LEFTOVERS_MAX 64

static const PvCredential *
find (const GPtrArray *all, const char *name)
{
	for (guint i = 0; all != NULL && i < all->len; i++) {
		const PvCredential *credential = all->pdata[i];

		if (g_str_equal (credential->name, name))
			return credential;
	}
	return NULL;
}

/* When to make it anew. An MEF whose credentials are due again as soon as they come is asked slower and slower. */
static gint64
plan_renewal (const PvContext *context,
	      const char *name,
	      const char *what,
	      const PvLife *life,
	      PvProgress *progress)
{
	gint64 now_s = pv_clock_now (context->clock);
	guint min_s = pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMinSec");
	guint max_s = pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMaxSec");
	gint64 due_s = pv_schedule_renewal (
		life, now_s, pv_schedule_spread (context->machine, name, what));

	if (due_s == 0 || due_s > now_s + min_s)
		return due_s;
	progress->early = MIN (progress->early + 1, G_MAXINT);
	return now_s + pv_backoff_delay (context->clock, progress->early, min_s, max_s, min_s);
}

/* @all: (nullable): the keystore's list, from which the beginning of the certificate is known. */
static void
note_published (const PvContext *context, const char *name, const GPtrArray *all, PvProgress *progress)
{
	gint64 now_s = pv_clock_now (context->clock);
	const PvCredential *credential = find (all, name);
	g_autofree char *key_name = g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL);
	gint64 early = progress->early;
	PvLife life = {0};

	if (progress->staged_certificate != 0) {
		life.begin_s = credential != NULL ? credential->not_before_s : 0;
		life.not_after_s = progress->not_after_s = progress->staged_not_after_s;
		progress->certificate_published_s = now_s;
		pv_hook_mark (context, progress, name, progress->staged_certificate);
		progress->certificate_renew_s =
			plan_renewal (context, name, "certificate", &life, progress);
	}
	if (progress->staged_key != 0) {
		life.begin_s = 0;
		life.not_after_s = progress->key_not_after_s = progress->staged_key_not_after_s;
		life.asked_s = pv_settings_get_seconds (
			context->settings, "enrolment", name, "KeyTimeSec");
		progress->key_published_s = now_s;
		pv_hook_mark (context, progress, key_name, progress->staged_key);
		progress->key_renew_s = plan_renewal (context, name, "key", &life, progress);
	}
	if (progress->early == early)
		progress->early = 0;
	progress->staged_certificate = progress->staged_not_after_s = 0;
	progress->staged_key = progress->staged_key_not_after_s = 0;
	progress->pending_staged = 0;
	pv_progress_set (&progress->pending_csr, NULL);
}

static gboolean
discard (const PvContext *context, guint32 generation, GError **error)
{
	const WirePublish request = {.generations = {.count = 1, .items = {generation}}};

	return pv_keystore_call (context->keystore, WIRE_MSG_DISCARD, &request, NULL, error);
}

/* Everything staged under @name that is not @kept. */
static gboolean
discard_leftovers (const PvContext *context,
		   const char *name,
		   gint64 kept,
		   gint64 also_kept,
		   GError **error)
{
	for (guint i = 0; i < LEFTOVERS_MAX; i++) {
		g_autoptr (GPtrArray) all = pv_keystore_list (context->keystore, error);
		const PvCredential *credential;

		if (all == NULL)
			return FALSE;
		credential = find (all, name);
		if (credential == NULL || credential->staged_generation == 0 ||
		    credential->staged_generation == kept ||
		    credential->staged_generation == also_kept)
			return TRUE;
		g_message ("%s: discarding generation %u, left by an exchange that was ended",
			   name,
			   credential->staged_generation);
		if (!discard (context, credential->staged_generation, error))
			return FALSE;
	}
	return TRUE;
}

/* What became of a staged number: still staged, published meanwhile, or gone. */
typedef enum { FATE_STAGED, FATE_PUBLISHED, FATE_GONE } Fate;

static Fate
fate_of (const PvCredential *credential, gint64 number)
{
	if (credential == NULL || number == 0)
		return FATE_GONE;
	if (credential->generation == number)
		return FATE_PUBLISHED;
	return credential->staged_generation == number ? FATE_STAGED : FATE_GONE;
}

gboolean
pv_job_reconcile (const PvContext *context, const char *name, PvProgress *progress, GError **error)
{
	g_autofree char *key_name = g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL);
	g_autoptr (GPtrArray) all = pv_keystore_list (context->keystore, error);
	g_autofree char *instance = NULL;
	Fate certificate, key;

	if (all == NULL)
		return FALSE;
	instance = g_strdup_printf ("%016" G_GINT64_MODIFIER "x",
				    pv_keystore_instance (context->keystore));
	certificate = fate_of (find (all, name), progress->staged_certificate);
	key = fate_of (find (all, key_name), progress->staged_key);
	if (certificate == FATE_PUBLISHED || key == FATE_PUBLISHED) {
		note_published (context, name, all, progress); /* in one transaction, so all of it */
		certificate = key = FATE_GONE;
	}
	/* a restarted keystore has the key, but not the certificate that was attached to it */
	if (certificate == FATE_GONE || g_strcmp0 (instance, progress->keystore_instance) != 0)
		progress->staged_certificate = progress->staged_not_after_s = 0;
	if (key == FATE_GONE)
		progress->staged_key = progress->staged_key_not_after_s = 0;
	if (fate_of (find (all, name), progress->pending_staged) != FATE_STAGED) {
		progress->pending_staged = 0;
		pv_progress_set (&progress->pending_csr, NULL);
	}
	pv_progress_set (&progress->keystore_instance, instance);
	return discard_leftovers (context,
				  name,
				  progress->staged_certificate,
				  progress->pending_staged,
				  error) &&
	       discard_leftovers (context, key_name, progress->staged_key, 0, error);
}

static gboolean
grant_list (const PvContext *context,
	    const char *credential,
	    gboolean group,
	    GError **error)
{
	g_auto (GStrv) names = pv_settings_get_list (
		context->settings, "credential", credential, group ? "Groups" : "Users");

	for (guint i = 0; names[i] != NULL; i++) {
		const WireGrant request = {
			pv_wire_text (credential), group, pv_wire_text (names[i])};

		if (!pv_keystore_call (context->keystore, WIRE_MSG_GRANT, &request, NULL, error))
			return FALSE;
	}
	return TRUE;
}

/* The settings say who may use a credential from its first publication on; later, `enrolee grant` and
 * `enrolee revoke` do, and a renewal must not undo them. */
static gboolean
grant_first (const PvContext *context, const char *credential, GError **error)
{
	gboolean published;

	if (!pv_keystore_is_published (context->keystore, credential, &published, error))
		return FALSE;
	return published || (grant_list (context, credential, FALSE, error) &&
			     grant_list (context, credential, TRUE, error));
}

gboolean
pv_job_grant (const PvContext *context, const char *name, const PvProgress *progress, GError **error)
{
	g_autofree char *key_name = g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL);

	return (progress->staged_certificate == 0 || grant_first (context, name, error)) &&
	       (progress->staged_key == 0 || grant_first (context, key_name, error));
}

void
pv_job_note_published (const PvContext *context, const char *name, PvProgress *progress)
{
	g_autoptr (GPtrArray) all = pv_keystore_list (context->keystore, NULL);

	note_published (context, name, all, progress);
}

/* TRUE also when there is none of that name. */
static gboolean
destroy (const PvContext *context, const char *name, GStrvBuilder *destroyed, GError **error)
{
	const WireName request = {pv_wire_text (name)};
	g_autoptr (GPtrArray) all = pv_keystore_list (context->keystore, error);
	const PvCredential *credential;

	if (all == NULL)
		return FALSE;
	credential = find (all, name);
	if (credential == NULL || g_strcmp0 (credential->origin, "imported") == 0)
		return TRUE;
	if (!pv_keystore_call (context->keystore, WIRE_MSG_REMOVE, &request, NULL, error))
		return FALSE;
	g_strv_builder_add (destroyed, name);
	return TRUE;
}

gboolean
pv_job_destroy (const PvContext *context, const char *name, GStrv *destroyed, GError **error)
{
	g_autofree char *key_name = g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL);
	g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

	if (!destroy (context, name, names, error) || !destroy (context, key_name, names, error))
		return FALSE;
	*destroyed = g_strv_builder_end (names);
	return TRUE;
}
