/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recovery and the end of superseded keys; see housekeeper.h. */
#include <config.h>

#include "keystore/housekeeper.h"

#include "keystore/bootstrap.h"
#include "keystore/psk-settings.h"

#define RETRY_S 10     /* a token that did not open */
#define REPEAT_S 600   /* a recovery that could not end everything */
#define RECHECK_S 3600 /* the wall clock may jump */

struct _KsHousekeeper {
	KsDispatch *dispatch;
	GThread *thread;
	GMutex lock;
	GCond changed;
	gboolean woken, reload, ending, ended;
	gboolean recovered;     /* the thread's own */
	gint64 recover_from_us; /* the thread's own; monotonic */
};

static gboolean
is_ready (KsHousekeeper *housekeeper)
{
	return ks_publisher_is_ready (housekeeper->dispatch->publisher);
}

static void
reload (KsHousekeeper *housekeeper)
{
	KsDispatch *dispatch = housekeeper->dispatch;
	g_autoptr (KsCatalogueState) state = ks_catalogue_ref_state (dispatch->catalogue);
	g_autoptr (GError) error = NULL;

	if (!ks_psk_settings_apply (dispatch->settings->config_dir, dispatch->publisher, state,
				    NULL, &error))
		ks_audit (KS_EVENT_WARNING, NULL, NULL,
			  "the settings of symmetric keys stay as they were: %s", error->message);
}

static void
recover (KsHousekeeper *housekeeper)
{
	KsDispatch *dispatch = housekeeper->dispatch;
	g_autoptr (GError) error = NULL;

	if (housekeeper->recovered || g_get_monotonic_time () < housekeeper->recover_from_us)
		return;
	housekeeper->recovered = ks_publisher_recover (dispatch->publisher, &error);
	ks_dispatch_set_problem (dispatch, error != NULL ? error->message : NULL);
	if (housekeeper->recovered) {
		ks_bootstrap_take (dispatch->publisher, dispatch->catalogue);
		reload (housekeeper); /* what it took has settings as well */
		return;
	}
	ks_audit (KS_EVENT_TOKEN_FAILED, NULL, NULL, "recovery: %s", error->message);
	housekeeper->recover_from_us =
		g_get_monotonic_time () +
		(is_ready (housekeeper) ? REPEAT_S : RETRY_S) * G_USEC_PER_SEC;
}

/* Seconds until there is something to do. One key that cannot be ended keeps no other. */
static gint64
keep_house (KsHousekeeper *housekeeper)
{
	gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;
	gint64 next_s;

	recover (housekeeper);
	if (!is_ready (housekeeper))
		return RETRY_S;
	next_s = ks_publisher_sweep (housekeeper->dispatch->publisher, now_s);
	return next_s <= now_s ? 1
			       : MIN (next_s - now_s,
				      housekeeper->recovered ? RECHECK_S : REPEAT_S);
}

static gpointer
housekeeper_main (gpointer data)
{
	KsHousekeeper *housekeeper = data;

	g_mutex_lock (&housekeeper->lock);
	while (!housekeeper->ending) {
		gint64 until_us;
		gboolean must_reload = housekeeper->reload;

		housekeeper->woken = housekeeper->reload = FALSE;
		g_mutex_unlock (&housekeeper->lock);
		if (must_reload)
			reload (housekeeper);
		until_us = g_get_monotonic_time () +
			   keep_house (housekeeper) * G_USEC_PER_SEC;
		g_mutex_lock (&housekeeper->lock);
		while (!housekeeper->ending && !housekeeper->reload &&
		       !(housekeeper->woken && is_ready (housekeeper))) {
			if (!g_cond_wait_until (&housekeeper->changed, &housekeeper->lock,
						until_us))
				break;
		}
	}
	housekeeper->ended = TRUE;
	g_cond_broadcast (&housekeeper->changed);
	g_mutex_unlock (&housekeeper->lock);
	return NULL;
}

KsHousekeeper *
ks_housekeeper_new (KsDispatch *dispatch)
{
	KsHousekeeper *housekeeper = g_new0 (KsHousekeeper, 1);

	housekeeper->dispatch = dispatch;
	g_mutex_init (&housekeeper->lock);
	g_cond_init (&housekeeper->changed);
	housekeeper->reload = TRUE;
	return housekeeper;
}

void
ks_housekeeper_start (KsHousekeeper *housekeeper)
{
	housekeeper->thread = g_thread_new ("housekeeper", housekeeper_main, housekeeper);
}

void
ks_housekeeper_wake (KsHousekeeper *housekeeper)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&housekeeper->lock);

	housekeeper->woken = TRUE;
	g_cond_broadcast (&housekeeper->changed);
}

void
ks_housekeeper_reload (KsHousekeeper *housekeeper)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&housekeeper->lock);

	housekeeper->reload = TRUE;
	g_cond_broadcast (&housekeeper->changed);
}

gboolean
ks_housekeeper_end (KsHousekeeper *housekeeper, guint wait_ms)
{
	gint64 deadline_us = g_get_monotonic_time () + (gint64)wait_ms * 1000;
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&housekeeper->lock);

	housekeeper->ending = TRUE;
	g_cond_broadcast (&housekeeper->changed);
	while (housekeeper->thread != NULL && !housekeeper->ended) {
		if (!g_cond_wait_until (&housekeeper->changed, &housekeeper->lock, deadline_us))
			break;
	}
	return housekeeper->thread == NULL || housekeeper->ended;
}

void
ks_housekeeper_free (KsHousekeeper *housekeeper)
{
	if (housekeeper->thread != NULL)
		g_thread_join (housekeeper->thread);
	g_cond_clear (&housekeeper->changed);
	g_mutex_clear (&housekeeper->lock);
	g_free (housekeeper);
}
