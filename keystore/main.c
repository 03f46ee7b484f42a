/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee-keystored: the only process that reaches the keys. Options, hardening, and the exit
 * status, which tells a service manager whether another try makes sense.
 */
#include <config.h>

#include "keystore/audit.h"
#include "keystore/hardening.h"
#include "keystore/service.h"
#include "keystore/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Those from 10 on need an operator: the unit names them in RestartPreventExitStatus=. */
typedef enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_CORRUPT = 10,
	STATUS_NEWER = 11,
	STATUS_TOKEN_MISSING = 12,
	STATUS_FOREIGN = 13,
	STATUS_STORAGE = 14,
	STATUS_IN_USE = 15,
} Status;

static const struct {
	KsError code;
	Status status;
	const char *advice;
} refusals[] = {
	{KS_ERROR_CORRUPT, STATUS_CORRUPT, "restore the state folder from a backup"},
	{KS_ERROR_NEWER, STATUS_NEWER, "install the newer enrolee again"},
	{KS_ERROR_TOKEN_MISSING, STATUS_TOKEN_MISSING,
	 "bring the backing token back, or remove the state folder to start anew"},
	{KS_ERROR_FOREIGN, STATUS_FOREIGN,
	 "on a copied image remove the state folder; to keep the keys, run enrolee-keystored "
	 "--adopt"},
	{KS_ERROR_STORAGE, STATUS_STORAGE, "check the disk and the folder's owner"},
	{KS_ERROR_IN_USE, STATUS_IN_USE, "stop the other one"},
};

static Status
refuse (const GError *error)
{
	for (gsize i = 0; error->domain == KS_ERROR && i < G_N_ELEMENTS (refusals); i++) {
		if (error->code != (int)refusals[i].code)
			continue;
		ks_audit (KS_EVENT_REFUSED, NULL, NULL, "cannot start: %s; %s", error->message,
			  refusals[i].advice);
		return refusals[i].status;
	}
	ks_audit (KS_EVENT_REFUSED, NULL, NULL, "cannot start: %s", error->message);
	return STATUS_FAILED;
}

static Status
serve (const KsSettings *settings)
{
	g_autoptr (GError) error = NULL;
	KsService *service = ks_service_new (settings, &error);

	if (service == NULL)
		return refuse (error);
	/* a thread that waits for a token cannot be waited for */
	if (!ks_service_run (service))
		_exit (STATUS_OK);
	ks_service_free (service);
	return STATUS_OK;
}

static Status
adopt (const KsSettings *settings)
{
	g_autoptr (GError) error = NULL;

	if (!ks_service_adopt (settings, &error))
		return refuse (error);
	printf ("%s now belongs to this machine\n", settings->state_dir);
	return STATUS_OK;
}

int
main (int argc, char **argv)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (KsSettings) settings = NULL;
	gboolean stderr_only = FALSE;

	ks_audit_init (&stderr_only);
	settings = ks_settings_new ((const char *const *)argv, &error);
	if (settings == NULL) {
		ks_audit (KS_EVENT_REFUSED, NULL, NULL, "%s", error->message);
		return STATUS_USAGE;
	}
	if (settings->print_version) {
		puts ("enrolee-keystored " PACKAGE_VERSION);
		return STATUS_OK;
	}
	stderr_only = settings->foreground;
	ks_harden ();
	return settings->adopt ? adopt (settings) : serve (settings);
}
