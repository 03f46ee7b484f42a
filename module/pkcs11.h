/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#11 2.40 by p11-kit's header, and of 3.0 what it lacks and this module needs. */
#pragma once

#include <p11-kit/pkcs11.h>
