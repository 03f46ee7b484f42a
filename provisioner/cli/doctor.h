/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enrolee doctor: checks that add findings, each with its remedy.
 */
#pragma once

#include "provisioner/cli/cli-output.h"

typedef struct {
	CliMark mark;
	char *subject;
	char *text;
	char *remedy; /* (nullable) */
} DoctorFinding;

/**
 * Doctor:
 * @names: (nullable): the credentials to try; all that @user may use when %NULL
 * @user: (nullable): who tries; the one who calls when %NULL
 * @credentials: (nullable) (element-type PvCredential): as the keystore lists them
 * @findings: (element-type DoctorFinding)
 */
typedef struct {
	Cli *cli;
	char **names;
	const char *user;
	PvSettings *settings; /* (nullable) */
	GPtrArray *credentials;
	GPtrArray *findings;
} Doctor;

/**
 * doctor_new:
 * @user: (nullable)
 * @names: (nullable)
 *
 * Returns: (transfer full): without findings yet; the arguments outlive it
 */
Doctor *doctor_new (Cli *cli, const char *user, char **names);
void doctor_free (Doctor *doctor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Doctor, doctor_free)

void doctor_print (const Doctor *doctor);

/** The member "findings" inside an open object. */
void doctor_json_findings (JsonBuilder *builder, const Doctor *doctor);

/** %CLI_PROBLEMS when one of the findings is a problem. */
CliExit doctor_status (const Doctor *doctor);

struct passwd;

/**
 * doctor_is_granted:
 * @user: (nullable)
 *
 * Returns: whether the policy lets @user at it: root always
 */
gboolean doctor_is_granted (const PvCredential *credential, const struct passwd *user);

/**
 * doctor_add:
 * @remedy: (nullable)
 * @format: the text
 */
void doctor_add (Doctor *doctor,
		 CliMark mark,
		 const char *subject,
		 const char *remedy,
		 const char *format,
		 ...) G_GNUC_PRINTF (5, 6);

void doctor_check_settings (Doctor *doctor);
void doctor_check_hooks (Doctor *doctor);
void doctor_check_keystore (Doctor *doctor);
void doctor_check_sockets (Doctor *doctor);
void doctor_check_enroleed (Doctor *doctor);
void doctor_check_state (Doctor *doctor);
void doctor_check_clock (Doctor *doctor);
void doctor_check_credentials (Doctor *doctor);
void doctor_check_p11kit (Doctor *doctor);

typedef enum { CLI_CLOCK_GOOD, CLI_CLOCK_UNSYNCHRONISED, CLI_CLOCK_YEARS_BEHIND } CliClock;

/** What can be said of the clock without another one. */
CliClock cli_clock_state (void);

/** In a child that is @user: OpenSSL with our configuration, as an application uses it. */
void doctor_check_openssl (Doctor *doctor);

/**
 * doctor_try_openssl:
 * @folder: of all credential folders
 * @names: NULL-terminated
 *
 * That child's work: prints "psk PROVIDER", and for each name "ok NAME" or "failed NAME why".
 */
void doctor_try_openssl (const char *folder, char **names);

/* The word with which the command starts itself as that child. */
#define DOCTOR_TRY_COMMAND "--doctor-try-openssl"
