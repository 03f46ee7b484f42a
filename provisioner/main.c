/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enroleed: enrols this gateway's oneM2M entities in the background. Runs as the user enrolee; has
 * no key; parses nothing that the network sends (that is its children's work).
 */
#include <config.h>

#include <glib-unix.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "provisioner/control.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/hook-client.h"
#include "provisioner/journal.h"
#include "provisioner/program.h"

#define EXIT_SETTINGS 78 /* EX_CONFIG: systemd does not start it again by itself */

/* A keystore that does not answer must not make enroleed deaf. */
#define KEYSTORE_WAIT_MS 10000

typedef struct {
	char *runtime_dir, *state_dir, *config_dir, *bus, *exchange, *provider_dir, *pkcs11_module;
} Options;

typedef struct {
	const Options *options;
	PvSettings *settings;
	PvContext context;
	PvHookRunner hooks;
	GMainLoop *loop;
	PvControl *control;
	PvDaemon *daemon;
	int status;
} Main;

static gboolean
parse_options (Options *options, int *argc, char ***argv)
{
	const GOptionEntry entries[] = {
		{"runtime-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->runtime_dir,
		 "Folder of the keystore's sockets", "DIR"},
		{"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->state_dir, "Folder of the state",
		 "DIR"},
		{"config-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->config_dir,
		 "Folder of enrolee.conf", "DIR"},
		{"bus", 0, 0, G_OPTION_ARG_STRING, &options->bus, "D-Bus other than the system bus",
		 "ADDRESS"},
		{"exchange", 0, 0, G_OPTION_ARG_FILENAME, &options->exchange,
		 "Program of one Enrolment Exchange", "FILE"},
		{"provider-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->provider_dir,
		 "Where the OpenSSL provider enrolee.so is", "DIR"},
		{"pkcs11-module", 0, 0, G_OPTION_ARG_FILENAME, &options->pkcs11_module,
		 "The PKCS#11 module of the keystore; empty: none", "FILE"},
		{NULL},
	};
	g_autoptr (GOptionContext) context = g_option_context_new (NULL);
	g_autoptr (GError) error = NULL;

	g_option_context_set_summary (context, "Enrols this machine's oneM2M entities.");
	g_option_context_add_main_entries (context, entries, NULL);
	if (g_option_context_parse (context, argc, argv, &error) && *argc == 1) {
		pv_option_default (&options->runtime_dir, ENROLEE_RUNTIME_DIR);
		pv_option_default (&options->state_dir, ENROLEE_STATE_DIR);
		pv_option_default (&options->config_dir, ENROLEE_CONFIG_DIR);
		pv_option_default (&options->exchange, ENROLEE_LIBEXEC_DIR "/" PV_EXCHANGE_PROGRAM);
		pv_option_default (&options->provider_dir, ENROLEE_OSSL_MODULES_DIR);
		pv_option_default (&options->pkcs11_module, ENROLEE_PKCS11_MODULE);
		return TRUE;
	}
	g_printerr ("enroleed: %s\n", error != NULL ? error->message : "too many arguments");
	return FALSE;
}

static void
clear_options (Options *options)
{
	g_free (options->runtime_dir);
	g_free (options->state_dir);
	g_free (options->config_dir);
	g_free (options->bus);
	g_free (options->exchange);
	g_free (options->provider_dir);
	g_free (options->pkcs11_module);
}

/* Under this name the keystore makes us references to pre-shared keys. */
static char *
own_name (void)
{
	const struct passwd *entry = getpwuid (geteuid ());

	return entry != NULL ? g_strdup (entry->pw_name) : g_strdup_printf ("%u", geteuid ());
}

/* What tells this gateway from others. */
static char *
read_machine (void)
{
	char *text = NULL;

	if (g_file_get_contents ("/etc/machine-id", &text, NULL, NULL))
		return g_strstrip (text);
	return g_strdup (g_get_host_name ());
}

static void
on_owned (gpointer data)
{
	Main *main_data = data;

	sd_notify (0, "READY=1");
	pv_daemon_resume (main_data->daemon);
}

static void
on_lost (gpointer data)
{
	Main *main_data = data;

	g_warning ("the name on D-Bus is taken, forbidden or lost");
	main_data->status = EXIT_FAILURE;
	g_main_loop_quit (main_data->loop);
}

static gboolean
on_signal (gpointer data)
{
	g_main_loop_quit (data);
	return G_SOURCE_CONTINUE;
}

static void
use_settings (Main *main_data, PvSettings *settings)
{
	g_autoptr (PvSettings) former = main_data->settings;

	main_data->settings = settings;
	main_data->context.settings = settings;
	main_data->context.exchange.limit_s =
		pv_settings_get_seconds (settings, "provisioner", NULL, "ExchangeTimeSec");
	pv_slots_set_max (main_data->context.slots,
			  pv_settings_get_count (settings, "provisioner", NULL, "ExchangesMax"));
	if (main_data->daemon != NULL)
		pv_daemon_reload (main_data->daemon);
	else
		main_data->daemon = pv_daemon_new (
			&main_data->context, &pv_control_calls, main_data->control);
}

/* SIGHUP: the settings are read again; enrolments go on from their progress. */
static gboolean
on_reload (gpointer data)
{
	Main *main_data = data;
	g_autoptr (GError) error = NULL;
	PvSettings *settings = pv_settings_load (main_data->options->config_dir, &error);

	if (settings == NULL) {
		pv_journal (PV_JOURNAL_SETTINGS,
			    NULL,
			    NULL,
			    "the settings stay as they were: %s",
			    error->message);
		return G_SOURCE_CONTINUE;
	}
	use_settings (main_data, settings);
	g_message ("settings read again");
	return G_SOURCE_CONTINUE;
}

static gboolean
run (Main *main_data, PvSettings *settings, GError **error)
{
	g_autoptr (PvControl) control = pv_control_new (main_data->options->bus, error);

	main_data->control = control;
	if (control == NULL) {
		pv_settings_free (settings);
		return FALSE;
	}
	main_data->hooks = (PvHookRunner){pv_hook_client_run, pv_control_bus (control)};
	main_data->context.hooks = &main_data->hooks;
	use_settings (main_data, settings);
	if (!pv_control_publish (control, main_data->daemon, on_owned, on_lost, main_data, error))
		return FALSE;
	g_unix_signal_add (SIGHUP, on_reload, main_data);
	g_main_loop_run (main_data->loop);
	sd_notify (0, "STOPPING=1");
	g_clear_pointer (&main_data->daemon, pv_daemon_free);
	return TRUE;
}

static int
serve (const Options *options, PvSettings *settings)
{
	g_autoptr (PvKeystore) keystore = pv_keystore_new (options->runtime_dir);
	g_autoptr (PvAlarms) alarms = pv_alarms_new (&pv_clock_system);
	g_autoptr (PvSlots) slots = pv_slots_new (1);
	g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
	g_autofree char *state_dir = g_build_filename (options->state_dir, "enroleed", NULL);
	g_autofree char *consumer = own_name ();
	g_autofree char *machine = read_machine ();
	g_autoptr (GError) error = NULL;
	const char *arguments[] = {"--provider-dir", options->provider_dir, "--pkcs11-module",
				   options->pkcs11_module, NULL};
	Main main_data = {
		.options = options,
		.loop = loop,
		.context = {.keystore = keystore,
			    .clock = &pv_clock_system,
			    .alarms = alarms,
			    .slots = slots,
			    .state_dir = state_dir,
			    .consumer = consumer,
			    .machine = machine,
			    .exchange = {options->exchange, arguments, options->runtime_dir, 0}},
	};

	pv_keystore_set_patience (keystore, KEYSTORE_WAIT_MS);
	if (g_mkdir_with_parents (state_dir, 0700) != 0)
		g_warning ("%s cannot be made: no progress can be kept", state_dir);
	g_unix_signal_add (SIGTERM, on_signal, loop);
	g_unix_signal_add (SIGINT, on_signal, loop);
	if (!run (&main_data, settings, &error)) {
		g_printerr ("enroleed: %s\n", error->message);
		main_data.status = EXIT_FAILURE;
	}
	pv_daemon_free (main_data.daemon);
	pv_settings_free (main_data.settings);
	return main_data.status;
}

int
main (int argc, char **argv)
{
	Options options = {0};
	PvSettings *settings;
	g_autoptr (GError) error = NULL;
	int status = EXIT_FAILURE;

	setlocale (LC_ALL, "");
	(void) prctl (PR_SET_DUMPABLE, 0);
	(void) signal (SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write(2) */
	if (parse_options (&options, &argc, &argv)) {
		settings = pv_settings_load (options.config_dir, &error);
		if (settings != NULL) {
			status = serve (&options, settings);
		} else {
			g_printerr ("enroleed: %s\n", error->message);
			status = EXIT_SETTINGS;
		}
	}
	clear_options (&options);
	return status;
}
