/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The symmetric keys in the job. A key of ours is renewed by another one; the old one is de-registered
 * when the new one is published, in the same exchange or in a later one.
 */
#include <config.h>

#include "provisioner/enrolment-job-keys.h"

#include "provisioner/codec-json.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/identity.h"
#include "provisioner/limits.h"
#include "provisioner/schedule.h"

char *
pv_job_secret_name (const char *name, const char *identifier)
{
	g_autofree char *relative_id = NULL;

	if (!pv_key_identifier_split (identifier, &relative_id, NULL))
		return g_strdup ("");
	return g_strdup_printf ("%s-%s", name, relative_id);
}

static GStrv
get_list (const PvContext *context, const char *name, const char *key)
{
	return pv_settings_get_list (context->settings, "enrolment", name, key);
}

char *
pv_job_key_wish (const PvContext *context, const char *name)
{
	g_auto (GStrv) targets = get_list (context, name, "KeyTargets");
	g_auto (GStrv) labels = get_list (context, name, "KeyLabels");
	g_autofree char *all_targets = g_strjoinv (" ", targets);
	g_autofree char *all_labels = g_strjoinv (" ", labels);

	return g_strdup_printf ("%s | %s", all_targets, all_labels);
}

/* 0: none is wanted */
static gint64
get_suid (const PvContext *context, const char *name)
{
	return pv_settings_get_count (context->settings, "enrolment", name, "KeySUID");
}

/* A credential's use does not change: one for another use is removed first, by who knows who uses it. */
static gboolean
is_for_another_use (const PvContext *context, const char *name, const PvProgress *progress)
{
	const PvKeyRecord *current = pv_keys_in_role (progress->keys, PV_KEY_CURRENT);
	gint64 suid = get_suid (context, name);

	return suid != 0 && current != NULL && current->suid != 0 && current->suid != suid;
}

gboolean
pv_job_key_is_left_over (const PvContext *context, const char *name, const PvProgress *progress)
{
	return get_suid (context, name) == 0 &&
	       pv_keys_in_role (progress->keys, PV_KEY_CURRENT) != NULL;
}

gboolean
pv_job_key_is_wanted (const PvContext *context, const char *name, const PvProgress *progress)
{
	return get_suid (context, name) != 0 && !is_for_another_use (context, name, progress);
}

gboolean
pv_job_key_is_due (const PvContext *context, const char *name, const PvProgress *progress)
{
	return pv_job_key_is_wanted (context, name, progress) &&
	       (progress->key_published_s == 0 ||
		(progress->key_renew_s == 0 && progress->key_not_after_s != 0) || /* wanted again */
		pv_schedule_is_due (progress->key_renew_s, pv_clock_now (context->clock)));
}

static gboolean
is_wished_otherwise (const PvContext *context, const char *name, const PvKeyRecord *current)
{
	g_autofree char *wish = pv_job_key_wish (context, name);

	return g_strcmp0 (current->asked, wish) != 0;
}

/* One that is held is not asked for again (R-8.3.5.2.8-2), but towards its end: its source may have put that off. */
static gboolean
is_to_be_retrieved (const PvContext *context, const PvKeyRecord *record)
{
	return record == NULL ||
	       (record->role == PV_KEY_OF_OTHERS && record->staged == 0 &&
		(record->published_s == 0 ||
		 pv_schedule_is_due (record->look_s, pv_clock_now (context->clock))));
}

gboolean
pv_job_keys_are_due (const PvContext *context, const char *name, const PvProgress *progress)
{
	const PvKeyRecord *current = pv_keys_in_role (progress->keys, PV_KEY_CURRENT);
	g_auto (GStrv) wanted = get_list (context, name, "RetrieveKeys");

	for (guint i = 0; wanted[i] != NULL; i++) {
		if (pv_keys_find (progress->keys, wanted[i]) == NULL)
			return TRUE;
	}
	return pv_job_key_is_due (context, name, progress) ||
	       pv_job_key_is_left_over (context, name, progress) ||
	       (current != NULL && pv_job_key_is_wanted (context, name, progress) &&
		is_wished_otherwise (context, name, current));
}

gint64
pv_job_plan_look (const PvContext *context)
{
	double pause_s = pv_settings_get_seconds (
		context->settings, "provisioner", NULL, "RetryMaxSec");

	return pv_clock_now (context->clock) + 1 +
	       (gint64) (pause_s * (0.5 + 0.5 * context->clock->random (context->clock->data)));
}

void
pv_job_postpone_looks (const PvContext *context, PvProgress *progress)
{
	for (guint i = 0; i < progress->keys->len; i++) {
		PvKeyRecord *record = progress->keys->pdata[i];

		if (pv_schedule_is_due (record->look_s, pv_clock_now (context->clock)))
			record->look_s = pv_job_plan_look (context);
	}
}

