/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Binds the state to the machine: a hash of the machine-id in the catalogue. A state copied with a
 * golden image is refused until an operator adopts it, or many gateways would share their keys.
 */
#pragma once

#include "keystore/catalogue.h"

#define KS_BINDING_MACHINE_ID "/etc/machine-id"

/**
 * ks_binding_check:
 * @machine_id: path of the machine-id file
 *
 * The first start with a valid machine-id binds; without one (some containers) nothing is checked.
 *
 * Returns: %FALSE with %KS_ERROR_FOREIGN when the state is another machine's
 */
gboolean ks_binding_check (KsCatalogue *catalogue,
			   const char *machine_id,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ks_binding_adopt:
 *
 * The operator says that this state belongs to this machine.
 */
gboolean ks_binding_adopt (KsCatalogue *catalogue,
			   const char *machine_id,
			   GError **error) G_GNUC_WARN_UNUSED_RESULT;
