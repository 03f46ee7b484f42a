/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages of the keystore's wire protocol, version 1: one struct and one field table each.
 * Numbers are permanent. Texts and byte strings point into the frame they were parsed from.
 * Mechanisms, key types, hashes and status codes are those of PKCS#11.
 */
#pragma once

#include "keystore/wire/codec.h"
#include "keystore/wire/limits.h"

#define WIRE_VERSION 1

typedef enum {
	WIRE_MSG_HELLO = 1,
	/* both sockets */
	WIRE_MSG_VIEW = 2,
	WIRE_MSG_SIGN = 3,
	WIRE_MSG_VERIFY = 4,
	WIRE_MSG_ENCRYPT = 5,
	WIRE_MSG_DECRYPT = 6,
	WIRE_MSG_DERIVE = 7,
	WIRE_MSG_PSK_MASTER_SECRET = 8,
	WIRE_MSG_PSK_BINDER_KEY = 9,
	WIRE_MSG_PSK_HANDSHAKE_SECRET = 10,
	WIRE_MSG_SECRET_USE = 11,
	/* provision.sock alone */
	WIRE_MSG_STATUS = 32,
	WIRE_MSG_LIST = 33,
	WIRE_MSG_SHOW = 34,
	WIRE_MSG_STAGE_KEY_PAIR = 35,
	WIRE_MSG_STAGE_PRIVATE_KEY = 36,
	WIRE_MSG_STAGE_SECRET = 37,
	WIRE_MSG_STAGE_ANCHORS = 38,
	WIRE_MSG_ATTACH_CERTIFICATES = 39,
	WIRE_MSG_PUBLISH = 40,
	WIRE_MSG_DISCARD = 41,
	WIRE_MSG_REMOVE = 42,
	WIRE_MSG_GRANT = 43,
	WIRE_MSG_REVOKE = 44,
	WIRE_MSG_REFERENCE = 45,
	WIRE_MSG_ADOPT = 46, /* reserved: adoption is `enrolee-keystored --adopt` */
	WIRE_MSG_NARROW = 47,
	/* 64..95: reserved for requests of the keystore to enroleed */
} WireMessageType;

/* First message on a connection, before any other. */
typedef struct {
	uint32_t version_min, version_max;
	uint32_t client; /* WIRE_CLIENT_* */
} WireHello;

enum { WIRE_CLIENT_MODULE = 1, WIRE_CLIENT_PROVIDER = 2, WIRE_CLIENT_PROVISIONER = 3 };

typedef struct {
	uint32_t version;
	uint32_t reply_wait_ms; /* how long an answer to a key's use may take */
	uint64_t instance;      /* random, one per run of the keystore */
	WireBytes server;       /* text: its version */
} WireHelloReply;

/* VIEW has no fields. The reply carries two descriptors: the snapshot and the generation page. */
typedef struct {
	uint32_t generation; /* of the snapshot */
	uint64_t size;       /* of the snapshot, bytes */
} WireViewReply;

/*
 * SIGN, VERIFY, ENCRYPT, DECRYPT, DERIVE. The key is the permanent object number of a private key; for
 * VERIFY and ENCRYPT also that of a public key, or 0 and the public key itself.
 */
typedef struct {
	uint32_t key;
	uint32_t mechanism;    /* CKM_* */
	uint32_t hash;         /* PSS, OAEP: CKM_* of the hash; else 0 */
	uint32_t mgf;          /* PSS, OAEP: CKG_*; DERIVE: CKD_*; else 0 */
	uint32_t salt_len;     /* PSS: bytes */
	uint32_t key_type;     /* CKK_* of the public key below; 0 without one */
	WireBytes public_a;    /* CKA_EC_PARAMS or CKA_MODULUS */
	WireBytes public_b;    /* CKA_EC_POINT or CKA_PUBLIC_EXPONENT */
	WireBytes param;       /* OAEP label; EdDSA context */
	WireBytes data;        /* input; DERIVE: the peer's point */
	uint64_t data_fd_size; /* not 0: the input is in the frame's descriptor, so many bytes; data is empty */
	WireBytes signature;   /* VERIFY */
} WireOperate;

/* Reply to the five above and to PSK_*; empty for VERIFY. */
typedef struct {
	WireBytes output;
} WireResult;

/* The typed operations of a pre-shared key by reference. TLS 1.2: master secret, also extended. */
typedef struct {
	WireBytes reference; /* text: the 24 characters after pskref1: */
	uint32_t hash;       /* CKM_SHA256 or CKM_SHA384 */
	uint32_t extended;   /* 0: seed = client_random || server_random; 1: seed = session hash */
	uint32_t plain;      /* 1: other = as many zeros as the key has bytes; other must be empty */
	WireBytes other;
	WireBytes seed;
} WirePskMasterSecret;

