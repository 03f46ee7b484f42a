/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the child tells of symmetric keys, into the progress: those of ours that are registered, looked at, lost and
 * retired, and those of others. Each is kept before the next follows.
 */
#include <config.h>

#include "provisioner/enrolment-private.h"

#include "provisioner/enrolment-job-keys.h"
#include "provisioner/identity.h"
#include "provisioner/limits.h"
#include "provisioner/schedule.h"

/* Of ours that are replaced, and of others, together. */
#define RECORDS_MAX (4 * PV_KEYS_MAX)

/* A key identifier of this MEF (R-8.3.4.3-1); NULL: the child is ended. */
static const char *
take_identifier (PvEnrolment *enrolment, JsonObject *event)
{
	const char *identifier = pv_take_text (event, "identifier");
	g_autofree char *fqdn = NULL;

	if (pv_key_identifier_split (identifier, NULL, &fqdn) &&
	    g_strcmp0 (fqdn, enrolment->progress->mef) == 0 &&
	    enrolment->progress->keys->len < RECORDS_MAX)
		return identifier;
	pv_supervisor_end (enrolment->supervisor, "the exchange's process told of no key of this MEF");
	return NULL;
}

static char *
take_targets (JsonObject *event)
{
	JsonNode *node = json_object_get_member (event, "targets");
	JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
	g_autoptr (GStrvBuilder) targets = g_strv_builder_new ();
	g_auto (GStrv) all = NULL;

	for (guint i = 0; array != NULL && i < MIN (json_array_get_length (array), PV_TARGETS_MAX); i++) {
		JsonNode *element = json_array_get_element (array, i);

		if (JSON_NODE_HOLDS_VALUE (element) && json_node_get_string (element) != NULL)
			g_strv_builder_add (targets, json_node_get_string (element));
	}
	all = g_strv_builder_end (targets);
	return g_strjoinv (" ", all);
}

static void
take_key (PvEnrolment *enrolment, PvKeyRecord *record, JsonObject *event)
{
	g_autofree char *targets = take_targets (event);

	pv_progress_set (&record->targets, targets);
	pv_progress_set (&record->asked, enrolment->key_wish);
	pv_progress_set (&record->message, NULL);
}

static void
take_staged_own (PvEnrolment *enrolment, const char *identifier, JsonObject *event)
{
	PvProgress *progress = enrolment->progress;
	PvKeyRecord *record = pv_keys_ensure (progress->keys, identifier, PV_KEY_STAGED);

	record->expires_s = pv_take_number (event, "not_after", PV_TIME_MAX_S);
	record->suid = pv_take_number (event, "suid", G_MAXUINT16);
	take_key (enrolment, record, event);
	progress->staged_key = pv_take_number (event, "staged", G_MAXUINT32);
	progress->staged_key_not_after_s = record->expires_s;
	pv_enrolment_step (enrolment, PV_EVENT_KEY_STAGED);
}

static void
take_staged_other (PvEnrolment *enrolment, const char *identifier, JsonObject *event)
{
	PvKeyRecord *record =
		pv_keys_ensure (enrolment->progress->keys, identifier, PV_KEY_OF_OTHERS);

	record->staged = pv_take_number (event, "staged", G_MAXUINT32);
	record->staged_expires_s = pv_take_number (event, "not_after", PV_TIME_MAX_S);
	record->suid = pv_take_number (event, "suid", G_MAXUINT16);
	pv_progress_set (&record->source, pv_take_text (event, "source"));
	pv_progress_set (&record->message, NULL);
	pv_enrolment_step (enrolment, PV_EVENT_KEY_RETRIEVED);
}

void
pv_keys_on_staged (PvEnrolment *enrolment, JsonObject *event)
{
	const char *identifier = take_identifier (enrolment, event);

	if (identifier == NULL)
		return;
	if (g_str_equal (pv_take_text (event, "kind"), "key"))
		take_staged_own (enrolment, identifier, event);
	else
		take_staged_other (enrolment, identifier, event);
}

/* The MEF's word on its end counts, and so does a later one. */
void
pv_keys_on_key (PvEnrolment *enrolment, JsonObject *event)
{
	PvProgress *progress = enrolment->progress;
	PvKeyRecord *current = pv_keys_in_role (progress->keys, PV_KEY_CURRENT);
	gint64 expires_s = pv_take_number (event, "expires", PV_TIME_MAX_S);

	if (current == NULL || !g_str_equal (current->identifier, pv_take_text (event, "identifier")))
		return;
	take_key (enrolment, current, event);
	if (expires_s != 0 && expires_s != current->expires_s) {
		current->expires_s = progress->key_not_after_s = expires_s;
		progress->key_renew_s = pv_job_plan_key (enrolment->context, enrolment->name, expires_s);
	}
	pv_enrolment_step (enrolment, PV_EVENT_KEY_SEEN);
}

void
pv_keys_on_lost (PvEnrolment *enrolment, JsonObject *event)
{
	GPtrArray *keys = enrolment->progress->keys;
	PvKeyRecord *current = pv_keys_in_role (keys, PV_KEY_CURRENT);

	if (current == NULL || !g_str_equal (current->identifier, pv_take_text (event, "identifier")))
		return;
	g_message ("%s: the MEF has the key %s no more", enrolment->name, current->identifier);
	pv_keys_drop (keys, current);
	pv_enrolment_step (enrolment, PV_EVENT_KEY_SEEN);
}

void
pv_keys_on_not_retrieved (PvEnrolment *enrolment, JsonObject *event)
{
	const char *identifier = take_identifier (enrolment, event);
	PvKeyRecord *record;

	if (identifier == NULL)
		return;
	record = pv_keys_ensure (enrolment->progress->keys, identifier, PV_KEY_OF_OTHERS);
	pv_progress_set (&record->message, pv_take_text (event, "message"));
	record->look_s = pv_job_plan_look (enrolment->context);
	g_message ("%s: the key %s was not retrieved: %s",
		   enrolment->name,
		   identifier,
		   pv_take_text (event, "message"));
	pv_enrolment_step (enrolment, PV_EVENT_KEY_SEEN);
}

/* One that the MEF keeps is taken back at the next exchange, until it is over by itself. */
void
pv_keys_on_retired (PvEnrolment *enrolment, JsonObject *event)
{
	GPtrArray *keys = enrolment->progress->keys;
	PvKeyRecord *record = pv_keys_find (keys, pv_take_text (event, "identifier"));

	if (record == NULL || record->role != PV_KEY_RETIRING)
		return;
	if (g_str_equal (pv_take_text (event, "result"), "refused")) {
		pv_progress_set (&record->message, pv_take_text (event, "message"));
		record->look_s = pv_job_plan_look (enrolment->context);
		g_warning ("%s: the key %s is not de-registered yet: %s",
			   enrolment->name,
			   record->identifier,
			   pv_take_text (event, "message"));
	} else {
		pv_keys_drop (keys, record);
	}
	pv_enrolment_step (enrolment, PV_EVENT_KEY_SEEN);
}
