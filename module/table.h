/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles to things with a reference count: sessions and session objects. Callers hold the lock of
 * state.h. Links are written last, so that a child forked in the middle of a change finds a table
 * that is whole. Handles are never used again.
 */
#pragma once

#include "module/pkcs11.h"

#include <stdint.h>

typedef struct ModNode {
	struct ModNode *next;
	uint32_t handle;
	uint32_t refs;
	void (*free) (struct ModNode *node);
} ModNode;

#define MOD_TABLE_BUCKETS 256

typedef struct {
	ModNode *buckets[MOD_TABLE_BUCKETS];
	uint32_t last;
	uint32_t count;
} ModTable;

/** Adds @node with one reference, the table's, and the handle next in turn | @high_bit. */
void mod_table_add (ModTable *table, ModNode *node, uint32_t high_bit);

/** (nullable): the node, without a reference. */
ModNode *mod_table_find (const ModTable *table, CK_ULONG handle);

/** Takes @node out of the table and drops the table's reference. */
void mod_table_remove (ModTable *table, ModNode *node);

/** Puts @node in the place of @old, which is in the table, under the same handle. */
void mod_table_replace (ModTable *table, ModNode *old, ModNode *node);

void mod_node_ref (ModNode *node);
void mod_node_unref (ModNode *node);

/** Calls @visit on every node; it may remove the one it gets. */
void mod_table_each (ModTable *table, void (*visit) (ModNode *node, void *data), void *data);
