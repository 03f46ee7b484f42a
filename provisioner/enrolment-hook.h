/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OnRenew= after a publication: which credentials it is still to be done for is part of the progress, so
 * it is done at least once, however often enroleed ends; what fails is tried again.
 */
#pragma once

#include "provisioner/enrolment.h"

typedef struct _PvHook PvHook;

/**
 * pv_hook_mark:
 * @generation: that was published
 *
 * It is to be done for @credential, if the settings have an OnRenew= for it. The caller saves.
 */
void pv_hook_mark (const PvContext *context,
		   PvProgress *progress,
		   const char *credential,
		   gint64 generation);

PvHook *pv_hook_new (PvEnrolment *enrolment);

/** What was asked for is not waited for any more. */
void pv_hook_free (PvHook *hook);

/**
 * pv_hook_wake:
 * @at_once: also what failed before, whose time has not come
 *
 * Does what is to be done.
 */
void pv_hook_wake (PvHook *hook, gboolean at_once);

/** hooks, hook_error and hook_next of the D-Bus method Status. */
void pv_hook_add_status (const PvHook *hook, GVariantDict *status);
