/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11 chapter "Object management functions". Token objects are records of the keystore's
 * snapshot, their handle is the keystore's permanent number; session objects (peers' public keys,
 * derived secrets) live in this process alone and have handles with the high bit.
 */
#pragma once

#include "module/state.h"
#include "module/view.h"

#define MOD_OBJECT_HIGH_BIT 0x80000000u

/** A session object: attributes in this program's representation. */
typedef struct {
	ModNode node;
	CK_SESSION_HANDLE owner;
	size_t n_attributes;
	WireAttribute *attributes; /* kind BYTES or SENSITIVE; data is owned */
	char unique_id[20];        /* CKA_UNIQUE_ID */
} ModSessionObject;

/** A token object (@view, @record) or a session object (@own). */
typedef struct {
	ModView *view;
	WireObject record;
	ModSessionObject *own;
} ModObject;

/** CKR_OK, or CKR_OBJECT_HANDLE_INVALID. mod_object_clear() what it gave. */
CK_RV mod_object_get (CK_OBJECT_HANDLE handle, ModObject *object);
void mod_object_clear (ModObject *object);

#define MOD_OBJECT __attribute__ ((cleanup (mod_object_clear))) ModObject

/** false when the object has none of that type. */
bool
mod_object_attribute (const ModObject *object, CK_ATTRIBUTE_TYPE type, WireAttribute *attribute);

/** Whether every attribute of the template has its value in the object. */
bool mod_object_matches (const ModObject *object, const CK_ATTRIBUTE *template, CK_ULONG count);

/* Single values; @fallback when the object has none. */
CK_ULONG mod_object_number (const ModObject *object, CK_ATTRIBUTE_TYPE type, CK_ULONG fallback);
bool mod_object_flag (const ModObject *object, CK_ATTRIBUTE_TYPE type);

/**
 * mod_object_add:
 * Makes a session object of @template, which mod_rules_check() accepted, and of the attributes that
 * @defaults adds where the template has none.
 *
 * Returns: CKR_OK, CKR_HOST_MEMORY, CKR_SESSION_HANDLE_INVALID
 */
CK_RV mod_object_add (CK_SESSION_HANDLE owner,
		      const CK_ATTRIBUTE *template,
		      CK_ULONG count,
		      const CK_ATTRIBUTE *defaults,
		      CK_ULONG n_defaults,
		      CK_OBJECT_HANDLE_PTR handle);

/** Removes the objects of a session that ends. The state is locked. */
void mod_object_remove_owned (ModState *state, CK_SESSION_HANDLE owner);

CK_RV mod_create_object (CK_SESSION_HANDLE session,
			 CK_ATTRIBUTE_PTR template,
			 CK_ULONG count,
			 CK_OBJECT_HANDLE_PTR object);
CK_RV mod_copy_object (CK_SESSION_HANDLE session,
		       CK_OBJECT_HANDLE object,
		       CK_ATTRIBUTE_PTR template,
		       CK_ULONG count,
		       CK_OBJECT_HANDLE_PTR copy);
CK_RV mod_destroy_object (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
CK_RV
mod_get_object_size (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size);
CK_RV mod_get_attribute_value (CK_SESSION_HANDLE session,
			       CK_OBJECT_HANDLE object,
			       CK_ATTRIBUTE_PTR template,
			       CK_ULONG count);
CK_RV mod_set_attribute_value (CK_SESSION_HANDLE session,
			       CK_OBJECT_HANDLE object,
			       CK_ATTRIBUTE_PTR template,
			       CK_ULONG count);
