/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See daemon.h. */
#include <config.h>

#include "provisioner/daemon.h"

struct _PvDaemon {
	const PvContext *context;
	GPtrArray *enrolments; /* by name */
	PvEnrolmentCalls calls;
	gpointer data;
};

static gboolean
has_name (gconstpointer enrolment, gconstpointer name)
{
	return g_str_equal (pv_enrolment_name (enrolment), name);
}

PvDaemon *
pv_daemon_new (const PvContext *context, const PvEnrolmentCalls *calls, gpointer data)
{
	PvDaemon *daemon = g_new0 (PvDaemon, 1);
	g_auto (GStrv) names = pv_settings_names (context->settings, "enrolment");

	daemon->context = context;
	daemon->calls = *calls;
	daemon->data = data;
	daemon->enrolments = g_ptr_array_new_with_free_func ((GDestroyNotify) pv_enrolment_free);
	for (guint i = 0; names[i] != NULL; i++)
		g_ptr_array_add (daemon->enrolments,
				 pv_enrolment_new (context, names[i], calls, data));
	return daemon;
}

void
pv_daemon_free (PvDaemon *daemon)
{
	if (daemon == NULL)
		return;
	g_ptr_array_unref (daemon->enrolments);
	g_free (daemon);
}

void
pv_daemon_reload (PvDaemon *daemon)
{
	g_autoptr (GPtrArray) former = g_steal_pointer (&daemon->enrolments);
	g_auto (GStrv) names = pv_settings_names (daemon->context->settings, "enrolment");
	guint index;

	daemon->enrolments = g_ptr_array_new_with_free_func ((GDestroyNotify) pv_enrolment_free);
	for (guint i = 0; names[i] != NULL; i++) {
		PvEnrolment *enrolment;

		if (g_ptr_array_find_with_equal_func (former, names[i], has_name, &index)) {
			enrolment = g_ptr_array_steal_index (former, index);
			g_ptr_array_add (daemon->enrolments, enrolment);
			pv_enrolment_reload (enrolment);
		} else {
			enrolment = pv_enrolment_new (
				daemon->context, names[i], &daemon->calls, daemon->data);
			g_ptr_array_add (daemon->enrolments, enrolment);
			pv_enrolment_resume (enrolment);
		}
	}
}

void
pv_daemon_resume (PvDaemon *daemon)
{
	for (guint i = 0; i < daemon->enrolments->len; i++)
		pv_enrolment_resume (daemon->enrolments->pdata[i]);
}

PvEnrolment *
pv_daemon_find (PvDaemon *daemon, const char *name)
{
	for (guint i = 0; i < daemon->enrolments->len; i++) {
		if (g_str_equal (pv_enrolment_name (daemon->enrolments->pdata[i]), name))
			return daemon->enrolments->pdata[i];
	}
	return NULL;
}

guint
pv_daemon_exchanges (PvDaemon *daemon)
{
	return pv_slots_taken (daemon->context->slots);
}

guint
pv_daemon_queued (PvDaemon *daemon)
{
	return pv_slots_queued (daemon->context->slots);
}

GStrv
pv_daemon_names (PvDaemon *daemon)
{
	GStrv names = g_new0 (char *, daemon->enrolments->len + 1);

	for (guint i = 0; i < daemon->enrolments->len; i++)
		names[i] = g_strdup (pv_enrolment_name (daemon->enrolments->pdata[i]));
	return names;
}
