/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command's way to enroleed. */
#pragma once

#include "provisioner/cli/cli.h"
#include "provisioner/control-names.h"

/**
 * cli_bus_connect:
 *
 * Returns: (transfer full) (nullable): the system bus, or the one of --bus; %NULL with G_IO_ERROR
 */
GDBusConnection *cli_bus_connect (Cli *cli, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_bus_call:
 * @arguments: (nullable): floating
 * @reply: (nullable): type of the reply
 *
 * Returns: (transfer full) (nullable): %NULL with G_IO_ERROR, G_DBUS_ERROR, PV_ERROR/NOT_FOUND (no such
 * enrolment, or nothing was enrolled), PV_ERROR/CONFLICT (busy) or PV_ERROR/FAILED
 */
GVariant *cli_bus_call (GDBusConnection *bus,
			const char *method,
			GVariant *arguments,
			const char *reply,
			GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_bus_call_within:
 * @timeout_s: 0 for no end
 *
 * cli_bus_call() for what can take long. Also fails with G_IO_ERROR/TIMED_OUT.
 */
GVariant *cli_bus_call_within (GDBusConnection *bus,
			       const char *method,
			       GVariant *arguments,
			       const char *reply,
			       int timeout_s,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_bus_call_enrol:
 * @trace: a descriptor for what is exchanged; -1 for none
 *
 * Calls Enrol; errors as cli_bus_call().
 */
gboolean cli_bus_call_enrol (GDBusConnection *bus,
			     const char *name,
			     int trace,
			     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Calls without an end of waiting; @answered uses cli_bus_call_finish(). */
void cli_bus_call_start (GDBusConnection *bus,
			 const char *method,
			 GVariant *arguments,
			 const char *reply,
			 GAsyncReadyCallback answered,
			 gpointer data);
GVariant *cli_bus_call_finish (GDBusConnection *bus,
			       GAsyncResult *result,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_bus_enrolments:
 *
 * Returns: (transfer full) (nullable): names of all enrolments; %NULL with an error of cli_bus_call()
 */
GStrv cli_bus_enrolments (GDBusConnection *bus, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * cli_bus_status:
 * @name: of an enrolment
 *
 * Returns: (transfer full) (nullable): a{sv}; %NULL with an error of cli_bus_call()
 */
GVariant *
cli_bus_status (GDBusConnection *bus, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Members of an a{sv} of enroleed's; "", 0 or %FALSE for what is not there: an enroleed of another
 * version may tell less. Texts are the value's own.
 */
const char *cli_fact_text (GVariant *facts, const char *key);
gint64 cli_fact_number (GVariant *facts, const char *key);
gboolean cli_fact_flag (GVariant *facts, const char *key);
