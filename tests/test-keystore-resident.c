/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resident keys from many threads while keys come and go; and a start with thousands of keys.
 */
#include <config.h>

#include "keystore/wire/limits.h"
#include "tests/store-fixture.h"

#define THREADS 4
#define ROUNDS 200

typedef struct {
	Store *store;
	KsGeneration *generation;
	gint *running;
} Worker;

static gpointer
sign_a_lot (gpointer data)
{
	const Worker *worker = data;
	guint good = 0;

	for (guint i = 0; i < ROUNDS; i++) {
		good += store_key_works (worker->store, worker->generation);
		/* What a mutation does to a key beside the one in use. */
		if (i % 50 == 0)
			ks_resident_forget (worker->store->resident,
					    worker->generation->key_object);
	}
	g_atomic_int_add (worker->running, -1);
	return GUINT_TO_POINTER (good);
}

static void
run_threads (KsResidency residency)
{
	Store *store = store_new (residency);
	g_autoptr (KsGeneration) ec = store_add_pair (store, "ec", KS_KEY_P256, 0);
	g_autoptr (KsGeneration) ed = store_add_pair (store, "ed", KS_KEY_ED25519, 0);
	GThread *threads[THREADS];
	gint running = THREADS;
	Worker workers[2] = {{store, ec, &running}, {store, ed, &running}};

	for (guint i = 0; i < THREADS; i++)
		threads[i] = g_thread_new ("signer", sign_a_lot, &workers[i % 2]);
	while (g_atomic_int_get (&running) > 0) {
		g_autoptr (KsGeneration) other = store_add_pair (store, "other", KS_KEY_P256, 0);
		g_autoptr (GError) error = NULL;

		g_assert_true (ks_publisher_remove (store->publisher, "other", &error));
	}
	for (guint i = 0; i < THREADS; i++)
		g_assert_cmpuint (GPOINTER_TO_UINT (g_thread_join (threads[i])), ==, ROUNDS);
	store_free (store);
}

static void
test_threads_memory (void)
{
	if (store_has_token ())
		run_threads (KS_RESIDENCY_MEMORY);
}

static void
test_threads_token (void)
{
	if (store_has_token ())
		run_threads (KS_RESIDENCY_TOKEN);
}

static void
test_parse (void)
{
	KsResidency residency = KS_RESIDENCY_AUTO;

	g_assert_true (ks_residency_parse ("token", &residency));
	g_assert_cmpint (residency, ==, KS_RESIDENCY_TOKEN);
	g_assert_true (ks_residency_parse ("memory", &residency));
	g_assert_true (ks_residency_parse ("auto", &residency));
	g_assert_cmpint (residency, ==, KS_RESIDENCY_AUTO);
	g_assert_false (ks_residency_parse ("Auto", &residency));
	g_assert_false (ks_residency_parse (NULL, &residency));
}

static void
test_states (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsGeneration) generation = NULL;
	KsGeneration wrong;
	Store *store;

	if (!store_has_token ())
		return;
	store = store_new (KS_RESIDENCY_AUTO);
	generation = store_add_pair (store, "ec", KS_KEY_P256, 0);
	ks_resident_forget (store->resident, generation->key_object);
	wrong = *generation;
	wrong.state = KS_STATE_REVOKED;
	g_assert_null (ks_resident_get (store->resident, &wrong, &error));
	g_assert_error (error, KS_ERROR, KS_ERROR_NOT_FOUND);
	g_clear_error (&error);
	wrong.state = KS_STATE_CURRENT;
	wrong.key_id[0] ^= 1;
	g_assert_null (ks_resident_get (store->resident, &wrong, &error));
	g_assert_nonnull (error);
	store_free (store);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/resident/parse", test_parse);
	g_test_add_func ("/resident/states", test_states);
	g_test_add_func ("/resident/threads/memory", test_threads_memory);
	g_test_add_func ("/resident/threads/token", test_threads_token);
	return g_test_run ();
}
