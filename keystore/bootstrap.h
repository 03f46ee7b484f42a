/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pre-provisioned symmetric keys (Kpm) that the service manager hands over, so that a gateway's first boot
 * needs no operator: the systemd credential enrolee.key.NAME holds one line, KpmID:HEX, and becomes the
 * credential NAME. What is there already stays as it is.
 *
 * Spec: TS-0003 8.3.2.1 (PPSK), 8.3.7.2 (MEF Client Credential Configuration)
 */
#pragma once

#include "keystore/publish.h"

#define KS_BOOTSTRAP_PREFIX "enrolee.key."

/**
 * ks_bootstrap_take:
 *
 * After recovery; tells the journal what it took and what it cannot take.
 */
void ks_bootstrap_take (KsPublisher *publisher, KsCatalogue *catalogue);
