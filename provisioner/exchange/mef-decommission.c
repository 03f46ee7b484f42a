/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * De-registration: keys first, while the registration they need still lives.
 */
#include <config.h>

#include "provisioner/exchange/mef-decommission.h"

#include "provisioner/error.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/exchange/mef-register.h"
#include "provisioner/exchange/mef.h"
#include "provisioner/identity.h"

/* What no answer of an MEF can prove. */
#define LEFT_KEY "whoever retrieved the key before may hold it until it expires"
#define LEFT_REGISTRATION "certificates that the MEF issued are good until they expire or are revoked"
#define LEFT_UNKNOWN "whether the MEF has a registration of this client"

static void
tell (PvExchange *exchange,
      const char *what,
      const char *id,
      PvMefRemoval removal,
      gboolean proven,
      const char *message,
      const char *left)
{
	JsonObject *event = pv_event_new ("decommission");

	json_object_set_string_member (event, "what", what);
	json_object_set_string_member (event, "id", id);
	json_object_set_string_member (event, "result", pv_mef_removal_word (removal));
	json_object_set_boolean_member (event, "proven", proven);
	json_object_set_string_member (event, "message", message);
	json_object_set_string_member (event, "left", left);
	pv_event_send (exchange->events, event);
}

static gboolean
take_back (PvExchange *exchange,
	   const char *what,
	   const char *shown,
	   const char *id,
	   const char *left,
	   GError **error)
{
	g_autoptr (GError) cause = NULL;
	PvMefRemoval removal;

	if (!pv_mef_remove (exchange, id, &removal, &cause)) {
		g_propagate_error (error, g_steal_pointer (&cause));
		return FALSE;
	}
	tell (exchange, what, shown, removal, removal != PV_MEF_KEPT,
	      cause != NULL ? cause->message : "", left);
	return TRUE;
}

static gboolean
take_back_keys (PvExchange *exchange, GError **error)
{
	const PvJob *job = exchange->job;

	for (guint i = 0; job->retire != NULL && job->retire[i] != NULL; i++) {
		g_autofree char *relative_id = NULL;

		if (pv_key_identifier_split (job->retire[i], &relative_id, NULL) &&
		    !take_back (exchange, "key", job->retire[i], relative_id, LEFT_KEY, error))
			return FALSE;
	}
	return TRUE;
}

/* A client that has forgotten its registration asks the MEF, where the MEF lists what it has. */
static gboolean
take_back_registration (PvExchange *exchange, GError **error)
{
	const char *id = exchange->job->registration_id;
	g_autoptr (PvMefClientReg) found = NULL;
	g_autoptr (GError) cause = NULL;
	gboolean listed = FALSE;

	if (id == NULL) {
		listed = pv_mef_registration_find (exchange, &found, &cause);
		if (!listed && !pv_mef_is_answer (cause)) {
			g_propagate_error (error, g_steal_pointer (&cause));
			return FALSE;
		}
		id = found != NULL ? found->granted.id : NULL;
	}
	if (id != NULL)
		return take_back (exchange, "registration", id, id, LEFT_REGISTRATION, error);
	tell (exchange, "registration", "", PV_MEF_ABSENT, listed,
	      listed ? "" : "no registration is known here, and the MEF lists none",
	      listed ? LEFT_REGISTRATION : LEFT_UNKNOWN);
	return TRUE;
}

gboolean
pv_mef_decommission (PvExchange *exchange, GError **error)
{
	pv_phase_begin (exchange->events, PV_PHASE_DECOMMISSION, "8.3.4.2");
	if (!take_back_keys (exchange, error) || !take_back_registration (exchange, error))
		return FALSE;
	pv_phase_end (exchange->events, PV_PHASE_DECOMMISSION, "done");
	return TRUE;
}
