/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See folder-acl.h. The attribute is what acl(5) writes: entries by tag, those of a tag by id. */
#include <config.h>

#include "keystore/folder-acl.h"

#include "keystore/wire/limits.h"

#include <endian.h>
#include <grp.h>
#include <pwd.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ACL_VERSION 2
#define ACL_READ 4
#define ACL_READ_WRITE 6
#define ENTRIES_MAX (WIRE_PRINCIPALS_MAX + 4)

/* In the order in which they must stand. */
enum {
	TAG_OWNER = 0x01,
	TAG_USER = 0x02,
	TAG_OWNING_GROUP = 0x04,
	TAG_GROUP = 0x08,
	TAG_MASK = 0x10,
	TAG_OTHERS = 0x20,
};

typedef struct {
	guint16 tag;
	guint16 permissions;
	guint32 id;
} __attribute__ ((packed)) Entry;

typedef struct {
	guint32 version;
	Entry entries[ENTRIES_MAX];
	gsize count;
} __attribute__ ((packed)) Acl;

static void
add (Acl *acl, guint16 tag, guint16 permissions, guint32 id)
{
	if (acl->count < ENTRIES_MAX)
		acl->entries[acl->count++] =
			(Entry){htole16 (tag), htole16 (permissions), htole32 (id)};
}

static gboolean
find_id (const char *name, gboolean group, guint32 *id)
{
	char room[4096];
	struct passwd user, *found_user = NULL;
	struct group members, *found_group = NULL;
	guint64 number;

	if (group && getgrnam_r (name, &members, room, sizeof room, &found_group) == 0 &&
	    found_group != NULL) {
		*id = found_group->gr_gid;
		return TRUE;
	}
	if (!group && getpwnam_r (name, &user, room, sizeof room, &found_user) == 0 &&
	    found_user != NULL) {
		*id = found_user->pw_uid;
		return TRUE;
	}
	if (!g_ascii_string_to_unsigned (name, 10, 0, G_MAXUINT32 - 1, &number, NULL))
		return FALSE;
	*id = (guint32)number; /* one without a name */
	return TRUE;
}

static int
by_id (gconstpointer a, gconstpointer b, gpointer unused)
{
	guint32 left = *(const guint32 *)a, right = *(const guint32 *)b;

	return left < right ? -1 : left > right;
}

static void
add_all (Acl *acl, const char *const *names, gboolean group)
{
	guint32 ids[WIRE_PRINCIPALS_MAX] = {0};
	gsize count = 0;

	for (gsize i = 0; names != NULL && names[i] != NULL && count < G_N_ELEMENTS (ids); i++)
		count += find_id (names[i], group, &ids[count]);
	g_qsort_with_data (ids, (gint)count, sizeof *ids, by_id, NULL);
	for (gsize i = 0; i < count; i++) {
		if (i == 0 || ids[i] != ids[i - 1])
			add (acl, group ? TAG_GROUP : TAG_USER, ACL_READ, ids[i]);
	}
}

gboolean
ks_folder_let_read (int file, const char *const *users, const char *const *groups)
{
	Acl acl = {.version = htole32 (ACL_VERSION)};

	add (&acl, TAG_OWNER, ACL_READ_WRITE, G_MAXUINT32);
	add_all (&acl, users, FALSE);
	add (&acl, TAG_OWNING_GROUP, 0, G_MAXUINT32);
	add_all (&acl, groups, TRUE);
	if (acl.count == 2)
		return TRUE; /* nobody */
	add (&acl, TAG_MASK, ACL_READ, G_MAXUINT32);
	add (&acl, TAG_OTHERS, 0, G_MAXUINT32);
	return fsetxattr (file, "system.posix_acl_access", &acl,
			  sizeof acl.version + acl.count * sizeof (Entry), 0) == 0;
}
