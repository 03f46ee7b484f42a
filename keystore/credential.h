/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The values of the catalogue: a credential (a configured name with its policy) and its generations
 * (one key with its certificates each). Immutable once the catalogue hands them out, reference
 * counted, readable from any thread; fields are public, nobody but the catalogue writes them.
 */
#pragma once

#include <glib.h>

#define KS_KEY_ID_LEN 20

typedef enum {
	KS_KIND_KEY_PAIR = 1, /* a private key with its certificate */
	KS_KIND_SECRET = 2,   /* a symmetric key with a wire identifier */
	KS_KIND_ANCHORS = 3,  /* trust anchors only, no key */
} KsKind;

typedef enum {
	KS_ORIGIN_IMPORTED = 1,
	KS_ORIGIN_ENROLLED = 2,
} KsOrigin;

/* The numbers are in the catalogue: never change one. */
typedef enum {
	KS_STATE_INTENT = 1,   /* written before the key exists; nobody sees it */
	KS_STATE_STAGED = 2,   /* key stored and read back; the provisioner may sign with it */
	KS_STATE_CURRENT = 3,  /* what applications find */
	KS_STATE_RETAINED = 4, /* superseded: key usable until retained_until_s, certificate gone */
	KS_STATE_REVOKED = 5,  /* about to be destroyed; nobody sees it */
} KsState;

typedef enum {
	KS_KEY_NONE = 0, /* anchors */
	KS_KEY_P256 = 1,
	KS_KEY_P384 = 2,
	KS_KEY_P521 = 3,
	KS_KEY_RSA = 4,
	KS_KEY_ED25519 = 5,
	KS_KEY_SECRET = 6,
} KsKeyType;

#define KS_RETAIN_UNTIL_EXPIRY (-1) /* until the old certificate's notAfter: the default */

typedef struct {
	guint32 object; /* permanent object number */
	GBytes *der;
} KsCertificate;

/* What TLS may do with a symmetric key. The numbers are in the catalogue: never change one. */
enum { KS_PSK_TLS12 = 1 << 0, KS_PSK_TLS13 = 1 << 1, KS_PSK_TLS_ALL = 3 };

typedef enum { KS_PSK_HASH_ANY = 0, KS_PSK_HASH_SHA256 = 1, KS_PSK_HASH_SHA384 = 2 } KsPskHash;

typedef struct {
	guint versions;     /* KS_PSK_TLS* */
	KsPskHash hash;     /* the only one */
	gboolean ephemeral; /* no handshake without Diffie-Hellman of its own */
	gboolean reveal;    /* the key itself is written into psk files */
} KsPskPolicy;

/* One handle per consumer ("www-data" for a user, "@mqtt" for a group) of a symmetric key. */
typedef struct {
	char *handle; /* "pskref1:" and 24 base64url characters: 32 bytes */
	char *consumer;
} KsReference;

/**
 * KsGeneration:
 * @number: counts from 1 within its credential
 * @key_bits: RSA modulus length, length of a symmetric key; 0 otherwise
 * @key_id: CKA_ID of the key, public key and certificate: random, unique per generation
 * @key_object: object number of the private or secret key; 0 for anchors
 * @public_object: object number of the public key; 0 when there is none
 * @spki: (nullable): SubjectPublicKeyInfo DER
 * @leaf: (nullable): its certificate
 * @chain: (element-type KsCertificate): never %NULL
 * @anchors: (element-type KsCertificate): never %NULL
 * @not_before_s: of the certificate, Unix seconds; 0 when there is none
 * @not_after_s: of the certificate, or the expiry of a symmetric key; 0 for never
 * @retained_until_s: for %KS_STATE_RETAINED: when the key is destroyed; 0 for never
 * @identifier: (nullable): of a symmetric key: what goes on the wire, RelativeKeyID\@FQDN
 * @references: (element-type KsReference): never %NULL
 */
