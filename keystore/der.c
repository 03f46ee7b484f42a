/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cursor over DER.
 */
#include <config.h>

#include "keystore/der.h"

#define LENGTH_BYTES_MAX 3

static gboolean
take_length (KsSlice *cursor, gsize *len)
{
	gsize count;

	if (cursor->len == 0)
		return FALSE;
	*len = cursor->data[0];
	cursor->data++;
	cursor->len--;
	if (*len < 0x80)
		return TRUE;
	count = *len & 0x7f;
	if (count == 0 || count > LENGTH_BYTES_MAX || count > cursor->len)
		return FALSE;
	*len = 0;
	for (gsize i = 0; i < count; i++)
		*len = *len << 8 | cursor->data[i];
	cursor->data += count;
	cursor->len -= count;
	return *len >= 0x80 && *len >> (8 * (count - 1)) != 0;
}

gboolean
ks_der_take (KsSlice *cursor, guint8 tag, KsSlice *content, KsSlice *whole)
{
	KsSlice rest = *cursor;
	gsize len;

	if (rest.len == 0 || rest.data[0] != tag)
		return FALSE;
	rest.data++;
	rest.len--;
	if (!take_length (&rest, &len) || len > rest.len)
		return FALSE;
	if (content != NULL)
		*content = (KsSlice){rest.data, len};
	if (whole != NULL)
		*whole = (KsSlice){cursor->data, (gsize)(rest.data - cursor->data) + len};
	cursor->data = rest.data + len;
	cursor->len = rest.len - len;
	return TRUE;
}

void
ks_der_skip (KsSlice *cursor, guint8 tag)
{
	(void)ks_der_take (cursor, tag, NULL, NULL);
}

void
ks_der_append (GByteArray *out, guint8 tag, const void *content, gsize len)
{
	guint8 header[2 + LENGTH_BYTES_MAX] = {tag};
	guint used = 1;
	guint count = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;

	header[used++] = count == 0 ? (guint8)len : (guint8)(0x80 | count);
	for (guint i = count; i > 0; i--)
		header[used++] = (guint8)(len >> (8 * (i - 1)));
	g_byte_array_append (out, header, used);
	g_byte_array_append (out, content, (guint)len);
}
