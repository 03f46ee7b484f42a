/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether only root can change the settings. What is done as root, or as another user, because they say
 * so, is done after this look only.
 */
#pragma once

#include <glib.h>

/**
 * pv_settings_trust:
 * @config_dir: the folder of enrolee.conf and conf.d/
 *
 * The folder with all that lead to it, conf.d and every file in them belong to root or the caller and
 * nobody else may write them; the files are no links. (A folder above that everybody may write, but where
 * nobody moves what is another's, as /tmp, is as good.)
 *
 * Returns: %FALSE with PV_ERROR/JOB: which one is not, and why
 */
gboolean pv_settings_trust (const char *config_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
