/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which peer may see and use what: pure functions of the peer and the catalogue's values. Default
 * deny. Who may not use a credential does not see it: both questions have one answer here.
 */
#pragma once

#include "keystore/catalogue.h"
#include "keystore/peer.h"

/**
 * ks_policy_is_narrowed:
 *
 * Returns: whether the connection of @peer is one of an Enrolment Exchange, for a few credentials
 */
gboolean ks_policy_is_narrowed (const KsPeer *peer);

/**
 * ks_policy_admits:
 *
 * Returns: whether a credential of @name, existing or not, is within what @peer was narrowed to;
 *     %TRUE when it was not narrowed
 */
gboolean ks_policy_admits (const KsPeer *peer, const char *name);

/**
 * ks_policy_may_stage:
 *
 * Returns: likewise, whether it may make a new generation of it
 */
gboolean ks_policy_may_stage (const KsPeer *peer, const char *name);

/**
 * ks_policy_allows:
 *
 * Returns: whether @peer may see @credential: root and the provisioner always, else by Users= and
 *     Groups=; who was narrowed, only what it was narrowed to
 */
gboolean ks_policy_allows (const KsPeer *peer, const KsCredential *credential);

/**
 * ks_policy_shows:
 *
 * Returns: whether a generation of @credential in @state exists for @peer: staged ones on
 *     provision.sock alone. Who was narrowed sees the keys that it uses, and what it stages.
 */
gboolean ks_policy_shows (const KsPeer *peer, const KsCredential *credential, KsState state);

/**
 * ks_policy_is_stranger:
 *
 * Returns: whether @peer may use no credential at all
 */
gboolean ks_policy_is_stranger (const KsPeer *peer, const KsCatalogueState *state);

/**
 * ks_policy_allows_object:
 * @place: where an object number points
 *
 * Returns: whether @peer may use that object: as above, and certificates of superseded
 *     generations are gone
 */
gboolean ks_policy_allows_object (const KsPeer *peer, const KsPlace *place);

/**
 * ks_policy_allows_reference:
 * @place: where a reference points
 *
 * A reference belongs to one consumer: another user of the same key has one of his own.
 */
gboolean ks_policy_allows_reference (const KsPeer *peer, const KsReferencePlace *place);

/**
 * ks_policy_is_expired:
 * @now_s: Unix seconds
 *
 * Returns: whether @generation is a symmetric key whose lifetime has ended: it is shown, but not
 *     used. Certificates are judged by who verifies them.
 */
gboolean ks_policy_is_expired (const KsGeneration *generation, gint64 now_s);
