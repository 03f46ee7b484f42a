/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See journal.h. */
#include <config.h>

#include "provisioner/journal.h"

#include <stdarg.h>

static const struct {
	const char *message_id;
	GLogLevelFlags level;
} kinds[] = {
	[PV_JOURNAL_PUBLISHED] = {"684b32964d7e43af894bb9023dd6603b", G_LOG_LEVEL_MESSAGE},
	[PV_JOURNAL_PROVISIONED] = {"ac164b008a5a468c967015499c053fa6", G_LOG_LEVEL_MESSAGE},
	[PV_JOURNAL_WAITING] = {"f8a629239c1146239acf2a86f19f39f4", G_LOG_LEVEL_MESSAGE},
	[PV_JOURNAL_REFUSED] = {"dacc2f9789ef4f558c4cac760e78f3d5", G_LOG_LEVEL_WARNING},
	[PV_JOURNAL_OUTAGE] = {"8b431a1135a9474782c9963d1c1f9fcf", G_LOG_LEVEL_WARNING},
	[PV_JOURNAL_NEAR_EXPIRY] = {"89b802d7ecab43a78406e5457c034100", G_LOG_LEVEL_WARNING},
	[PV_JOURNAL_PASSED_OVER] = {"ed28caa16ca74028b1b469efb10cccac", G_LOG_LEVEL_WARNING},
	[PV_JOURNAL_HOOK_FAILED] = {"9288f088706e451fad6af583c39e0349", G_LOG_LEVEL_WARNING},
	[PV_JOURNAL_DECOMMISSIONED] = {"917e3b63c908445399fab15ccab05569", G_LOG_LEVEL_MESSAGE},
	[PV_JOURNAL_NOT_KEPT] = {"d649ee4c15f849cc807eaa245c4515bc", G_LOG_LEVEL_WARNING},
	[PV_JOURNAL_SETTINGS] = {"45df7f5c1534499fb44fb6da29d1cafd", G_LOG_LEVEL_WARNING},
};

void
pv_journal (PvJournal kind, const char *enrolment, const char *credential, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start (arguments, format);
	text = g_strdup_vprintf (format, arguments);
	va_end (arguments);
	g_log_structured (G_LOG_DOMAIN,
			  kinds[kind].level,
			  "MESSAGE_ID",
			  kinds[kind].message_id,
			  "ENROLEE_ENROLMENT",
			  enrolment != NULL ? enrolment : "",
			  "ENROLEE_CREDENTIAL",
			  credential != NULL ? credential : "",
			  "MESSAGE",
			  "%s",
			  text);
}

char *
pv_journal_time (gint64 time_s)
{
	g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_s);

	return time != NULL ? g_date_time_format (time, "%F %R UTC") : g_strdup ("an unknown time");
}
