/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of misbehaviour, its bookkeeping, and what spoils a finished answer. */
#include <config.h>

#include "tests/sim/misbehave.h"

#include "tests/sim/json.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	SimActs acts;
	const char *what;
} kinds[SIM_FAULT_N] = {
	[SIM_FAULT_NONE] = {"none", SIM_ACTS_REQUEST, "nothing"},
	[SIM_FAULT_CERTIFICATE_ONLY] = {"certificate-only", SIM_ACTS_HANDSHAKE,
					"no PSK suite is accepted"},
	[SIM_FAULT_PSK_ONLY] = {"psk-only", SIM_ACTS_HANDSHAKE, "no certificate suite is accepted"},
	[SIM_FAULT_WRONG_PSK] = {"wrong-psk", SIM_ACTS_HANDSHAKE, "the server holds another key"},
	[SIM_FAULT_FOREIGN_SERVER] = {"foreign-server", SIM_ACTS_HANDSHAKE,
				      "the server certificate is of another CA"},
	[SIM_FAULT_OTHER_SERVER_NAME] = {"other-server-name", SIM_ACTS_HANDSHAKE,
					 "its dNSName is the argument"},
	[SIM_FAULT_WILDCARD_SERVER] = {"wildcard-server", SIM_ACTS_HANDSHAKE,
				       "its dNSName is a wildcard"},
	[SIM_FAULT_EXPIRED_SERVER] = {"expired-server", SIM_ACTS_HANDSHAKE,
				      "it expired a minute ago"},
	[SIM_FAULT_CLIENT_SERVER] = {"client-server", SIM_ACTS_HANDSHAKE,
				     "the server's certificate is for clients only"},
	[SIM_FAULT_UNSIGNING_SERVER] = {"unsigning-server", SIM_ACTS_HANDSHAKE,
					"its keyUsage is keyAgreement (8), or none (0)"},
	[SIM_FAULT_NO_CERTIFICATE_REQUEST] = {"no-certificate-request", SIM_ACTS_HANDSHAKE,
					      "no certificate is asked for"},
	[SIM_FAULT_SILENT_HANDSHAKE] = {"silent-handshake", SIM_ACTS_HANDSHAKE,
					"never answers the ClientHello"},
	[SIM_FAULT_CLOSED_HANDSHAKE] = {"closed-handshake", SIM_ACTS_HANDSHAKE, "closes at once"},
	[SIM_FAULT_ALERT_HANDSHAKE] = {"alert-handshake", SIM_ACTS_HANDSHAKE,
				       "fatal alert, by number (40)"},
	[SIM_FAULT_NOT_TLS] = {"not-tls", SIM_ACTS_HANDSHAKE, "answers in clear HTTP"},
	[SIM_FAULT_STATUS] = {"status", SIM_ACTS_REQUEST,
			      "oneM2M response status code of the argument"},
	[SIM_FAULT_GONE] = {"gone", SIM_ACTS_REQUEST,
			    "forgets the client's registrations first: 4004"},
	[SIM_FAULT_HTTP_STATUS] = {"http-status", SIM_ACTS_REQUEST,
				   "HTTP status of the argument, nothing else"},
	[SIM_FAULT_WRONG_HTTP] = {"wrong-http", SIM_ACTS_ANSWER, "HTTP 500 over a good X-M2M-RSC"},
	[SIM_FAULT_WRONG_RSC] = {"wrong-rsc", SIM_ACTS_ANSWER,
				 "X-M2M-RSC 5000 over a good HTTP status"},
	[SIM_FAULT_NO_RSC] = {"no-rsc", SIM_ACTS_ANSWER, "X-M2M-RSC is missing"},
	[SIM_FAULT_WRONG_RI] = {"wrong-ri", SIM_ACTS_ANSWER, "X-M2M-RI is another"},
	[SIM_FAULT_NO_RI] = {"no-ri", SIM_ACTS_ANSWER, "X-M2M-RI is missing"},
	[SIM_FAULT_EMPTY] = {"empty", SIM_ACTS_ANSWER, "no body"},
	[SIM_FAULT_TRUNCATED] = {"truncated", SIM_ACTS_ANSWER, "half the body"},
	[SIM_FAULT_DEEP] = {"deep", SIM_ACTS_ANSWER, "that many nested arrays (100000)"},
	[SIM_FAULT_HUGE] = {"huge", SIM_ACTS_ANSWER, "that many MiB of body (64)"},
	[SIM_FAULT_HTML] = {"html", SIM_ACTS_ANSWER, "a web page with 200"},
	[SIM_FAULT_BOM] = {"bom", SIM_ACTS_ANSWER, "a byte order mark before the JSON"},
	[SIM_FAULT_BAD_UTF8] = {"bad-utf8", SIM_ACTS_ANSWER,
				"every closing quote is preceded by 0xff"},
	[SIM_FAULT_WRONG_TYPES] = {"wrong-types", SIM_ACTS_ANSWER,
				   "numbers as strings and strings as numbers"},
	[SIM_FAULT_DUPLICATE_KEYS] = {"duplicate-keys", SIM_ACTS_ANSWER,
				      "the resource's members twice, differing"},
	[SIM_FAULT_UNKNOWN_MEMBERS] = {"unknown-members", SIM_ACTS_ANSWER,
				       "more members, to be ignored"},
	[SIM_FAULT_WRONG_ROOT] = {"wrong-root", SIM_ACTS_ANSWER, "another resource's member"},
	[SIM_FAULT_REPLACE] = {"replace", SIM_ACTS_ANSWER,
			       "argument name=JSON: sets a member of the resource"},
	[SIM_FAULT_DROP] = {"drop", SIM_ACTS_ANSWER, "drops the member of the resource named"},
	[SIM_FAULT_WRONG_CONTENT_TYPE] = {"wrong-content-type", SIM_ACTS_ANSWER,
					  "text/plain or the argument"},
	[SIM_FAULT_REDIRECT] = {"redirect", SIM_ACTS_ANSWER, "302 to the argument"},
	[SIM_FAULT_HTTP_AUTH] = {"http-auth", SIM_ACTS_ANSWER, "401, asks for a password"},
	[SIM_FAULT_CHUNKED] = {"chunked", SIM_ACTS_ANSWER, "a good body in small chunks"},
	[SIM_FAULT_NO_LENGTH] = {"no-length", SIM_ACTS_ANSWER, "a good body, ended by closing"},
	[SIM_FAULT_SHORT_LENGTH] = {"short-length", SIM_ACTS_ANSWER,
				    "Content-Length of half the body"},
	[SIM_FAULT_LONG_LENGTH] = {"long-length", SIM_ACTS_ANSWER,
				   "Content-Length beyond the body, then closed"},
	[SIM_FAULT_MANY_HEADERS] = {"many-headers", SIM_ACTS_ANSWER,
				    "that many header lines (10000)"},
	[SIM_FAULT_SLOW] = {"slow", SIM_ACTS_SENDING, "waits that many ms (1000)"},
	[SIM_FAULT_DRIP] = {"drip", SIM_ACTS_SENDING, "one octet every that many ms (100)"},
	[SIM_FAULT_SILENT] = {"silent", SIM_ACTS_SENDING, "never answers"},
	[SIM_FAULT_CUT_HEAD] = {"cut-head", SIM_ACTS_SENDING, "closes inside the head"},
	[SIM_FAULT_CUT_BODY] = {"cut-body", SIM_ACTS_SENDING, "closes inside the body"},
	[SIM_FAULT_CLOSE] = {"close", SIM_ACTS_SENDING,
			     "closes after the work is done, without an answer"},
	[SIM_FAULT_GARBAGE] = {"garbage", SIM_ACTS_SENDING, "something that is not HTTP"},
	[SIM_FAULT_ALERT] = {"alert", SIM_ACTS_SENDING, "a fatal alert instead of the answer"},
	[SIM_FAULT_BROKEN_BASE64] = {"broken-base64", SIM_ACTS_EST,
				     "a character outside the alphabet"},
	[SIM_FAULT_CRLF_BASE64] = {"crlf-base64", SIM_ACTS_EST, "lines of 76 with CRLF"},
	[SIM_FAULT_RAW_DER] = {"raw-der", SIM_ACTS_EST, "no base64"},
	[SIM_FAULT_PEM] = {"pem", SIM_ACTS_EST, "with armour"},
	[SIM_FAULT_EMPTY_PKCS7] = {"empty-pkcs7", SIM_ACTS_EST, "no certificate inside"},
	[SIM_FAULT_TRAILING_DATA] = {"trailing-data", SIM_ACTS_EST, "octets behind the PKCS#7"},
	[SIM_FAULT_NO_CHAIN] = {"no-chain", SIM_ACTS_EST, "cacerts without the issuing CA"},
	[SIM_FAULT_MISORDERED] = {"misordered", SIM_ACTS_EST,
				  "root first, leaf or issuing CA last"},
	[SIM_FAULT_EXTRA_CERTIFICATES] = {"extra-certificates", SIM_ACTS_EST,
					  "strangers beside the true ones"},
	[SIM_FAULT_OTHER_KEY] = {"other-key", SIM_ACTS_EST, "a certificate for another key"},
	[SIM_FAULT_OTHER_NAME] = {"other-name", SIM_ACTS_EST,
				  "a certificate for the argument's name"},
	[SIM_FAULT_WILDCARD_NAME] = {"wildcard-name", SIM_ACTS_EST, "a certificate for a wildcard"},
	[SIM_FAULT_UNSIGNING] = {"unsigning", SIM_ACTS_EST,
				 "a certificate whose keyUsage is keyAgreement (8), or none (0)"},
	[SIM_FAULT_EXPIRED] = {"expired", SIM_ACTS_EST, "a certificate that has expired"},
	[SIM_FAULT_NOT_YET_VALID] = {"not-yet-valid", SIM_ACTS_EST, "a certificate of tomorrow"},
	[SIM_FAULT_FOREIGN_CA] = {"foreign-ca", SIM_ACTS_EST, "certificates of another CA"},
	[SIM_FAULT_PENDING] = {"pending", SIM_ACTS_EST, "202 with Retry-After of the argument (1)"},
	[SIM_FAULT_PENDING_DATE] = {"pending-date", SIM_ACTS_EST,
				    "202 with Retry-After as a date, the argument (1) ahead"},
	[SIM_FAULT_PENDING_WITHOUT_TIME] = {"pending-without-time", SIM_ACTS_EST,
					    "202 without Retry-After"},
	[SIM_FAULT_NO_ATTRIBUTES] = {"no-attributes", SIM_ACTS_EST,
				     "csrattrs: 204, or the argument"},
	[SIM_FAULT_EMPTY_ATTRIBUTES] = {"empty-attributes", SIM_ACTS_EST,
					"csrattrs: an empty SEQUENCE"},
};

