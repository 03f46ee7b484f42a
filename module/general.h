/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#11 chapter "General-purpose functions". */
#pragma once

#include "module/pkcs11.h"

CK_RV mod_initialize (CK_VOID_PTR args);
CK_RV mod_finalize (CK_VOID_PTR reserved);

/* Each function list tells its own version: programs that ask for 2.40 may refuse another. */
CK_RV mod_get_info_2_40 (CK_INFO_PTR info);
CK_RV mod_get_info_3_0 (CK_INFO_PTR info);

/** Fills a field of fixed width with @text and blanks, as PKCS#11 has it. */
void mod_pad (CK_UTF8CHAR_PTR field, size_t size, const char *text);