typedef struct {
	gatomicrefcount refs; /*< private >*/
	gint64 row;           /*< private >*/
	guint32 number;
	KsState state;
	KsKeyType key_type;
	guint key_bits;
	guint8 key_id[KS_KEY_ID_LEN];
	guint32 key_object;
	guint32 public_object;
	GBytes *spki;
	KsCertificate *leaf;
	GPtrArray *chain;
	GPtrArray *anchors;
	gint64 not_before_s;
	gint64 not_after_s;
	gint64 created_s;
	gint64 published_s;
	gint64 retained_until_s;
	char *identifier;
	GPtrArray *references;
} KsGeneration;

/**
 * KsCredential:
 * @name: unique on the gateway, see ks_name_is_valid()
 * @suid: usage constraint (m2m:suid); 0 for none
 * @retain_s: what happens to a superseded generation: %KS_RETAIN_UNTIL_EXPIRY, or seconds (0: at
 * once)
 * @users: names of users who may see and use it; never %NULL
 * @groups: names of groups likewise; never %NULL
 * @generations: (element-type KsGeneration): newest first, at least one
 * @psk: symmetric keys: what TLS may do with them
 */
typedef struct {
	gatomicrefcount refs; /*< private >*/
	gint64 row;           /*< private >*/
	char *name;
	KsKind kind;
	KsOrigin origin;
	char *mef_fqdn;   /* (nullable) */
	char *admin_fqdn; /* (nullable) */
	char *client_id;  /* (nullable) MEF client identifier: CSE-ID, AE-ID or Node-ID */
	guint suid;
	gint64 retain_s;
	gint64 created_s;
	GStrv users;
	GStrv groups;
	GPtrArray *generations;
	KsPskPolicy psk;
} KsCredential;

KsGeneration *ks_generation_ref (KsGeneration *generation);
void ks_generation_unref (KsGeneration *generation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsGeneration, ks_generation_unref)

KsCredential *ks_credential_ref (KsCredential *credential);
void ks_credential_unref (KsCredential *credential);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsCredential, ks_credential_unref)

/* For the catalogue only: empty values to be filled. */
KsGeneration *ks_generation_new (void);
KsCredential *ks_credential_new (void);
void ks_certificate_free (KsCertificate *certificate);
void ks_text_wipe_free (char *text);
void ks_reference_free (KsReference *reference);

gboolean ks_psk_policy_equal (const KsPskPolicy *a, const KsPskPolicy *b);

/**
 * ks_name_is_valid:
 * @name: (nullable): a credential's name
 *
 * Returns: whether it is 1 to 64 of [A-Za-z0-9._-] and not "." or "..", or starting with a dot: it
 * becomes a label, a URI part and a folder
 */
gboolean ks_name_is_valid (const char *name);

/**
 * ks_identifier_is_valid:
 * @identifier: (nullable): a symmetric key's wire identifier
 *
 * Returns: whether it is 1 to %WIRE_IDENTIFIER_MAX printable ASCII characters without blank or
 * colon
 */
gboolean ks_identifier_is_valid (const char *identifier);

/**
 * ks_credential_current:
 *
 * Returns: (transfer none) (nullable): the generation that applications find
 */
KsGeneration *ks_credential_current (const KsCredential *credential);

/**
 * ks_credential_generation:
 *
 * Returns: (transfer none) (nullable): the generation with that number
 */
KsGeneration *ks_credential_generation (const KsCredential *credential, guint32 number);

/**
 * ks_credential_label:
 *
 * Returns: (transfer none): CKA_LABEL of the generation's objects: the identifier of a symmetric
 *     key, else the credential's name
 */
const char *ks_credential_label (const KsCredential *credential, const KsGeneration *generation);

/**
 * ks_key_type_name:
 *
 * Returns: (transfer none): "P-256", "RSA", ... for messages and lists
 */
const char *ks_key_type_name (KsKeyType type);
