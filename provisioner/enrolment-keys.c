/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The enrolment's names in the keystore: reconciled with the progress, and granted. */
#include <config.h>

#include "provisioner/backoff.h"
#include "provisioner/enrolment-hook.h"
#include "provisioner/enrolment-job-keys.h"
#include "provisioner/enrolment-job.h"
#include "provisioner/journal.h"
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
plan_renewal (const PvContext *context, gint64 due_s, PvProgress *progress)
{
	gint64 now_s = pv_clock_now (context->clock);
	guint min_s = pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMinSec");
	guint max_s = pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMaxSec");

	if (due_s == 0 || due_s > now_s + min_s)
		return due_s;
	progress->early = MIN (progress->early + 1, G_MAXINT);
	return now_s + pv_backoff_delay (context->clock, progress->early, min_s, max_s, min_s);
}

/* What follows from a publication: OnRenew=, and a word to the journal. */
static void
tell_published (const PvContext *context,
		PvProgress *progress,
		const char *name,
		const char *credential,
		gint64 generation,
		gint64 end_s)
{
	g_autofree char *end = end_s != 0 ? pv_journal_time (end_s) : g_strdup ("ever");

	pv_hook_mark (context, progress, credential, generation);
	pv_journal (PV_JOURNAL_PUBLISHED,
		    name,
		    credential,
		    "%s: %s is published, until %s",
		    name,
		    credential,
		    end);
}

static void
note_certificate (const PvContext *context, const char *name, const GPtrArray *all, PvProgress *progress)
{
	const PvCredential *credential = find (all, name);
	PvLife life = {.begin_s = credential != NULL ? credential->not_before_s : 0,
		       .not_after_s = progress->staged_not_after_s};

	progress->not_after_s = progress->staged_not_after_s;
	progress->certificate_published_s = pv_clock_now (context->clock);
	tell_published (
		context, progress, name, name, progress->staged_certificate, progress->not_after_s);
	progress->certificate_renew_s = plan_renewal (
		context,
		pv_schedule_renewal (&life,
				     pv_clock_now (context->clock),
				     pv_schedule_spread (context->machine, name, "certificate")),
		progress);
}

/* The key that was current until now is to be de-registered. */
static void
note_key (const PvContext *context, const char *name, PvProgress *progress)
{
	PvKeyRecord *former = pv_keys_in_role (progress->keys, PV_KEY_CURRENT);
	PvKeyRecord *staged = pv_keys_in_role (progress->keys, PV_KEY_STAGED);
	g_autofree char *own = g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL);

	tell_published (
		context, progress, name, own, progress->staged_key, progress->staged_key_not_after_s);
	if (former != NULL && staged != NULL) {
		former->role = PV_KEY_RETIRING;
		former->look_s = pv_job_plan_look (context);
	}
	if (staged != NULL)
		staged->role = PV_KEY_CURRENT;
	progress->key_not_after_s = progress->staged_key_not_after_s;
	progress->key_published_s = pv_clock_now (context->clock);
	progress->key_renew_s = plan_renewal (
		context, pv_job_plan_key (context, name, progress->key_not_after_s), progress);
}

static void
note_other (const PvContext *context, const char *name, PvProgress *progress, PvKeyRecord *record)
{
	gint64 now_s = pv_clock_now (context->clock);
	const PvLife life = {now_s, record->staged_expires_s, 0};
	g_autofree char *secret = pv_job_secret_name (name, record->identifier);

	tell_published (context, progress, name, secret, record->staged, record->staged_expires_s);
	record->published_s = now_s;
	record->expires_s = record->staged_expires_s;
	record->look_s = MAX (pv_schedule_renewal (&life, now_s, 0), pv_job_plan_look (context));
	record->staged = record->staged_expires_s = 0;
}