/* Those of TLS 1.3: the key of a ClientHello's binder, and the handshake secret. */
typedef struct {
	WireBytes reference;
	uint32_t hash;
} WirePskBinderKey;

typedef struct {
	WireBytes reference;
	uint32_t hash;
	WireBytes dhe; /* what (EC)DHE yields: 32 to WIRE_PSK_OTHER_MAX bytes, not all zero */
} WirePskHandshakeSecret;

/* SECRET_USE: what SIGN and VERIFY (HMAC) do not say about the use of a symmetric key. */
typedef struct {
	uint32_t key;       /* its permanent object number */
	uint32_t use;       /* WIRE_USE_* */
	uint32_t mechanism; /* CKM_*, WIRE_CKM_* */
	uint32_t hash;      /* HKDF, TLS12_MASTER_KEY_DERIVE, ONEM2M_KE2E: CKM_*; else 0 */
	uint32_t number;    /* GCM, CCM: bytes of the tag; HKDF: WIRE_HKDF_*; ONEM2M_CONSTRAINED: SUID;
			       ONEM2M_KE2E: which key, 1 to 4 */
	uint32_t length;    /* HKDF: bytes of the new key */
	WireBytes first;    /* nonce; salt; TLS: client_random || server_random; ONEM2M_*: identifier,
			       salt, receiver's value */
	WireBytes second;   /* additional data; info; ONEM2M_ESPRIM: originator's value */
	WireBytes data;     /* plain text; cipher text and tag; key to wrap; wrapped key */
} WireSecretUse;

enum {
	WIRE_USE_ENCRYPT = 1,
	WIRE_USE_DECRYPT = 2,
	WIRE_USE_WRAP = 3,
	WIRE_USE_UNWRAP = 4,
	WIRE_USE_DERIVE = 5,
};

enum { WIRE_HKDF_EXTRACT = 1, WIRE_HKDF_EXPAND = 2 };

/* STATUS has no fields. */
typedef struct {
	WireBytes version;
	WireBytes state_dir;
	WireBytes backing_module;
	WireBytes token_label;
	WireBytes problem; /* text for the operator; empty when all is well */
	uint32_t token_ready;
	uint32_t residency; /* WIRE_RESIDENCY_* */
	uint32_t credentials;
	uint32_t generations;
	uint32_t connections;
	uint32_t view_generation;
	uint64_t started_s; /* Unix time */
} WireStatusReply;

enum { WIRE_RESIDENCY_MEMORY = 1, WIRE_RESIDENCY_TOKEN = 2 };

enum { WIRE_KIND_KEY_PAIR = 1, WIRE_KIND_SECRET = 2, WIRE_KIND_ANCHORS = 3 };

/* LIST: credentials after the name @after in byte order, at most WIRE_LIST_PAGE_MAX. */
typedef struct {
	WireBytes after;
} WireListRequest;

typedef struct {
	uint32_t count;
	uint32_t more;
	WireBytes records; /* count times the fields of WireCredential, one after the other */
} WireListReply;

/* A credential without its certificates. Times are Unix seconds, 0 when unknown. */
typedef struct {
	WireBytes name;
	uint32_t kind;   /* WIRE_KIND_* */
	WireBytes origin; /* "imported" or "enrolled" */
	WireBytes mef;    /* FQDN */
	WireBytes admin;  /* adminFQDN */
	WireBytes client; /* identity of the Enrolee */
	WireBytes identifier; /* symmetric key: its identifier on the wire */
	uint32_t suid;        /* usage constraint, 0 for none */
	WireBytes users;      /* separated by a comma */
	WireBytes groups;
	uint32_t generation; /* the current one, 0 before the first publication */
	uint32_t key;        /* object number of its private or secret key */
	uint32_t key_type;   /* CKK_* */
	uint32_t key_bits;
	WireBytes id; /* CKA_ID */
	uint64_t not_before_s, not_after_s;
	WireBytes subject; /* RFC 4514 */
	WireBytes issuer;
	uint32_t retained;          /* older generations still usable */
	uint32_t staged_generation; /* 0 without one; the newest */
	uint32_t staged_key;
} WireCredential;

/* SHOW, REMOVE */
typedef struct {
	WireBytes name;
} WireName;

typedef struct {
	WireBytes record; /* the fields of WireCredential */
	WireBytes leaf;   /* DER */
	WireList chain;
	WireList anchors;
	WireBytes spki;        /* of the current generation */
	WireBytes staged_spki; /* of the staged generation */
	/* symmetric keys: what TLS may do with them, as the settings say */
	uint32_t psk_versions;  /* WIRE_PSK_TLS12 | WIRE_PSK_TLS13 */
	uint32_t psk_hash;      /* CKM_SHA256 or CKM_SHA384 alone; 0: any */
	uint32_t psk_ephemeral; /* 1: with Diffie-Hellman alone */
	uint32_t psk_revealed;  /* 1: the key is in a file */
} WireShowReply;

