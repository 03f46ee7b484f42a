/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates that wait for their publication; see attachments.h. */
#include <config.h>

#include "keystore/attachments.h"

typedef struct {
	GBytes *leaf;
	GPtrArray *chain, *anchors;
} Attachment;

struct _KsAttachments {
	GMutex lock;
	GHashTable *by_number;
};

static void
attachment_free (gpointer data)
{
	Attachment *attachment = data;

	g_clear_pointer (&attachment->leaf, g_bytes_unref);
	g_ptr_array_unref (attachment->chain);
	g_ptr_array_unref (attachment->anchors);
	g_free (attachment);
}

KsAttachments *
ks_attachments_new (void)
{
	KsAttachments *attachments = g_new0 (KsAttachments, 1);

	g_mutex_init (&attachments->lock);
	attachments->by_number = g_hash_table_new_full (NULL, NULL, NULL, attachment_free);
	return attachments;
}

void
ks_attachments_free (KsAttachments *attachments)
{
	g_hash_table_unref (attachments->by_number);
	g_mutex_clear (&attachments->lock);
	g_free (attachments);
}

void
ks_attachments_put (KsAttachments *attachments,
		    guint32 number,
		    GBytes *leaf,
		    GPtrArray *chain,
		    GPtrArray *anchors)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&attachments->lock);
	Attachment *attachment = g_new0 (Attachment, 1);

	attachment->leaf = leaf != NULL ? g_bytes_ref (leaf) : NULL;
	attachment->chain = g_ptr_array_ref (chain);
	attachment->anchors = g_ptr_array_ref (anchors);
	g_hash_table_insert (attachments->by_number, GUINT_TO_POINTER (number), attachment);
}

gboolean
ks_attachments_get (KsAttachments *attachments, guint32 number, KsPublication *publication)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&attachments->lock);
	Attachment *attachment =
		g_hash_table_lookup (attachments->by_number, GUINT_TO_POINTER (number));

	if (attachment == NULL)
		return FALSE;
	publication->leaf = attachment->leaf != NULL ? g_bytes_ref (attachment->leaf) : NULL;
	publication->chain = g_ptr_array_ref (attachment->chain);
	publication->anchors = g_ptr_array_ref (attachment->anchors);
	return TRUE;
}

void
ks_attachments_release (KsPublication *publication)
{
	g_clear_pointer (&publication->leaf, g_bytes_unref);
	g_clear_pointer (&publication->chain, g_ptr_array_unref);
	g_clear_pointer (&publication->anchors, g_ptr_array_unref);
}

void
ks_attachments_drop (KsAttachments *attachments, guint32 number)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&attachments->lock);

	g_hash_table_remove (attachments->by_number, GUINT_TO_POINTER (number));
}