static const char *const steps[] = {
	"any",
	"handshake",
	"base-retrieve",
	"register",
	"registration-retrieve",
	"registration-update",
	"deregister",
	"key-register",
	"key-retrieve",
	"key-update",
	"key-deregister",
	"command-retrieve",
	"command-update",
	"cacerts",
	"csrattrs",
	"simpleenroll",
	"simplereenroll",
	"unknown",
	NULL,
};

typedef struct {
	SimFaultKind kind;
	char *argument;
	gint64 left; /* -1 for ever */
} Entry;

struct SimMisbehave {
	GHashTable *entries; /* step -> Entry */
};

static void
entry_free (gpointer data)
{
	Entry *entry = data;

	g_free (entry->argument);
	g_free (entry);
}

SimMisbehave *
sim_misbehave_new (void)
{
	SimMisbehave *misbehave = g_new0 (SimMisbehave, 1);

	misbehave->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_free);
	return misbehave;
}

void
sim_misbehave_free (SimMisbehave *misbehave)
{
	if (misbehave == NULL)
		return;
	g_hash_table_unref (misbehave->entries);
	g_free (misbehave);
}

static SimFaultKind
kind_from_text (const char *text)
{
	for (guint i = 1; i < SIM_FAULT_N; i++)
		if (strcmp (kinds[i].name, text) == 0)
			return (SimFaultKind)i;
	return SIM_FAULT_NONE;
}

