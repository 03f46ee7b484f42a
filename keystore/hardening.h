/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the process that owns all keys gives up before it touches one: core dumps, being traced,
 * swap, and libcrypto's configuration file.
 */
#pragma once

/**
 * ks_harden:
 *
 * First thing in main(). What the system does not permit (locking memory, by hand) is warned of.
 */
void ks_harden (void);
