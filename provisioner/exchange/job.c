/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The job of one Enrolment Exchange.
 */
#include <config.h>

#include "provisioner/exchange/job.h"

#include "provisioner/codec-json.h"
#include "provisioner/crypto.h"
#include "provisioner/exchange-protocol.h"
#include "provisioner/limits.h"
#include "provisioner/resource-symm-key-reg.h"

#include <string.h>

#define REFERENCE_PREFIX "pskref1:"
#define REFERENCE_LENGTH 32

/* Reads members; keeps the first fault. */
typedef struct {
	JsonObject *object; /* (nullable): an absent part of the job */
	const char *path;
	GError **fault;
} Part;

static void
fault (const Part *part, const char *member, const char *why)
{
	if (*part->fault == NULL)
		g_set_error (part->fault, PV_ERROR, PV_ERROR_JOB, "job: %s%s %s", part->path,
			     member, why);
}

static JsonNode *
get (const Part *part, const char *member, gboolean required)
{
	JsonNode *node =
		part->object != NULL ? json_object_get_member (part->object, member) : NULL;

	if (node != NULL && !JSON_NODE_HOLDS_NULL (node))
		return node;
	if (required)
		fault (part, member, "is missing");
	return NULL;
}

static const char *
text (const Part *part, const char *member, gboolean required)
{
	JsonNode *node = get (part, member, required);

	if (node == NULL)
		return NULL;
	if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
		return json_node_get_string (node);
	fault (part, member, "is not a text");
	return NULL;
}

static gint64
number (const Part *part, const char *member, gint64 min, gint64 max, gint64 absent)
{
	JsonNode *node = get (part, member, FALSE);

	if (node == NULL)
		return absent;
	if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64 &&
	    json_node_get_int (node) >= min && json_node_get_int (node) <= max)
		return json_node_get_int (node);
	fault (part, member, "is not a number in range");
	return absent;
}

static GStrv
texts (const Part *part, const char *member, guint max)
{
	JsonNode *node = get (part, member, FALSE);
	g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
	JsonArray *array;

	if (node == NULL)
		return NULL;
	array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
	if (array == NULL || json_array_get_length (array) > max) {
		fault (part, member, "is not a list of acceptable length");
		return NULL;
	}
	for (guint i = 0; i < json_array_get_length (array); i++) {
		JsonNode *element = json_array_get_element (array, i);

		if (!JSON_NODE_HOLDS_VALUE (element) ||
		    json_node_get_value_type (element) != G_TYPE_STRING)
			fault (part, member, "is not a list of texts");
		else
			g_strv_builder_add (builder, json_node_get_string (element));
	}
	return g_strv_builder_end (builder);
}

static Part
sub (const Part *part, const char *member, const char *path, gboolean required)
{
	JsonNode *node = get (part, member, required);

	if (node != NULL && !JSON_NODE_HOLDS_OBJECT (node)) {
		fault (part, member, "is not an object");
		node = NULL;
	}
	return (Part){node != NULL ? json_node_get_object (node) : NULL, path, part->fault};
}

static gboolean
flag (const Part *part, const char *member)
{
	JsonNode *node = get (part, member, FALSE);

	if (node == NULL)
		return FALSE;
	if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
		return json_node_get_boolean (node);
	fault (part, member, "is neither true nor false");
	return FALSE;
}

static int
word (const Part *part, const char *member, const char *const *words, int absent)
{
	const char *value = text (part, member, FALSE);

	if (value == NULL)
		return absent;
	for (int i = 0; words[i] != NULL; i++)
		if (g_str_equal (words[i], value))
			return i;
	fault (part, member, "is not one of the words it may be");
	return absent;
}

static void
parse_steps (PvJob *job, const Part *part)
{
	/* in the order of PvSteps */
	static const char *const names[] = {PV_STEP_REGISTER, PV_STEP_COMMANDS, PV_STEP_CERTIFICATE,
					    PV_STEP_KEY,      PV_STEP_RETRIEVE, PV_STEP_PUBLISH,
					    PV_STEP_RETIRE};
	g_auto (GStrv) steps = texts (part, "steps", G_N_ELEMENTS (names));

	if (steps == NULL)
		job->steps = (1 << G_N_ELEMENTS (names)) - 1;
	for (guint i = 0; steps != NULL && steps[i] != NULL; i++) {
		guint bit = 0;

		while (bit < G_N_ELEMENTS (names) && !g_str_equal (names[bit], steps[i]))
			bit++;
		if (bit == G_N_ELEMENTS (names))
			fault (part, "steps", "names an unknown step");
		else
			job->steps |= 1 << bit;
	}
}

