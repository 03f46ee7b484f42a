/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS13-KDF, see kdf.h. Four of the key schedule's steps are ours when they begin with a reference:
 * the early secret and the binder key stay stand-ins, made here; the key of a binder and the
 * handshake secret, behind which Diffie-Hellman has come in, are the keystore's answers. Any other
 * step of a stand-in is an error: its result would be as good as the key.
 */
#include <config.h>

#include "module/provider/kdf-private.h"
#include "module/provider/reference.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>
#include <strings.h>

#define DHE_MAX 1024 /* bytes of a Diffie-Hellman secret */
#define LABEL_MAX 16 /* longer ones are none of ours */
#define PREFIX "tls13 "

/* An octet string that was set, cut off at what we need to know of it. */
typedef struct {
	size_t len;
	uint8_t bytes[MOD_KEYSTORE_HASH_LEN_MAX];
} Text;

/* A key or salt. */
typedef struct {
	ModSecretKind kind;
	ModStandIn stand_in; /* valid for MOD_SECRET_REFERENCE */
	size_t len;
} Secret;

typedef struct {
	ModKdf base;
	int mode; /* EVP_KDF_HKDF_MODE_*; the default, EXTRACT_AND_EXPAND, is not TLS's */
	Secret key, salt;
	Text prefix, label, data;
	uint8_t dhe[DHE_MAX]; /* an ordinary key of up to so many bytes */
} ScheduleContext;

static void *
context_new (void *provider)
{
	return mod_kdf_new (provider, MOD_KDF_TLS13, sizeof (ScheduleContext));
}

static void
context_reset (void *data)
{
	ScheduleContext *context = data;

	mod_kdf_reset (&context->base);
	explicit_bzero ((uint8_t *)context + sizeof context->base,
			sizeof *context - sizeof context->base);
}

/* ---- parameters ---- */

static int
refuse (const ScheduleContext *context, ModReason reason)
{
	return mod_provider_raise (context->base.provider, reason, "");
}

/* A number or a name, as the default implementation takes it, which refuses everything else. */
static void
note_mode (ScheduleContext *context, const OSSL_PARAM *param)
{
	static const struct {
		const char *name;
		int mode;
	} modes[] = {{"EXTRACT_ONLY", EVP_KDF_HKDF_MODE_EXTRACT_ONLY},
		     {"EXPAND_ONLY", EVP_KDF_HKDF_MODE_EXPAND_ONLY}};

	context->mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
	if (param->data_type != OSSL_PARAM_UTF8_STRING) {
		if (!OSSL_PARAM_get_int (param, &context->mode))
			context->mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
		return;
	}
	for (size_t i = 0; param->data && i < sizeof modes / sizeof *modes; i++)
		if (strcasecmp (param->data, modes[i].name) == 0)
			context->mode = modes[i].mode;
}

static void
note_text (const OSSL_PARAM params[], const char *name, Text *text)
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const (params, name);

	if (!param)
		return;
	text->len = param->data ? param->data_size : 0;
	if (text->len > 0 && text->len <= sizeof text->bytes)
		memcpy (text->bytes, param->data, text->len);
}

static int
note_secret (ScheduleContext *context, const OSSL_PARAM *param, Secret *secret)
{
	const void *bytes = param->data_type == OSSL_PARAM_OCTET_STRING ? param->data : NULL;

	secret->len = bytes ? param->data_size : 0;
	secret->kind = bytes ? mod_reference_parse_stand_in (bytes, secret->len, &secret->stand_in)
			     : MOD_SECRET_ORDINARY;
	return secret->kind == MOD_SECRET_MALFORMED
		       ? refuse (context, MOD_REASON_MALFORMED_REFERENCE)
		       : 1;
}

static int
note_key (ScheduleContext *context, const OSSL_PARAM *param)
{
	if (!note_secret (context, param, &context->key))
		return 0;
	if (context->key.kind == MOD_SECRET_ORDINARY && context->key.len > 0 &&
	    context->key.len <= DHE_MAX)
		memcpy (context->dhe, param->data, context->key.len);
	return 1;
}

