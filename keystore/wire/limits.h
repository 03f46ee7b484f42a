/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Named maxima of the keystore's wire protocol and snapshot. Both ends check what arrives against
 * them before anything is allocated. Changing one changes keystore/PROTOCOL.md.
 */
#pragma once

/* Frames */
#define WIRE_FRAME_MAX (72 * 1024)      /* bytes of one frame, header included */
#define WIRE_DATA_MAX (64 * 1024)       /* bytes of input that travel inside a frame */
#define WIRE_DATA_FD_MAX (64u << 20)    /* bytes of input that travel as a descriptor */
#define WIRE_FDS_MAX 2                  /* descriptors in one frame */

/* Fields */
#define WIRE_NAME_MAX 64                /* a credential's configured name */
#define WIRE_IDENTIFIER_MAX 512         /* a key identifier, RelativeKeyID@FQDN */
#define WIRE_TEXT_MAX 1024              /* any other text */
#define WIRE_CERTIFICATE_MAX (16 * 1024)
#define WIRE_CERTIFICATES_MAX 16        /* certificates in one list */
#define WIRE_PRIVATE_KEY_MAX (8 * 1024) /* PKCS#8 */
#define WIRE_SECRET_MAX 512             /* a symmetric key */
#define WIRE_SIGNATURE_MAX 1024         /* RSA-8192 */
#define WIRE_PUBLIC_KEY_MAX (4 * 1024)  /* SubjectPublicKeyInfo */
#define WIRE_PSK_OTHER_MAX 1024         /* other_secret of a TLS premaster */
#define WIRE_NONCE_MAX 256              /* nonce of an AES mode */
#define WIRE_EXTRA_MAX (4 * 1024)       /* salt, additional data, info of a symmetric key's use */
#define WIRE_PRINCIPALS_MAX 64          /* users and groups granted to one credential */
#define WIRE_POLICY_TEXT_MAX (WIRE_PRINCIPALS_MAX * (WIRE_NAME_MAX + 1))
#define WIRE_SCOPE_MAX 80               /* credentials in one list of NARROW */
#define WIRE_SCOPE_TEXT_MAX (WIRE_SCOPE_MAX * (WIRE_NAME_MAX + 1))
#define WIRE_LIST_PAGE_MAX 32           /* credentials in one LIST reply */

/* Snapshot */
#define WIRE_SNAPSHOT_MAX (256u << 20)
#define WIRE_OBJECTS_MAX 1000000u
#define WIRE_ATTRIBUTES_MAX 64          /* attributes of one object */

/* Waiting (milliseconds) */
#define WIRE_CONNECT_WAIT_MS 1000       /* a key's use waits this long for the keystore */
#define WIRE_FIND_WAIT_MS 2000          /* the first find of a process */
#define WIRE_FAIL_FAST_MS 5000          /* after a time-out every call fails at once for so long */
