/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backing token: loading the module, finding the token, and the index of keys by CKA_ID, read
 * once when it is opened and kept up afterwards (a find costs SoftHSM a pass over all its files).
 */
#include <config.h>

#include "keystore/token-private.h"

#include <dlfcn.h>
#include <string.h>

#define NO_SLOT ((CK_SLOT_ID)-1)
#define SLOTS_MAX 64
#define LABEL_MAX 256

gboolean
ks_token_fail (GError **error, const char *what, CK_RV rv)
{
	g_set_error (error, KS_ERROR, KS_ERROR_TOKEN, "%s: backing token answers 0x%lx", what, rv);
	return FALSE;
}

KsToken *
ks_token_new (const KsTokenConfig *config)
{
	KsToken *token = g_new0 (KsToken, 1);

	token->module = g_strdup (config->module);
	token->state_dir = g_strdup (config->state_dir);
	token->label = g_strdup (config->label != NULL ? config->label : "enrolee");
	token->pin_file = g_strdup (config->pin_file);
	token->slot = NO_SLOT;
	token->idle = g_array_new (FALSE, FALSE, sizeof (CK_SESSION_HANDLE));
	token->handles = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
						(GDestroyNotify)g_bytes_unref, g_free);
	g_mutex_init (&token->opening);
	g_mutex_init (&token->pooling);
	g_mutex_init (&token->indexing);
	g_rw_lock_init (&token->access);
	return token;
}

static void
finalize (KsToken *token)
{
	if (token->initialized)
		token->p11->C_Finalize (NULL);
	token->initialized = FALSE;
	token->slot = NO_SLOT;
	g_array_set_size (token->idle, 0);
	g_hash_table_remove_all (token->handles);
}

/* The module stays mapped: SoftHSM's destructors and libcrypto's do not get along. */
void
ks_token_free (KsToken *token)
{
	if (token == NULL)
		return;
	finalize (token);
	g_free (token->module);
	g_free (token->state_dir);
	g_free (token->label);
	g_free (token->pin_file);
	g_free (token->serial);
	g_array_unref (token->idle);
	g_hash_table_unref (token->handles);
	g_mutex_clear (&token->opening);
	g_mutex_clear (&token->pooling);
	g_mutex_clear (&token->indexing);
	g_rw_lock_clear (&token->access);
	g_free (token);
}

gboolean
ks_token_is_softhsm (const KsToken *token)
{
	const char *slash = strrchr (token->module, '/');

	return strstr (slash != NULL ? slash : token->module, "softhsm") != NULL;
}

gboolean
ks_token_exists (const KsToken *token)
{
	return !ks_token_is_softhsm (token) || ks_softhsm_exists (token);
}

static gboolean
load_module (KsToken *token, GError **error)
{
	CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
	CK_C_GetFunctionList get_list;
	CK_RV rv;

	if (token->library == NULL)
		token->library = dlopen (token->module, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	get_list = token->library != NULL
			   ? (CK_C_GetFunctionList)dlsym (token->library, "C_GetFunctionList")
			   : NULL;
	if (get_list == NULL) {
		g_set_error (error, KS_ERROR, KS_ERROR_TOKEN,
			     "cannot load the backing module %s: %s", token->module, dlerror ());
		return FALSE;
	}
	rv = get_list (&token->p11);
	if (rv == CKR_OK)
		rv = token->p11->C_Initialize (&arguments);
	if (rv != CKR_OK)
		return ks_token_fail (error, "C_Initialize", rv);
	token->initialized = TRUE;
	return TRUE;
}

static gboolean
label_fits (const KsToken *token, const CK_TOKEN_INFO *info)
{
	gsize len = MIN (strlen (token->label), sizeof info->label);

	if (memcmp (info->label, token->label, len) != 0)
		return FALSE;
	for (gsize i = len; i < sizeof info->label; i++)
		if (info->label[i] != ' ')
			return FALSE;
	return TRUE;
}

/* Leaves NO_SLOT when there is no such token. @ready: its user has a PIN. */
static gboolean
find_slot (KsToken *token, gboolean *ready, GError **error)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = 0;
	CK_TOKEN_INFO info;
	CK_RV rv = token->p11->C_GetSlotList (CK_TRUE, NULL, &count);

	count = MIN (count, SLOTS_MAX);
	if (rv == CKR_OK)
		rv = token->p11->C_GetSlotList (CK_TRUE, slots, &count);
	if (rv != CKR_OK)
		return ks_token_fail (error, "C_GetSlotList", rv);
	token->slot = NO_SLOT;
	*ready = FALSE;
	for (CK_ULONG i = 0; i < count && token->slot == NO_SLOT; i++) {
		if (token->p11->C_GetTokenInfo (slots[i], &info) != CKR_OK ||
		    (info.flags & CKF_TOKEN_INITIALIZED) == 0 || !label_fits (token, &info))
			continue;
		token->slot = slots[i];
		*ready = (info.flags & CKF_USER_PIN_INITIALIZED) != 0;
		g_free (token->serial);
		token->serial =
			g_strndup ((const char *)info.serialNumber, sizeof info.serialNumber);
		g_strchomp (token->serial);
	}
	return TRUE;
}

