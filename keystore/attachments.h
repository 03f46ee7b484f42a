/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates between ATTACH_CERTIFICATES or STAGE_ANCHORS and PUBLISH, DISCARD or REMOVE. In
 * memory only: after a restart of the keystore the staged key is still there and the provisioner
 * attaches again; anchors it stages again.
 */
#pragma once

#include "keystore/catalogue.h"

typedef struct _KsAttachments KsAttachments;

KsAttachments *ks_attachments_new (void);
void ks_attachments_free (KsAttachments *attachments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsAttachments, ks_attachments_free)

/**
 * ks_attachments_put:
 * @number: the generation's number on the wire
 * @leaf: (nullable)
 * @chain: (transfer none) (element-type GBytes)
 * @anchors: (transfer none) (element-type GBytes)
 *
 * Replaces what was attached. Any thread.
 */
void ks_attachments_put (KsAttachments *attachments,
			 guint32 number,
			 GBytes *leaf,
			 GPtrArray *chain,
			 GPtrArray *anchors);

/**
 * ks_attachments_get:
 * @publication: gets references to the certificates; release with ks_attachments_release()
 *
 * Returns: whether there are any
 */
gboolean
ks_attachments_get (KsAttachments *attachments, guint32 number, KsPublication *publication);
void ks_attachments_release (KsPublication *publication);

void ks_attachments_drop (KsAttachments *attachments, guint32 number);