gint64
pv_job_plan_key (const PvContext *context, const char *name, gint64 expires_s)
{
	const PvLife life = {
		.not_after_s = expires_s,
		.asked_s = pv_settings_get_seconds (
			context->settings, "enrolment", name, "KeyTimeSec"),
	};

	return pv_schedule_renewal (&life,
				    pv_clock_now (context->clock),
				    pv_schedule_spread (context->machine, name, "key"));
}

static void
add_list (JsonObject *object, const char *member, GStrv values)
{
	if (values[0] != NULL)
		pv_json_set_strings (object, member, (const char *const *) values);
}

static void
add_key (const PvContext *context,
	 JsonObject *job,
	 const char *name,
	 const PvKeyRecord *current)
{
	JsonObject *object = json_object_new ();
	g_auto (GStrv) targets = get_list (context, name, "KeyTargets");
	g_auto (GStrv) labels = get_list (context, name, "KeyLabels");
	g_autofree char *value =
		pv_settings_get (context->settings, "enrolment", name, "KeyValue");

	json_object_set_object_member (job, "key", object);
	json_object_set_int_member (object, "suid", get_suid (context, name));
	add_list (object, "targets", targets);
	add_list (object, "labels", labels);
	json_object_set_string_member (object, "value", value);
	json_object_set_int_member (
		object,
		"lifetime_s",
		pv_settings_get_seconds (context->settings, "enrolment", name, "KeyTimeSec"));
	if (current == NULL)
		return;
	json_object_set_string_member (object, "current", current->identifier);
	json_object_set_boolean_member (
		object, "update", is_wished_otherwise (context, name, current));
}

static void
add_retrieve (const PvContext *context,
	      JsonObject *job,
	      JsonArray *steps,
	      const char *name,
	      const PvProgress *progress)
{
	g_auto (GStrv) wanted = get_list (context, name, "RetrieveKeys");
	JsonArray *array = json_array_new ();

	for (guint i = 0; wanted[i] != NULL && json_array_get_length (array) < PV_KEYS_MAX; i++) {
		if (is_to_be_retrieved (context, pv_keys_find (progress->keys, wanted[i])))
			json_array_add_string_element (array, wanted[i]);
	}
	if (json_array_get_length (array) != 0)
		json_array_add_string_element (steps, PV_STEP_RETRIEVE);
	json_object_set_array_member (job, "retrieve", array);
}

/* @roles: bit set */
static guint
add_retire (JsonObject *job, const PvProgress *progress, guint roles)
{
	JsonArray *array = json_array_new ();

	for (guint i = 0; i < progress->keys->len && json_array_get_length (array) < PV_KEYS_MAX; i++) {
		const PvKeyRecord *record = progress->keys->pdata[i];

		if ((roles & 1u << record->role) != 0)
			json_array_add_string_element (array, record->identifier);
	}
	json_object_set_array_member (job, "retire", array);
	return json_array_get_length (array);
}

void
pv_job_add_keys (const PvContext *context,
		 JsonObject *job,
		 JsonArray *steps,
		 const char *name,
		 const PvProgress *progress)
{
	const PvKeyRecord *current = pv_keys_in_role (progress->keys, PV_KEY_CURRENT);
	gboolean staged = progress->staged_key != 0;
	gboolean due = !staged && pv_job_key_is_due (context, name, progress);
	gboolean looked_at =
		!staged && !due && current != NULL && pv_job_key_is_wanted (context, name, progress);

	if (is_for_another_use (context, name, progress))
		g_warning ("%s: KeySUID was changed: the key stays as it is until `enrolee remove %s%s`",
			   name,
			   name,
			   PV_KEYSTORE_SECRET_SUFFIX);
	if (due || looked_at) {
		json_array_add_string_element (steps, PV_STEP_KEY);
		add_key (context, job, name, looked_at ? current : NULL);
	}
	add_retrieve (context, job, steps, name, progress);
	json_array_add_string_element (steps, PV_STEP_PUBLISH);
	if (add_retire (job,
			progress,
			1u << PV_KEY_RETIRING | (due || staged ? 1u << PV_KEY_CURRENT : 0)) != 0)
		json_array_add_string_element (steps, PV_STEP_RETIRE);
}

gboolean
pv_job_has_own_keys (const PvProgress *progress)
{
	for (guint i = 0; i < progress->keys->len; i++) {
		const PvKeyRecord *record = progress->keys->pdata[i];

		if (record->role != PV_KEY_OF_OTHERS)
			return TRUE;
	}
	return FALSE;
}

void
pv_job_add_own_keys (JsonObject *job, const PvProgress *progress)
{
	(void) add_retire (
		job, progress, 1u << PV_KEY_STAGED | 1u << PV_KEY_CURRENT | 1u << PV_KEY_RETIRING);
}
