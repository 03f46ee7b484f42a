/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A credential as the record that LIST and SHOW tell the provisioner. Numbers of generations on the
 * wire are those of the catalogue's rows: one number names a generation of any credential.
 */
#pragma once

#include "keystore/credential.h"
#include "keystore/wire/message.h"

/**
 * ks_describe_number:
 *
 * Returns: the number of @generation on the wire
 */
guint32 ks_describe_number (const KsGeneration *generation);

/**
 * ks_describe_staged:
 *
 * Returns: (transfer none) (nullable): the newest staged generation
 */
KsGeneration *ks_describe_staged (const KsCredential *credential);

/**
 * ks_describe:
 * @writer: gets the fields of a WireCredential
 *
 * Returns: whether they fitted
 */
gboolean ks_describe (const KsCredential *credential, WireWriter *writer);