/* An empty salt changes nothing, as in the default implementation. */
static int
note_salt (ScheduleContext *context, const OSSL_PARAM *param)
{
	return !param->data || param->data_size == 0 ||
	       note_secret (context, param, &context->salt);
}

static int
note_params (ScheduleContext *context, const OSSL_PARAM params[])
{
	const OSSL_PARAM *mode, *key, *salt;

	if (!params)
		return 1;
	mod_kdf_note_hash (&context->base, params);
	note_text (params, OSSL_KDF_PARAM_PREFIX, &context->prefix);
	note_text (params, OSSL_KDF_PARAM_LABEL, &context->label);
	note_text (params, OSSL_KDF_PARAM_DATA, &context->data);
	mode = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_MODE);
	key = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_KEY);
	salt = OSSL_PARAM_locate_const (params, OSSL_KDF_PARAM_SALT);
	if (mode)
		note_mode (context, mode);
	return (!key || note_key (context, key)) && (!salt || note_salt (context, salt));
}

static bool
by_reference (const ScheduleContext *context)
{
	return context->key.kind == MOD_SECRET_REFERENCE ||
	       context->salt.kind == MOD_SECRET_REFERENCE;
}

static int
forward (ScheduleContext *context, const OSSL_PARAM params[])
{
	return mod_kdf_forward (
		&context->base, params,
		context->key.kind == MOD_SECRET_REFERENCE ? OSSL_KDF_PARAM_KEY : NULL,
		context->salt.kind == MOD_SECRET_REFERENCE ? OSSL_KDF_PARAM_SALT : NULL);
}

static int
context_set_params (void *data, const OSSL_PARAM params[])
{
	ScheduleContext *context = data;

	if (!note_params (context, params))
		return 0;
	return by_reference (context) ? forward (context, params)
				      : EVP_KDF_CTX_set_params (context->base.inner, params);
}

/* ---- derivations ---- */

static bool
is_text (const Text *text, const void *bytes, size_t len)
{
	return text->len == len && (len == 0 || memcmp (text->bytes, bytes, len) == 0);
}

static bool
has_label (const ScheduleContext *context, const char *label)
{
	return is_text (&context->label, label, strlen (label)) &&
	       is_text (&context->prefix, PREFIX, strlen (PREFIX));
}

/* The transcript of no messages at all. */
static bool
has_empty_transcript (const ScheduleContext *context)
{
	uint8_t empty[EVP_MAX_MD_SIZE];
	size_t len = 0;

	return EVP_Q_digest (context->base.provider->libctx, context->base.hash, NULL, "", 0, empty,
			     &len) == 1 &&
	       is_text (&context->data, empty, len);
}

static int
write_stand_in (const Secret *from, ModStandInKind kind, uint8_t *out, size_t len)
{
	ModStandIn next = from->stand_in;

	next.kind = kind;
	mod_reference_write_stand_in (&next, out, len);
	return 1;
}

/* Early secret from the key; handshake secret from the early secret and Diffie-Hellman's. libssl
 * names the label "derived" in both. */
static int
extract (const ScheduleContext *context, ModKeystoreHash hash, uint8_t *out, size_t len)
{
	const Secret *key = &context->key, *salt = &context->salt;
	ModKeystoreResult result;
	const char *detail;

	if (!has_label (context, "derived") || context->data.len != 0)
		return refuse (context, MOD_REASON_STEP);
	if (key->kind == MOD_SECRET_REFERENCE)
		return key->stand_in.kind == MOD_STAND_IN_KEY && salt->len == 0
			       ? write_stand_in (key, MOD_STAND_IN_EARLY, out, len)
			       : refuse (context, MOD_REASON_STEP);
	if (salt->stand_in.kind != MOD_STAND_IN_EARLY)
		return refuse (context, MOD_REASON_STEP);
	if (salt->len != len)
		return refuse (context, MOD_REASON_SECRET_LENGTH);
	if (key->len > DHE_MAX)
		return refuse (context, MOD_REASON_STEP);
	/* both are how libraries say that there was no Diffie-Hellman */
	if (mod_reference_all_zero (context->dhe, key->len))
		return refuse (context, MOD_REASON_NO_DHE);
	result = mod_keystore_handshake_secret (&salt->stand_in, hash, context->dhe, key->len, out,
						&detail);
	return mod_kdf_finish (&context->base, result, detail);
}

