/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What OnRenew= of [credential NAME] asks for: services to reload, commands to run. Pure: whether such
 * users and commands exist is a matter of the moment it is done in.
 */
#pragma once

#include <glib.h>

/* Between two actions. */
#define PV_ON_RENEW_SEPARATOR ";"

/**
 * PvRenewAction:
 * @text: as it is written
 * @unit: (nullable): the service to reload, else:
 * @user: who runs
 * @argv: a command by its absolute path, and its arguments
 */
typedef struct {
	char *text;
	char *unit;
	char *user;
	GStrv argv;
} PvRenewAction;

/**
 * pv_on_renew_parse:
 * @value: "reload SERVICE" or "run USER COMMAND ARGUMENT...", several separated by semicolons. Arguments
 *     are quoted as in a shell, but nothing in them is replaced, and no shell sees them
 * @problem: (out): what is wrong, to follow "is"
 *
 * Returns: (transfer full) (element-type PvRenewAction) (nullable): one or more; %NULL with @problem
 */
GPtrArray *pv_on_renew_parse (const char *value, const char **problem) G_GNUC_WARN_UNUSED_RESULT;
