// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each guard has a socket of its own, for a lease lives as long as its socket.  While it
 * has the file, the service manager keeps a copy of that socket, under NAME@ID: so the
 * lease outlives a crash of this process, and the next one goes on with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "message.h"
#include "ward.h"

#define TTL_MS		60000	/* of one that is restarted, or frozen */
#define RENEW_US	(UINT64_C(20) * 1000000)
#define AGAIN_US	(UINT64_C(10) * 1000000)
#define STALE_TRIES	100	/* of a file that is replaced while it is opened */

static const struct aimlock_config_file *config_of(const struct guard *guard)
{
	return guard->ward->config;
}

static sd_event *loop_of(const struct guard *guard)
{
	return guard->ward->daemon->loop;
}

bool guard_has(const struct guard *guard)
{
	return guard->state >= GUARD_CHECKING;
}

bool guard_is_own(const struct guard *guard, uint64_t generation)
{
	return generation <= guard->last;
}

/* --- the copy of its socket --- */

static void keep_socket(struct guard *guard, const char *what, uint32_t id)
{
	int fd = aimlock_netlink_fd(&guard->nl);
	char state[160];

	snprintf(state, sizeof(state), "%s=1\nFDNAME=%s@%" PRIu32 "\nFDPOLL=0", what,
		 config_of(guard)->name, id);
	sd_pid_notify_with_fds(0, 0, state, &fd, !strcmp(what, "FDSTORE"));
}

/* --- to leave --- */

void guard_abandon(struct guard *guard)
{
	if (guard->state == GUARD_AWAY)
		return;
	check_stop(&guard->check);
	guard->heard = sd_event_source_unref(guard->heard);
	guard->renew = sd_event_source_unref(guard->renew);
	guard->again = sd_event_source_unref(guard->again);
	aimlock_netlink_close(&guard->nl);
	guard->state = GUARD_AWAY;
}

void guard_leave(struct guard *guard)
{
	if (guard->state != GUARD_AWAY)
		keep_socket(guard, "FDSTOREREMOVE", guard->lease.id);
	guard_abandon(guard);
}

void guard_drop(struct guard *guard)
{
	/* so that whoever comes next isn't told of a death */
	if (guard->state != GUARD_AWAY)
		aimlock_lease_del(&guard->nl, &guard->lease);
	guard_leave(guard);
	guard->lost = false;
	guard->failed = false;
}

/* --- the check --- */

static void give_back(struct guard *guard);

static void run_check(struct guard *guard);

static int check_again(sd_event_source *source, uint64_t usec, void *arg)
{
	struct guard *guard = arg;

	(void)source;
	(void)usec;
	if (guard->state == GUARD_FAILED)
		run_check(guard);
	return 0;
}

static void fail(struct guard *guard, const char *why)
{
	guard->state = GUARD_FAILED;
	/* once, not each time */
	if (!guard->failed)
		message_send(MESSAGE_CHECK_FAILED, config_of(guard)->name,
			     "the check of %s failed (%s): it stays guarded, nobody gets its lock; "
			     "the check runs again each 10 seconds", config_of(guard)->path, why);
	guard->failed = true;
	guard->again = sd_event_source_unref(guard->again);
	sd_event_add_time_relative(loop_of(guard), &guard->again, CLOCK_BOOTTIME, AGAIN_US, 0,
				   check_again, guard);
}

static void on_checked(struct check *check, bool passed, const char *why)
{
	struct guard *guard = (struct guard *)((char *)check - offsetof(struct guard, check));

	if (!passed) {
		fail(guard, why);
		return;
	}
	guard->lost = false;
	guard->failed = false;
	message_send(MESSAGE_CHECK_PASSED, config_of(guard)->name,
		     "the check of %s passed, it is given back", config_of(guard)->path);
	give_back(guard);
}

static void run_check(struct guard *guard)
{
	int err;

	guard->state = GUARD_CHECKING;
	guard->check.done = on_checked;
	err = check_start(&guard->check, loop_of(guard), config_of(guard));
	if (err)
		fail(guard, strerror(-err));
}

void guard_retry(struct guard *guard)
{
	if (guard->state == GUARD_FAILED)
		run_check(guard);
}

/* --- to have the file --- */

