/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the command speaks: aligned tables and colour on a terminal, lines of fields separated by
 * tabs elsewhere, JSON on request (its shape: OUTPUT.md).
 */
#pragma once

#include <json-glib/json-glib.h>

#include "provisioner/cli/cli.h"

typedef struct _CliTable CliTable;

/**
 * cli_table_new:
 * @first: heading of the first column, then the others and %NULL
 */
CliTable *cli_table_new (const char *first, ...) G_GNUC_NULL_TERMINATED;

/**
 * cli_table_add:
 * @first: (nullable): the first cell; as many cells as columns follow. %NULL is an empty cell.
 */
void cli_table_add (CliTable *table, const char *first, ...);

/**
 * cli_table_print:
 * @table: (transfer full)
 */
void cli_table_print (CliTable *table);

/** Whether stdout is a terminal that likes colour; the marks around @text in cli_mark(). */
gboolean cli_is_terminal (void);

typedef enum { CLI_MARK_GOOD, CLI_MARK_WARNING, CLI_MARK_BAD } CliMark;

/**
 * cli_mark:
 *
 * Returns: (transfer full): @text in the mark's colour on a terminal, else plain
 */
char *cli_mark (CliMark mark, const char *text);

/**
 * cli_confirm:
 *
 * Asks the operator; without a terminal tells to say --yes.
 *
 * Returns: whether the answer was yes
 */
gboolean cli_confirm (const char *question) G_GNUC_WARN_UNUSED_RESULT;

/** (transfer full): a time for people, "2026-11-24 23:11:00Z", or "-" for 0. */
char *cli_time (gint64 unix_s);

/** (transfer full): a text without control characters: what came from outside must not move cursors. */
char *cli_clean (const char *text);

/** (transfer full): a builder in the object {"version":1, ... . */
JsonBuilder *cli_json_begin (void);

/** Adds a member; an empty or %NULL @value and a time of 0 are null. */
void cli_json_text (JsonBuilder *builder, const char *member, const char *value);
void cli_json_number (JsonBuilder *builder, const char *member, gint64 value);
void cli_json_boolean (JsonBuilder *builder, const char *member, gboolean value);
void cli_json_time (JsonBuilder *builder, const char *member, gint64 unix_s);
void cli_json_list (JsonBuilder *builder, const char *member, const char *const *values);

/**
 * cli_json_print:
 * @builder: (transfer full): in its outermost object, which is closed
 */
void cli_json_print (JsonBuilder *builder);

/** The members of a credential, inside an open object. */
void cli_json_credential (JsonBuilder *builder, const PvCredential *credential);

/** (transfer none): "key pair", "symmetric key", "anchors". */
const char *cli_kind_name (guint kind);

/** (transfer full): "EC 256", "RSA 2048", "Ed25519", "256 bit". */
char *cli_key_name (const PvCredential *credential);
