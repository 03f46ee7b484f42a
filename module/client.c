/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See client.h. The one instance of its kind: applications have one module, and no way to pass
 * state. */
#include <config.h>

#include "module/client.h"

#include "keystore/wire/handover.h"
#include "module/connection.h"
#include "module/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define POOL_SIZE 8
#define RETRY_MS 5              /* between attempts to reach a keystore that restarts */
#define DOUBLINGS_MAX 5         /* of it, while the keystore turns this user away */
#define REPLY_WAIT_MAX_MS 60000 /* whatever the keystore asks for */
#define SOCKET_NAME "token.sock"
#define RESENDS_MAX (POOL_SIZE + 3)

/* The keystore's thread of a connection follows its client to another core, which costs more than
 * most requests. A program that moves about gets a connection for each core, up to so many, once so
 * many requests met a connection of another core. */
#define LOCAL_CONNECTIONS_MAX 4
#define MISSES_MAX 16

static struct {
	ModOnce once;
	pthread_mutex_t lock; /* never held over a request */
	pthread_cond_t released;
	ModConnection connections[POOL_SIZE];
	char path[sizeof ((struct sockaddr_un *)NULL)->sun_path];
	int channel; /* -1, or where connections come from instead */
	uint32_t client;
	uint32_t misses;        /* since the last connection was opened */
	uint32_t reply_wait_ms; /* as the keystore said last */
	int64_t fail_until_ms;  /* fail at once until then */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .released = PTHREAD_COND_INITIALIZER};

/* When one call must end: while the keystore is not there, and when it is. */
typedef struct {
	uint32_t wait_ms;
	int64_t start_ms;
	int64_t reach_ms;
	int64_t reply_ms;
	unsigned turned_away; /* accepted, and ended without a greeting: too many connections */
} Deadline;

/* A keystore was there a moment ago: the next one has its time, within that of an answer. */
static void
reach_again (Deadline *deadline)
{
	deadline->reach_ms = mod_now_ms () + deadline->wait_ms;
	if (deadline->reach_ms > deadline->reply_ms)
		deadline->reach_ms = deadline->reply_ms;
}

/* First use in a process. In a forked child the parent's connections are only closed, never used.
 */
static void
renew_pool (void)
{
	static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
	static const pthread_cond_t unwaited = PTHREAD_COND_INITIALIZER;

	memcpy (&pool.lock, &unlocked, sizeof unlocked);
	memcpy (&pool.released, &unwaited, sizeof unwaited);
	for (size_t i = 0; i < POOL_SIZE; i++) {
		ModConnection *connection = &pool.connections[i];

		if (connection->state != MOD_CONNECTION_EMPTY)
			mod_connection_close (connection);
		connection->fd = -1;
		connection->use = MOD_IDLE;
	}
	pool.fail_until_ms = 0;
}

static void
enter (void)
{
	mod_process_once (&pool.once, renew_pool);
	pthread_mutex_lock (&pool.lock);
}

static void
leave (void)
{
	pthread_mutex_unlock (&pool.lock);
}

static void
note_path (void)
{
	const char *folder = secure_getenv ("ENROLEE_RUNTIME_DIR");
	int len;

	if (pool.path[0] != '\0')
		return;
	pool.channel = wire_handover_channel ();
	if (folder == NULL || folder[0] != '/')
		folder = ENROLEE_RUNTIME_DIR;
	len = snprintf (pool.path, sizeof pool.path, "%s/%s", folder, SOCKET_NAME);
	if (len < 0 || (size_t)len >= sizeof pool.path)
		snprintf (pool.path, sizeof pool.path, "%s/%s", ENROLEE_RUNTIME_DIR, SOCKET_NAME);
}

void
mod_client_prepare (uint32_t client)
{
	enter ();
	note_path ();
	pool.client = client;
	leave ();
}

/* Idle connections that the process may no longer use: opened by others than it is now. */
static void
drop_foreign (const ModIds *ids)
{
	for (size_t i = 0; i < POOL_SIZE; i++) {
		ModConnection *connection = &pool.connections[i];

		if (connection->use == MOD_IDLE && connection->state != MOD_CONNECTION_EMPTY &&
		    !mod_ids_equal (&connection->ids, ids))
			mod_connection_close (connection);
	}
}

static ModConnection *
take (ModConnection *connection)
{
	if (connection != NULL)
		connection->use =
			connection->state == MOD_CONNECTION_READY ? MOD_WORKING : MOD_OPENING;
	return connection;
}

