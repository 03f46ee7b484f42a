/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is on the other end of a connection, told by the kernel when it was made, and the quotas that
 * keep one user's connections from shutting out the others. Decides nothing about credentials: that
 * is policy.c.
 */
#pragma once

#include "keystore/error.h"

#include <sys/types.h>

/* The socket decides the role. */
typedef enum {
	KS_SOCKET_TOKEN = 1,     /* token.sock: applications */
	KS_SOCKET_PROVISION = 2, /* provision.sock: enroleed and root */
} KsSocket;

/* The overflow id: any user that does not exist in this namespace. Never a policy identity. */
#define KS_ID_NOBODY 65534u

/**
 * KsPeer:
 * @trusted: root or the provisioner: sees and uses everything
 * @user: (nullable): its name; %NULL without one, and for %KS_ID_NOBODY
 * @groups: names of the groups it is in; never %NULL
 * @uid_text: (nullable): the uid as text, a principal for users without a name
 * @uses: (nullable): its connection was narrowed: names of the credentials whose keys it uses
 * @stages: (nullable): likewise: of whom it makes new generations
 *
 * Holds for the connection's life; nothing of it changes but by ks_peer_narrow(), once.
 */
typedef struct {
	KsSocket socket;
	pid_t pid;
	uid_t uid;
	gboolean trusted;
	char *user;
	GStrv groups;
	char *uid_text;
	GStrv uses, stages;
} KsPeer;

/**
 * ks_peer_new:
 * @fd: a connected socket
 * @provisioner: uid of the provisioner
 *
 * Reads SO_PEERCRED and SO_PEERGROUPS and resolves the names, which may ask a name service: call it
 * in the connection's own thread.
 *
 * Returns: (transfer full) (nullable): %NULL with %KS_ERROR_FAILED
 */
KsPeer *
ks_peer_new (int fd, KsSocket socket, uid_t provisioner, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ks_peer_free (KsPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsPeer, ks_peer_free)

/**
 * ks_peer_narrow:
 * @uses: (transfer full)
 * @stages: (transfer full)
 *
 * From now on the peer reaches no more than that (policy.h). There is no way back.
 */
void ks_peer_narrow (KsPeer *peer, GStrv uses, GStrv stages);

/**
 * ks_peer_uid:
 * @uid: (out): the peer's uid
 *
 * The cheap half, for the quota and provision.sock's door.
 */
gboolean ks_peer_uid (int fd, uid_t *uid);

/**
 * ks_peer_may_connect:
 *
 * Returns: whether a peer of @uid may speak on that socket at all
 */
gboolean ks_peer_may_connect (KsSocket socket, uid_t uid, uid_t provisioner);

/**
 * ks_peer_lookup_user:
 * @name: a user's name, or a number
 * @uid: (out)
 */
gboolean ks_peer_lookup_user (const char *name, uid_t *uid);

/**
 * ks_peer_principal_is_usable:
 * @group: whether @name is a group's
 *
 * Returns: %FALSE when @name stands for %KS_ID_NOBODY: "nobody", "nogroup", "65534". Unknown names
 *     are usable: the user may be made later.
 */
gboolean ks_peer_principal_is_usable (const char *name, gboolean group);

/**
 * ks_peer_principal_name:
 * @group: whether @name is a group's
 *
 * Returns: (transfer full): the name that belongs to @name when that is a number and has one; else
 *     @name as it is: a user without a name is named by number
 */
char *ks_peer_principal_name (const char *name, gboolean group);

/* ---- quotas ---- */

#define KS_CONNECTIONS_MAX 1024
#define KS_CONNECTIONS_PER_UID_MAX 256
#define KS_CONNECTIONS_RESERVED 64 /* of all, for root and the provisioner */
#define KS_CONNECTIONS_STRANGERS_MAX 128 /* of all users together that may use no credential */

typedef struct _KsQuota KsQuota;

KsQuota *ks_quota_new (void);
void ks_quota_free (KsQuota *quota);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KsQuota, ks_quota_free)

/**
 * ks_quota_take:
 * @trusted: root or the provisioner
 *
 * Returns: whether one connection more is allowed; give it back with ks_quota_give(). Any thread.
 */
gboolean ks_quota_take (KsQuota *quota, uid_t uid, gboolean trusted);
void ks_quota_give (KsQuota *quota, uid_t uid);

/**
 * ks_quota_take_stranger:
 *
 * For a connection, counted already, of a user that no credential is for: one user may own many
 * thousand uids, and together they must not shut out those the keystore is for.
 *
 * Returns: whether it may stay; give it back with ks_quota_give_stranger(). Any thread.
 */
gboolean ks_quota_take_stranger (KsQuota *quota);
void ks_quota_give_stranger (KsQuota *quota);

/**
 * ks_quota_used:
 *
 * Returns: connections now
 */
guint ks_quota_used (KsQuota *quota);
