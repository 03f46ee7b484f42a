/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See token-session.h. */
#include <config.h>

#include "provisioner/cli/token-session.h"

#include <string.h>

#include "provisioner/cli/secret-file.h"
#include "provisioner/error.h"

#define FILE_SCHEME "file:"
#define SLOTS_MAX 64

static gboolean
fail (const char *what, const char *why, GError **error)
{
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s: %s", what, why);
	return FALSE;
}

gboolean
cli_token_fail (const CliTokenSession *session, const char *what, CK_RV status, GError **error)
{
	g_set_error (error,
		     PV_ERROR,
		     PV_ERROR_JOB,
		     "%s: %s: %s",
		     session->label != NULL ? session->label : "the token",
		     what,
		     p11_kit_strerror (status));
	return FALSE;
}

void
cli_token_session_close (CliTokenSession *session)
{
	if (session == NULL)
		return;
	if (session->session != CK_INVALID_HANDLE)
		session->module->C_CloseSession (session->session);
	if (session->modules != NULL && session->by_path) {
		p11_kit_module_finalize (session->modules[0]);
		p11_kit_module_release (session->modules[0]);
		g_free (session->modules);
	} else if (session->modules != NULL) {
		p11_kit_modules_finalize_and_release (session->modules);
	}
	p11_kit_uri_free (session->uri);
	g_free (session->label);
	g_free (session);
}

/* A PIN in the URI would be on the command line, for everybody to read. */
static gboolean
parse_uri (CliTokenSession *session, const char *text, GError **error)
{
	int result;

	session->uri = p11_kit_uri_new ();
	result = p11_kit_uri_parse (text, P11_KIT_URI_FOR_ANY, session->uri);
	if (p11_kit_uri_get_pin_value (session->uri) != NULL)
		return fail ("pin-value",
			     "a PIN on the command line is known to all users of this machine: change "
			     "it, and use pin-source=file:PATH or --pin-file",
			     error);
	if (result != P11_KIT_URI_OK)
		return fail (text, p11_kit_uri_message (result), error);
	if (p11_kit_uri_any_unrecognized (session->uri))
		return fail (text, "an attribute that is not known", error);
	return TRUE;
}

static gboolean
load_module (CliTokenSession *session, const char *path, GError **error)
{
	CK_FUNCTION_LIST *module = p11_kit_module_load (path, 0);
	CK_RV status;

	if (module == NULL)
		return fail (path, p11_kit_message (), error);
	status = p11_kit_module_initialize (module);
	if (status != CKR_OK) {
		p11_kit_module_release (module);
		return fail (path, p11_kit_strerror (status), error);
	}
	session->modules = g_new0 (CK_FUNCTION_LIST *, 2);
	session->modules[0] = module;
	session->by_path = TRUE;
	return TRUE;
}

static gboolean
load_modules (CliTokenSession *session, const char *path, GError **error)
{
	const char *named = path != NULL ? path : p11_kit_uri_get_module_path (session->uri);

	if (named != NULL)
		return load_module (session, named, error);
	session->modules = p11_kit_modules_load_and_initialize (0);
	if (session->modules == NULL)
		return fail ("p11-kit", p11_kit_message (), error);
	return TRUE;
}

/* PKCS#11 fills up with blanks. */
static char *
token_text (const CK_UTF8CHAR *text, gsize length)
{
	g_autofree char *copy = g_strndup ((const char *) text, length);

	return g_strdup (g_strchomp (copy));
}

static gboolean
is_own (const CK_TOKEN_INFO *info)
{
	g_autofree char *model = token_text (info->model, sizeof info->model);
	g_autofree char *manufacturer =
		token_text (info->manufacturerID, sizeof info->manufacturerID);

	return g_str_equal (model, "enrolee") && g_str_equal (manufacturer, "oneM2M");
}

static gboolean
check_count (const char *uri, guint found, gboolean own, GError **error)
{
	if (found == 1)
		return TRUE;
	if (found > 1)
		return fail (uri, "fits more than one token; name it by token= or serial=", error);
	if (own)
		return fail (uri, "fits only the token of enrolee itself", error);
	return fail (uri,
		     "no token fits; `p11-kit list-tokens` shows those that p11-kit knows, --module "
		     "names a module that it does not know",
		     error);
}

