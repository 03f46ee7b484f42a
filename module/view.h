/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this process may see: the keystore's snapshot, mapped, and replaced when the generation page
 * or the end of the keystore's run tells of a newer one. A view is counted: it stays mapped as long
 * as a search or a thread uses it. Where no keystore answers, the last view serves.
 */
#pragma once

#include "keystore/wire/snapshot.h"
#include "module/connection.h"
#include "module/pkcs11.h"

typedef struct {
	uint32_t refs; /* under the lock of view.c */
	WireSnapshot snapshot;
	const WirePage *page;
	uint64_t instance; /* run of the keystore that made it */
	ModIds ids;        /* for whom */
} ModView;

/**
 * mod_view_newest:
 *
 * The view to search in. Costs no system call while nothing changed; waits for a keystore that is
 * away as keystore/wire/limits.h says.
 *
 * Returns: (transfer full) (nullable): NULL when no keystore ever answered this process
 */
ModView *mod_view_newest (void);

/**
 * mod_view_with:
 * @index: (out): the object's place in the view
 *
 * A view that has the object @handle: the last one, or the one before it, since a program that just
 * found an object may use it although a renewal took it away in between.
 *
 * Returns: (transfer full) (nullable)
 */
ModView *mod_view_with (CK_OBJECT_HANDLE handle, uint32_t *index);

void mod_view_unref (ModView *view);

/** Drops what is held; the next search asks the keystore. */
void mod_view_forget (void);

/** In a forked child, before anything else: the views stay, locks and checks are new. */
void mod_view_renew (void);