static gboolean
find_token (KsToken *token, gboolean expect_keys, GError **error)
{
	gboolean ready;

	if (!find_slot (token, &ready, error))
		return FALSE;
	if (token->slot != NO_SLOT && ready)
		return TRUE;
	if (!ks_token_is_softhsm (token) || expect_keys) {
		g_set_error (error, KS_ERROR, KS_ERROR_TOKEN_MISSING,
			     "the backing module has no token named %s%s", token->label,
			     expect_keys ? ", but the catalogue has keys in it" : "");
		return FALSE;
	}
	if (!ks_softhsm_initialize (token, error) || !find_slot (token, &ready, error))
		return FALSE;
	return ready || ks_token_fail (error, "the new token has no PIN", CKR_FUNCTION_FAILED);
}

static gboolean
log_in (KsToken *token, GError **error)
{
	g_autoptr (KsSecret) pin = ks_softhsm_pin (token, error);
	CK_RV rv;

	if (pin == NULL)
		return FALSE;
	rv = token->p11->C_OpenSession (token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
					NULL, &token->keeper);
	if (rv == CKR_OK)
		rv = token->p11->C_Login (token->keeper, CKU_USER,
					  (CK_UTF8CHAR_PTR)ks_secret_reveal (pin),
					  ks_secret_len (pin));
	return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ||
	       ks_token_fail (error, "C_Login (is the PIN file this token's?)", rv);
}

static void
index_key (KsToken *token, CK_OBJECT_HANDLE handle)
{
	guint8 key_id[KS_KEY_ID_LEN];
	char label[LABEL_MAX];
	CK_ATTRIBUTE template[] = {
		{CKA_ID, key_id, sizeof key_id},
		{CKA_LABEL, label, sizeof label},
	};
	gsize prefix_len = strlen (KS_TOKEN_LABEL_PREFIX);

	if (token->p11->C_GetAttributeValue (token->keeper, handle, template,
					     G_N_ELEMENTS (template)) != CKR_OK)
		return;
	if (template[0].ulValueLen == KS_KEY_ID_LEN && template[1].ulValueLen >= prefix_len &&
	    memcmp (label, KS_TOKEN_LABEL_PREFIX, prefix_len) == 0)
		ks_token_remember (token, key_id, handle);
}

static CK_RV
index_class (KsToken *token, CK_OBJECT_CLASS class)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof class},
		{CKA_TOKEN, &yes, sizeof yes},
	};
	CK_OBJECT_HANDLE found[256];
	CK_ULONG count;
	CK_RV rv = token->p11->C_FindObjectsInit (token->keeper, template, G_N_ELEMENTS (template));

	if (rv != CKR_OK)
		return rv;
	do {
		rv = token->p11->C_FindObjects (token->keeper, found, G_N_ELEMENTS (found), &count);
		for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
			index_key (token, found[i]);
	} while (rv == CKR_OK && count > 0);
	token->p11->C_FindObjectsFinal (token->keeper);
	return rv;
}