/* What the early secret is not good for; early data is told apart, because a program can do without
 * it. */
static int
refuse_early (const ScheduleContext *context)
{
	return refuse (context,
		       has_label (context, "c e traffic") || has_label (context, "e exp master")
			       ? MOD_REASON_EARLY_DATA
			       : MOD_REASON_STEP);
}

/* Binder key from the early secret; the binder's HMAC key from the binder key. */
static int
expand (const ScheduleContext *context, ModKeystoreHash hash, uint8_t *out, size_t len)
{
	const Secret *key = &context->key;
	ModKeystoreResult result;
	const char *detail;

	if (context->salt.len != 0 || key->stand_in.kind == MOD_STAND_IN_KEY)
		return refuse (context, MOD_REASON_STEP);
	if (key->len != len)
		return refuse (context, MOD_REASON_SECRET_LENGTH);
	if (key->stand_in.kind == MOD_STAND_IN_EARLY)
		return has_label (context, "ext binder") && has_empty_transcript (context)
			       ? write_stand_in (key, MOD_STAND_IN_BINDER, out, len)
			       : refuse_early (context);
	if (!has_label (context, "finished") || context->data.len != 0)
		return refuse (context, MOD_REASON_STEP);
	result = mod_keystore_binder_key (&key->stand_in, hash, out, &detail);
	return mod_kdf_finish (&context->base, result, detail);
}

static int
derive_by_reference (const ScheduleContext *context, uint8_t *out, size_t len)
{
	const ModKeystoreHash *hash = mod_kdf_hash (&context->base);

	if (!hash)
		return 0;
	if (!out || len != mod_keystore_hash_len (*hash))
		return refuse (context, MOD_REASON_SECRET_LENGTH);
	if (context->mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY)
		return extract (context, *hash, out, len);
	if (context->mode == EVP_KDF_HKDF_MODE_EXPAND_ONLY)
		return expand (context, *hash, out, len);
	return refuse (context, MOD_REASON_STEP);
}

static int
context_derive (void *data, unsigned char *key, size_t key_len, const OSSL_PARAM params[])
{
	ScheduleContext *context = data;

	if (!note_params (context, params))
		return 0;
	if (context->key.kind == MOD_SECRET_MALFORMED || context->salt.kind == MOD_SECRET_MALFORMED)
		return refuse (context, MOD_REASON_MALFORMED_REFERENCE);
	if (!by_reference (context))
		return EVP_KDF_derive (context->base.inner, key, key_len, params);
	return forward (context, params) && derive_by_reference (context, key, key_len);
}

static const OSSL_PARAM *
settable (void *context, void *provider)
{
	return mod_kdf_settable (provider, MOD_KDF_TLS13);
}

static const OSSL_PARAM *
gettable (void *context, void *provider)
{
	return mod_kdf_gettable (provider, MOD_KDF_TLS13);
}

const OSSL_DISPATCH mod_kdf_tls13[] = {
	{OSSL_FUNC_KDF_NEWCTX, (void (*) (void))context_new},
	{OSSL_FUNC_KDF_DUPCTX, (void (*) (void))mod_kdf_dup},
	{OSSL_FUNC_KDF_FREECTX, (void (*) (void))mod_kdf_free},
	{OSSL_FUNC_KDF_RESET, (void (*) (void))context_reset},
	{OSSL_FUNC_KDF_DERIVE, (void (*) (void))context_derive},
	{OSSL_FUNC_KDF_SET_CTX_PARAMS, (void (*) (void))context_set_params},
	{OSSL_FUNC_KDF_GET_CTX_PARAMS, (void (*) (void))mod_kdf_get_params},
	{OSSL_FUNC_KDF_SETTABLE_CTX_PARAMS, (void (*) (void))settable},
	{OSSL_FUNC_KDF_GETTABLE_CTX_PARAMS, (void (*) (void))gettable},
	{0, NULL},
};
