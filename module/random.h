/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#11 chapter "Random number generation functions": the system's generator, never the token's.
 */
#pragma once

#include "module/pkcs11.h"

CK_RV mod_seed_random (CK_SESSION_HANDLE handle, CK_BYTE_PTR seed, CK_ULONG seed_len);
CK_RV mod_generate_random (CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG len);