static gboolean
open_token (KsToken *token, gboolean expect_keys, GError **error)
{
	CK_RV rv;

	finalize (token);
	if (ks_token_is_softhsm (token) && !ks_softhsm_prepare (token, error))
		return FALSE;
	if (!load_module (token, error) || !find_token (token, expect_keys, error) ||
	    !log_in (token, error))
		return FALSE;
	rv = index_class (token, CKO_PRIVATE_KEY);
	if (rv == CKR_OK)
		rv = index_class (token, CKO_SECRET_KEY);
	return rv == CKR_OK || ks_token_fail (error, "C_FindObjects", rv);
}

gboolean
ks_token_open (KsToken *token, gboolean expect_keys, GError **error)
{
	gboolean done = TRUE;

	if (g_atomic_int_get (&token->open))
		return TRUE;
	g_mutex_lock (&token->opening);
	if (!token->open) {
		g_rw_lock_writer_lock (&token->access);
		done = open_token (token, expect_keys, error);
		if (!done)
			finalize (token);
		g_rw_lock_writer_unlock (&token->access);
		g_atomic_int_set (&token->open, done);
	}
	g_mutex_unlock (&token->opening);
	return done;
}

gboolean
ks_token_enter (KsToken *token, gboolean exclusive, GError **error)
{
	if (!ks_token_open (token, TRUE, error))
		return FALSE;
	if (exclusive)
		g_rw_lock_writer_lock (&token->access);
	else
		g_rw_lock_reader_lock (&token->access);
	return TRUE;
}

void
ks_token_leave (KsToken *token, gboolean exclusive)
{
	if (exclusive)
		g_rw_lock_writer_unlock (&token->access);
	else
		g_rw_lock_reader_unlock (&token->access);
}

gboolean
ks_token_handle (KsToken *token, const guint8 *key_id, CK_OBJECT_HANDLE *handle)
{
	g_autoptr (GBytes) key = g_bytes_new_static (key_id, KS_KEY_ID_LEN);
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&token->indexing);
	const CK_OBJECT_HANDLE *found = g_hash_table_lookup (token->handles, key);

	if (found != NULL)
		*handle = *found;
	return found != NULL;
}

void
ks_token_remember (KsToken *token, const guint8 *key_id, CK_OBJECT_HANDLE handle)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&token->indexing);

	g_hash_table_replace (token->handles, g_bytes_new (key_id, KS_KEY_ID_LEN),
			      g_memdup2 (&handle, sizeof handle));
}

const char *
ks_token_serial (const KsToken *token)
{
	return token->serial;
}

gboolean
ks_token_contains (KsToken *token, const guint8 *key_id, gboolean *found, GError **error)
{
	CK_OBJECT_HANDLE handle;

	if (!ks_token_enter (token, FALSE, error))
		return FALSE;
	*found = ks_token_handle (token, key_id, &handle);
	ks_token_leave (token, FALSE);
	return TRUE;
}

GPtrArray *
ks_token_list (KsToken *token)
{
	GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
	GHashTableIter iter;
	gpointer key;

	if (!ks_token_enter (token, FALSE, NULL))
		return list;
	g_mutex_lock (&token->indexing);
	g_hash_table_iter_init (&iter, token->handles);
	while (g_hash_table_iter_next (&iter, &key, NULL))
		g_ptr_array_add (list, g_bytes_ref (key));
	g_mutex_unlock (&token->indexing);
	ks_token_leave (token, FALSE);
	return list;
}

gboolean
ks_token_destroy (KsToken *token, const guint8 *key_id, GError **error)
{
	g_autoptr (GBytes) key = g_bytes_new (key_id, KS_KEY_ID_LEN);
	CK_OBJECT_HANDLE handle;
	CK_RV rv = CKR_OK;

	if (!ks_token_enter (token, TRUE, error))
		return FALSE;
	if (ks_token_handle (token, key_id, &handle))
		rv = token->p11->C_DestroyObject (token->keeper, handle);
	(void)ks_token_note_loss (token, rv);
	if (rv == CKR_OK || rv == CKR_OBJECT_HANDLE_INVALID)
		g_hash_table_remove (token->handles, key);
	ks_token_leave (token, TRUE);
	return rv == CKR_OK || rv == CKR_OBJECT_HANDLE_INVALID ||
	       ks_token_fail (error, "C_DestroyObject", rv);
}

gboolean
ks_token_sync (KsToken *token, GError **error)
{
	return !ks_token_is_softhsm (token) || ks_softhsm_sync (token, error);
}