/* @all: (nullable): the keystore's list, from which the beginning of the certificate is known. */
static void
note_published (const PvContext *context, const char *name, const GPtrArray *all, PvProgress *progress)
{
	gint64 early = progress->early;

	if (progress->staged_certificate != 0)
		note_certificate (context, name, all, progress);
	if (progress->staged_key != 0)
		note_key (context, name, progress);
	for (guint i = 0; i < progress->keys->len; i++) {
		PvKeyRecord *record = progress->keys->pdata[i];

		if (record->staged != 0)
			note_other (context, name, progress, record);
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

/* Everything staged under @name that the progress does not know. */
static gboolean
discard_leftovers (const PvContext *context,
		   const char *name,
		   const PvProgress *progress,
		   GError **error)
{
	for (guint i = 0; i < LEFTOVERS_MAX; i++) {
		g_autoptr (GPtrArray) all = pv_keystore_list (context->keystore, error);
		const PvCredential *credential;

		if (all == NULL)
			return FALSE;
		credential = find (all, name);
		if (credential == NULL || credential->staged_generation == 0 ||
		    credential->staged_generation == progress->pending_staged ||
		    pv_progress_has_staged (progress, credential->staged_generation))
			return TRUE;
		g_message ("%s: discarding generation %u, left by an exchange that was ended",
			   name,
			   credential->staged_generation);
		if (!discard (context, credential->staged_generation, error))
			return FALSE;
	}
	return TRUE;
}

/* The names that an exchange may have staged something under: the enrolment's own, its key's, those of keys of
 * others. */
static GPtrArray *
list_names (const PvContext *context, const char *name, const PvProgress *progress)
{
	GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
	g_auto (GStrv) wanted = pv_settings_get_list (
		context->settings, "enrolment", name, "RetrieveKeys");

	g_ptr_array_add (names, g_strdup (name));
	g_ptr_array_add (names, g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL));
	for (guint i = 0; wanted[i] != NULL; i++)
		g_ptr_array_add (names, pv_job_secret_name (name, wanted[i]));
	for (guint i = 0; i < progress->keys->len; i++) {
		const PvKeyRecord *record = progress->keys->pdata[i];

		if (record->role == PV_KEY_OF_OTHERS)
			g_ptr_array_add (names, pv_job_secret_name (name, record->identifier));
	}
	return names;
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

/* The key of a registration whose value is lost is of no use to anybody. */
static void
lose_staged_key (const PvContext *context, PvProgress *progress)
{
	PvKeyRecord *staged = pv_keys_in_role (progress->keys, PV_KEY_STAGED);

	if (staged != NULL) {
		staged->role = PV_KEY_RETIRING;
		staged->look_s = pv_job_plan_look (context);
	}
	progress->staged_key = progress->staged_key_not_after_s = 0;
}

/* Somebody has removed the credential. */
static void
lose_current_key (const PvContext *context, PvProgress *progress)
{
	PvKeyRecord *current = pv_keys_in_role (progress->keys, PV_KEY_CURRENT);

	if (current == NULL)
		return;
	current->role = PV_KEY_RETIRING;
	current->look_s = pv_job_plan_look (context);
	progress->key_published_s = progress->key_not_after_s = progress->key_renew_s = 0;
}

/* Returns: whether something that the progress has as staged is published. */
static gboolean
reconcile_keys (const PvContext *context, const char *name, const GPtrArray *all, PvProgress *progress)
{
	g_autofree char *own = g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL);
	const PvCredential *credential = find (all, own);
	Fate fate = fate_of (credential, progress->staged_key);
	gboolean published = fate == FATE_PUBLISHED;

	if (credential == NULL || credential->generation == 0)
		lose_current_key (context, progress);

	if (fate == FATE_GONE)
		lose_staged_key (context, progress);
	for (guint i = 0; i < progress->keys->len; i++) {
		PvKeyRecord *record = progress->keys->pdata[i];
		g_autofree char *secret = pv_job_secret_name (name, record->identifier);

		if (record->staged == 0)
			continue;
		fate = fate_of (find (all, secret), record->staged);
		published |= fate == FATE_PUBLISHED;
		if (fate == FATE_GONE)
			record->staged = record->staged_expires_s = 0;
	}
	return published;
}

/* A restarted keystore has the key, but not the certificate that was attached to it. */
static gboolean
reconcile_certificate (const PvContext *context,
		       const char *name,
		       const GPtrArray *all,
		       PvProgress *progress)
{
	const PvCredential *credential = find (all, name);
	g_autofree char *instance = g_strdup_printf (
		"%016" G_GINT64_MODIFIER "x", pv_keystore_instance (context->keystore));
	Fate fate = fate_of (credential, progress->staged_certificate);

	if (fate == FATE_GONE ||
	    (fate == FATE_STAGED && g_strcmp0 (instance, progress->keystore_instance) != 0))
		progress->staged_certificate = progress->staged_not_after_s = 0;
	if (fate_of (credential, progress->pending_staged) != FATE_STAGED) {
		progress->pending_staged = 0;
		pv_progress_set (&progress->pending_csr, NULL);
	}
	pv_progress_set (&progress->keystore_instance, instance);
	return fate == FATE_PUBLISHED;
}

/* A progress that was lost, or older, does not know the key that is in use. */
static void
adopt_key (const char *name, const GPtrArray *all, PvProgress *progress)
{
	g_autofree char *own = g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL);
	const PvCredential *credential = find (all, own);
	PvKeyRecord *record;

	if (credential == NULL || credential->generation == 0 ||
	    pv_keys_in_role (progress->keys, PV_KEY_CURRENT) != NULL ||
	    g_strcmp0 (credential->mef, progress->mef) != 0 ||
	    g_strcmp0 (credential->admin, progress->admin) != 0 ||
	    g_strcmp0 (credential->client, progress->client) != 0 ||
	    pv_keys_find (progress->keys, credential->identifier) != NULL)
		return;
	record = pv_keys_ensure (progress->keys, credential->identifier, PV_KEY_CURRENT);
	record->expires_s = credential->not_after_s;
	record->suid = credential->suid;
}

