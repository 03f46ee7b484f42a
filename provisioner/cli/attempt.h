/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking on while enroleed does something for an enrolment: each phase is printed as it happens. The
 * work is enroleed's and goes on when the command ends.
 */
#pragma once

#include "provisioner/cli/bus.h"

/**
 * CliOutcome:
 * @outcome: PV_OUTCOME_*
 * @code: (not nullable): what it failed of; empty when it did not
 * @retry_s: seconds until enroleed tries again, 0 for never
 *
 * How an attempt ended.
 */
typedef struct {
	const char *outcome, *code, *message;
	guint32 retry_s;
} CliOutcome;

typedef struct _CliAttempt CliAttempt;

struct _CliAttempt {
	Cli *cli;
	GDBusConnection *bus;
	const char *name; /* of the enrolment */
	/* Called at the end of each attempt; ends the look by cli_attempt_end() when it was the last. */
	void (*finished) (CliAttempt *attempt, const CliOutcome *outcome);
	gpointer data;
	/* private */
	GMainLoop *loop;
	gint64 started_us;
	guint subscription;
	CliExit status;
};

/** Begins to listen, so that no phase of what is asked for next is missed. */
void cli_attempt_listen (CliAttempt *attempt);

/** Stops; nothing is freed but what cli_attempt_listen() has made. */
void cli_attempt_clear (CliAttempt *attempt);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliAttempt, cli_attempt_clear)

/**
 * cli_attempt_watch:
 * @timeout_s: 0 for no end
 *
 * Prints phases until cli_attempt_end().
 *
 * Returns: the status given there; %CLI_UNREACHABLE when enroleed ended, %CLI_TIMEOUT
 */
CliExit cli_attempt_watch (CliAttempt *attempt, int timeout_s);

void cli_attempt_end (CliAttempt *attempt, CliExit status);

/** The exit status that fits @outcome when it was to be provisioned. */
CliExit cli_outcome_status (const CliOutcome *outcome);

/** Prints the end of an attempt. */
void cli_outcome_print (const CliAttempt *attempt, const CliOutcome *outcome);
