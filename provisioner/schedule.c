/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See schedule.h. */
#include <config.h>

#include "provisioner/schedule.h"

/* The renewal window: this part of the life before its two thirds are over. */
#define WINDOW_PART 20

double
pv_schedule_spread (const char *machine, const char *name, const char *what)
{
	g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize len = sizeof digest;
	guint32 number;

	g_checksum_update (sum, (const guchar *) machine, -1);
	g_checksum_update (sum, (const guchar *) "\n", 1);
	g_checksum_update (sum, (const guchar *) name, -1);
	g_checksum_update (sum, (const guchar *) "\n", 1);
	g_checksum_update (sum, (const guchar *) what, -1);
	g_checksum_get_digest (sum, digest, &len);
	number = (guint32) digest[0] << 24 | digest[1] << 16 | digest[2] << 8 | digest[3];
	return number / 4294967296.0;
}

gint64
pv_schedule_renewal (const PvLife *life, gint64 now_s, double spread)
{
	gint64 begin_s = life->begin_s != 0 ? life->begin_s : now_s;
	gint64 life_s;

	if (life->not_after_s == 0)
		return 0;
	if (life->asked_s != 0 &&
	    (begin_s < life->not_after_s - life->asked_s || begin_s >= life->not_after_s))
		begin_s = life->not_after_s - life->asked_s;
	life_s = life->not_after_s - begin_s;
	if (life_s <= 0)
		return life->not_after_s;
	return begin_s + life_s / 3 * 2 - (gint64) (spread * (double) life_s / WINDOW_PART);
}

static gint64
first (gint64 a, gint64 b)
{
	return a == 0 ? b : b == 0 ? a : MIN (a, b);
}

gint64
pv_schedule_next_renewal (const PvProgress *progress)
{
	return first (first (progress->certificate_renew_s, progress->key_renew_s),
		      progress->registration_renew_s);
}

gint64
pv_schedule_next (const PvProgress *progress)
{
	gint64 next_s = first (pv_schedule_next_renewal (progress), progress->commands_due_s);

	for (guint i = 0; i < progress->keys->len; i++) {
		const PvKeyRecord *record = progress->keys->pdata[i];

		next_s = first (next_s, record->look_s);
	}
	return next_s;
}
