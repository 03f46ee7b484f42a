/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of an enrolment (R-8.3.4.2-2): the MEF is told, then the credentials are destroyed and the
 * progress forgotten. Once begun it goes on over a restart. An MEF that cannot be told keeps it from
 * ending, unless it was forced.
 */
#include <config.h>

#include "provisioner/enrolment-private.h"

#include "provisioner/enrolment-job.h"
#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"

struct _PvRetire {
	GVariantDict facts;
	GVariantBuilder keys; /* a{sv} of each that the MEF has answered for */
	gboolean deregistered, forced;
	char *registration; /* (nullable): the one that was known */
	GStrv destroyed;    /* (nullable) */
	GArray *asked; /* of Asked: none when it goes on after a restart */
};

/* Whoever asked for it gets the same answer, also who came later. */
typedef struct {
	PvEnrolmentAnswer answer;
	gpointer data;
} Asked;

static PvRetire *
ensure (PvEnrolment *enrolment)
{
	if (enrolment->retire == NULL) {
		enrolment->retire = g_new0 (PvRetire, 1);
		g_variant_dict_init (&enrolment->retire->facts, NULL);
		g_variant_builder_init (&enrolment->retire->keys, G_VARIANT_TYPE ("aa{sv}"));
		enrolment->retire->asked = g_array_new (FALSE, FALSE, sizeof (Asked));
		enrolment->retire->registration = g_strdup (enrolment->progress->registration_id);
	}
	return enrolment->retire;
}

static void
answer_all (PvRetire *retire, GVariant *result, const GError *error)
{
	for (guint i = 0; i < retire->asked->len; i++) {
		const Asked *asked = &g_array_index (retire->asked, Asked, i);

		asked->answer (asked->data, result, error);
	}
	g_array_set_size (retire->asked, 0);
}

void
pv_retire_free (PvRetire *retire)
{
	g_autoptr (GError) error = NULL;

	if (retire == NULL)
		return;
	g_set_error (&error, PV_ERROR, PV_ERROR_FAILED, "enroleed ends; it goes on when it starts again");
	answer_all (retire, NULL, error);
	g_array_unref (retire->asked);
	g_variant_dict_clear (&retire->facts);
	g_variant_builder_clear (&retire->keys);
	g_strfreev (retire->destroyed);
	g_free (retire->registration);
	g_free (retire);
}

static void
take_key (PvEnrolment *enrolment, JsonObject *event)
{
	GPtrArray *keys = enrolment->progress->keys;
	GVariantDict facts;

	g_variant_dict_init (&facts, NULL);
	pv_enrolment_take_facts (&facts, event);
	g_variant_builder_add_value (&enrolment->retire->keys, g_variant_dict_end (&facts));
	if (pv_take_boolean (event, "proven"))
		pv_keys_drop (keys, pv_keys_find (keys, pv_take_text (event, "id")));
}

/* What the MEF has proven is not asked for again, also over a restart. */
void
pv_retire_take (PvEnrolment *enrolment, JsonObject *event)
{
	PvRetire *retire = ensure (enrolment);
	const char *what = pv_take_text (event, "what");

	if (enrolment->progress->state != PV_STATE_DECOMMISSIONING)
		return;
	g_message ("%s: %s %s: %s %s",
		   enrolment->name,
		   what,
		   pv_take_text (event, "id"),
		   pv_take_text (event, "result"),
		   pv_take_text (event, "message"));
	if (g_str_equal (what, "key")) {
		take_key (enrolment, event);
	} else {
		pv_enrolment_take_facts (&retire->facts, event);
		retire->deregistered = pv_take_boolean (event, "proven");
	}
	if (retire->deregistered)
		pv_enrolment_forget_registration (enrolment->progress);
	if (!pv_enrolment_save (enrolment))
		pv_supervisor_end (enrolment->supervisor, enrolment->progress->error_message);
}

