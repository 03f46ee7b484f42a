/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks that need no other user: settings, daemons, sockets, state, clock, p11-kit. */
#include <config.h>

#include "provisioner/cli/doctor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "provisioner/cli/bus.h"
#include "provisioner/cli/hooks.h"
#include "provisioner/clock.h"

#define FREE_SPACE_MIN (8u << 20)

void
doctor_check_settings (Doctor *doctor)
{
	g_autoptr (GError) error = NULL;

	doctor->settings = pv_settings_load (doctor->cli->config_dir, &error);
	if (doctor->settings == NULL)
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "settings",
			    "correct that line; enrolee.conf(5) names every key",
			    "%s",
			    error->message);
	else
		doctor_add (doctor, CLI_MARK_GOOD, "settings", NULL, "%s", doctor->cli->config_dir);
}

void
doctor_check_keystore (Doctor *doctor)
{
	PvKeystore *keystore = cli_keystore (doctor->cli);
	g_autoptr (GError) error = NULL;
	g_autofree char *problem = NULL;
	WireStatusReply status;

	if (!pv_keystore_call (keystore, WIRE_MSG_STATUS, NULL, &status, &error)) {
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "keystore",
			    geteuid () == 0 ? "systemctl status enrolee-keystored.service; "
					      "journalctl -u enrolee-keystored"
					    : "call doctor as root",
			    "%s",
			    error->message);
		return;
	}
	problem = pv_wire_dup (status.problem);
	if (status.token_ready && problem[0] == '\0')
		doctor_add (doctor, CLI_MARK_GOOD, "keystore", NULL, "running, its token is ready");
	else
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "keystore",
			    "journalctl -u enrolee-keystored",
			    "%s",
			    problem[0] != '\0' ? problem : "its token is not ready");
	doctor->credentials = pv_keystore_list (keystore, NULL);
}

static void
check_socket (Doctor *doctor, const char *name, mode_t wanted)
{
	g_autofree char *path = g_build_filename (doctor->cli->runtime_dir, name, NULL);
	struct stat status;

	if (lstat (path, &status) != 0)
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    name,
			    "systemctl restart enrolee-keystored-token.socket "
			    "enrolee-keystored-provision.socket",
			    "%s: %s",
			    path,
			    g_strerror (errno));
	else if (!S_ISSOCK (status.st_mode) || (status.st_mode & 0777) != wanted)
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    name,
			    "systemctl restart the socket's unit",
			    "%s has mode %03o, not %03o",
			    path,
			    status.st_mode & 0777,
			    wanted);
	else
		doctor_add (doctor, CLI_MARK_GOOD, name, NULL, "%s", path);
}

void
doctor_check_sockets (Doctor *doctor)
{
	check_socket (doctor, "token.sock", 0666);
	check_socket (doctor, PV_KEYSTORE_SOCKET, 0600);
}

static void
check_enrolment (Doctor *doctor, GDBusConnection *bus, const char *name)
{
	g_autoptr (GVariant) values = cli_bus_status (bus, name, NULL);
	g_autofree char *subject = g_strconcat ("enrolment ", name, NULL);
	g_autofree char *remedy = g_strconcat ("enrolee enrol ", name, NULL);
	g_autofree char *hooks = NULL;
	const char *state, *error;

	if (values == NULL)
		return;
	hooks = cli_hooks_text (values);
	state = cli_fact_text (values, "state");
	error = cli_fact_text (values, "error");
	if (g_str_equal (state, PV_OUTCOME_REFUSED))
		doctor_add (doctor, CLI_MARK_BAD, subject, remedy, "refused: %s", error);
	else if (g_str_equal (state, PV_OUTCOME_WAITING))
		doctor_add (doctor, CLI_MARK_WARNING, subject, NULL, "tried again by itself: %s", error);
	else if (g_str_equal (state, "configured"))
		doctor_add (doctor, CLI_MARK_WARNING, subject, remedy, "not started yet");
	else
		doctor_add (doctor, CLI_MARK_GOOD, subject, NULL, "%s", state);
	if (hooks != NULL)
		doctor_add (doctor, CLI_MARK_WARNING, subject, "journalctl -u enrolee-hook", "%s", hooks);
}

void
doctor_check_enroleed (Doctor *doctor)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GDBusConnection) bus = cli_bus_connect (doctor->cli, &error);
	g_auto (GStrv) names = bus != NULL ? cli_bus_enrolments (bus, &error) : NULL;

	if (names == NULL) {
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "enroleed",
			    "systemctl status enroleed.service",
			    "%s",
			    error->message);
		return;
	}
	doctor_add (doctor, CLI_MARK_GOOD, "enroleed", NULL, "running");
	for (gsize i = 0; names[i] != NULL; i++)
		check_enrolment (doctor, bus, names[i]);
}

void
doctor_check_state (Doctor *doctor)
{
	const char *path = doctor->cli->state_dir;
	struct statvfs status;

	if (statvfs (path, &status) != 0)
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "state folder",
			    "systemd-tmpfiles --create, or install the package again",
			    "%s: %s",
			    path,
			    g_strerror (errno));
	else if (status.f_flag & ST_RDONLY)
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "state folder",
			    "mount its file system for writing",
			    "%s cannot be written",
			    path);
	else if ((guint64) status.f_bavail * status.f_frsize < FREE_SPACE_MIN)
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "state folder",
			    "make room",
			    "%s has less than %u MiB left",
			    path,
			    FREE_SPACE_MIN >> 20);
	else
		doctor_add (doctor, CLI_MARK_GOOD, "state folder", NULL, "%s", path);
}

CliClock
cli_clock_state (void)
{
	struct timex clock = {0};

	if (g_get_real_time () / G_USEC_PER_SEC < PV_CLOCK_MIN_S)
		return CLI_CLOCK_YEARS_BEHIND;
	return adjtimex (&clock) == TIME_ERROR ? CLI_CLOCK_UNSYNCHRONISED : CLI_CLOCK_GOOD;
}

void
doctor_check_clock (Doctor *doctor)
{
	static const char remedy[] = "timedatectl set-ntp true";

	switch (cli_clock_state ()) {
	case CLI_CLOCK_GOOD:
		doctor_add (doctor, CLI_MARK_GOOD, "clock", NULL, "synchronised");
		return;
	case CLI_CLOCK_UNSYNCHRONISED:
		doctor_add (doctor,
			    CLI_MARK_WARNING,
			    "clock",
			    remedy,
			    "is not synchronised with the network");
		return;
	case CLI_CLOCK_YEARS_BEHIND:
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "clock",
			    remedy,
			    "is years behind: every certificate looks not valid yet");
		return;
	}
}

void
doctor_check_p11kit (Doctor *doctor)
{
	static const char *const command[] = {"p11-kit", "list-modules", NULL};
	g_autoptr (GError) error = NULL;
	g_autofree char *output = NULL;

	if (!g_spawn_sync (NULL,
			   (char **) command,
			   NULL,
			   G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
			   NULL,
			   NULL,
			   &output,
			   NULL,
			   NULL,
			   &error))
		doctor_add (doctor,
			    CLI_MARK_WARNING,
			    "p11-kit",
			    "apt install p11-kit",
			    "%s",
			    error->message);
	else if (strstr (output, "token: oneM2M") == NULL)
		doctor_add (doctor,
			    CLI_MARK_BAD,
			    "p11-kit",
			    "is enrolee.module in /usr/share/p11-kit/modules? Install the package "
			    "enrolee-module again",
			    "does not show the token oneM2M to applications");
	else
		doctor_add (doctor, CLI_MARK_GOOD, "p11-kit", NULL, "shows the token oneM2M");
}
