/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module while its keystore restarts, publishes, is gone, hangs, has no room, is slow, talks nonsense. */
#include <config.h>

#include "tests/module-fixture.h"

static CK_OBJECT_HANDLE
certificate (CK_SESSION_HANDLE session)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof class};
	g_autoptr (GArray) found = module_find (session, &template, 1);

	return found->len == 1 ? g_array_index (found, CK_OBJECT_HANDLE, 0) : 0;
}

static void
test_restart (ModuleFixture *fixture, gconstpointer data)
{
	for (int i = 0; i < 20; i++) {
		fake_stop (fixture->fake, i % 2 == 0);
		fake_start (fixture->fake);
		g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
		g_assert_cmpuint (module_count_class (fixture->session, CKO_CERTIFICATE), ==, 1);
	}
	/* what the keystore that was asked did not answer, the next one does */
	fake_set_mood (fixture->fake, FAKE_DROP_ONCE);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
}

static gpointer
start_later (gpointer data)
{
	g_usleep (200000);
	fake_start (data);
	return NULL;
}

/* A signature that is asked for while the keystore is away is made when it is back. */
static void
test_wait (ModuleFixture *fixture, gconstpointer data)
{
	GThread *thread;

	fake_stop (fixture->fake, FALSE);
	thread = g_thread_new ("start", start_later, fixture->fake);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
	g_thread_join (thread);
}

static void
test_publish (ModuleFixture *fixture, gconstpointer data)
{
	guint8 value[16];
	CK_ATTRIBUTE asked = {CKA_VALUE, value, sizeof value};

	g_assert_cmpuint (certificate (fixture->session), ==, FAKE_CERTIFICATE);
	fake_publish (fixture->fake);
	g_assert_cmpuint (certificate (fixture->session), ==, FAKE_NEW_CERTIFICATE);
	/* a program that found the old one just before may read it */
	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, FAKE_CERTIFICATE, &asked, 1),
			  ==, CKR_OK);
	/* published by another run, while nobody looked at the page */
	fake_stop (fixture->fake, FALSE);
	fixture->fake->generation++;
	fake_start (fixture->fake);
	g_usleep (110000); /* the module looks for a dead keystore so often */
	g_assert_cmpuint (certificate (fixture->session), ==, FAKE_NEW_CERTIFICATE);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_views), ==, 3);
	g_assert_cmpuint (p11->C_GetAttributeValue (fixture->session, FAKE_CERTIFICATE, &asked, 1),
			  ==, CKR_OBJECT_HANDLE_INVALID);
}

static int
sign_once (gpointer data)
{
	ModuleFixture *fixture = data;

	return module_sign (fixture->session) == CKR_OK ? 0 : 1;
}

/* A call that fails at once leaves a greeting behind; a later one finds its answer. */
static gboolean
recovers (CK_SESSION_HANDLE session)
{
	for (int i = 0; i < 300; i++) {
		if (module_sign (session) == CKR_OK)
			return TRUE;
		g_usleep (10000);
	}
	return FALSE;
}

/* No keystore any more: the last view serves, signatures fail after a bounded time, then at once.
 */
static void
test_gone (ModuleFixture *fixture, gconstpointer data)
{
	gint64 start;

	fake_stop (fixture->fake, TRUE);
	start = g_get_monotonic_time ();
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_DEVICE_ERROR);
	g_assert_cmpint (g_get_monotonic_time () - start, <, 3 * G_USEC_PER_SEC);
	start = g_get_monotonic_time ();
	for (int i = 0; i < 20; i++)
		g_assert_cmpuint (module_sign (fixture->session), ==, CKR_DEVICE_ERROR);
	g_assert_cmpuint (certificate (fixture->session), ==, FAKE_CERTIFICATE);
	g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
	fake_start (fixture->fake);
	g_assert_true (recovers (fixture->session));
}

/* A keystore that hangs: one wait, no more, whatever the number of threads and connections. */
static void
test_hang (ModuleFixture *fixture, gconstpointer data)
{
	gint64 start = g_get_monotonic_time ();

	fake_set_mood (fixture->fake, FAKE_HANG);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_DEVICE_ERROR);
	g_assert_cmpint (g_get_monotonic_time () - start, <, 3 * G_USEC_PER_SEC);
	start = g_get_monotonic_time ();
	for (int i = 0; i < 20; i++)
		g_assert_cmpuint (module_sign (fixture->session), ==, CKR_DEVICE_ERROR);
	g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
	fake_set_mood (fixture->fake, FAKE_BEHAVE);
	/* the greeting that waited is answered now */
	g_assert_true (recovers (fixture->session));
}

/* A keystore without room for this user is not stormed by him. */
static void
test_full (ModuleFixture *fixture, gconstpointer data)
{
	guint before = fake_get (fixture->fake, &fixture->fake->n_connections);

	fake_set_mood (fixture->fake, FAKE_FULL);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_DEVICE_ERROR);
	g_assert_cmpuint (fake_get (fixture->fake, &fixture->fake->n_connections), <, before + 30);
	fake_set_mood (fixture->fake, FAKE_BEHAVE);
	g_assert_true (recovers (fixture->session));
}

/* A token that takes its time is no keystore that hangs: the keystore says how long it may take. */
static void
test_slow (ModuleFixture *fixture, gconstpointer data)
{
	fake_set_mood (fixture->fake, FAKE_SLOW);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
	in_child (sign_once, fixture);
}

/* It said too little: the twin. */
static void
test_too_slow (ModuleFixture *fixture, gconstpointer data)
{
	fake_set_mood (fixture->fake, FAKE_SLOW);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_DEVICE_ERROR);
	fake_set_mood (fixture->fake, FAKE_BEHAVE);
	g_assert_true (recovers (fixture->session));
}

static void
test_nonsense (ModuleFixture *fixture, gconstpointer data)
{
	fake_set_mood (fixture->fake, FAKE_GARBAGE);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_DEVICE_ERROR);
	fake_set_mood (fixture->fake, FAKE_OLD);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_DEVICE_ERROR);
	fake_set_mood (fixture->fake, FAKE_BEHAVE);
	g_assert_cmpuint (module_sign (fixture->session), ==, CKR_OK);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	module_load ();
	module_add ("restart", test_restart, 0);
	module_add ("wait", test_wait, 0);
	module_add ("publish", test_publish, 0);
	module_add ("gone", test_gone, 0);
	module_add ("hang", test_hang, 300);
	module_add ("full", test_full, 300);
	module_add ("slow", test_slow, 0);
	module_add ("too-slow", test_too_slow, 300);
	module_add ("nonsense", test_nonsense, 0);
	return module_run_tests ();
}
