/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of the simulated MEF and its notion of time. */
#include <config.h>

#include "tests/sim/store.h"

#include <string.h>

static void
registration_free (gpointer data)
{
	SimRegistration *registration = data;

	g_free (registration->id);
	g_free (registration->admin);
	g_clear_pointer (&registration->labels, json_array_unref);
	g_free (registration->command_id);
	g_queue_free_full (registration->script, g_free);
	g_free (registration->current);
	json_array_unref (registration->reports);
	g_free (registration);
}

static void
key_free (gpointer data)
{
	SimKey *key = data;

	g_free (key->id);
	g_free (key->admin);
	g_clear_pointer (&key->labels, json_array_unref);
	g_clear_pointer (&key->targets, json_array_unref);
	g_clear_pointer (&key->value, g_bytes_unref);
	g_free (key);
}

static void
issued_free (gpointer data)
{
	SimIssued *issued = data;

	g_free (issued->serial);
	g_bytes_unref (issued->der);
	g_free (issued);
}

SimStore *
sim_store_new (void)
{
	SimStore *store = g_new0 (SimStore, 1);

	store->registrations = g_ptr_array_new_with_free_func (registration_free);
	store->keys = g_ptr_array_new_with_free_func (key_free);
	store->issued = g_ptr_array_new_with_free_func (issued_free);
	store->challenges = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	store->pending = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	return store;
}

void
sim_store_free (SimStore *store)
{
	if (store == NULL)
		return;
	g_ptr_array_unref (store->registrations);
	g_ptr_array_unref (store->keys);
	g_ptr_array_unref (store->issued);
	g_hash_table_unref (store->challenges);
	g_hash_table_unref (store->pending);
	g_free (store);
}

gint64
sim_now (void)
{
	return g_get_real_time () / G_USEC_PER_SEC;
}

/* m2m:timestamp, always UTC (TS-0004 6.3.3). */
char *
sim_time_text (gint64 seconds)
{
	g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

	return g_date_time_format (time, "%Y%m%dT%H%M%S");
}

gboolean
sim_time_parse (const char *text, gint64 *seconds)
{
	g_autoptr (GDateTime) time = NULL;
	int n[6];

	if (!g_regex_match_simple ("^[0-9]{8}T[0-9]{6}(,[0-9]{1,6})?$", text,
				   G_REGEX_DOLLAR_ENDONLY, 0))
		return FALSE;
	for (guint i = 0; i < 6; i++) {
		static const guint at[6] = {0, 4, 6, 9, 11, 13}, digits[6] = {4, 2, 2, 2, 2, 2};

		n[i] = 0;
		for (guint j = 0; j < digits[i]; j++)
			n[i] = n[i] * 10 + (text[at[i] + j] - '0');
	}
	time = g_date_time_new_utc (n[0], n[1], n[2], n[3], n[4], n[5]);
	if (time == NULL)
		return FALSE;
	*seconds = g_date_time_to_unix (time);
	return TRUE;
}

char *
sim_hex (GBytes *bytes)
{
	gsize length;
	const guint8 *octets = g_bytes_get_data (bytes, &length);
	GString *text = g_string_sized_new (length * 2);

	for (gsize i = 0; i < length; i++)
		g_string_append_printf (text, "%02X", octets[i]);
	return g_string_free (text, FALSE);
}

SimRegistration *
sim_store_register (SimStore *store, const SimClient *client)
{
	SimRegistration *registration = g_new0 (SimRegistration, 1);

	registration->id = g_strdup_printf ("mecr%" G_GUINT64_FORMAT "x%04X", ++store->next,
					    g_random_int () & 0xffff);
	registration->client = client;
	registration->created = registration->modified = sim_now ();
	registration->script = g_queue_new ();
	registration->reports = json_array_new ();
	g_ptr_array_add (store->registrations, registration);
	return registration;
}

SimKey *
sim_store_add_key (SimStore *store, const SimClient *client)
{
	SimKey *key = g_new0 (SimKey, 1);

	key->client = client;
	key->created = key->modified = sim_now ();
	g_ptr_array_add (store->keys, key);
	return key;
}

static void
expire (SimStore *store)
{
	gint64 now = sim_now ();

	for (guint i = store->registrations->len; i > 0; i--)
		if (((SimRegistration *)g_ptr_array_index (store->registrations, i - 1))->expires <=
		    now)
			g_ptr_array_remove_index (store->registrations, i - 1);
	for (guint i = store->keys->len; i > 0; i--)
		if (((SimKey *)g_ptr_array_index (store->keys, i - 1))->expires <= now)
			g_ptr_array_remove_index (store->keys, i - 1);
}

SimRegistration *
sim_store_registration (SimStore *store, const char *id)
{
	expire (store);
	for (guint i = 0; i < store->registrations->len; i++) {
		SimRegistration *registration = g_ptr_array_index (store->registrations, i);

		if (strcmp (registration->id, id) == 0)
			return registration;
	}
	return NULL;
}

SimRegistration *
sim_store_registration_of (SimStore *store, const SimClient *client, const char *admin)
{
	expire (store);
	for (guint i = 0; i < store->registrations->len; i++) {
		SimRegistration *registration = g_ptr_array_index (store->registrations, i);

		if (registration->client == client &&
		    (admin == NULL || strcmp (registration->admin, admin) == 0))
			return registration;
	}
	return NULL;
}

SimRegistration *
sim_store_registration_by_command (SimStore *store, const char *command_id)
{
	expire (store);
	for (guint i = 0; i < store->registrations->len; i++) {
		SimRegistration *registration = g_ptr_array_index (store->registrations, i);

		if (g_strcmp0 (registration->command_id, command_id) == 0)
			return registration;
	}
	return NULL;
}

SimKey *
sim_store_key (SimStore *store, const char *id)
{
	expire (store);
	for (guint i = 0; i < store->keys->len; i++) {
		SimKey *key = g_ptr_array_index (store->keys, i);

		if (strcmp (key->id, id) == 0)
			return key;
	}
	return NULL;
}

void
sim_store_forget_client (SimStore *store, const SimClient *client)
{
	for (guint i = store->registrations->len; i > 0; i--)
		if (((SimRegistration *)g_ptr_array_index (store->registrations, i - 1))->client ==
		    client)
			g_ptr_array_remove_index (store->registrations, i - 1);
}

void
sim_store_note_issued (SimStore *store,
		       const SimClient *client,
		       gint64 not_before,
		       gint64 not_after,
		       GBytes *der,
		       const char *serial)
{
	SimIssued *issued = g_new0 (SimIssued, 1);

	issued->client = client;
	issued->serial = g_strdup (serial);
	issued->not_before = not_before;
	issued->not_after = not_after;
	issued->der = g_bytes_ref (der);
	g_ptr_array_add (store->issued, issued);
}

const SimIssued *
sim_store_latest (SimStore *store, const SimClient *client)
{
	for (guint i = store->issued->len; i > 0; i--) {
		const SimIssued *issued = g_ptr_array_index (store->issued, i - 1);

		if (issued->client == client)
			return issued;
	}
	return NULL;
}