/* What is over by itself, and what the settings want no more: it is kept to its end, and not renewed. */
static void
tidy (const PvContext *context, const char *name, PvProgress *progress)
{
	g_auto (GStrv) wanted = pv_settings_get_list (
		context->settings, "enrolment", name, "RetrieveKeys");

	for (guint i = progress->keys->len; i-- > 0;) {
		PvKeyRecord *record = progress->keys->pdata[i];

		if (record->role == PV_KEY_RETIRING &&
		    pv_schedule_is_due (record->expires_s, pv_clock_now (context->clock)))
			pv_keys_drop (progress->keys, record);
		else if (record->role != PV_KEY_OF_OTHERS ||
			 g_strv_contains ((const char *const *) wanted, record->identifier))
			continue;
		else if (record->published_s == 0 && record->staged == 0)
			pv_keys_drop (progress->keys, record);
		else
			record->look_s = 0;
	}
	if (pv_job_key_is_left_over (context, name, progress)) { /* R-8.3.4.2-2, decision 3 */
		g_message ("%s: KeySUID= is gone: the key is de-registered at the MEF, and stays here until "
			   "`enrolee remove %s%s`",
			   name,
			   name,
			   PV_KEYSTORE_SECRET_SUFFIX);
		lose_current_key (context, progress);
	}
	if (!pv_job_key_is_wanted (context, name, progress))
		progress->key_renew_s = 0;
	if (!pv_settings_get_boolean (context->settings, "enrolment", name, "Certificate"))
		progress->certificate_renew_s = 0;
}

gboolean
pv_job_reconcile (const PvContext *context, const char *name, PvProgress *progress, GError **error)
{
	g_autoptr (GPtrArray) all = pv_keystore_list (context->keystore, error);
	g_autoptr (GPtrArray) names = NULL;
	gboolean published;

	if (all == NULL)
		return FALSE;
	published = reconcile_certificate (context, name, all, progress);
	published |= reconcile_keys (context, name, all, progress);
	if (published)
		note_published (context, name, all, progress); /* in one transaction, so all of it */
	if (pv_job_key_is_wanted (context, name, progress))
		adopt_key (name, all, progress);
	tidy (context, name, progress);
	names = list_names (context, name, progress);
	for (guint i = 0; i < names->len; i++) {
		const PvCredential *credential = find (all, names->pdata[i]);

		if (credential != NULL && credential->staged_generation != 0 &&
		    !discard_leftovers (context, names->pdata[i], progress, error))
			return FALSE;
	}
	return TRUE;
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

static gboolean
grant_others (const PvContext *context, const char *name, const PvProgress *progress, GError **error)
{
	for (guint i = 0; i < progress->keys->len; i++) {
		const PvKeyRecord *record = progress->keys->pdata[i];
		g_autofree char *secret = pv_job_secret_name (name, record->identifier);

		if (record->staged != 0 && !grant_first (context, secret, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
pv_job_grant (const PvContext *context, const char *name, const PvProgress *progress, GError **error)
{
	g_autofree char *key_name = g_strconcat (name, PV_KEYSTORE_SECRET_SUFFIX, NULL);

	return (progress->staged_certificate == 0 || grant_first (context, name, error)) &&
	       (progress->staged_key == 0 || grant_first (context, key_name, error)) &&
	       grant_others (context, name, progress, error);
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
pv_job_destroy (const PvContext *context,
		const char *name,
		const PvProgress *progress,
		GStrv *destroyed,
		GError **error)
{
	g_autoptr (GPtrArray) names = list_names (context, name, progress);
	g_autoptr (GStrvBuilder) gone = g_strv_builder_new ();

	for (guint i = 0; i < names->len; i++) {
		if (!destroy (context, names->pdata[i], gone, error))
			return FALSE;
	}
	*destroyed = g_strv_builder_end (gone);
	return TRUE;
}