gboolean
sim_misbehave_set (SimMisbehave *misbehave, const char *step, const char *text, GError **error)
{
	g_autofree char *copy = g_strdup (text);
	char *star = strrchr (copy, '*'), *colon;
	gint64 count = -1;
	Entry *entry;

	if (!g_strv_contains (steps, step)) {
		g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "no step is called %s",
			     step);
		return FALSE;
	}
	g_hash_table_remove (misbehave->entries, step);
	if (text[0] == '\0')
		return TRUE;
	if (star != NULL && g_ascii_string_to_signed (star + 1, 10, 1, 1000000, &count, NULL))
		*star = '\0';
	colon = strchr (copy, ':');
	if (colon != NULL)
		*colon++ = '\0';
	if (kind_from_text (copy) == SIM_FAULT_NONE) {
		g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			     "no misbehaviour is called %s", copy);
		return FALSE;
	}
	entry = g_new0 (Entry, 1);
	entry->kind = kind_from_text (copy);
	entry->argument = g_strdup (colon);
	entry->left = count;
	g_hash_table_insert (misbehave->entries, g_strdup (step), entry);
	return TRUE;
}

SimFault
sim_misbehave_take (SimMisbehave *misbehave, const char *step)
{
	Entry *entry = g_hash_table_lookup (misbehave->entries, step);
	SimFault fault = {SIM_FAULT_NONE, NULL};

	if (entry == NULL && strcmp (step, "handshake") != 0)
		entry = g_hash_table_lookup (misbehave->entries, "any");
	if (entry == NULL || entry->left == 0)
		return fault;
	if (entry->left > 0)
		entry->left--;
	fault.kind = entry->kind;
	fault.argument = g_strdup (entry->argument);
	return fault;
}