static void complain(struct guard *guard, int err)
{
	/* a file that is not there is nobody's */
	if (guard->faulty || err == -ENOENT)
		return;
	guard->faulty = true;
	message_send(MESSAGE_GUARD_FAULT, config_of(guard)->name, "%s can't be taken: %s (%s)",
		     config_of(guard)->path,
		     guard->nl.message[0] ? guard->nl.message : "it can't be opened",
		     strerror(-err));
}

/* It expired, as after a freeze, or another file lies there now. */
static void lose_own(struct guard *guard)
{
	if (guard_has(guard))
		message_send(MESSAGE_GUARD_FAULT, config_of(guard)->name,
			     "the guard of %s was lost: %s", config_of(guard)->path,
			     guard->lease.reason == AIMLOCK_REASON_REPLACED ?
			     "another file lies there" : "it was not renewed in time");
	guard_leave(guard);
	guard_insist(guard);
}

static int on_renew(sd_event_source *source, uint64_t usec, void *arg)
{
	struct guard *guard = arg;

	(void)usec;
	if (aimlock_lease_renew(&guard->nl, &guard->lease) == -ESTALE) {
		lose_own(guard);
		return 0;
	}
	sd_event_source_set_time_relative(source, RENEW_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void take(struct guard *guard)
{
	sd_event_add_time_relative(loop_of(guard), &guard->renew, CLOCK_BOOTTIME, RENEW_US, 0,
				   on_renew, guard);
	run_check(guard);
}

/* How the holder before us ended was told by an event, which may be unread. */
static void on_granted(struct guard *guard)
{
	guard->last = guard->lease.generation;
	guard->state = GUARD_CHECKING;
	link_hear(guard->ward->daemon);
	if (guard->state != GUARD_CHECKING)
		return;
	if (!config_of(guard)->guard) {
		give_back(guard);
		return;
	}
	guard->lost = true;
	message_send(MESSAGE_GUARD_TAKEN, config_of(guard)->name,
		     "%s was taken to be checked", config_of(guard)->path);
	take(guard);
}

/* Not while an event is being dealt with: others are read here. */
static int granted_at_once(sd_event_source *source, void *arg)
{
	struct guard *guard = arg;

	(void)source;
	if (guard->state == GUARD_QUEUED && guard->lease.granted)
		on_granted(guard);
	return 0;
}

static int on_heard(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct guard *guard = arg;
	int err = aimlock_lease_hear(&guard->nl, &guard->lease);

	(void)source;
	(void)fd;
	(void)revents;
	if (err == -ENOBUFS)
		err = aimlock_lease_renew(&guard->nl, &guard->lease);
	if (guard->lease.ended || err == -ESTALE)
		lose_own(guard);
	else if (guard->state == GUARD_QUEUED && guard->lease.granted)
		on_granted(guard);
	return 0;
}

static int listen_to(struct guard *guard)
{
	int err = aimlock_netlink_unblock(&guard->nl);

	if (err)
		return err;
	err = sd_event_add_io(loop_of(guard), &guard->heard, aimlock_netlink_fd(&guard->nl),
			      EPOLLIN, on_heard, guard);
	return err < 0 ? err : 0;
}

/* --- its place --- */

/*
 * What it has, if anything, for what it asks for: that first, so that no moment is without.
 * What was told meanwhile of the new one is asked for.
 */
static int change(struct guard *guard, const struct aimlock_lease_request *request)
{
	struct aimlock_lease old = guard->lease;
	int err = aimlock_lease_new(&guard->nl, request, &guard->lease);

	if (err) {
		guard->lease = old;
		return err;
	}
	if (old.id) {
		keep_socket(guard, "FDSTOREREMOVE", old.id);
		aimlock_lease_del(&guard->nl, &old);
		aimlock_lease_renew(&guard->nl, &guard->lease);
	}
	keep_socket(guard, "FDSTORE", guard->lease.id);
	guard->state = GUARD_QUEUED;
	guard->insists = request->guard == AIMLOCK_GUARD_NEXT;
	guard->renew = sd_event_source_unref(guard->renew);
	guard->again = sd_event_source_unref(guard->again);
	if (guard->lease.granted)
		err = sd_event_add_defer(loop_of(guard), &guard->again, granted_at_once, guard);
	return err < 0 ? err : 0;
}

static int arrive(struct guard *guard)
{
	int err;

	if (guard->state != GUARD_AWAY)
		return 0;
	guard->lease = (struct aimlock_lease){ 0 };
	err = aimlock_netlink_open(&guard->nl);
	if (err)
		return err;
	err = listen_to(guard);
	if (err) {
		guard->heard = sd_event_source_unref(guard->heard);
		aimlock_netlink_close(&guard->nl);
	}
	return err;
}

/* As change(), from wherever it is; where it was AWAY, it still is if that fails. */
static int enter(struct guard *guard, const struct aimlock_lease_request *request)
{
	bool was_away = guard->state == GUARD_AWAY;
	int err = arrive(guard);

	if (err)
		return err;
	err = change(guard, request);
	if (err && was_away) {
		guard->state = GUARD_QUEUED;
		guard_abandon(guard);
	}
	return err;
}

/* Before all who wait: for the loss of a holder, or for the file, if one was lost. */
static int stand(struct guard *guard)
{
	const struct aimlock_lease_request request = {
		.name = config_of(guard)->name,
		.ttl_ms = TTL_MS,
		.guards = true,
		.guard = guard->lost ? AIMLOCK_GUARD_NEXT : AIMLOCK_GUARD_LOST,
	};
	int err = enter(guard, &request);

	if (err)
		complain(guard, err);
	else
		guard->faulty = false;
	return err;
}

/* It is in its place again before the next one has the file. */
static void give_back(struct guard *guard)
{
	if (!config_of(guard)->guard || stand(guard))
		guard_drop(guard);
}

static int adopt_once(struct guard *guard)
{
	const struct aimlock_lease_request request = {
		.name = config_of(guard)->name,
		.fd = open(config_of(guard)->path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
		.ttl_ms = TTL_MS,
		.adopt = true,
		.scope = AIMLOCK_CLEAR_SCOPE_ORPHANED,
	};
	int err;

	if (request.fd < 0)
		return -errno;
	err = enter(guard, &request);
	close(request.fd);
	return err;
}

int guard_adopt(struct guard *guard)
{
	int tries, err = -ESTALE;

	if (guard_has(guard))
		return -EBUSY;
	for (tries = 0; err == -ESTALE && tries < STALE_TRIES; tries++)
		err = adopt_once(guard);
	if (err)
		return err;
	guard->last = guard->lease.generation;
	guard->lost = config_of(guard)->guard;
	return 0;
}

void guard_lose(struct guard *guard, const char *why)
{
	if (!config_of(guard)->guard)
		return;
	if (!guard->lost && why)
		message_send(MESSAGE_HOLDER_LOST, config_of(guard)->name, "%s: %s",
			     config_of(guard)->path, why);
	guard->lost = true;
	guard_insist(guard);
}

void guard_doubt(struct guard *guard, const char *why)
{
	guard_lose(guard, why);
	if (guard->lost && guard->state == GUARD_QUEUED && !guard->insists)
		stand(guard);
}

void guard_insist(struct guard *guard)
{
	if (config_of(guard)->guard && guard->state == GUARD_AWAY)
		stand(guard);
}

/* The lease keeps the others in the queue, whatever file lies there. */
void guard_move(struct guard *guard)
{
	if (guard_has(guard)) {
		check_stop(&guard->check);
		run_check(guard);
	}
}

void guard_resume(struct guard *guard, int fd, uint32_t id)
{
	int err = aimlock_netlink_inherit(&guard->nl, fd);

	if (err)
		return;
	guard->state = GUARD_QUEUED;
	guard->insists = false;
	guard->lease = (struct aimlock_lease){ .id = id };
	err = listen_to(guard);
	if (!err)
		err = aimlock_lease_renew(&guard->nl, &guard->lease);
	if (err == -EAGAIN)
		return;
	if (err) {
		guard_leave(guard);
		return;
	}
	guard->state = GUARD_CHECKING;
	guard->last = guard->lease.generation;
	guard->lost = true;
	message_send(MESSAGE_GUARD_RESUMED, config_of(guard)->name,
		     "%s was kept through a restart", config_of(guard)->path);
	take(guard);
}
