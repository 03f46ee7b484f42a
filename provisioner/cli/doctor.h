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
 */
typedef struct {
	Cli *cli;
	char **names;
	const char *user;
	PvSettings *settings; /* (nullable) */
	GPtrArray *credentials;
	GPtrArray *findings; /* DoctorFinding */
} Doctor;

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
void doctor_check_keystore (Doctor *doctor);
void doctor_check_sockets (Doctor *doctor);
void doctor_check_enroleed (Doctor *doctor);
void doctor_check_state (Doctor *doctor);
void doctor_check_clock (Doctor *doctor);
void doctor_check_credentials (Doctor *doctor);
void doctor_check_p11kit (Doctor *doctor);

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
