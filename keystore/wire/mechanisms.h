/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mechanisms that p11-kit's header lacks: PKCS#11 3.0's, and oneM2M's own derivations (TS-0003
 * clause 10.3), which are vendor-defined: 0x80000000 and "m2m" before the number.
 */
#pragma once

#define WIRE_CKM_AES_KEY_WRAP_KWP 0x210bUL /* RFC 5649 */
#define WIRE_CKM_HKDF_DERIVE 0x402aUL

#define WIRE_CKM_ONEM2M(number) (0xed326d00UL | (number))
#define WIRE_CKM_ONEM2M_KPSA WIRE_CKM_ONEM2M (1)        /* 10.3.3: Kpsa of Ke */
#define WIRE_CKM_ONEM2M_CONSTRAINED WIRE_CKM_ONEM2M (2) /* 10.3.7: a key of one SUID, of Ke */
#define WIRE_CKM_ONEM2M_KE2E WIRE_CKM_ONEM2M (3)        /* 10.3.6: the four keys of Kpsa */
#define WIRE_CKM_ONEM2M_ESPRIM WIRE_CKM_ONEM2M (4)      /* 10.3.8.2: sessionESPrimKey */