/* Only scheme, host and port: paths come from the binding. */
static void
parse_mef_uri (PvJob *job, const Part *part)
{
	const char *value = text (part, "uri", FALSE);
	g_autoptr (GUri) uri = NULL;

	job->mef_port = 443;
	if (value == NULL)
		return;
	uri = g_uri_parse (value, G_URI_FLAGS_NONE, NULL);
	if (uri == NULL || !g_str_equal (g_uri_get_scheme (uri), "https") ||
	    g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0' ||
	    g_uri_get_userinfo (uri) != NULL) {
		fault (part, "uri", "is not an https URI");
		return;
	}
	if (g_uri_get_port (uri) > 0)
		job->mef_port = g_uri_get_port (uri);
	if (g_ascii_strcasecmp (g_uri_get_host (uri), job->mef_fqdn) != 0)
		job->uri_host = g_strdup (g_uri_get_host (uri));
}

static void
parse_mef (PvJob *job, const Part *root)
{
	Part part = sub (root, "mef", "mef.", TRUE);
	const char *anchors = text (&part, "anchors", FALSE);
	const char *dialect = text (&part, "dialect", FALSE);
	GError **error = *part.fault == NULL ? part.fault : NULL;

	job->mef_fqdn = text (&part, "fqdn", TRUE);
	if (job->mef_fqdn == NULL)
		return;
	if (!pv_fqdn_is_valid (job->mef_fqdn))
		fault (&part, "fqdn", "is not a lower-case FQDN");
	parse_mef_uri (job, &part);
	job->connect_host = text (&part, "address", FALSE);
	if (job->connect_host == NULL)
		job->connect_host = job->uri_host;
	job->interface = text (&part, "interface", FALSE);
	job->proxy = text (&part, "proxy", FALSE);
	job->connect_s = number (&part, "connect_s", 1, 600, 10);
	job->total_s = number (&part, "total_s", 1, 3600, 60);
	job->stall_s = number (&part, "stall_s", 1, 600, 20);
	if (error != NULL && *error == NULL && anchors != NULL)
		job->anchors = pv_crypto_certificates_from_pem (anchors, error);
	if (*part.fault == NULL)
		job->dialect =
			dialect != NULL ? pv_dialect_load (dialect, part.fault) : pv_dialect_new ();
}

static void
parse_ppsk (PvPpsk *ppsk, const Part *part)
{
	ppsk->identity = text (part, "identity", TRUE);
	ppsk->reference = text (part, "reference", TRUE);
	if (ppsk->identity != NULL && strlen (ppsk->identity) > PV_PSK_IDENTITY_MAX)
		fault (part, "identity", "is longer than a psk_identity can be");
	if (ppsk->reference != NULL &&
	    (strlen (ppsk->reference) != REFERENCE_LENGTH ||
	     !g_str_has_prefix (ppsk->reference, REFERENCE_PREFIX)))
		fault (part, "reference", "is not a reference to a pre-shared key");
}

static GPtrArray *
certificates (const Part *part, const char *member)
{
	g_autoptr (GPtrArray) all = pv_crypto_certificates_new ();
	g_auto (GStrv) ders = texts (part, member, PV_CERTIFICATES_MAX);

	for (guint i = 0; ders != NULL && ders[i] != NULL; i++) {
		X509 *certificate = pv_crypto_certificate_from_base64 (ders[i]);

		if (certificate == NULL)
			fault (part, member, "is not a list of certificates");
		else
			g_ptr_array_add (all, certificate);
	}
	return g_steal_pointer (&all);
}

static void
parse_own_certificate (PvJob *job, PvOwnCertificate *own, const Part *part)
{
	own->key = g_strdup (text (part, "key", TRUE));
	own->chain = certificates (part, "chain");
	own->anchors = certificates (part, "anchors");
	own->renewable = flag (part, "renewable");
	if (own->chain->len == 0)
		fault (part, "chain", "is empty");
	else if (own->anchors->len == 0 && (job->anchors == NULL || job->anchors->len == 0))
		fault (part, "anchors", "are missing, and the MEF has none either");
}

static void
parse_credential (PvJob *job, const Part *part)
{
	const char *kind = text (part, "kind", TRUE);
	const char *name = text (part, "credential", FALSE);
	PvAuthCredential *credential;

	if (kind == NULL)
		return;
	credential = pv_auth_credential_new (
		g_str_equal (kind, "ppsk") ? PV_AUTH_PPSK : PV_AUTH_CERTIFICATE,
		name != NULL ? name : "");
	g_ptr_array_add (job->credentials, credential);
	if (!g_str_equal (kind, pv_auth_kind_word (credential->kind)))
		fault (part, "kind", "is neither ppsk nor certificate");
	else if (credential->kind == PV_AUTH_PPSK)
		parse_ppsk (&credential->ppsk, part);
	else
		parse_own_certificate (job, &credential->certificate, part);
}

