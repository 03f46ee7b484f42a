/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See table.h. */
#include <config.h>

#include "module/table.h"

#include <stddef.h>

#define HANDLE_MASK 0x7fffffffu

static ModNode **
bucket_of (const ModTable *table, uint32_t handle)
{
	return (ModNode **)&table->buckets[handle % MOD_TABLE_BUCKETS];
}

ModNode *
mod_table_find (const ModTable *table, CK_ULONG handle)
{
	ModNode *node;

	if (handle > UINT32_MAX)
		return NULL;
	node = *bucket_of (table, (uint32_t)handle);
	while (node != NULL && node->handle != handle)
		node = node->next;
	return node;
}

static uint32_t
next_handle (ModTable *table, uint32_t high_bit)
{
	/* after two thousand million handles the oldest are long gone, save one that still lives */
	do {
		table->last = (table->last + 1) & HANDLE_MASK;
	} while (table->last == 0 || mod_table_find (table, table->last | high_bit) != NULL);
	return table->last | high_bit;
}

void
mod_table_add (ModTable *table, ModNode *node, uint32_t high_bit)
{
	ModNode **bucket;

	node->handle = next_handle (table, high_bit);
	node->refs = 1;
	bucket = bucket_of (table, node->handle);
	node->next = *bucket;
	__atomic_store_n (bucket, node, __ATOMIC_RELEASE);
	table->count++;
}

void
mod_table_remove (ModTable *table, ModNode *node)
{
	ModNode **link = bucket_of (table, node->handle);

	while (*link != NULL && *link != node)
		link = &(*link)->next;
	if (*link == NULL)
		return;
	__atomic_store_n (link, node->next, __ATOMIC_RELEASE);
	table->count--;
	mod_node_unref (node);
}

void
mod_table_replace (ModTable *table, ModNode *old, ModNode *node)
{
	ModNode **link = bucket_of (table, old->handle);

	while (*link != old)
		link = &(*link)->next;
	node->handle = old->handle;
	node->refs = 1;
	node->next = old->next;
	__atomic_store_n (link, node, __ATOMIC_RELEASE);
	mod_node_unref (old);
}

void
mod_node_ref (ModNode *node)
{
	node->refs++;
}

void
mod_node_unref (ModNode *node)
{
	if (--node->refs == 0)
		node->free (node);
}

void
mod_table_each (ModTable *table, void (*visit) (ModNode *node, void *data), void *data)
{
	for (size_t i = 0; i < MOD_TABLE_BUCKETS; i++) {
		ModNode *node = table->buckets[i];

		while (node != NULL) {
			ModNode *next = node->next;

			visit (node, data);
			node = next;
		}
	}
}
