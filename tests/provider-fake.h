/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A keystore for the provider's tests: one thread, one socket, keys by reference, no policy. It
 * counts what it was asked and can be told to misbehave.
 */
#pragma once

#include <glib.h>

typedef struct FakeKeystore FakeKeystore;

typedef enum {
	FAKE_HONEST,
	FAKE_SHORT,  /* answers a byte less */
	FAKE_SLOW,   /* answers after a third of a second */
	FAKE_SILENT, /* reads requests, never answers */
	FAKE_HANGUP, /* ends the connection on a request */
} FakeConduct;

/** Listens at @folder/token.sock. Ends with fake_keystore_stop(). */
FakeKeystore *fake_keystore_start (const char *folder);
void fake_keystore_stop (FakeKeystore *fake);

/** @reference: the 24 characters after the label. */
void fake_keystore_add (FakeKeystore *fake, const char *reference, GBytes *key);
void fake_keystore_set_conduct (FakeKeystore *fake, FakeConduct conduct);

/** Requests for a derivation so far. */
guint fake_keystore_requests (FakeKeystore *fake);
