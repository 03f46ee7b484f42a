/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The module, loaded as programs load it, before a keystore of the test's own: a thread that speaks
 * the wire protocol, has a few objects and "signs" by a checksum. It counts, refuses, hangs and
 * restarts as a test asks.
 */
#pragma once

#include "keystore/wire/message.h"
#include "keystore/wire/snapshot.h"
#include "module/pkcs11.h"

#include <glib.h>

/* Objects of the fake keystore. */
enum {
	FAKE_EC_PRIVATE = 10,
	FAKE_EC_PUBLIC = 11,
	FAKE_CERTIFICATE = 12,
	FAKE_RSA_PRIVATE = 20,
	FAKE_RSA_PUBLIC = 21,
	FAKE_ED_PRIVATE = 30,
	FAKE_NEW_CERTIFICATE = 40, /* after fake_publish() */
};

typedef enum {
	FAKE_BEHAVE,
	FAKE_HANG,      /* nothing is answered any more */
	FAKE_DROP_ONCE, /* the next request ends the connection */
	FAKE_FULL,      /* every connection is ended before it is greeted */
	FAKE_GARBAGE,   /* answers are no frames */
	FAKE_OLD,       /* HELLO: no common version */
	FAKE_SLOW,      /* uses of keys take longer than a keystore may be away */
	FAKE_REFUSE,    /* uses of keys: CKR_KEY_HANDLE_INVALID */
} FakeMood;

typedef struct {
	char *dir;
	int listener;
	int stop_pipe[2];      /* its end tells the acceptor to stop */
	guint32 reply_wait_ms; /* that it asks for; long, for a busy machine is no fault */
	GThread *acceptor;
	GMutex lock;
	GCond changed;
	guint mood; /* FakeMood */
	GPtrArray *connections; /* of threads */
	GArray *fds;
	guint n_connections; /* in all */
	guint n_views;
	guint n_uses;
	guint last_uid; /* of the connection made last */
	guint64 instance;
	guint32 generation;
	WirePage *page;
	int page_fd;
	/* of the last use of a key */
	WireOperate seen;
	guint8 seen_public_a[64], seen_public_b[300], seen_param[16];
	gsize seen_data_len;
} FakeKeystore;

FakeKeystore *fake_new (void);
void fake_free (FakeKeystore *fake);
void fake_start (FakeKeystore *fake);

/** Ends like a killed keystore: the page stays as it is; @polite: like a stopped one. */
void fake_stop (FakeKeystore *fake, gboolean polite);
void fake_set_mood (FakeKeystore *fake, FakeMood mood);

/** A new generation: the certificate is replaced. */
void fake_publish (FakeKeystore *fake);

/** Reads one of its numbers while it runs, as in fake_get (fake, &fake->n_views). */
guint fake_get (FakeKeystore *fake, const guint *member);

/** What the fake "signs". */
void fake_signature (guint32 key, const guint8 *data, gsize len, guint8 *out, gsize out_len);

/* The module. */
extern CK_FUNCTION_LIST *p11;
extern ModFunctionList3 *p11_3;
extern void *module_handle;

void module_load (void);
int module_run_tests (void);

/** C_Initialize, C_OpenSession. */
CK_SESSION_HANDLE module_start (void);
void module_end (void);

/** The objects that a search finds, in its order; numbers end with 0. */
GArray *module_find (CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count);
guint module_count_class (CK_SESSION_HANDLE session, CK_OBJECT_CLASS class);

/** One P-256 signature with the fake's key; its code. */
CK_RV module_sign (CK_SESSION_HANDLE session);

/** Runs @body in a forked child; its result is asserted to be 0. */
void in_child (int (*body) (gpointer data), gpointer data);

/** The module with a keystore beside it, one session open, one signature made. */
typedef struct {
	FakeKeystore *fake;
	CK_SESSION_HANDLE session;
} ModuleFixture;

/**
 * Adds the test /module/@name. @reply_wait_ms: how long an answer may take as the keystore says, or 0.
 */
void module_add (const char *name,
		 void (*test) (ModuleFixture *fixture, gconstpointer data),
		 guint reply_wait_ms);
