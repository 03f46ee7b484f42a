/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers by SO_PEERCRED and SO_PEERGROUPS, and quotas of connections; see peer.h. */
#include <config.h>

#include "keystore/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME_BUFFER_MAX (256 * 1024) /* of one passwd or group entry */
#define GROUPS_MAX 65536             /* NGROUPS_MAX of Linux */

typedef enum { LOOKUP_UID, LOOKUP_GID } LookupKind;

/* One lookup with a buffer that grows: group entries list their members. */
static char *
name_of (LookupKind kind, guint32 id)
{
	for (gsize size = 1024; size <= NAME_BUFFER_MAX; size *= 4) {
		g_autofree char *buffer = g_malloc (size);
		struct passwd user, *found_user = NULL;
		struct group group, *found_group = NULL;
		int rc;

		if (kind == LOOKUP_UID)
			rc = getpwuid_r (id, &user, buffer, size, &found_user);
		else
			rc = getgrgid_r (id, &group, buffer, size, &found_group);
		if (rc == ERANGE)
			continue;
		if (found_user != NULL)
			return g_strdup (user.pw_name);
		return found_group != NULL ? g_strdup (group.gr_name) : NULL;
	}
	return NULL;
}

static gboolean
id_of (LookupKind kind, const char *name, guint32 *id)
{
	guint64 number;

	if (g_ascii_string_to_unsigned (name, 10, 0, G_MAXUINT32 - 1, &number, NULL)) {
		*id = (guint32)number;
		return TRUE;
	}
	for (gsize size = 1024; size <= NAME_BUFFER_MAX; size *= 4) {
		g_autofree char *buffer = g_malloc (size);
		struct passwd user, *found_user = NULL;
		struct group group, *found_group = NULL;
		int rc;

		if (kind == LOOKUP_UID)
			rc = getpwnam_r (name, &user, buffer, size, &found_user);
		else
			rc = getgrnam_r (name, &group, buffer, size, &found_group);
		if (rc == ERANGE)
			continue;
		if (found_user != NULL)
			*id = user.pw_uid;
		else if (found_group != NULL)
			*id = group.gr_gid;
		return found_user != NULL || found_group != NULL;
	}
	return FALSE;
}

gboolean
ks_peer_lookup_user (const char *name, uid_t *uid)
{
	guint32 id;

	if (!id_of (LOOKUP_UID, name, &id))
		return FALSE;
	*uid = id;
	return TRUE;
}

gboolean
ks_peer_principal_is_usable (const char *name, gboolean group)
{
	guint32 id;

	return !id_of (group ? LOOKUP_GID : LOOKUP_UID, name, &id) || id != KS_ID_NOBODY;
}

char *
ks_peer_principal_name (const char *name, gboolean group)
{
	LookupKind kind = group ? LOOKUP_GID : LOOKUP_UID;
	guint64 number;
	char *found = NULL;

	if (g_ascii_string_to_unsigned (name, 10, 0, G_MAXUINT32 - 1, &number, NULL))
		found = name_of (kind, (guint32)number);
	return found != NULL ? found : g_strdup (name);
}

gboolean
ks_peer_uid (int fd, uid_t *uid)
{
	struct ucred credentials;
	socklen_t len = sizeof credentials;

	if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return FALSE;
	*uid = credentials.uid;
	return TRUE;
}

gboolean
ks_peer_may_connect (KsSocket socket, uid_t uid, uid_t provisioner)
{
	return socket == KS_SOCKET_TOKEN || uid == 0 || uid == provisioner;
}

static void
add_group (GPtrArray *names, gid_t gid)
{
	g_autofree char *name = NULL;

	if (gid == KS_ID_NOBODY)
		return;
	name = name_of (LOOKUP_GID, gid);
	if (name == NULL)
		name = g_strdup_printf ("%u", gid);
	if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
		g_ptr_array_add (names, g_steal_pointer (&name));
}