void
sim_fault_clear (SimFault *fault)
{
	g_clear_pointer (&fault->argument, g_free);
}

const char *
sim_fault_name (SimFaultKind kind)
{
	return kinds[kind].name;
}

SimActs
sim_fault_acts (SimFaultKind kind)
{
	return kinds[kind].acts;
}

gint64
sim_fault_number (const SimFault *fault, gint64 standard)
{
	return fault->argument != NULL ? g_ascii_strtoll (fault->argument, NULL, 10) : standard;
}

char *
sim_misbehave_describe (void)
{
	static const char *const places[] = {"handshake", "request", "answer", "sending", "est"};
	g_autoptr (JsonObject) all = json_object_new ();

	for (guint i = 1; i < SIM_FAULT_N; i++) {
		JsonObject *kind = json_object_new ();

		json_object_set_string_member (kind, "acts", places[kinds[i].acts]);
		json_object_set_string_member (kind, "what", kinds[i].what);
		json_object_set_object_member (all, kinds[i].name, kind);
	}
	return sim_json_text (all);
}

static void
set_body (SimResponse *response, const char *text)
{
	g_byte_array_set_size (response->body, 0);
	g_byte_array_append (response->body, (const guint8 *)text, (guint)strlen (text));
}

static void
nest (SimResponse *response, gint64 depth)
{
	g_byte_array_set_size (response->body, (guint)depth * 2);
	memset (response->body->data, '[', (gsize)depth);
	memset (response->body->data + depth, ']', (gsize)depth);
}

/* White space before the value: legal, only too much. */
static void
inflate (SimResponse *response, gint64 mebibytes)
{
	gsize room = (gsize)mebibytes << 20;
	g_autofree char *space = g_malloc (room);

	memset (space, ' ', room);
	g_byte_array_prepend (response->body, (const guint8 *)space, (guint)room);
}

static void
spoil_utf8 (SimResponse *response)
{
	GByteArray *spoilt = g_byte_array_new ();
	gboolean inside = FALSE;

	for (guint i = 0; i < response->body->len; i++) {
		if (response->body->data[i] == '"' && inside)
			g_byte_array_append (spoilt, (const guint8 *)"\xff", 1);
		if (response->body->data[i] == '"')
			inside = !inside;
		g_byte_array_append (spoilt, response->body->data + i, 1);
	}
	g_byte_array_unref (response->body);
	response->body = spoilt;
}