static void
parse_authentication (PvJob *job, const Part *root)
{
	JsonNode *node = get (root, "authentication", TRUE);
	JsonArray *array =
		node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
	guint count = array != NULL ? json_array_get_length (array) : 0;

	if (count == 0 || count > PV_AUTH_CREDENTIALS_MAX)
		fault (root, "authentication", "is not a list of acceptable length");
	for (guint i = 0; i < MIN (count, PV_AUTH_CREDENTIALS_MAX); i++) {
		JsonNode *element = json_array_get_element (array, i);
		Part part = {JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element)
							      : NULL,
			     "authentication.", root->fault};

		parse_credential (job, &part);
	}
}

static void
parse_client (PvJob *job, const Part *root)
{
	Part part = sub (root, "client", "client.", TRUE);
	const char *kind = text (&part, "kind", TRUE);

	job->client_kind = kind != NULL ? pv_entity_kind_by_word (kind) : 0;
	job->client_id = text (&part, "id", TRUE);
	job->public_domain_name = text (&part, "public_domain_name", FALSE);
	if (job->client_kind == 0)
		fault (&part, "kind", "is not node, cse or ae");
	else if (job->client_id != NULL &&
		 !pv_identifier_is_valid (job->client_kind, job->client_id))
		fault (&part, "id", "is not an absolute identifier of that kind");
}

static void
parse_registration (PvJob *job, const Part *root)
{
	Part part = sub (root, "registration", "registration.", TRUE);

	job->admin_fqdn = text (&part, "admin_fqdn", TRUE);
	if (job->admin_fqdn != NULL && !pv_fqdn_is_valid (job->admin_fqdn))
		fault (&part, "admin_fqdn", "is not a lower-case FQDN");
	/* A51: one year when nothing is configured. */
	job->registration_lifetime_s =
		number (&part, "lifetime_s", 60, PV_LIFETIME_MAX_S, 365 * 86400);
	job->registration_labels = texts (&part, "labels", PV_LABELS_MAX);
	job->registration_id = text (&part, "id", FALSE);
	job->registration_expires = number (&part, "expires", 0, G_MAXINT64, 0);
	job->registration_renew_from = number (&part, "renew_from", 0, G_MAXINT64, 0);
}

static void
parse_certificate (PvJob *job, const Part *root)
{
	static const char *const key_types[] = {
		[PV_KEY_TYPE_P256] = "p256",
		[PV_KEY_TYPE_P384] = "p384",
		[PV_KEY_TYPE_RSA_2048] = "rsa2048",
		NULL,
	};
	Part part = sub (root, "certificate", "certificate.", FALSE);
	Part pending = sub (&part, "pending", "certificate.pending.", FALSE);
	const char *csr;
	gsize length = 0;
	guchar *bytes;

	job->est_uri = text (&part, "est_uri", FALSE);
	job->key_type = word (&part, "key_type", key_types, PV_KEY_TYPE_P256);
	job->has_staged_certificate = flag (&part, "staged");
	if (pending.object == NULL)
		return;
	csr = text (&pending, "csr", TRUE);
	if (csr == NULL)
		return;
	bytes = g_base64_decode (csr, &length);
	job->pending_csr = g_bytes_new_take (bytes, length);
	job->pending_staged = number (&pending, "staged", 1, G_MAXUINT32, 0);
	job->has_pending = TRUE;
}

static void
check_identifier (const PvJob *job, const Part *part, const char *member, const char *identifier)
{
	g_autofree char *fqdn = NULL;

	if (!pv_key_identifier_split (identifier, NULL, &fqdn) ||
	    g_strcmp0 (fqdn, job->mef_fqdn) != 0)
		fault (part, member, "names a key that is not of this MEF (R-8.3.4.3-1)");
}

static GStrv
identifiers (const PvJob *job, const Part *part, const char *member)
{
	GStrv list = texts (part, member, PV_KEYS_MAX);

	for (guint i = 0; list != NULL && list[i] != NULL; i++)
		check_identifier (job, part, member, list[i]);
	return list;
}

static void
parse_keys (PvJob *job, const Part *root)
{
	job->retrieve = identifiers (job, root, "retrieve");
	job->retire = identifiers (job, root, "retire");
	if (job->retrieve == NULL)
		job->steps &= ~PV_DO_RETRIEVE;
	if (job->retire == NULL)
		job->steps &= ~PV_DO_RETIRE;
}