/* An idle connection in that state; of several the one that was used on this core last. */
static ModConnection *
find_idle (ModConnectionState state, uint32_t cpu)
{
	ModConnection *found = NULL;

	for (size_t i = 0; i < POOL_SIZE; i++) {
		ModConnection *connection = &pool.connections[i];

		if (connection->use != MOD_IDLE || connection->state != state)
			continue;
		if (state != MOD_CONNECTION_EMPTY && !mod_connection_is_ours (connection)) {
			mod_connection_close (connection);
			continue;
		}
		if (found == NULL || connection->cpu == cpu)
			found = connection;
		if (found->cpu == cpu)
			break;
	}
	return found;
}

static ModConnection *
take_idle (ModConnectionState state)
{
	return take (find_idle (state, WIRE_CPU_UNKNOWN));
}

static bool
wants_local (const ModConnection *found, uint32_t cpu)
{
	size_t open = 0;

	if (found->cpu == cpu || ++pool.misses < MISSES_MAX)
		return false;
	pool.misses = 0;
	for (size_t i = 0; i < POOL_SIZE; i++)
		open += pool.connections[i].use != MOD_IDLE ||
			pool.connections[i].state != MOD_CONNECTION_EMPTY;
	return open < LOCAL_CONNECTIONS_MAX;
}

static bool
any_in_use (ModConnectionUse use)
{
	for (size_t i = 0; i < POOL_SIZE; i++) {
		if (pool.connections[i].use == use)
			return true;
	}
	return false;
}

static void
release_locked (ModConnection *connection)
{
	connection->use = MOD_IDLE;
	pthread_cond_signal (&pool.released);
}

static void
release (ModConnection *connection)
{
	mod_connection_wipe (connection);
	enter ();
	release_locked (connection);
	leave ();
}

/* Waits until another thread gives a connection back, or the time is over. */
static void
wait_released (int64_t until_ms)
{
	struct timespec until = {
		.tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000,
	};

	pthread_cond_clockwait (&pool.released, &pool.lock, CLOCK_MONOTONIC, &until);
}

static bool
failing_fast (void)
{
	return mod_now_ms () < pool.fail_until_ms;
}

/*
 * A slot of ours becomes a connection that is ready, without the lock. Where a connection is
 * accepted a keystore is there, or about to be (its socket is systemd's), and has as long as for
 * any answer.
 */
static ModOutcome
make_ready (ModConnection *connection, const ModIds *ids, Deadline *deadline)
{
	ModOutcome outcome = MOD_DONE;

	leave ();
	if (connection->state == MOD_CONNECTION_EMPTY)
		outcome = mod_connection_open (connection, pool.path, pool.channel, pool.client,
					       ids, deadline->reach_ms);
	if (outcome == MOD_DONE) {
		outcome = mod_connection_greet (connection, deadline->reply_ms);
		if (outcome == MOD_LOST) {
			deadline->turned_away++;
			reach_again (deadline);
		}
	}
	mod_connection_wipe (connection);
	enter ();
	if (outcome == MOD_DONE) {
		pool.fail_until_ms = 0;
		if (connection->reply_wait_ms > REPLY_WAIT_MAX_MS)
			connection->reply_wait_ms = REPLY_WAIT_MAX_MS;
		pool.reply_wait_ms = connection->reply_wait_ms;
	}
	return outcome;
}

/* A connection made ready in a free slot of the pool; NULL with MOD_LOST when there is none. */
static ModConnection *
acquire_new (const ModIds *ids, Deadline *deadline, ModOutcome *outcome)
{
	ModConnection *connection = take_idle (MOD_CONNECTION_GREETING);

	if (connection == NULL)
		connection = take_idle (MOD_CONNECTION_EMPTY);
	*outcome = MOD_LOST;
	if (connection == NULL)
		return NULL;
	*outcome = make_ready (connection, ids, deadline);
	if (*outcome == MOD_DONE) {
		connection->use = MOD_WORKING;
		return connection;
	}
	release_locked (connection);
	return NULL;
}

/* One look for a connection: NULL with MOD_LOST means look again later. */
static ModConnection *
acquire_once (const ModIds *ids, Deadline *deadline, ModOutcome *outcome)
{
	uint32_t cpu = mod_cpu ();
	ModConnection *ready = find_idle (MOD_CONNECTION_READY, cpu);
	ModConnection *connection;

	*outcome = MOD_DONE;
	if (ready != NULL && !wants_local (ready, cpu))
		return take (ready);
	connection = acquire_new (ids, deadline, outcome);
	if (connection != NULL || ready == NULL)
		return connection;
	/* one more was a matter of speed; meanwhile others may have taken what was there */
	connection = take_idle (MOD_CONNECTION_READY);
	if (connection != NULL)
		*outcome = MOD_DONE;
	return connection;
}