static JsonNode *
other_type (JsonNode *node)
{
	if (JSON_NODE_HOLDS_OBJECT (node)) {
		g_autoptr (JsonObject) changed = json_object_new ();
		JsonObjectIter iter;
		const char *name;
		JsonNode *value;

		json_object_iter_init (&iter, json_node_get_object (node));
		while (json_object_iter_next (&iter, &name, &value))
			json_object_set_member (changed, name, other_type (value));
		return json_node_init_object (json_node_alloc (), changed);
	}
	if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64) {
		g_autofree char *text =
			g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));

		return json_node_init_string (json_node_alloc (), text);
	}
	return json_node_init_int (json_node_alloc (), 7);
}

/* The answer as { root: { members } }; NULL when it is something else. */
static JsonObject *
open_resource (SimResponse *response, JsonNode **whole)
{
	g_autoptr (GList) roots = NULL;
	JsonObject *object;

	*whole = sim_json_parse ((const char *)response->body->data, response->body->len, NULL);
	if (*whole == NULL || !JSON_NODE_HOLDS_OBJECT (*whole))
		return NULL;
	object = json_node_get_object (*whole);
	roots = json_object_get_members (object);
	return roots != NULL ? sim_json_object (object, roots->data) : NULL;
}

static void
repeat_members (SimResponse *response, JsonObject *resource)
{
	g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), resource);
	g_autoptr (JsonNode) changed = other_type (node);
	g_autofree char *more = json_to_string (changed, FALSE);
	g_autofree char *text =
		g_strndup ((const char *)response->body->data, response->body->len - 2);
	g_autofree char *both = g_strdup_printf ("%s,%s}", text, more + 1);

	set_body (response, both);
}

static void
edit_member (const SimFault *fault, JsonObject *resource)
{
	g_auto (GStrv) parts = g_strsplit (fault->argument != NULL ? fault->argument : "", "=", 2);
	JsonNode *value;

	if (fault->kind == SIM_FAULT_DROP && fault->argument != NULL)
		json_object_remove_member (resource, fault->argument);
	if (fault->kind != SIM_FAULT_REPLACE || g_strv_length (parts) != 2)
		return;
	value = sim_json_parse (parts[1], strlen (parts[1]), NULL);
	json_object_set_member (
		resource, parts[0],
		value != NULL ? value : json_node_init_string (json_node_alloc (), parts[1]));
}

static JsonNode *
edit_json (const SimFault *fault, JsonNode *whole, JsonObject *resource)
{
	if (fault->kind == SIM_FAULT_WRONG_TYPES)
		return other_type (whole);
	if (fault->kind == SIM_FAULT_WRONG_ROOT) {
		g_autoptr (JsonObject) other = json_object_new ();

		json_object_set_object_member (other, "m2m:cin", json_object_ref (resource));
		return json_node_init_object (json_node_alloc (), other);
	}
	if (fault->kind == SIM_FAULT_UNKNOWN_MEMBERS) {
		json_object_set_string_member (resource, "x-vendor", "ignore me");
		json_object_set_object_member (resource, "future", json_object_new ());
		json_object_set_null_member (json_node_get_object (whole), "x:other");
	}
	edit_member (fault, resource);
	return json_node_ref (whole);
}

static void
spoil_json (const SimFault *fault, SimResponse *response)
{
	g_autoptr (JsonNode) whole = NULL;
	JsonObject *resource = open_resource (response, &whole);
	g_autoptr (JsonNode) changed = NULL;
	g_autofree char *text = NULL;

	if (resource == NULL)
		return;
	if (fault->kind == SIM_FAULT_DUPLICATE_KEYS) {
		repeat_members (response, resource);
		return;
	}
	changed = edit_json (fault, whole, resource);
	text = json_to_string (changed, FALSE);
	set_body (response, text);
}

