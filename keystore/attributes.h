/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Credentials as PKCS#11 objects: for each object class the table of attributes that a snapshot
 * carries. Draws what it is given; who may see it is policy.c's.
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/wire/snapshot.h"

/**
 * ks_attributes_add_generation:
 * @builder: gets the objects of @generation, in listing order
 * @credential: whose
 * @generation: a staged, current or retained one
 *
 * Key and public key; of a current or staged generation also leaf, chain and trust anchors.
 * Certificates that cannot be read and keys without a permitted mechanism are left out: nothing
 * could use them.
 */
void ks_attributes_add_generation (WireSnapshotBuilder *builder,
				   const KsCredential *credential,
				   const KsGeneration *generation);