/* A keystore that restarts is looked for often; one that is there and has no room, less and less. */
static int64_t
retry_ms (const Deadline *deadline)
{
	unsigned doublings = deadline->turned_away;

	return RETRY_MS << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
}

/*
 * Waits before the next look. Where other threads have connections, this is a queue inside the
 * process (eight is the most, or no descriptor is left), and lasts as long as an answer may; else
 * the keystore is away. Returns false when the time is over.
 */
static bool
wait_turn (const Deadline *deadline)
{
	bool queue = any_in_use (MOD_WORKING);
	int64_t until_ms = queue ? deadline->reply_ms : deadline->reach_ms;
	int64_t now_ms = mod_now_ms ();
	int64_t retry_at_ms = now_ms + retry_ms (deadline);

	if (now_ms >= until_ms || failing_fast ())
		return false;
	wait_released (retry_at_ms < until_ms ? retry_at_ms : until_ms);
	return true;
}

static ModConnection *
acquire (Deadline *deadline, ModOutcome *outcome)
{
	Deadline at_once = {0};
	ModConnection *connection;
	ModIds ids;

	mod_ids_read (&ids);
	enter ();
	note_path ();
	drop_foreign (&ids);
	do
		connection = acquire_once (&ids, failing_fast () ? &at_once : deadline, outcome);
	while (connection == NULL && *outcome != MOD_REFUSED && wait_turn (deadline));
	leave ();
	return connection;
}

/*
 * The keystore did not answer in time: nobody waits for it again before it does, or the time is
 * over. Calls that fail in this time do not make it longer.
 */
static void
fail_fast (void)
{
	enter ();
	if (failing_fast ()) {
		leave ();
		return;
	}
	for (size_t i = 0; i < POOL_SIZE; i++) {
		ModConnection *connection = &pool.connections[i];

		if (connection->use == MOD_IDLE && connection->state == MOD_CONNECTION_READY)
			mod_connection_close (connection);
	}
	pool.fail_until_ms = mod_now_ms () + WIRE_FAIL_FAST_MS;
	leave ();
}

static Deadline
deadline_start (uint32_t wait_ms)
{
	Deadline deadline = {.wait_ms = wait_ms, .start_ms = mod_now_ms ()};

	deadline.reach_ms = deadline.reply_ms = deadline.start_ms + wait_ms;
	return deadline;
}

/* The use of a key may take as long as the keystore said; a view waits for nothing slow. */
static void
allow_reply (Deadline *deadline, const ModExchange *exchange, uint32_t reply_wait_ms)
{
	int64_t until_ms = deadline->start_ms + reply_wait_ms;

	if (exchange->type != WIRE_MSG_VIEW && until_ms > deadline->reply_ms)
		deadline->reply_ms = until_ms;
}

static uint32_t
known_reply_wait_ms (void)
{
	uint32_t wait_ms;

	enter ();
	wait_ms = pool.reply_wait_ms;
	leave ();
	return wait_ms;
}

/* All connections of the pool may be of a keystore that is gone; a request that more keystores than these
 * did not survive is at fault itself. */
static void
pause_after (unsigned lost)
{
	const struct timespec pause = {.tv_nsec = (long)lost * RETRY_MS * 1000000};

	if (lost > 0)
		nanosleep (&pause, NULL);
}

/*
 * Sends the request until a keystore answers it. (transfer) On success the connection is the
 * caller's until release(): the answer lies in its frame.
 */
static ModConnection *
call (ModExchange *exchange, uint32_t wait_ms)
{
	Deadline deadline = deadline_start (wait_ms);
	ModOutcome outcome;

	allow_reply (&deadline, exchange, known_reply_wait_ms ());
	for (unsigned lost = 0;; lost++) {
		ModConnection *connection = acquire (&deadline, &outcome);

		if (connection == NULL)
			break;
		allow_reply (&deadline, exchange, connection->reply_wait_ms);
		outcome = mod_connection_exchange (connection, exchange, deadline.reply_ms);
		if (outcome == MOD_DONE)
			return connection;
		release (connection);
		if (outcome != MOD_LOST || lost == RESENDS_MAX || mod_now_ms () >= deadline.reply_ms)
			break;
		pause_after (lost);
		reach_again (&deadline);
	}
	if (wait_ms > 0 && outcome != MOD_REFUSED && outcome != MOD_TOO_BIG)
		fail_fast ();
	exchange->status = outcome == MOD_TOO_BIG ? CKR_DATA_LEN_RANGE : CKR_DEVICE_ERROR;
	return NULL;
}

