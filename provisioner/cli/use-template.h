/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The texts of `enrolee use`: one for each program and kind of credential, compiled in from use/, whose
 * README says how they are written.
 */
#pragma once

#include <gio/gio.h>

/**
 * CliTemplate:
 * @program: as the operator names it
 * @kind: "key-pair" or "symmetric-key"
 * @user: (nullable); likewise all that follow
 */
typedef struct {
	char *program, *kind;
	char *summary;
	char *user, *unit, *openssl, *where, *then;
	char *body;
} CliTemplate;

void cli_template_free (CliTemplate *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliTemplate, cli_template_free)

/**
 * cli_template_load:
 *
 * Returns: (transfer full) (nullable): %NULL when there is none for @program and @kind
 */
CliTemplate *cli_template_load (const char *program, const char *kind);

/**
 * cli_template_all:
 *
 * Returns: (transfer full) (element-type CliTemplate): by program, then kind
 */
GPtrArray *cli_template_all (void);

/**
 * CliTemplateWord:
 * @word: without its @
 * @value: (nullable): what stands for it
 */
typedef struct {
	const char *word;
	const char *value;
} CliTemplateWord;

/**
 * cli_template_expand:
 * @text: lines
 * @words: ends with a %NULL @word
 * @conditions: (array zero-terminated=1): those that hold, of "anchors" and "mutual"
 *
 * Returns: (transfer full): the text as it is printed
 */
char *cli_template_expand (const char *text,
			   const CliTemplateWord *words,
			   const char *const *conditions);
