/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See on-renew.h. */
#include <config.h>

#include "provisioner/on-renew.h"

#include <string.h>

#include "provisioner/limits.h"

#define SERVICE ".service"

static void
action_free (gpointer data)
{
	PvRenewAction *action = data;

	g_free (action->text);
	g_free (action->unit);
	g_free (action->user);
	g_strfreev (action->argv);
	g_free (action);
}

/* Only services know how to reload; like systemctl, the word may leave out what they all end in. */
static const char *
take_unit (PvRenewAction *action, const char *word)
{
	const char *dot = strrchr (word, '.');
	gsize len = strlen (word);

	if (len == 0 || len > PV_HOOK_UNIT_MAX || word[0] == '.' || word[0] == '-' ||
	    strspn (word, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ":-_.\\@") != len)
		return "without the name of a unit: reload NAME.service";
	if (dot != NULL && !g_str_equal (dot, SERVICE))
		return "not for a service: reload NAME.service";
	action->unit = g_strconcat (word, dot == NULL ? SERVICE : "", NULL);
	return NULL;
}

static const char *
take_command (PvRenewAction *action, GStrv words)
{
	if (words[0] == NULL || strpbrk (words[0], "/:") != NULL || words[0][0] == '-' ||
	    words[0][0] == '\0')
		return "without the user who runs it: run USER COMMAND";
	if (words[1] == NULL || !g_path_is_absolute (words[1]))
		return "without the absolute path of a command: run USER /COMMAND";
	action->user = g_strdup (words[0]);
	action->argv = g_strdupv (words + 1);
	return NULL;
}

static const char *
take_action (PvRenewAction *action, GPtrArray *actions)
{
	g_auto (GStrv) words = NULL;

	if (actions->len > PV_HOOK_ACTIONS_MAX)
		return "more actions than there may be";
	if (strlen (action->text) > PV_HOOK_ACTION_MAX)
		return "too long";
	if (!g_shell_parse_argv (action->text, NULL, &words, NULL))
		return "not quoted as it should be";
	if (g_str_equal (words[0], "reload") && words[1] != NULL && words[2] == NULL)
		return take_unit (action, words[1]);
	if (g_str_equal (words[0], "run"))
		return take_command (action, words + 1);
	return "neither \"reload SERVICE\" nor \"run USER /COMMAND ARGUMENT...\"";
}

GPtrArray *
pv_on_renew_parse (const char *value, const char **problem)
{
	g_auto (GStrv) texts = g_strsplit (value, PV_ON_RENEW_SEPARATOR, -1);
	g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func (action_free);
	const char *wrong = NULL;

	for (guint i = 0; texts[i] != NULL && wrong == NULL; i++) {
		PvRenewAction *action;

		if (g_strstrip (texts[i])[0] == '\0')
			continue;
		action = g_new0 (PvRenewAction, 1);
		action->text = g_strdup (texts[i]);
		g_ptr_array_add (actions, action);
		wrong = take_action (action, actions);
	}
	if (wrong == NULL && actions->len == 0)
		wrong = "empty";
	if (wrong == NULL)
		return g_steal_pointer (&actions);
	*problem = wrong;
	return NULL;
}