/* The primary group is not always among the supplementary ones. */
static GStrv
read_groups (int fd, gid_t primary)
{
	g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
	socklen_t len = 0;

	add_group (names, primary);
	if (getsockopt (fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) < 0 && errno == ERANGE &&
	    len <= GROUPS_MAX * sizeof (gid_t)) {
		g_autofree gid_t *gids = g_malloc (len);

		if (getsockopt (fd, SOL_SOCKET, SO_PEERGROUPS, gids, &len) == 0) {
			for (gsize i = 0; i < len / sizeof (gid_t); i++)
				add_group (names, gids[i]);
		}
	}
	g_ptr_array_add (names, NULL);
	return (GStrv)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

KsPeer *
ks_peer_new (int fd, KsSocket socket, uid_t provisioner, GError **error)
{
	struct ucred credentials;
	socklen_t len = sizeof credentials;
	KsPeer *peer;

	if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0) {
		g_set_error (error, KS_ERROR, KS_ERROR_FAILED, "SO_PEERCRED: %s",
			     g_strerror (errno));
		return NULL;
	}
	peer = g_new0 (KsPeer, 1);
	peer->socket = socket;
	peer->pid = credentials.pid;
	peer->uid = credentials.uid;
	peer->trusted = credentials.uid == 0 || credentials.uid == provisioner;
	if (credentials.uid != KS_ID_NOBODY) {
		peer->user = name_of (LOOKUP_UID, credentials.uid);
		peer->uid_text = g_strdup_printf ("%u", credentials.uid);
	}
	peer->groups = read_groups (fd, credentials.gid);
	return peer;
}

void
ks_peer_free (KsPeer *peer)
{
	g_free (peer->user);
	g_free (peer->uid_text);
	g_strfreev (peer->groups);
	g_strfreev (peer->uses);
	g_strfreev (peer->stages);
	g_free (peer);
}

void
ks_peer_narrow (KsPeer *peer, GStrv uses, GStrv stages)
{
	g_return_if_fail (peer->uses == NULL);
	peer->uses = uses;
	peer->stages = stages;
}

/* ---- quotas ---- */

struct _KsQuota {
	GMutex lock;
	GHashTable *per_uid; /* uid -> count, without entries of 0 */
	guint used;
	guint strangers;
};

KsQuota *
ks_quota_new (void)
{
	KsQuota *quota = g_new0 (KsQuota, 1);

	g_mutex_init (&quota->lock);
	quota->per_uid = g_hash_table_new (NULL, NULL);
	return quota;
}

void
ks_quota_free (KsQuota *quota)
{
	g_hash_table_unref (quota->per_uid);
	g_mutex_clear (&quota->lock);
	g_free (quota);
}

gboolean
ks_quota_take (KsQuota *quota, uid_t uid, gboolean trusted)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&quota->lock);
	guint max = trusted ? KS_CONNECTIONS_MAX : KS_CONNECTIONS_MAX - KS_CONNECTIONS_RESERVED;
	guint count =
		GPOINTER_TO_UINT (g_hash_table_lookup (quota->per_uid, GUINT_TO_POINTER (uid)));

	if (quota->used >= max || count >= KS_CONNECTIONS_PER_UID_MAX)
		return FALSE;
	g_hash_table_insert (quota->per_uid, GUINT_TO_POINTER (uid), GUINT_TO_POINTER (count + 1));
	quota->used++;
	return TRUE;
}

void
ks_quota_give (KsQuota *quota, uid_t uid)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&quota->lock);
	guint count =
		GPOINTER_TO_UINT (g_hash_table_lookup (quota->per_uid, GUINT_TO_POINTER (uid)));

	g_return_if_fail (count > 0);
	if (count == 1)
		g_hash_table_remove (quota->per_uid, GUINT_TO_POINTER (uid));
	else
		g_hash_table_insert (quota->per_uid, GUINT_TO_POINTER (uid),
				     GUINT_TO_POINTER (count - 1));
	quota->used--;
}

gboolean
ks_quota_take_stranger (KsQuota *quota)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&quota->lock);

	if (quota->strangers >= KS_CONNECTIONS_STRANGERS_MAX)
		return FALSE;
	quota->strangers++;
	return TRUE;
}

void
ks_quota_give_stranger (KsQuota *quota)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&quota->lock);

	g_return_if_fail (quota->strangers > 0);
	quota->strangers--;
}

guint
ks_quota_used (KsQuota *quota)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&quota->lock);

	return quota->used;
}
