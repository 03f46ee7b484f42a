/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread that keeps house: opens the token and ends what a crash cut short, then destroys
 * superseded keys when their time comes. Nothing that serves waits for it, except mutations for the
 * recovery.
 */
#pragma once

#include "keystore/dispatch.h"

typedef struct _KsHousekeeper KsHousekeeper;

/**
 * ks_housekeeper_new:
 * @dispatch: borrowed; gets what could not be done as its problem
 */
KsHousekeeper *ks_housekeeper_new (KsDispatch *dispatch);

/** ks_housekeeper_start: starts the thread, once. */
void ks_housekeeper_start (KsHousekeeper *housekeeper);

/**
 * ks_housekeeper_wake:
 *
 * The catalogue changed: another key may be the next to end. Any thread.
 */
void ks_housekeeper_wake (KsHousekeeper *housekeeper);

/**
 * ks_housekeeper_reload:
 *
 * The settings of symmetric keys may have changed: they are read and applied soon. Any thread.
 */
void ks_housekeeper_reload (KsHousekeeper *housekeeper);

/**
 * ks_housekeeper_end:
 * @wait_ms: for what it is doing
 *
 * Returns: whether the thread has ended
 */
gboolean ks_housekeeper_end (KsHousekeeper *housekeeper, guint wait_ms);

/** ks_housekeeper_free: only after ks_housekeeper_end() returned %TRUE. */
void ks_housekeeper_free (KsHousekeeper *housekeeper);
