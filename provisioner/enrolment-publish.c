/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publication: the child asks for it. enroleed writes down what is coming and grants first, so that a
 * credential is never seen by others than the settings say; then it publishes, and no status says OK of
 * what is not kept. The child itself may not.
 */
#include <config.h>

#include "provisioner/enrolment-private.h"

#include "provisioner/enrolment-job-keys.h"
#include "provisioner/enrolment-job.h"

/* Only what the child has told of before. */
static gboolean
are_known (const PvProgress *progress, JsonArray *staged)
{
	for (guint i = 0; i < json_array_get_length (staged); i++) {
		if (!pv_progress_has_staged (progress, json_array_get_int_element (staged, i)))
			return FALSE;
	}
	return TRUE;
}

static JsonArray *
get_staged (JsonObject *event)
{
	JsonNode *node = json_object_get_member (event, "staged");

	return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static gboolean
publish (PvEnrolment *enrolment, JsonArray *staged, GError **error)
{
	const PvContext *context = enrolment->context;
	guint count = json_array_get_length (staged);
	g_autofree guint32 *numbers = g_new (guint32, count);

	for (guint i = 0; i < count; i++)
		numbers[i] = json_array_get_int_element (staged, i);
	return pv_job_grant (context, enrolment->name, enrolment->progress, error) &&
	       pv_keystore_ops.publish (context->keystore, enrolment->name, numbers, count, error);
}

/* @early: a command's certificate, or what came before a step that failed: more is wanted than that. */
static void
note_published (PvEnrolment *enrolment, gboolean early)
{
	const PvContext *context = enrolment->context;
	PvProgress *progress = enrolment->progress;

	pv_job_note_published (context, enrolment->name, progress);
	early = early || pv_job_certificate_is_due (context, enrolment->name, progress) ||
		pv_job_keys_are_due (context, enrolment->name, progress);
	pv_enrolment_step (enrolment, early ? PV_EVENT_PUBLISHED_EARLY : PV_EVENT_PUBLISHED);
	pv_hook_wake (enrolment->hook, FALSE);
}

void
pv_enrolment_on_publish (PvEnrolment *enrolment, JsonObject *event)
{
	JsonArray *staged = get_staged (event);
	gboolean more = pv_take_boolean (event, "more");
	g_autoptr (GError) error = NULL;

	if (!more)
		pv_enrolment_step (enrolment, PV_EVENT_ALL_STAGED);
	if (staged == NULL || !are_known (enrolment->progress, staged)) {
		pv_supervisor_answer (enrolment->supervisor, "enroleed does not know what was staged");
	} else if (!pv_enrolment_save (enrolment)) {
		pv_supervisor_answer (enrolment->supervisor, enrolment->progress->error_message);
	} else if (!publish (enrolment, staged, &error)) {
		pv_supervisor_answer (enrolment->supervisor, error->message);
	} else {
		note_published (enrolment, more);
		pv_supervisor_answer (enrolment->supervisor, NULL);
	}
}