void
pv_retire_ended (PvEnrolment *enrolment, gboolean reached)
{
	PvProgress *progress = enrolment->progress;
	PvRetire *retire = ensure (enrolment);
	g_autoptr (GError) error = NULL;

	if (reached && progress->registration_id != NULL && !retire->deregistered) {
		reached = FALSE;
		pv_enrolment_note_error (
			enrolment, "mismatch", "the MEF did not confirm the de-registration");
	}
	if (!reached)
		pv_enrolment_take_failure (
			&retire->facts, progress->error_code, progress->error_message);
	retire->forced = !reached && progress->force;
	if (!reached && !progress->force) {
		pv_enrolment_step (enrolment,
				   progress->certificate_published_s != 0 || progress->key_published_s != 0
					   ? PV_EVENT_KEPT
					   : PV_EVENT_FAILED);
		return;
	}
	if (!pv_job_destroy (
		    enrolment->context, enrolment->name, progress, &retire->destroyed, &error)) {
		pv_enrolment_note_error (enrolment, pv_error_name (error), error->message);
		pv_enrolment_take_failure (&retire->facts, pv_error_name (error), error->message);
		pv_enrolment_step (enrolment, PV_EVENT_DIED);
		return;
	}
	pv_enrolment_step (enrolment, PV_EVENT_DONE);
}

void
pv_retire_forget (PvEnrolment *enrolment)
{
	PvProgress *former = enrolment->progress;
	PvProgress *progress = pv_progress_new ();

	progress->state = former->state;
	progress->since_s = former->since_s;
	progress->mef = g_steal_pointer (&former->mef);
	progress->admin = g_steal_pointer (&former->admin);
	progress->client = g_steal_pointer (&former->client);
	enrolment->progress = progress;
	pv_progress_free (former);
}

void
pv_retire_answer (PvEnrolment *enrolment)
{
	static const char *const nothing[] = {NULL};
	PvRetire *retire = g_steal_pointer (&enrolment->retire);
	g_autoptr (GVariant) result = NULL;
	GVariantDict *facts;

	if (retire == NULL)
		return;
	facts = &retire->facts;
	g_variant_dict_insert (facts,
			       "decommissioned",
			       "b",
			       enrolment->progress->state == PV_STATE_DECOMMISSIONED);
	g_variant_dict_insert (facts, "deregistered", "b", retire->deregistered);
	g_variant_dict_insert (
		facts, "registration", "s", retire->registration != NULL ? retire->registration : "");
	g_variant_dict_insert (
		facts,
		"destroyed",
		"^as",
		retire->destroyed != NULL ? (const char *const *) retire->destroyed : nothing);
	g_variant_dict_insert_value (facts, "keys", g_variant_builder_end (&retire->keys));
	g_variant_dict_insert (facts, "forced", "b", retire->forced);
	result = g_variant_ref_sink (g_variant_dict_end (facts));
	answer_all (retire, result, NULL);
	pv_retire_free (retire);
}

void
pv_enrolment_decommission (PvEnrolment *enrolment,
			   gboolean force,
			   PvEnrolmentAnswer answer,
			   gpointer data)
{
	const Asked asked = {answer, data};
	gboolean under_way =
		enrolment->progress->state == PV_STATE_DECOMMISSIONING && enrolment->ticket != NULL;

	g_array_append_val (ensure (enrolment)->asked, asked);
	enrolment->progress->force = force || (under_way && enrolment->progress->force);
	if (under_way)
		return;
	if (enrolment->progress->state == PV_STATE_DECOMMISSIONED) {
		pv_retire_answer (enrolment); /* nothing is left to do */
		return;
	}
	if (enrolment->progress->state == PV_STATE_DECOMMISSIONING)
		pv_enrolment_step (enrolment, PV_EVENT_DUE); /* it waits for its next attempt: now */
	else
		pv_enrolment_step (enrolment, PV_EVENT_DECOMMISSION);
}
