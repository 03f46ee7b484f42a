/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an Enrolment Exchange needs of the keystore, as a table of functions: keystore-client.c
 * fills it from provision.sock, unit tests from keys in their own memory. Nothing here reads a key.
 *
 * A credential set is staged piece by piece under its name and becomes visible by one publish call.
 */
#pragma once

#include <gio/gio.h>

/* What kind of key pair is wanted. TS-0003 10.1.1.1 wants P-256; the others serve foreign servers.
 */
typedef enum {
	PV_KEY_TYPE_P256,
	PV_KEY_TYPE_P384,
	PV_KEY_TYPE_RSA_2048,
} PvKeyType;

/* A credential of the keystore has one kind: the symmetric key of NAME is NAME-key, beside its key
 * pair; a key of somebody else that was retrieved is NAME-RelativeKeyID. */
#define PV_KEYSTORE_SECRET_SUFFIX "-key"

/* A symmetric key on its way into the keystore. The caller wipes @bytes. */
typedef struct {
	const char *credential; /* the name it is to have */
	const char *identifier; /* RelativeKeyID@FQDN, the object's label */
	const guint8 *bytes;
	gsize length;
	guint suid;        /* m2m:suid */
	gint64 not_before; /* seconds since the epoch */
	gint64 not_after;  /* seconds since the epoch */
	const char *mef_fqdn;
	const char *admin_fqdn;
	const char *const *target_ids; /* NULL-terminated, may be NULL */
} PvStagedSecret;

/*
 * @staged is the number under which the keystore remembers one staged piece, also over a restart of
 * either side. Every function sets @error of domain PV_ERROR (PV_ERROR_KEYSTORE) on failure.
 */
typedef struct {
	/* Makes a key pair in the keystore. @spki: (transfer full): DER SubjectPublicKeyInfo. */
	gboolean (*stage_key_pair) (gpointer keystore,
				    const char *credential,
				    PvKeyType type,
				    guint32 *staged,
				    GBytes **spki,
				    GError **error) G_GNUC_WARN_UNUSED_RESULT;
	/* The public half of a key pair that was staged before, perhaps by another process. */
	gboolean (*staged_public_key) (gpointer keystore,
				       const char *credential,
				       guint32 staged,
				       GBytes **spki,
				       GError **error) G_GNUC_WARN_UNUSED_RESULT;
	/* Signs @tbs with a key pair that this process staged: ECDSA with SHA-256 (SHA-384 for P-384), or RSA PKCS#1 1.5
	 * with SHA-256. @signature: (transfer full): as an X.509 BIT STRING carries it (ECDSA:
	 * DER). */
	gboolean (*sign) (gpointer keystore,
			  guint32 staged,
			  GBytes *tbs,
			  GBytes **signature,
			  GError **error) G_GNUC_WARN_UNUSED_RESULT;
	/* Ties certificates to a staged key pair: leaf first, then its chain; anchors apart. All
	 * are DER, element type GBytes. */
	gboolean (*attach_certificates) (gpointer keystore,
					 guint32 staged,
					 GPtrArray *chain,
					 GPtrArray *anchors,
					 GError **error) G_GNUC_WARN_UNUSED_RESULT;
	gboolean (*stage_secret) (gpointer keystore,
				  const PvStagedSecret *secret,
				  guint32 *staged,
				  GError **error) G_GNUC_WARN_UNUSED_RESULT;
	/* Makes all these pieces visible in one transaction. An exchange that enroleed answers does
	 * not: enroleed does it. */
	gboolean (*publish) (gpointer keystore,
			     const char *credential,
			     const guint32 *staged,
			     gsize n_staged,
			     GError **error) G_GNUC_WARN_UNUSED_RESULT;
	/* Gives up a staged piece; what is not there is not an error. */
	void (*discard) (gpointer keystore, guint32 staged);
} PvKeystoreOps;
