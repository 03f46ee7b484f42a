/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy as a matrix: who, with which grant, in which state, on which socket. */
#include <config.h>

#include "keystore/policy.h"

typedef struct {
	KsPeer peer;
	const char *groups[4];
} Who;

static const KsPeer *
who (Who *who)
{
	who->peer.groups = (GStrv)who->groups;
	return &who->peer;
}

static Who root = {.peer = {KS_SOCKET_TOKEN, 1, 0, TRUE, "root", NULL, "0"}, .groups = {"root"}};
static Who alice = {.peer = {KS_SOCKET_TOKEN, 1, 1000, FALSE, "alice", NULL, "1000"},
		    .groups = {"alice", "mqtt"}};
static Who nameless = {.peer = {KS_SOCKET_TOKEN, 1, 4711, FALSE, NULL, NULL, "4711"}};
static Who nobody = {.peer = {KS_SOCKET_TOKEN, 1, KS_ID_NOBODY, FALSE, NULL, NULL, NULL}};

typedef struct {
	const char *users[3], *groups[3];
	gboolean root, alice, nameless, nobody;
} Case;

static const Case cases[] = {
	{{NULL}, {NULL}, TRUE, FALSE, FALSE, FALSE},
	{{"alice"}, {NULL}, TRUE, TRUE, FALSE, FALSE},
	{{"bob", "alice"}, {NULL}, TRUE, TRUE, FALSE, FALSE},
	{{"bob"}, {"www"}, TRUE, FALSE, FALSE, FALSE},
	{{NULL}, {"mqtt"}, TRUE, TRUE, FALSE, FALSE},
	{{"mqtt"}, {NULL}, TRUE, FALSE, FALSE, FALSE}, /* a group's name is no user */
	{{NULL}, {"alice"}, TRUE, TRUE, FALSE, FALSE}, /* the group alice */
	{{"1000"}, {NULL}, TRUE, TRUE, FALSE, FALSE},
	{{"4711"}, {NULL}, TRUE, FALSE, TRUE, FALSE},
	{{"nobody", "65534"}, {"nogroup", "65534"}, TRUE, FALSE, FALSE, FALSE},
	{{"Alice"}, {"mqt"}, TRUE, FALSE, FALSE, FALSE},
	{{""}, {""}, TRUE, FALSE, FALSE, FALSE},
};

static void
test_matrix (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		KsCredential credential = {.name = (char *)"c",
					   .users = (GStrv)cases[i].users,
					   .groups = (GStrv)cases[i].groups};

		g_test_message ("case %zu", i);
		g_assert_cmpint (ks_policy_allows (who (&root), &credential), ==, cases[i].root);
		g_assert_cmpint (ks_policy_allows (who (&alice), &credential), ==, cases[i].alice);
		g_assert_cmpint (ks_policy_allows (who (&nameless), &credential), ==,
				 cases[i].nameless);
		g_assert_cmpint (ks_policy_allows (who (&nobody), &credential), ==,
				 cases[i].nobody);
	}
}

static void
test_states (void)
{
	const char *users[] = {"alice", NULL}, *none[] = {NULL};
	const KsCredential credential = {
		.name = (char *)"c", .users = (GStrv)users, .groups = (GStrv)none};
	Who provisioner = root;

	provisioner.peer.socket = KS_SOCKET_PROVISION;
	for (KsState state = KS_STATE_INTENT; state <= KS_STATE_REVOKED; state++) {
		gboolean live = state == KS_STATE_CURRENT || state == KS_STATE_RETAINED;

		g_assert_cmpint (ks_policy_shows (who (&alice), &credential, state), ==, live);
		g_assert_cmpint (ks_policy_shows (who (&root), &credential, state), ==, live);
		g_assert_false (ks_policy_shows (who (&nameless), &credential, state));
		g_assert_cmpint (ks_policy_shows (who (&provisioner), &credential, state), ==,
				 live || state == KS_STATE_STAGED);
	}
}

static void
test_objects (void)
{
	const char *users[] = {"alice", NULL}, *none[] = {NULL};
	KsCredential credential = {.users = (GStrv)users, .groups = (GStrv)none};
	KsGeneration generation = {.state = KS_STATE_CURRENT};
	KsCertificate certificate = {0};
	KsPlace key = {&credential, &generation, NULL, KS_ROLE_KEY};
	KsPlace leaf = {&credential, &generation, &certificate, KS_ROLE_LEAF};

	g_assert_true (ks_policy_allows_object (who (&alice), &key));
	g_assert_true (ks_policy_allows_object (who (&alice), &leaf));
	g_assert_false (ks_policy_allows_object (who (&nameless), &key));
	generation.state = KS_STATE_RETAINED;
	g_assert_true (ks_policy_allows_object (who (&alice), &key));
	g_assert_false (ks_policy_allows_object (who (&alice), &leaf));
	generation.state = KS_STATE_STAGED;
	g_assert_false (ks_policy_allows_object (who (&alice), &key));
	g_assert_false (ks_policy_allows_object (who (&root), &key));
}

