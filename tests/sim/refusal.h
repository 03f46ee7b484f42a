/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why the simulated MEF refuses something. A refusal is a GError whose code is a oneM2M response
 * status code (SIM_REFUSAL), an HTTP status (SIM_EST_REFUSAL) or a TLS alert (SIM_ALERT), and whose
 * message starts with the number of the rule that was broken: "R-8.3.5.2.3-1: expirationTime is
 * missing".
 */
#pragma once

#include <glib.h>

#define SIM_REFUSAL (g_quark_from_static_string ("sim-refusal"))
#define SIM_EST_REFUSAL (g_quark_from_static_string ("sim-est-refusal"))
#define SIM_ALERT (g_quark_from_static_string ("sim-alert"))

/* TS-0004 6.6.3, the part that an MEF uses. */
enum {
	SIM_RSC_OK = 2000,
	SIM_RSC_CREATED = 2001,
	SIM_RSC_DELETED = 2002,
	SIM_RSC_UPDATED = 2004,
	SIM_RSC_BAD_REQUEST = 4000,
	SIM_RSC_RELEASE_VERSION_NOT_SUPPORTED = 4001,
	SIM_RSC_NOT_FOUND = 4004,
	SIM_RSC_OPERATION_NOT_ALLOWED = 4005,
	SIM_RSC_UNSUPPORTED_MEDIA_TYPE = 4015,
	SIM_RSC_NO_PRIVILEGE = 4103,
	SIM_RSC_CONFLICT = 4105,
	SIM_RSC_NOT_AUTHENTICATED = 4106,
	SIM_RSC_INVALID_CHILD_TYPE = 4108,
	SIM_RSC_ALREADY_REGISTERED = 4117,
	SIM_RSC_INTERNAL_ERROR = 5000,
	SIM_RSC_NOT_ACCEPTABLE = 5207,
};
