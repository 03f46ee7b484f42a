/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Named maxima of what the network, or a job description, may make us hold. Checked before
 * anything is allocated; a test exceeds each of them.
 */
#pragma once

/* Bodies and trees */
#define PV_BODY_MAX (256 * 1024)      /* bytes of one primitive's content */
#define PV_EST_BODY_MAX (1024 * 1024) /* bytes of one EST answer */
#define PV_HEADER_MAX 8192            /* bytes of one header line */
#define PV_HEADERS_MAX 100            /* header lines of one answer */
#define PV_HEADERS_BYTES_MAX 65536    /* bytes of them together */
#define PV_JSON_DEPTH_MAX 16          /* nested objects and arrays */
#define PV_JOB_MAX (1024 * 1024)      /* bytes of a job description */
#define PV_MESSAGE_MAX 1024           /* bytes of a peer's text that we repeat */

/* Names and lists */
#define PV_ID_MAX 512 /* any identifier */
#define PV_FQDN_MAX 253
#define PV_RELATIVE_KEY_ID_MAX 200
#define PV_KEY_VALUE_MAX 64 /* octets of a keyValue (decision 13) */
#define PV_TARGETS_MAX 64
#define PV_LABELS_MAX 32
#define PV_PSK_IDENTITY_MAX 256 /* OpenSSL's PSK_MAX_IDENTITY_LEN */
#define PV_AUTH_CREDENTIALS_MAX 4 /* for one MEF */

/* Certificates */
#define PV_CERTIFICATES_MAX 64 /* certificates in one answer */
#define PV_CHAIN_MAX 8         /* depth of a path */
#define PV_CSR_ATTRIBUTES_MAX 64
#define PV_CHALLENGE_MAX 255  /* RFC 7030 3.5 */
#define PV_COMMON_NAME_MAX 64 /* ub-common-name */

/* Times */
#define PV_RETRY_AFTER_MAX_S (7 * 86400)
#define PV_LIFETIME_MAX_S (20ll * 366 * 86400)
#define PV_TIME_MAX_S 253402300799ll /* the end of the year 9999 */

/* Commands of the MEF in one exchange: an MEF that never ends is cut off. */
#define PV_COMMANDS_MAX 64
#define PV_COMMAND_TRIES 3 /* of a command that cannot be understood, of a status that is not answered */

/* Registrations that are looked at, to find our own among an MEF's children */
#define PV_CHILDREN_TRIED_MAX 8

/* Keys that one exchange retrieves, or retires */
#define PV_KEYS_MAX 64

/* Connections to the keystore that one exchange gets, over restarts of the keystore: three, and a few more. */
#define PV_HANDOVERS_MAX 64

/* OnRenew= */
#define PV_HOOK_ACTIONS_MAX 16         /* of one credential */
#define PV_HOOK_ACTION_MAX 4096        /* bytes of one */
#define PV_HOOK_UNIT_MAX 240           /* systemd's own is 255, with what it ends in */
#define PV_HOOK_LINE_MAX 1024          /* bytes of one line of a command's output */
#define PV_HOOK_LINES_MAX 1000         /* lines of it that are logged */
#define PV_HOOK_OUTPUT_MAX (64 * 1024) /* bytes of them */