static void
test_references (void)
{
	const char *users[] = {"alice", "4711", NULL}, *groups[] = {"mqtt", NULL};
	KsCredential credential = {.users = (GStrv)users, .groups = (GStrv)groups};
	KsGeneration generation = {.state = KS_STATE_CURRENT};
	KsReference of_alice = {NULL, (char *)"alice"}, of_group = {NULL, (char *)"@mqtt"};
	KsReferencePlace place = {&credential, &generation, &of_alice};

	g_assert_true (ks_policy_allows_reference (who (&alice), &place));
	g_assert_true (ks_policy_allows_reference (who (&root), &place));
	g_assert_false (ks_policy_allows_reference (who (&nameless), &place)); /* another's */
	place.reference = &of_group;
	g_assert_true (ks_policy_allows_reference (who (&alice), &place));
	g_assert_false (ks_policy_allows_reference (who (&nameless), &place));
	credential.users = credential.groups = (GStrv) & (const char *[]){NULL};
	g_assert_false (ks_policy_allows_reference (who (&alice), &place)); /* revoked */
}

/* What the connection of an exchange reaches: keys that it uses, generations that it stages. */
static void
test_narrowed (void)
{
	const char *uses[] = {"mine", "both", NULL}, *stages[] = {"new", "both", NULL};
	static const struct {
		const char *name;
		gboolean used, staged;
	} rows[] = {{"mine", TRUE, FALSE}, {"new", FALSE, TRUE}, {"both", TRUE, TRUE}, {"other", FALSE, FALSE}};
	Who exchange = root;

	exchange.peer.socket = KS_SOCKET_PROVISION;
	exchange.peer.uses = (GStrv)uses;
	exchange.peer.stages = (GStrv)stages;
	g_assert_true (ks_policy_is_narrowed (who (&exchange)));
	g_assert_false (ks_policy_is_narrowed (who (&root)));
	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		KsCredential credential = {.name = (char *)rows[i].name, .kind = KS_KIND_KEY_PAIR};
		KsGeneration current = {.state = KS_STATE_CURRENT};
		KsReference reference = {NULL, (char *)"anybody"};
		KsPlace key = {&credential, &current, NULL, KS_ROLE_KEY};
		KsReferencePlace place = {&credential, &current, &reference};

		g_assert_cmpint (ks_policy_may_stage (&exchange.peer, rows[i].name), ==, rows[i].staged);
		g_assert_true (ks_policy_may_stage (&root.peer, rows[i].name));
		g_assert_cmpint (ks_policy_admits (&exchange.peer, rows[i].name), ==,
				 rows[i].used || rows[i].staged);
		g_assert_cmpint (ks_policy_shows (&exchange.peer, &credential, KS_STATE_CURRENT), ==,
				 rows[i].used);
		g_assert_cmpint (ks_policy_shows (&exchange.peer, &credential, KS_STATE_STAGED), ==,
				 rows[i].staged);
		g_assert_cmpint (ks_policy_allows_object (&exchange.peer, &key), ==, rows[i].used);
		g_assert_cmpint (ks_policy_allows_reference (&exchange.peer, &place), ==,
				 rows[i].used);
		credential.kind = KS_KIND_SECRET; /* by reference alone */
		g_assert_false (ks_policy_allows_object (&exchange.peer, &key));
	}
}

static void
test_expiry (void)
{
	KsGeneration generation = {.key_type = KS_KEY_SECRET, .not_after_s = 1000};

	g_assert_false (ks_policy_is_expired (&generation, 999));
	g_assert_true (ks_policy_is_expired (&generation, 1000));
	generation.not_after_s = 0;
	g_assert_false (ks_policy_is_expired (&generation, 1000));
	generation = (KsGeneration){.key_type = KS_KEY_P256, .not_after_s = 1};
	g_assert_false (ks_policy_is_expired (&generation, 1000));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/keystore/policy/matrix", test_matrix);
	g_test_add_func ("/keystore/policy/states", test_states);
	g_test_add_func ("/keystore/policy/objects", test_objects);
	g_test_add_func ("/keystore/policy/references", test_references);
	g_test_add_func ("/keystore/policy/narrowed", test_narrowed);
	g_test_add_func ("/keystore/policy/expiry", test_expiry);
	return g_test_run ();
}
