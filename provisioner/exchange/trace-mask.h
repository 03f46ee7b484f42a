/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of an exchange may be shown. One table names what is secret; in a key's resource whatever is not
 * known is secret as well, and what was masked once is masked wherever it comes again. Pure, no I/O.
 */
#pragma once

#include "provisioner/dialect.h"

typedef struct _PvMask PvMask;

/**
 * pv_mask_new:
 * @dialect: the MEF's; must live as long
 *
 * Returns: (transfer full): nothing was seen yet.
 */
PvMask *pv_mask_new (const PvDialect *dialect);
void pv_mask_free (PvMask *mask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PvMask, pv_mask_free)

/**
 * pv_mask_text:
 * @text: a text that is not secret as such: a path, a message
 *
 * Returns: (transfer full): @text in UTF-8 without references to keys, what was masked before, and
 * control characters other than the end of a line.
 */
char *pv_mask_text (const PvMask *mask, const char *text);

/**
 * pv_mask_header:
 * @name: of a header
 *
 * Returns: (transfer full): what to show of its @value.
 */
char *pv_mask_header (PvMask *mask, const char *name, const char *value);

/**
 * pv_mask_body:
 * @type: (nullable): its media type
 * @body: as it came, or as it goes
 * @refusal: whether it accompanies an error, whose text is shown
 *
 * Returns: (transfer full): what to show of it; of a type that is not known, its size.
 */
char *pv_mask_body (PvMask *mask, const char *type, GBytes *body, gboolean refusal);

/**
 * pv_mask_remember:
 * @secret: a value that is nowhere to be shown, also not in another encoding
 */
void pv_mask_remember (PvMask *mask, const char *secret);
