/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main loop of the keystore; see service.h. */
#include <config.h>

#include "keystore/service.h"

#include "keystore/connection.h"
#include "keystore/housekeeper.h"
#include "keystore/listen.h"
#include "keystore/stores.h"
#include "keystore/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BURST 64  /* connections per turn of the main loop */
#define END_WAIT_MS 1000 /* for requests that are being answered */
#define NO_USER ((uid_t)-1)

struct _KsService {
	KsStores *stores;
	KsView *view;
	KsAttachments *attachments;
	KsSampler *sampler;
	KsQuota *quota;
	KsDispatch dispatch;
	KsConnections *connections;
	KsHousekeeper *housekeeper;
	KsListeners listeners;
	int spare_fd; /* given up to refuse a connection when descriptors have run out */
	GMainLoop *loop;
};

/* ---- accepting ---- */

/* Takes the connection off the queue to close it: left there, it would wake the loop for ever. */
static void
refuse_one (KsService *service, int listener)
{
	int fd;

	close (service->spare_fd);
	fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close (fd);
	service->spare_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

static gboolean
accept_from (KsService *service, int listener, KsSocket socket)
{
	for (int i = 0; i < ACCEPT_BURST; i++) {
		int fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			ks_connections_add (service->connections, fd, socket);
		else if (errno == EMFILE || errno == ENFILE)
			refuse_one (service, listener);
		else if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
	return G_SOURCE_CONTINUE;
}

static gboolean
on_token_socket (gint fd, GIOCondition condition, gpointer data)
{
	return accept_from (data, fd, KS_SOCKET_TOKEN);
}

static gboolean
on_provision_socket (gint fd, GIOCondition condition, gpointer data)
{
	return accept_from (data, fd, KS_SOCKET_PROVISION);
}

static gboolean
on_signal (gpointer data)
{
	g_main_loop_quit (((KsService *)data)->loop);
	return G_SOURCE_CONTINUE;
}

static gboolean
on_reload (gpointer data)
{
	ks_housekeeper_reload (((KsService *)data)->housekeeper);
	return G_SOURCE_CONTINUE;
}

/* ---- life ---- */

static void
on_changed (gpointer data)
{
	KsService *service = data;

	ks_view_changed (service->view);
	ks_housekeeper_wake (service->housekeeper);
}

static uid_t
find_provisioner (const KsSettings *settings)
{
	uid_t uid;

	if (ks_peer_lookup_user (settings->provisioner_user, &uid) && uid != KS_ID_NOBODY)
		return uid;
	ks_audit (KS_EVENT_WARNING, NULL, NULL, "no user %s: only root may provision",
		  settings->provisioner_user);
	return NO_USER;
}

static guint32
effective_residency (const KsSettings *settings, const KsToken *token)
{
	switch (settings->residency) {
	case KS_RESIDENCY_MEMORY:
		return WIRE_RESIDENCY_MEMORY;
	case KS_RESIDENCY_TOKEN:
		return WIRE_RESIDENCY_TOKEN;
	case KS_RESIDENCY_AUTO:
		break;
	}
	return ks_token_is_softhsm (token) ? WIRE_RESIDENCY_MEMORY : WIRE_RESIDENCY_TOKEN;
}

static guint64
random_instance (void)
{
	guint64 instance = 0;

	while (getrandom (&instance, sizeof instance, 0) < 0 && errno == EINTR)
		;
	return instance;
}

static void
fill_dispatch (KsService *service, const KsSettings *settings, guint64 instance)
{
	KsDispatch *dispatch = &service->dispatch;

	dispatch->settings = settings;
	dispatch->catalogue = service->stores->catalogue;
	dispatch->token = service->stores->token;
	dispatch->resident = service->stores->resident;
	dispatch->publisher = service->stores->publisher;
	dispatch->view = service->view;
	dispatch->attachments = service->attachments;
	dispatch->sampler = service->sampler;
	dispatch->quota = service->quota;
	dispatch->residency = effective_residency (settings, service->stores->token);
	dispatch->instance = instance;
	dispatch->started_s = g_get_real_time () / G_USEC_PER_SEC;
}

KsService *
ks_service_new (const KsSettings *settings, GError **error)
{
	g_autoptr (KsService) service = g_new0 (KsService, 1);
	uid_t provisioner = find_provisioner (settings);
	guint64 instance = random_instance ();

	service->listeners = (KsListeners){-1, -1};
	service->spare_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
	g_mutex_init (&service->dispatch.policy_lock);
	g_mutex_init (&service->dispatch.problem_lock);
	service->attachments = ks_attachments_new ();
	service->sampler = ks_sampler_new ();
	service->quota = ks_quota_new ();
	service->loop = g_main_loop_new (NULL, FALSE);
	service->stores = ks_stores_open (settings, FALSE, error);
	if (service->stores == NULL)
		return NULL;
	service->view = ks_view_new (service->stores->catalogue, instance, error);
	if (service->view == NULL)
		return NULL;
	fill_dispatch (service, settings, instance);
	service->housekeeper = ks_housekeeper_new (&service->dispatch);
	ks_catalogue_set_changed (service->stores->catalogue, on_changed, service);
	service->connections = ks_connections_new (&service->dispatch, provisioner);
	if (!ks_listen (settings->runtime_dir, provisioner, &service->listeners, error))
		return NULL;
	return g_steal_pointer (&service);
}

static gboolean
end (KsService *service)
{
	gboolean connections, housekeeper;

	ks_view_end (service->view);
	ks_systemd_notify ("STOPPING=1");
	connections = ks_connections_end (service->connections, END_WAIT_MS);
	housekeeper = ks_housekeeper_end (service->housekeeper, END_WAIT_MS);
	ks_audit (KS_EVENT_STOPPED, NULL, NULL, "stopped");
	return connections && housekeeper;
}

gboolean
ks_service_run (KsService *service)
{
	guint sources[] = {
		g_unix_signal_add (SIGTERM, on_signal, service),
		g_unix_signal_add (SIGINT, on_signal, service),
		g_unix_signal_add (SIGHUP, on_reload, service),
		g_unix_fd_add (service->listeners.token, G_IO_IN, on_token_socket, service),
		g_unix_fd_add (service->listeners.provision, G_IO_IN, on_provision_socket, service),
	};

	ks_housekeeper_start (service->housekeeper);
	ks_audit (KS_EVENT_STARTED, NULL, NULL, "started: version " PACKAGE_VERSION ", state %s",
		  service->dispatch.settings->state_dir);
	ks_systemd_notify ("READY=1");
	g_main_loop_run (service->loop);
	for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
		g_source_remove (sources[i]);
	return end (service);
}

void
ks_service_free (KsService *service)
{
	ks_listeners_close (&service->listeners);
	if (service->spare_fd >= 0)
		close (service->spare_fd);
	g_clear_pointer (&service->housekeeper, ks_housekeeper_free);
	g_clear_pointer (&service->connections, ks_connections_free);
	g_clear_pointer (&service->view, ks_view_free);
	g_clear_pointer (&service->stores, ks_stores_free);
	g_clear_pointer (&service->attachments, ks_attachments_free);
	g_clear_pointer (&service->sampler, ks_sampler_free);
	g_clear_pointer (&service->quota, ks_quota_free);
	g_clear_pointer (&service->loop, g_main_loop_unref);
	g_mutex_clear (&service->dispatch.policy_lock);
	g_mutex_clear (&service->dispatch.problem_lock);
	g_free (service->dispatch.problem);
	g_free (service);
}

gboolean
ks_service_adopt (const KsSettings *settings, GError **error)
{
	g_autoptr (KsStores) stores = ks_stores_open (settings, TRUE, error);

	return stores != NULL;
}
