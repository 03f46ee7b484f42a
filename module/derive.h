/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_DeriveKey by ECDH. The shared secret becomes a session object of this process, readable unless
 * the template says otherwise: that is what programs derive it for.
 */
#pragma once

#include "module/pkcs11.h"

CK_RV mod_derive_key (CK_SESSION_HANDLE handle,
		      CK_MECHANISM_PTR mechanism,
		      CK_OBJECT_HANDLE base,
		      CK_ATTRIBUTE_PTR template,
		      CK_ULONG count,
		      CK_OBJECT_HANDLE_PTR key);
