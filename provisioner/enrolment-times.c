/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The times of one enrolment: pauses, which are a number of seconds, and ends of what is provisioned, which
 * are times of the calendar. A clock that is set, or was wrong, moves neither to where it must not be.
 */
#include <config.h>

#include "provisioner/enrolment-private.h"

#include "provisioner/backoff.h"
#include "provisioner/enrolment-job-keys.h"
#include "provisioner/enrolment-job.h"
#include "provisioner/limits.h"
#include "provisioner/schedule.h"

/* By so much a clock is not only slewed. */
#define MISLEADING_S 3600

void
pv_enrolment_arm (PvEnrolment *enrolment)
{
	pv_alarm_set (enrolment->alarm, enrolment->progress->next_s);
}

void
pv_enrolment_plan_retry (PvEnrolment *enrolment, gint64 delay_s)
{
	enrolment->progress->next_s = pv_clock_now (enrolment->context->clock) + delay_s;
	enrolment->retry_steady_s = pv_clock_steady (enrolment->context->clock) + delay_s;
}

void
pv_enrolment_plan_commands (PvEnrolment *enrolment, gint64 wait_s)
{
	PvProgress *progress = enrolment->progress;

	progress->commands_wait_s = wait_s;
	progress->commands_due_s = pv_clock_now (enrolment->context->clock) + wait_s;
	enrolment->commands_steady_s = pv_clock_steady (enrolment->context->clock) + wait_s;
}

/* Decision 12: not all gateways at once. */
void
pv_enrolment_plan_poll (PvEnrolment *enrolment)
{
	const PvContext *context = enrolment->context;
	double wait_s = pv_settings_get_seconds (
		context->settings, "enrolment", enrolment->name, "CommandPollSec");

	if (enrolment->progress->commands_due_s == 0 &&
	    pv_settings_get_boolean (context->settings, "enrolment", enrolment->name, "Commands"))
		pv_enrolment_plan_commands (
			enrolment,
			1 + (gint64) (wait_s * (0.9 + 0.2 * context->clock->random (context->clock->data))));
}

/* Times that a clock gave which is not today's: no pause is longer than the longest there is, and commands
 * are asked for within the interval that was set. */
static void
check_times (PvEnrolment *enrolment)
{
	const PvClock *clock = enrolment->context->clock;
	PvProgress *progress = enrolment->progress;
	gint64 now_s = pv_clock_now (clock);
	gint64 pause_s = pv_settings_get_seconds (
		enrolment->context->settings, "provisioner", NULL, "RetryMaxSec");
	gint64 refused_s = pv_settings_get_seconds (
		enrolment->context->settings, "provisioner", NULL, "RetryRefusedSec");
	gint64 longest_s =
		pause_s + (progress->state == PV_STATE_REFUSED ? refused_s : PV_RETRY_AFTER_MAX_S);

	if (progress->commands_due_s > now_s + progress->commands_wait_s)
		pv_enrolment_plan_commands (
			enrolment,
			(gint64) (clock->random (clock->data) * (double) progress->commands_wait_s));
	if (progress->state != PV_STATE_PROVISIONED && progress->next_s > now_s + longest_s)
		pv_enrolment_plan_retry (enrolment, clock->random (clock->data) * (double) pause_s);
}

/* After a restart, and when other settings hold. */
void
pv_enrolment_rearm (PvEnrolment *enrolment)
{
	const PvContext *context = enrolment->context;
	PvProgress *progress = enrolment->progress;

	check_times (enrolment);
	if (progress->state == PV_STATE_PROVISIONED) {
		pv_enrolment_plan_poll (enrolment); /* ended before the MEF said when */
		progress->next_s = pv_schedule_next (progress);
	}
	if (progress->state == PV_STATE_PROVISIONED &&
	    (pv_job_certificate_is_due (context, enrolment->name, progress) ||
	     pv_job_keys_are_due (context, enrolment->name, progress)))
		progress->next_s = pv_clock_now (context->clock); /* wanted since then */
	pv_enrolment_arm (enrolment);
}

static void
on_due (gpointer data)
{
	pv_enrolment_step (data, PV_EVENT_DUE);
}

/* A clock that was not set, or told another hour, is what a refusal may have come of: certificates looked expired,
 * times that were proposed lay in the past. */
static gboolean
was_misled (const PvEnrolment *enrolment, gint64 by_s)
{
	return ABS (by_s) >= MISLEADING_S &&
	       (enrolment->progress->state == PV_STATE_REFUSED ||
		(enrolment->progress->state == PV_STATE_WAITING &&
		 pv_clock_now (enrolment->context->clock) - by_s < PV_CLOCK_MIN_S));
}

static void
begin_again (PvEnrolment *enrolment)
{
	const PvContext *context = enrolment->context;

	enrolment->progress->attempts = 0;
	pv_enrolment_plan_retry (
		enrolment,
		pv_backoff_delay (
			context->clock,
			1,
			pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMinSec"),
			pv_settings_get_seconds (context->settings, "provisioner", NULL, "RetryMaxSec"),
			0));
}

/* What waits for a number of seconds waits as long as before; ends of certificates, keys and registrations are
 * times of the calendar and stay what they are. */
static void
on_stepped (gpointer data, gint64 by_s)
{
	PvEnrolment *enrolment = data;
	PvProgress *progress = enrolment->progress;
	gint64 offset_s = pv_clock_now (enrolment->context->clock) - pv_clock_steady (enrolment->context->clock);

	if (progress->failing_s != 0)
		progress->failing_s += by_s;
	if (progress->next_s == 0)
		return;
	if (enrolment->commands_steady_s != 0 && progress->commands_due_s != 0)
		progress->commands_due_s = MAX (enrolment->commands_steady_s + offset_s, 1);
	if (enrolment->retry_steady_s != 0)
		progress->next_s = MAX (enrolment->retry_steady_s + offset_s, 1);
	if (was_misled (enrolment, by_s))
		begin_again (enrolment);
	pv_enrolment_rearm (enrolment);
}

const PvAlarmCalls pv_enrolment_alarm_calls = {on_due, on_stepped};
