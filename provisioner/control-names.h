/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names on D-Bus that enroleed and the command share; the interface is in org.onem2m.Enrolee1.xml.
 */
#pragma once

#define PV_BUS_NAME "org.onem2m.Enrolee1"
#define PV_BUS_PATH "/org/onem2m/Enrolee1"
#define PV_BUS_INTERFACE "org.onem2m.Enrolee1"
#define PV_BUS_ERROR_NOT_FOUND "org.onem2m.Enrolee1.Error.NotFound"
#define PV_BUS_ERROR_NOT_ENROLLED "org.onem2m.Enrolee1.Error.NotEnrolled"
#define PV_BUS_ERROR_BUSY "org.onem2m.Enrolee1.Error.Busy"
#define PV_BUS_ERROR_FAILED "org.onem2m.Enrolee1.Error.Failed"

/* Outcomes of the signal Finished and of Status */
#define PV_OUTCOME_PROVISIONED "provisioned" /* everything asked for is published */
#define PV_OUTCOME_WAITING "waiting"         /* tried again by itself */
#define PV_OUTCOME_REFUSED "refused"         /* needs somebody's attention; tried again, rarely */
#define PV_OUTCOME_DECOMMISSIONED "decommissioned" /* nothing is left */

/* Of enrolee-hook; the interface is in hook/org.onem2m.EnroleeHook1.xml */
#define PV_HOOK_BUS_NAME "org.onem2m.EnroleeHook1"
#define PV_HOOK_BUS_PATH "/org/onem2m/EnroleeHook1"
#define PV_HOOK_BUS_INTERFACE "org.onem2m.EnroleeHook1"
#define PV_HOOK_ERROR_NOT_FOUND "org.onem2m.EnroleeHook1.Error.NotFound"
#define PV_HOOK_ERROR_REFUSED "org.onem2m.EnroleeHook1.Error.Refused"
#define PV_HOOK_ERROR_FAILED "org.onem2m.EnroleeHook1.Error.Failed"