enum { WIRE_PSK_TLS12 = 1, WIRE_PSK_TLS13 = 2 };

/* What a staged generation belongs to; the credential is created by the first one of its name. */
typedef struct {
	WireBytes name;
	WireBytes origin, mef, admin, client;
	uint32_t key_type; /* CKK_EC, CKK_RSA, CKK_EC_EDWARDS */
	uint32_t key_bits; /* 256, 384, 521; 2048..4096; 255 */
} WireStageKeyPair;

typedef struct {
	WireBytes name;
	WireBytes origin, mef, admin, client;
	WireBytes pkcs8; /* DER, not encrypted */
} WireStagePrivateKey;

typedef struct {
	WireBytes name;
	WireBytes origin, mef, admin, client;
	WireBytes identifier;
	uint32_t suid;
	uint64_t not_after_s;
	WireBytes value;
} WireStageSecret;

typedef struct {
	WireBytes name;
	WireBytes origin, mef, admin, client;
	WireList anchors;
} WireStageAnchors;

typedef struct {
	uint32_t generation;
	uint32_t key;   /* object number, usable with SIGN on this socket at once */
	WireBytes spki; /* empty for a secret */
} WireStageReply;

typedef struct {
	uint32_t generation;
	WireBytes leaf; /* DER; must certify the generation's key */
	WireList chain; /* issuer first */
	WireList anchors;
} WireAttachCertificates;

/* PUBLISH: all in one transaction. DISCARD: one after the other, up to the first that fails. */
typedef struct {
	WireNumbers generations;
	uint32_t revoke_old; /* PUBLISH: 1 ends the replaced keys at once */
} WirePublish;

typedef struct {
	uint32_t generation; /* of the view from which the change is visible */
} WireChanged;

/* GRANT, REVOKE */
typedef struct {
	WireBytes name;
	uint32_t group; /* 0: a user, 1: a group */
	WireBytes principal;
} WireGrant;

/* REFERENCE: the pre-shared key's reference for one consumer, made when there is none. */
typedef struct {
	WireBytes name;
	WireBytes consumer; /* user name */
} WireReference;

typedef struct {
	WireBytes reference; /* "pskref1:" and 24 characters */
} WireReferenceReply;

/*
 * NARROW: before HELLO, for whoever the connection is then passed to. From now on it is for these
 * credentials alone, and for no more than an Enrolment Exchange does with them. There is no reply and no
 * way back.
 */
typedef struct {
	WireBytes uses;   /* whose keys it uses; names separated by a comma */
	WireBytes stages; /* of whom it makes new generations */
} WireNarrow;

/* Text of the reason, in replies whose status is not CKR_OK. */
typedef struct {
	WireBytes message;
} WireFailure;

/** Field table of @type (a WireMessageType, with WIRE_REPLY for its reply), or NULL. */
const WireLayout *wire_layout (uint32_t type);

/** Field table of WireCredential records (WireListReply, WireShowReply). */
extern const WireLayout wire_credential_layout;

/**
 * wire_build:
 * Write header and @message into @frame. A reply with a status other than 0 carries a WireFailure
 * instead of its message (@message may be NULL: no text). A message without fields may be NULL.
 * Returns the frame's length, or 0 when it does not fit or a field exceeds its maximum.
 */
size_t wire_build (uint8_t *frame, size_t size, const WireHeader *header, const void *message);

/**
 * wire_parse:
 * Read header and message. @message must have room for the struct of the header's type; use
 * WireMessage when the type is not known yet. For a failed reply @message gets a WireFailure.
 * Returns false when the frame is not a well-formed message of this version.
 */
bool wire_parse (const uint8_t *frame, size_t len, WireHeader *header, void *message);

/** Room for any message. */
typedef union {
	WireHello hello;
	WireHelloReply hello_reply;
	WireViewReply view_reply;
	WireOperate operate;
	WireResult result;
	WirePskMasterSecret psk_master_secret;
	WirePskBinderKey psk_binder_key;
	WirePskHandshakeSecret psk_handshake_secret;
	WireSecretUse secret_use;
	WireStatusReply status_reply;
	WireListRequest list;
	WireListReply list_reply;
	WireName name;
	WireShowReply show_reply;
	WireStageKeyPair stage_key_pair;
	WireStagePrivateKey stage_private_key;
	WireStageSecret stage_secret;
	WireStageAnchors stage_anchors;
	WireStageReply stage_reply;
	WireAttachCertificates attach_certificates;
	WirePublish publish;
	WireChanged changed;
	WireGrant grant;
	WireReference reference;
	WireReferenceReply reference_reply;
	WireNarrow narrow;
	WireFailure failure;
} WireMessage;
