/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an operator has to hear of an enrolment that fails again and again: since when, and which credential ends
 * meanwhile. Once a day for each enrolment, with the attempt that failed: nothing wakes up for it.
 */
#include <config.h>

#include "provisioner/enrolment-private.h"

#include "provisioner/journal.h"
#include "provisioner/keystore-credential.h"

#define DAY_S 86400
#define NEAR_S (7 * DAY_S)

static void
alert_end (const PvEnrolment *enrolment, const char *suffix, gint64 end_s, gint64 renew_s)
{
	gint64 now_s = pv_clock_now (enrolment->context->clock);
	g_autofree char *credential = g_strconcat (enrolment->name, suffix, NULL);
	g_autofree char *end = pv_journal_time (end_s);

	if (end_s == 0 || renew_s == 0 || renew_s > now_s || end_s - now_s > NEAR_S)
		return;
	pv_journal (PV_JOURNAL_NEAR_EXPIRY,
		    enrolment->name,
		    credential,
		    "%s: %s %s %s and could not be renewed",
		    enrolment->name,
		    credential,
		    end_s > now_s ? "ends" : "ended",
		    end);
}

void
pv_enrolment_alert (PvEnrolment *enrolment)
{
	PvProgress *progress = enrolment->progress;
	gint64 now_s = pv_clock_now (enrolment->context->clock);
	gint64 steady_s = pv_clock_steady (enrolment->context->clock);

	if (progress->failing_s == 0)
		progress->failing_s = now_s;
	if (enrolment->alerted_s != 0 && steady_s - enrolment->alerted_s < DAY_S)
		return;
	enrolment->alerted_s = steady_s;
	if (now_s - progress->failing_s >= DAY_S)
		pv_journal (PV_JOURNAL_OUTAGE,
			    enrolment->name,
			    NULL,
			    "%s: no attempt has succeeded for %" G_GINT64_FORMAT " days: %s",
			    enrolment->name,
			    (now_s - progress->failing_s) / DAY_S,
			    progress->error_message != NULL ? progress->error_message : "");
	alert_end (enrolment, "", progress->not_after_s, progress->certificate_renew_s);
	alert_end (enrolment, PV_KEYSTORE_SECRET_SUFFIX, progress->key_not_after_s, progress->key_renew_s);
}
