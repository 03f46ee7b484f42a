/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See random.h. */
#include <config.h>

#include "module/random.h"

#include "module/session.h"

#include <errno.h>
#include <sys/random.h>

CK_RV
mod_seed_random (CK_SESSION_HANDLE handle, CK_BYTE_PTR seed, CK_ULONG seed_len)
{
	CK_RV rv = mod_session_check (handle);

	if (rv == CKR_OK && seed == NULL && seed_len != 0)
		rv = CKR_ARGUMENTS_BAD;
	return rv != CKR_OK ? rv : CKR_RANDOM_SEED_NOT_SUPPORTED;
}

CK_RV
mod_generate_random (CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG len)
{
	CK_RV rv = mod_session_check (handle);

	if (rv != CKR_OK)
		return rv;
	if (data == NULL && len != 0)
		return CKR_ARGUMENTS_BAD;
	while (len > 0) {
		ssize_t got = getrandom (data, len, 0);

		if (got < 0 && errno != EINTR)
			return CKR_FUNCTION_FAILED;
		if (got > 0) {
			data += got;
			len -= (CK_ULONG)got;
		}
	}
	return CKR_OK;
}
