/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The symmetric keys in the job of an exchange: registered, looked at, renewed, retrieved, retired. */
#pragma once

#include <json-glib/json-glib.h>

#include "provisioner/enrolment.h"

/**
 * pv_job_secret_name:
 * @identifier: of a key of others
 *
 * Returns: (transfer full): its name in the keystore
 */
char *pv_job_secret_name (const char *name, const char *identifier);

/**
 * pv_job_key_wish:
 *
 * Returns: (transfer full): targets and labels of the settings as one text, to be compared
 */
char *pv_job_key_wish (const PvContext *context, const char *name);

/** Whether a key of ours is at the MEF that the settings want no more (KeySUID= is gone). */
gboolean
pv_job_key_is_left_over (const PvContext *context, const char *name, const PvProgress *progress);

/** Whether the settings want a key, and one that the credential can be. */
gboolean
pv_job_key_is_wanted (const PvContext *context, const char *name, const PvProgress *progress);

/**
 * pv_job_key_is_due:
 *
 * Returns: whether a key is wanted that is not there, or is to be made anew
 */
gboolean
pv_job_key_is_due (const PvContext *context, const char *name, const PvProgress *progress);

/**
 * pv_job_keys_are_due:
 *
 * Returns: whether the settings want of the keys what no exchange has asked for yet
 */
gboolean
pv_job_keys_are_due (const PvContext *context, const char *name, const PvProgress *progress);

/** When a key is looked after again that the MEF does not give, or keeps. */
gint64 pv_job_plan_look (const PvContext *context);

/** An exchange is over, and what it was to look after and did not is left to a later one. */
void pv_job_postpone_looks (const PvContext *context, PvProgress *progress);

/** When a key of ours that is over at @expires_s is made anew. */
gint64 pv_job_plan_key (const PvContext *context, const char *name, gint64 expires_s);

/**
 * pv_job_add_keys:
 * @steps: of @job
 *
 * Of a job that enrols.
 */
void pv_job_add_keys (const PvContext *context,
		      JsonObject *job,
		      JsonArray *steps,
		      const char *name,
		      const PvProgress *progress);

/** Whether the MEF has a key of ours, as far as is known. */
gboolean pv_job_has_own_keys (const PvProgress *progress);

/** Of a job that decommissions: all keys of ours. */
void pv_job_add_own_keys (JsonObject *job, const PvProgress *progress);