/* What was found among all modules. */
typedef struct {
	guint count;
	gboolean own;
	CK_TOKEN_INFO info;
} Found;

static void
look_at_slot (CliTokenSession *session, CK_FUNCTION_LIST *module, CK_SLOT_ID slot, Found *found)
{
	CK_TOKEN_INFO info;

	if (module->C_GetTokenInfo (slot, &info) != CKR_OK ||
	    !p11_kit_uri_match_token_info (session->uri, &info))
		return;
	if (is_own (&info)) {
		found->own = TRUE;
		return;
	}
	found->count++;
	found->info = info;
	session->module = module;
	session->slot = slot;
}

static gboolean
find_token (CliTokenSession *session, const char *uri, CK_FLAGS *flags, GError **error)
{
	Found found = {0};

	for (gsize i = 0; session->modules[i] != NULL; i++) {
		CK_SLOT_ID slots[SLOTS_MAX];
		CK_ULONG count = SLOTS_MAX;

		if (session->modules[i]->C_GetSlotList (CK_TRUE, slots, &count) != CKR_OK)
			continue;
		for (CK_ULONG slot = 0; slot < count; slot++)
			look_at_slot (session, session->modules[i], slots[slot], &found);
	}
	if (!check_count (uri, found.count, found.own, error))
		return FALSE;
	*flags = found.info.flags;
	session->label = token_text (found.info.label, sizeof found.info.label);
	return TRUE;
}

static const char *
pin_file (const CliTokenSession *session, const CliTokenSource *source)
{
	const char *named = p11_kit_uri_get_pin_source (session->uri);

	if (source->pin_file != NULL || named == NULL)
		return source->pin_file;
	return g_str_has_prefix (named, FILE_SCHEME) ? named + strlen (FILE_SCHEME) : named;
}

static gboolean
explain_login (const CliTokenSession *session, CK_RV status, GError **error)
{
	switch (status) {
	case CKR_OK:
	case CKR_USER_ALREADY_LOGGED_IN:
		return TRUE;
	case CKR_PIN_INCORRECT:
	case CKR_PIN_LEN_RANGE:
	case CKR_PIN_INVALID:
		return fail (session->label,
			     "the PIN is wrong; many tokens lock themselves after a few wrong ones",
			     error);
	case CKR_PIN_LOCKED:
		return fail (session->label, "locked after too many wrong PINs; its owner unlocks it", error);
	default:
		return cli_token_fail (session, "login", status, error);
	}
}

static gboolean
login (CliTokenSession *session, const CliTokenSource *source, CK_FLAGS flags, GError **error)
{
	CliPassphrase pin = {.file = pin_file (session, source), .is_pin = TRUE};
	const char *text = NULL;
	CK_RV status;

	if ((flags & CKF_LOGIN_REQUIRED) == 0)
		return TRUE;
	if ((flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0) {
		text = cli_passphrase_get (&pin, session->label, error);
		if (text == NULL)
			return FALSE;
	}
	status = session->module->C_Login (session->session,
					   CKU_USER,
					   (CK_UTF8CHAR_PTR) text,
					   text != NULL ? strlen (text) : 0);
	cli_passphrase_clear (&pin);
	return explain_login (session, status, error);
}

CliTokenSession *
cli_token_session_open (const CliTokenSource *source, GError **error)
{
	g_autoptr (CliTokenSession) session = g_new0 (CliTokenSession, 1);
	CK_FLAGS flags;
	CK_RV status;

	if (!parse_uri (session, source->uri, error) ||
	    !load_modules (session, source->module, error) ||
	    !find_token (session, source->uri, &flags, error))
		return NULL;
	status = session->module->C_OpenSession (
		session->slot, CKF_SERIAL_SESSION, NULL, NULL, &session->session);
	if (status != CKR_OK) {
		session->session = CK_INVALID_HANDLE;
		cli_token_fail (session, "no session", status, error);
		return NULL;
	}
	if (!login (session, source, flags, error))
		return NULL;
	return g_steal_pointer (&session);
}