static void
spoil_head (const SimFault *fault, SimResponse *response)
{
	if (fault->kind == SIM_FAULT_WRONG_HTTP)
		response->status = 500;
	if (fault->kind == SIM_FAULT_WRONG_RSC || fault->kind == SIM_FAULT_NO_RSC)
		sim_response_drop (response, "X-M2M-RSC:");
	if (fault->kind == SIM_FAULT_WRONG_RSC)
		sim_response_add (response, "X-M2M-RSC: 5000");
	if (fault->kind == SIM_FAULT_WRONG_RI || fault->kind == SIM_FAULT_NO_RI)
		sim_response_drop (response, "X-M2M-RI:");
	if (fault->kind == SIM_FAULT_WRONG_RI)
		sim_response_add (response, "X-M2M-RI: not-yours");
	if (fault->kind == SIM_FAULT_REDIRECT || fault->kind == SIM_FAULT_HTTP_AUTH)
		response->status = fault->kind == SIM_FAULT_REDIRECT ? 302 : 401;
	if (fault->kind == SIM_FAULT_REDIRECT)
		sim_response_add (response, "Location: %s",
				  fault->argument != NULL ? fault->argument : "/elsewhere");
	if (fault->kind == SIM_FAULT_HTTP_AUTH)
		sim_response_add (response, "WWW-Authenticate: Basic realm=\"MEF\"");
	for (gint64 i = 0;
	     fault->kind == SIM_FAULT_MANY_HEADERS && i < sim_fault_number (fault, 10000); i++)
		sim_response_add (response, "X-Filler-%" G_GINT64_FORMAT ": %s", i, "0123456789");
	if (fault->kind == SIM_FAULT_WRONG_CONTENT_TYPE) {
		g_free (response->content_type);
		response->content_type =
			g_strdup (fault->argument != NULL ? fault->argument : "text/plain");
	}
}

static void
spoil_frame (const SimFault *fault, SimResponse *response)
{
	if (fault->kind == SIM_FAULT_CHUNKED)
		response->announced = -3;
	if (fault->kind == SIM_FAULT_NO_LENGTH)
		response->announced = -2;
	if (fault->kind == SIM_FAULT_SHORT_LENGTH)
		response->announced = response->body->len / 2;
	if (fault->kind == SIM_FAULT_LONG_LENGTH)
		response->announced = response->body->len + 100;
	if (fault->kind == SIM_FAULT_NO_LENGTH || fault->kind == SIM_FAULT_LONG_LENGTH)
		response->close = TRUE;
}

static void
spoil_body (const SimFault *fault, SimResponse *response)
{
	if (fault->kind == SIM_FAULT_EMPTY)
		g_byte_array_set_size (response->body, 0);
	if (fault->kind == SIM_FAULT_TRUNCATED)
		g_byte_array_set_size (response->body, response->body->len / 2);
	if (fault->kind == SIM_FAULT_DEEP)
		nest (response, CLAMP (sim_fault_number (fault, 100000), 1, 10000000));
	if (fault->kind == SIM_FAULT_HUGE)
		inflate (response, CLAMP (sim_fault_number (fault, 64), 1, 1024));
	if (fault->kind == SIM_FAULT_BAD_UTF8)
		spoil_utf8 (response);
	if (fault->kind == SIM_FAULT_BOM)
		g_byte_array_prepend (response->body, (const guint8 *)"\xef\xbb\xbf", 3);
	if (fault->kind == SIM_FAULT_HTML) {
		response->status = 200;
		sim_response_set_text (response, "text/html",
				       "<!DOCTYPE html><title>Welcome</title><p>It works!</p>");
	}
}

void
sim_misbehave_answer (const SimFault *fault, SimResponse *response)
{
	if (kinds[fault->kind].acts != SIM_ACTS_ANSWER)
		return;
	if (fault->kind >= SIM_FAULT_WRONG_TYPES && fault->kind <= SIM_FAULT_DROP)
		spoil_json (fault, response);
	spoil_body (fault, response);
	spoil_head (fault, response);
	spoil_frame (fault, response);
}