/* Input that no frame holds goes as a memory file that nobody can change any more. */
static int
make_data_file (const WireBytes *data)
{
	int fd = memfd_create ("enrolee-data", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	while (fd >= 0 && done < data->len) {
		ssize_t written = write (fd, data->data + done, data->len - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			close (fd);
			return -1;
		}
		done += (size_t)written;
	}
	if (fd >= 0)
		fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	return fd;
}

static CK_RV
take_result (const WireResult *result, uint8_t *output, size_t *output_len)
{
	size_t room = *output_len;

	*output_len = result->output.len;
	if (result->output.len > room)
		return CKR_BUFFER_TOO_SMALL;
	if (result->output.len > 0)
		memcpy (output, result->output.data, result->output.len);
	return CKR_OK;
}

static CK_RV
operate (ModExchange *exchange, uint8_t *output, size_t *output_len)
{
	ModConnection *connection = call (exchange, WIRE_CONNECT_WAIT_MS);
	CK_RV rv = exchange->status;

	if (connection == NULL)
		return rv;
	if (rv == CKR_OK)
		rv = take_result (&exchange->reply.result, output, output_len);
	release (connection);
	return rv;
}

CK_RV
mod_client_operate (uint32_t type, const void *message, uint8_t *output, size_t *output_len)
{
	ModExchange exchange = {.type = type, .message = message, .data_fd = -1};
	WireOperate large;
	CK_RV rv;

	if (type > WIRE_MSG_DERIVE ||
	    ((const WireOperate *)message)->data.len <= WIRE_DATA_MAX)
		return operate (&exchange, output, output_len);
	large = *(const WireOperate *)message;
	if (large.data.len > WIRE_DATA_FD_MAX)
		return CKR_DATA_LEN_RANGE;
	exchange.data_fd = make_data_file (&large.data);
	if (exchange.data_fd < 0)
		return CKR_HOST_MEMORY;
	large.data_fd_size = large.data.len;
	large.data = (WireBytes){NULL, 0};
	exchange.message = &large;
	rv = operate (&exchange, output, output_len);
	close (exchange.data_fd);
	return rv;
}

CK_RV
mod_client_view (uint32_t wait_ms, ModClientView *view)
{
	ModExchange exchange = {.type = WIRE_MSG_VIEW, .data_fd = -1};
	ModConnection *connection = call (&exchange, wait_ms);
	CK_RV rv = exchange.status;

	if (connection == NULL)
		return rv;
	if (rv == CKR_OK && exchange.fds[0] >= 0 && exchange.fds[1] >= 0) {
		*view = (ModClientView){
			.generation = exchange.reply.view_reply.generation,
			.size = exchange.reply.view_reply.size,
			.instance = connection->instance,
			.snapshot_fd = exchange.fds[0],
			.page_fd = exchange.fds[1],
		};
	} else if (rv == CKR_OK) {
		/* the process has no descriptors left */
		mod_exchange_close_fds (&exchange);
		rv = CKR_HOST_MEMORY;
	}
	release (connection);
	return rv;
}

bool
mod_client_sees (uint64_t instance)
{
	bool seen = false;
	ModIds ids;

	mod_ids_read (&ids);
	enter ();
	drop_foreign (&ids);
	for (size_t i = 0; i < POOL_SIZE; i++) {
		ModConnection *connection = &pool.connections[i];

		if (connection->use == MOD_OPENING ||
		    (connection->use == MOD_IDLE && connection->state != MOD_CONNECTION_READY))
			continue;
		if (connection->use == MOD_IDLE && !mod_connection_is_alive (connection))
			mod_connection_close (connection);
		else
			seen = seen || connection->instance == instance;
	}
	leave ();
	return seen;
}

void
mod_client_close (void)
{
	enter ();
	for (size_t i = 0; i < POOL_SIZE; i++) {
		ModConnection *connection = &pool.connections[i];

		if (connection->use == MOD_IDLE && connection->state != MOD_CONNECTION_EMPTY)
			mod_connection_close (connection);
	}
	leave ();
}
