/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step of the RSPF procedure; see machine.h. */
#include <config.h>

#include "provisioner/machine.h"

static const char *const state_names[PV_N_STATES] = {
	[PV_STATE_CONFIGURED] = "configured",   [PV_STATE_HANDSHAKE] = "handshake",
	[PV_STATE_REGISTRATION] = "registration", [PV_STATE_COMMANDS] = "commands",
	[PV_STATE_CERTIFICATE] = "certificate", [PV_STATE_KEY] = "key",
	[PV_STATE_RETRIEVAL] = "retrieval",     [PV_STATE_PUBLICATION] = "publication",
	[PV_STATE_PROVISIONED] = "provisioned",
	[PV_STATE_WAITING] = "waiting",         [PV_STATE_REFUSED] = "refused",
	[PV_STATE_DECOMMISSIONING] = "decommissioning",
	[PV_STATE_DECOMMISSIONED] = "decommissioned",
};

static const char *const event_words[PV_N_EVENTS] = {
	[PV_EVENT_INSTRUCTED] = "instructed",
	[PV_EVENT_RESUMED] = "resumed",
	[PV_EVENT_DECOMMISSION] = "decommission",
	[PV_EVENT_DUE] = "due",
	[PV_EVENT_HANDSHAKE_DONE] = "handshake done",
	[PV_EVENT_REGISTERED] = "registered",
	[PV_EVENT_COMMANDS_DONE] = "commands done",
	[PV_EVENT_CERTIFICATE_STAGED] = "certificate staged",
	[PV_EVENT_KEY_STAGED] = "key staged",
	[PV_EVENT_KEY_RETRIEVED] = "key retrieved",
	[PV_EVENT_KEY_SEEN] = "key seen",
	[PV_EVENT_ALL_STAGED] = "all staged",
	[PV_EVENT_PUBLISHED_EARLY] = "published early",
	[PV_EVENT_PUBLISHED] = "published",
	[PV_EVENT_DONE] = "done",
	[PV_EVENT_PENDING] = "pending",
	[PV_EVENT_FAILED] = "failed",
	[PV_EVENT_DENIED] = "denied",
	[PV_EVENT_DIED] = "died",
	[PV_EVENT_KEPT] = "kept",
};

const PvTransition *
pv_machine_find (PvState state, PvEvent event)
{
	gsize n_rows;
	const PvTransition *table = pv_machine_table (&n_rows);

	for (gsize i = 0; i < n_rows; i++) {
		if (table[i].event == event && (table[i].states & 1u << state) != 0)
			return &table[i];
	}
	return NULL;
}

PvState
pv_machine_step (PvState state, PvEvent event, PvAction *action)
{
	const PvTransition *row = pv_machine_find (state, event);

	*action = row != NULL ? row->action : PV_ACTION_NONE;
	return row == NULL || row->next == PV_N_STATES ? state : row->next;
}

gboolean
pv_state_is_exchange (PvState state)
{
	return state >= PV_STATE_HANDSHAKE && state <= PV_STATE_PUBLICATION;
}

const char *
pv_state_name (PvState state)
{
	return state < PV_N_STATES ? state_names[state] : "unknown";
}

const char *
pv_event_word (PvEvent event)
{
	return event < PV_N_EVENTS ? event_words[event] : "unknown";
}

const char *
pv_action_name (PvAction action)
{
	switch (action) {
	case PV_ACTION_NONE:
		return "";
	case PV_ACTION_START:
		return "start";
	case PV_ACTION_SAVE:
		return "save";
	case PV_ACTION_FINISH:
		return "finish";
	case PV_ACTION_RETRY:
		return "retry";
	case PV_ACTION_RETRY_SLOW:
		return "retry slowly";
	case PV_ACTION_REARM:
		return "rearm";
	case PV_ACTION_KEEP:
		return "keep";
	case PV_ACTION_FORGET:
		return "forget";
	}
	return "";
}

PvState
pv_state_parse (const char *name)
{
	PvState state = PV_STATE_CONFIGURED;

	while (state < PV_N_STATES && !g_str_equal (state_names[state], name))
		state++;
	return state;
}
