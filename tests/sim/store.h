/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the simulated MEF remembers, in memory only: registrations with their command, registered
 * keys, handed out challenges, issued certificates. A restart forgets all but the CA, as a client
 * must be ready for.
 */
#pragma once

#include "tests/sim/settings.h"

#include <json-glib/json-glib.h>

typedef struct {
	char *id;
	const SimClient *client;
	gint64 created, modified, expires; /* seconds of the epoch */
	char *admin;
	JsonArray *labels; /* (nullable) */
	char *command_id;  /* (nullable): resource identifier of its mefClientCmd */
	GQueue *script;    /* commands not yet issued, texts */
	char *current;     /* (nullable): the command issued last */
	gint64 current_number;
	gboolean reported; /* whether the client reported current's status */
	JsonArray *reports;
} SimRegistration;

typedef struct {
	char *id;
	const SimClient *client;
	gint64 created, modified, expires;
	char *admin;
	JsonArray *labels; /* (nullable) */
	gint64 suid;
	JsonArray *targets;
	GBytes *value;
	const char *origin; /* "exported" or "given" */
} SimKey;

typedef struct {
	const SimClient *client;
	char *serial;
	gint64 not_before, not_after;
	GBytes *der;
} SimIssued;

typedef struct {
	GPtrArray *registrations;
	GPtrArray *keys;
	GPtrArray *issued;
	GHashTable *challenges; /* client name -> challengePassword handed out last */
	GHashTable *pending;    /* client name -> PendingRequest of est.c */
	guint64 next;
} SimStore;

SimStore *sim_store_new (void);
void sim_store_free (SimStore *store);

SimRegistration *sim_store_register (SimStore *store, const SimClient *client);
SimKey *sim_store_add_key (SimStore *store, const SimClient *client);

/* Live resources only: what has expired is gone. */
SimRegistration *sim_store_registration (SimStore *store, const char *id);
SimRegistration *
sim_store_registration_of (SimStore *store, const SimClient *client, const char *admin);
SimRegistration *sim_store_registration_by_command (SimStore *store, const char *command_id);
SimKey *sim_store_key (SimStore *store, const char *id);
void sim_store_forget_client (SimStore *store, const SimClient *client);
void sim_store_note_issued (SimStore *store,
			    const SimClient *client,
			    gint64 not_before,
			    gint64 not_after,
			    GBytes *der,
			    const char *serial);
const SimIssued *sim_store_latest (SimStore *store, const SimClient *client);

char *sim_time_text (gint64 seconds);
gboolean sim_time_parse (const char *text, gint64 *seconds);
gint64 sim_now (void);
char *sim_hex (GBytes *bytes);