static void
parse_key (PvJob *job, const Part *root)
{
	static const char *const values[] = {"exported", "generated", NULL};
	Part part = sub (root, "key", "key.", FALSE);

	if (part.object == NULL)
		job->steps &= ~PV_DO_KEY;
	job->key_suid = number (&part, "suid", 21, 25, 22);
	job->key_targets = texts (&part, "targets", PV_TARGETS_MAX);
	job->key_labels = texts (&part, "labels", PV_LABELS_MAX);
	job->key_lifetime_s = number (&part, "lifetime_s", 60, PV_LIFETIME_MAX_S, 30 * 86400);
	job->key_is_generated = word (&part, "value", values, 0) == 1;
	job->key_update = flag (&part, "update");
	job->key_current = text (&part, "current", FALSE);
	if (job->key_current != NULL)
		check_identifier (job, &part, "current", job->key_current);
	if ((job->steps & PV_DO_KEY) && *part.fault == NULL &&
	    !pv_targets_check (job->key_suid, (const char *const *)job->key_targets, part.fault))
		return;
}

static void
parse_done (PvJob *job, const Part *root)
{
	Part part = sub (root, "commands", "commands.", FALSE);
	JsonNode *id = get (&part, "last_id", FALSE);
	JsonNode *staged = get (root, "staged", FALSE);
	JsonArray *array = staged != NULL && JSON_NODE_HOLDS_ARRAY (staged)
				   ? json_node_get_array (staged)
				   : NULL;

	if (id != NULL)
		job->last_command_id = json_node_copy (id);
	job->last_command_status = number (&part, "last_status", 10, 999, 0);
	for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
		guint32 value = json_array_get_int_element (array, i);
		g_array_append_val (job->staged, value);
	}
}

static void
parse_parts (PvJob *job, const Part *root)
{
	static const char *const purposes[] = {
		[PV_JOB_ENROL] = PV_PURPOSE_ENROL,
		[PV_JOB_PROBE] = PV_PURPOSE_PROBE,
		[PV_JOB_DECOMMISSION] = PV_PURPOSE_DECOMMISSION,
		NULL,
	};

	if (number (root, "version", 0, 1000, 0) != PV_EXCHANGE_VERSION)
		fault (root, "version", "is not the one this program knows");
	job->credential = text (root, "credential", TRUE);
	job->runtime_dir = text (root, "runtime_dir", FALSE);
	if (job->runtime_dir == NULL)
		job->runtime_dir = ENROLEE_RUNTIME_DIR;
	job->purpose = word (root, "purpose", purposes, PV_JOB_ENROL);
	job->acknowledge = flag (root, "acknowledge");
	job->keystore = number (root, "keystore", PV_EXCHANGE_EVENT_FD + 1, 1023, -1);
	job->trace = number (root, "trace", PV_EXCHANGE_EVENT_FD + 1, 1023, -1);
	parse_steps (job, root);
	parse_mef (job, root);
	parse_authentication (job, root);
	parse_client (job, root);
	parse_registration (job, root);
	parse_certificate (job, root);
	parse_key (job, root);
	parse_keys (job, root);
	parse_done (job, root);
}

PvJob *
pv_job_parse (const char *bytes, gsize length, GError **error)
{
	g_autoptr (PvJob) job = g_new0 (PvJob, 1);
	g_autoptr (GError) cause = NULL;
	Part root = {NULL, "", &cause};

	job->staged = g_array_new (FALSE, FALSE, sizeof (guint32));
	job->credentials =
		g_ptr_array_new_with_free_func ((GDestroyNotify)pv_auth_credential_free);
	job->root = pv_json_parse (bytes, length, PV_JOB_MAX, &cause);
	if (job->root != NULL) {
		root.object = json_node_get_object (job->root);
		parse_parts (job, &root);
	}
	if (cause == NULL)
		return g_steal_pointer (&job);
	g_set_error (error, PV_ERROR, PV_ERROR_JOB, "%s", cause->message);
	return NULL;
}

void
pv_job_free (PvJob *job)
{
	if (job == NULL)
		return;
	g_clear_pointer (&job->root, json_node_unref);
	g_clear_pointer (&job->credentials, g_ptr_array_unref);
	g_clear_pointer (&job->anchors, g_ptr_array_unref);
	g_clear_pointer (&job->pending_csr, g_bytes_unref);
	g_clear_pointer (&job->last_command_id, json_node_unref);
	g_clear_pointer (&job->staged, g_array_unref);
	pv_dialect_free (job->dialect);
	g_free (job->uri_host);
	g_strfreev (job->registration_labels);
	g_strfreev (job->key_targets);
	g_strfreev (job->key_labels);
	g_strfreev (job->retrieve);
	g_strfreev (job->retire);
	g_free (job);
}
