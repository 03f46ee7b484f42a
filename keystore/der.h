/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cursor over DER: one element after the other, without allocating. Definite lengths only, all
 * within the cursor's bounds.
 */
#pragma once

#include <glib.h>

#define KS_DER_BOOLEAN 0x01
#define KS_DER_INTEGER 0x02
#define KS_DER_BIT_STRING 0x03
#define KS_DER_OCTET_STRING 0x04
#define KS_DER_OID 0x06
#define KS_DER_UTF8_STRING 0x0c
#define KS_DER_PRINTABLE_STRING 0x13
#define KS_DER_UTC_TIME 0x17
#define KS_DER_GENERALIZED_TIME 0x18
#define KS_DER_VISIBLE_STRING 0x1a
#define KS_DER_SEQUENCE 0x30
#define KS_DER_CONTEXT_0 0xa0

typedef struct {
	const guint8 *data;
	gsize len;
} KsSlice;

/**
 * ks_der_take:
 * @cursor: (inout): moved behind the element on success
 * @tag: what the element must be
 * @content: (out) (optional): its contents
 * @whole: (out) (optional): the element with its header
 */
gboolean ks_der_take (KsSlice *cursor, guint8 tag, KsSlice *content, KsSlice *whole);

/**
 * ks_der_skip:
 *
 * Takes the next element if it has that tag; an optional one.
 */
void ks_der_skip (KsSlice *cursor, guint8 tag);

/**
 * ks_der_append:
 *
 * Appends an element with that tag and contents.
 */
void ks_der_append (GByteArray *out, guint8 tag, const void *content, gsize len);
