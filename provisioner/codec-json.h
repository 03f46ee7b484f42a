/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON of primitives: bytes to tree and back, within bounds, and a reader that finds members by the
 * names table. Anything a peer sends ends in a value or an error.
 *
 * Spec: TS-0004 8.4.2 (R-TS4-8.4.2-1)
 */
#pragma once

#include "provisioner/dialect.h"

#include <json-glib/json-glib.h>

/**
 * pv_json_parse:
 * @bytes: UTF-8 text
 * @length: its length
 * @length_max: what the caller is willing to take
 * @error: return location for an error
 *
 * Strict (json-check.h), and no object has a member twice.
 *
 * Returns: (transfer full) (nullable): the tree; its root is an object.
 * Errors: PV_ERROR/LIMIT for size and depth, PV_ERROR/MALFORMED
 */
JsonNode *pv_json_parse (const char *bytes, gsize length, gsize length_max, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_json_write:
 * @node: a tree
 *
 * Returns: (transfer full): compact text.
 */
char *pv_json_write (JsonNode *node);

/* Reads the members of one object. The first fault is kept in @error and later reads do nothing, so
 * that a caller asks once at the end. */
typedef struct {
	const PvDialect *dialect;
	JsonObject *object;
	const char *what; /* for messages: what the object is */
	GError *error;
} PvJsonReader;

#define PV_JSON_READER(dialect_, object_, what_)                                                   \
	((PvJsonReader){(dialect_), (object_), (what_), NULL})

typedef enum {
	PV_OPTIONAL,
	PV_REQUIRED,
} PvPresence;

/**
 * pv_json_spelled:
 * @dialect: the MEF's
 * @object: an object
 * @name: which member
 *
 * Returns: (transfer none) (nullable): how @object spells it; %NULL when it does not have it.
 */
const char *pv_json_spelled (const PvDialect *dialect, JsonObject *object, PvName name);

/**
 * pv_json_member:
 * @dialect: the MEF's
 * @object: an object
 * @name: which member
 *
 * From then on the MEF is answered with its spelling (pv_dialect_hear()).
 *
 * Returns: (transfer none) (nullable): the member under its short, long or another accepted name.
 */
JsonNode *pv_json_member (const PvDialect *dialect, JsonObject *object, PvName name);

/**
 * pv_json_read_string:
 * @reader: the reader
 * @name: which member
 * @presence: whether its absence is a fault
 * @length_max: longest text taken, in bytes
 *
 * Returns: (transfer none) (nullable): the text; %NULL when absent or at fault.
 */
const char *
pv_json_read_string (PvJsonReader *reader, PvName name, PvPresence presence, gsize length_max);

/**
 * pv_json_read_int:
 *
 * Takes a number, and its digits as a text.
 *
 * Returns: a whole number from @min to @max; @absent when it is not there or at fault.
 */
gint64 pv_json_read_int (PvJsonReader *reader,
			 PvName name,
			 PvPresence presence,
			 gint64 min,
			 gint64 max,
			 gint64 absent);

/**
 * pv_json_read_time:
 *
 * Returns: seconds since the epoch, 0 when absent or at fault.
 */
gint64 pv_json_read_time (PvJsonReader *reader, PvName name, PvPresence presence);

/**
 * pv_json_read_strings:
 *
 * Takes an array of texts, and one bare text as an array of one.
 *
 * Returns: (transfer full) (nullable): the texts; %NULL when absent or at fault.
 */
GStrv
pv_json_read_strings (PvJsonReader *reader, PvName name, PvPresence presence, guint count_max);

/**
 * pv_json_read_object:
 *
 * Returns: (transfer none) (nullable): the object; %NULL when absent or at fault.
 */
JsonObject *pv_json_read_object (PvJsonReader *reader, PvName name, PvPresence presence);

/**
 * pv_json_reader_fault:
 * @reader: the reader
 * @name: a member that was read
 * @why: what is wrong with it: "is ..."
 *
 * The caller's own fault with a member, kept as the reader's own are.
 */
void pv_json_reader_fault (PvJsonReader *reader, PvName name, const char *why);

/**
 * pv_json_reader_finish:
 * @reader: the reader
 * @error: return location for an error
 *
 * Returns: whether every read succeeded; else the first fault moves to @error.
 */
gboolean pv_json_reader_finish (PvJsonReader *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pv_json_set_strings:
 * @object: an object
 * @member: its member's name
 * @texts: (nullable): written as an array, left out when %NULL
 */
void pv_json_set_strings (JsonObject *object, const char *member, const char *const *texts);
