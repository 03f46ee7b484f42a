/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See general.h. */
#include <config.h>

#include "module/general.h"

#include "module/state.h"

#include <stdint.h>
#include <string.h>

#define SYMMETRIC "symmetric-keys" /* the init argument */
#define FIRST_PAGE 4096            /* no string is there: some pass a number to see it refused */

void
mod_pad (CK_UTF8CHAR_PTR field, size_t size, const char *text)
{
	size_t len = strlen (text);

	memset (field, ' ', size);
	memcpy (field, text, len < size ? len : size);
}

/* Programs and p11-kit pass a text from their configuration; an empty one is none. */
static bool
read_argument (const char *argument, bool *symmetric)
{
	if (argument == NULL)
		return true;
	if ((uintptr_t)argument < FIRST_PAGE)
		return false;
	*symmetric = strcmp (argument, SYMMETRIC) == 0;
	return *symmetric || argument[0] == '\0';
}

/*
 * The mutex functions of an application are not used: the system's own always serve. That is more
 * than the flags ask for, so that no combination needs CKR_CANT_LOCK; no thread is ever made.
 */
CK_RV
mod_initialize (CK_VOID_PTR args)
{
	const CK_C_INITIALIZE_ARGS *given = args;
	bool symmetric = false;
	int functions = 0;

	if (given != NULL) {
		functions = (given->CreateMutex != NULL) + (given->DestroyMutex != NULL) +
			    (given->LockMutex != NULL) + (given->UnlockMutex != NULL);
		if (!read_argument (given->pReserved, &symmetric) ||
		    (functions != 0 && functions != 4))
			return CKR_ARGUMENTS_BAD;
	}
	return mod_state_initialize (symmetric);
}

CK_RV
mod_finalize (CK_VOID_PTR reserved)
{
	return reserved != NULL ? CKR_ARGUMENTS_BAD : mod_state_finalize ();
}

static CK_RV
get_info (CK_INFO_PTR info, CK_VERSION version)
{
	CK_RV rv = mod_state_check ();

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	memset (info, 0, sizeof *info);
	info->cryptokiVersion = version;
	info->libraryVersion = (CK_VERSION){0, 1};
	mod_pad (info->manufacturerID, sizeof info->manufacturerID, "oneM2M");
	mod_pad (info->libraryDescription, sizeof info->libraryDescription, "enrolee");
	return CKR_OK;
}

CK_RV
mod_get_info_2_40 (CK_INFO_PTR info)
{
	return get_info (info, (CK_VERSION){2, 40});
}

CK_RV
mod_get_info_3_0 (CK_INFO_PTR info)
{
	return get_info (info, (CK_VERSION){3, 0});
}
