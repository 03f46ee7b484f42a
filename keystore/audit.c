/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Journal events; see audit.h. The catalog entries with the operator's next step are keyed by these
 * ids. */
#include <config.h>

#include "keystore/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *message_id;
	GLogLevelFlags level;
} events[] = {
	[KS_EVENT_STARTED] = {"8c1453d4a1b19e1dbf28b4b764e0c723", G_LOG_LEVEL_MESSAGE},
	[KS_EVENT_STOPPED] = {"8b7423a3a64578c02186bd125a4d9a28", G_LOG_LEVEL_MESSAGE},
	[KS_EVENT_REFUSED] = {"b58a1e63cba50a928b0a2f4159559fea", G_LOG_LEVEL_CRITICAL},
	[KS_EVENT_WARNING] = {"64d982d734b56e9b7ed70b23aff88155", G_LOG_LEVEL_WARNING},
	[KS_EVENT_TOKEN_FAILED] = {"de579906f9b37705c4fa4edca93c0a5c", G_LOG_LEVEL_CRITICAL},
	[KS_EVENT_KEY_USED] = {"d3992b33c5e2347f30bb86eb396ac629", G_LOG_LEVEL_MESSAGE},
	[KS_EVENT_KEY_DENIED] = {"b911a961cf55856c12d6b2d9a331cd0e", G_LOG_LEVEL_WARNING},
	[KS_EVENT_CONNECTION_REFUSED] = {"457166bf047fee77abac9d0cbd346198", G_LOG_LEVEL_WARNING},
	[KS_EVENT_PROTOCOL] = {"815a12413657208669a296fe1e025a4c", G_LOG_LEVEL_WARNING},
	[KS_EVENT_STAGED] = {"3ee19c724afc050d3283317f6d5b7758", G_LOG_LEVEL_MESSAGE},
	[KS_EVENT_PUBLISHED] = {"46583b41ea58642be06fad17586e1d52", G_LOG_LEVEL_MESSAGE},
	[KS_EVENT_DESTROYED] = {"8703310ae1c42d0ba51a3386cccf3219", G_LOG_LEVEL_MESSAGE},
	[KS_EVENT_POLICY] = {"5e83828cb7df01fb7d8310e12f3391da", G_LOG_LEVEL_MESSAGE},
	[KS_EVENT_EXCESS] = {"4f7a90c2c1d84be0a6b7d1d35c0e2f19", G_LOG_LEVEL_WARNING},
};

static const char *
field_value (const GLogField *fields, gsize n_fields, const char *key)
{
	for (gsize i = 0; i < n_fields; i++) {
		if (strcmp (fields[i].key, key) == 0)
			return fields[i].value;
	}
	return NULL;
}

static GLogWriterOutput
write_line (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	const char *message = field_value (fields, n_fields, "MESSAGE");

	if ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) != 0 || message == NULL)
		return G_LOG_WRITER_HANDLED;
	fprintf (stderr, "enrolee-keystored: %s\n", message);
	return G_LOG_WRITER_HANDLED;
}

static GLogWriterOutput
write_journal (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	const gboolean *stderr_only = user_data;

	if (!*stderr_only &&
	    g_log_writer_journald (level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED)
		return G_LOG_WRITER_HANDLED;
	return write_line (level, fields, n_fields, user_data);
}

void
ks_audit_init (const gboolean *stderr_only)
{
	gboolean journal = g_log_writer_is_journald (STDERR_FILENO);

	/* once in a process, says GLib: so what comes later is asked for at each line */
	g_log_set_writer_func (journal ? write_journal : write_line, (gpointer)stderr_only, NULL);
}

void
ks_audit (KsEvent event, const KsPeer *peer, const char *credential, const char *format, ...)
{
	char message[1024], uid[16], pid[16];
	GLogField fields[6];
	gsize count = 0;
	va_list arguments;

	va_start (arguments, format);
	g_vsnprintf (message, sizeof message, format, arguments);
	va_end (arguments);
	fields[count++] = (GLogField){"MESSAGE", message, -1};
	fields[count++] = (GLogField){"MESSAGE_ID", events[event].message_id, -1};
	/* journald's priorities: 2 critical, 4 warning, 5 notice */
	fields[count++] = (GLogField){"PRIORITY",
				      events[event].level == G_LOG_LEVEL_CRITICAL  ? "2"
				      : events[event].level == G_LOG_LEVEL_WARNING ? "4"
										   : "5",
				      -1};
	if (peer != NULL) {
		g_snprintf (uid, sizeof uid, "%u", peer->uid);
		g_snprintf (pid, sizeof pid, "%d", (int)peer->pid);
		fields[count++] = (GLogField){"ENROLEE_PEER_UID", uid, -1};
		fields[count++] = (GLogField){"ENROLEE_PEER_PID", pid, -1};
	}
	if (credential != NULL)
		fields[count++] = (GLogField){"ENROLEE_CREDENTIAL", credential, -1};
	g_log_structured_array (events[event].level, fields, count);
}

/* ---- sampling ---- */

#define SAMPLE_SETS 128
#define SAMPLE_WAYS 8
#define SAMPLE_US (60 * G_USEC_PER_SEC)

typedef struct {
	guint32 number;
	uid_t uid;
	KsEvent event;
	gint64 told_us; /* 0: never */
} Sample;

struct _KsSampler {
	GMutex lock;
	Sample samples[SAMPLE_SETS][SAMPLE_WAYS];
};

KsSampler *
ks_sampler_new (void)
{
	KsSampler *sampler = g_new0 (KsSampler, 1);

	g_mutex_init (&sampler->lock);
	return sampler;
}

void
ks_sampler_free (KsSampler *sampler)
{
	g_mutex_clear (&sampler->lock);
	g_free (sampler);
}

gboolean
ks_sampler_take (KsSampler *sampler, KsEvent event, guint32 number, uid_t uid, gint64 now_us)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sampler->lock);
	guint32 hash =
		(number * 2654435761u) ^ (uid * 2246822519u) ^ ((guint32)event * 3266489917u);
	Sample *set = sampler->samples[(hash >> 12) % SAMPLE_SETS], *free_sample = NULL;

	for (guint i = 0; i < SAMPLE_WAYS; i++) {
		Sample *sample = &set[i];

		if (sample->told_us == 0 || now_us - sample->told_us >= SAMPLE_US)
			free_sample = sample;
		else if (sample->number == number && sample->uid == uid && sample->event == event)
			return FALSE;
	}
	/* Two that drove each other out would be told at every signature. */
	if (free_sample == NULL)
		return FALSE;
	*free_sample = (Sample){number, uid, event, now_us};
	return TRUE;
}
