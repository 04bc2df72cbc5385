// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "files.h"
#include "holder.h"
#include "post.h"
#include "world.h"

#define WAIT_US		6000000
#define HOLD_US		8000

static void keep(struct grip *grip);

/* Signals that interrupt a wait, again and again, or none. */
static void set_alarm(unsigned int us)
{
	struct itimerval timer = {
		.it_value = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 },
		.it_interval = { .tv_usec = us ? 200000 : 0 },
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void die_with_it(void)
{
	world->n.vanished++;
	if (below(2))
		kill(getpid(), SIGKILL);
	_exit(0);
}

static void drop(struct grip *grip)
{
	oracle_drop(&grip->claim);
	if (below(2))
		grip_unlock(grip);
	grip_close(grip);
}

static void pass_on(struct grip *grip)
{
	if (!post_send(grip, false))
		drop(grip);
}

static void orphan(struct grip *grip)
{
	if (!post_send(grip, true)) {
		drop(grip);
		return;
	}
	world->n.orphaned++;
	_exit(0);
}

static void inherit(struct grip *grip, pid_t parent)
{
	set_alarm(0);
	if (oracle_inherit(&grip->claim, parent)) {
		world->n.inherited++;
		close(grip->probe);
		if (grip_open_probe(grip))
			keep(grip);
	}
	_exit(0);
}

/* A child goes on with it; this process waits until it does, then may keep an fd. */
static void bequeath(struct grip *grip)
{
	pid_t me = getpid(), child = spawn(CLONE_PARENT);

	if (!child)
		inherit(grip, me);
	while (child > 0 && oracle_owner(grip->claim.word) == me && !is_dying(child))
		usleep(1000);
	if (child < 0 || oracle_owner(grip->claim.word) == me) {
		drop(grip);
		return;
	}
	nap(2 * HOLD_US);
	if (below(2))
		die_with_it();
	grip_close(grip);
}

static bool check_some_times(const struct grip *grip)
{
	int i;

	for (i = below(4); i >= 0; i--) {
		nap(HOLD_US);
		if (!grip_check(grip))
			return false;
	}
	return true;
}

/* POSIX locks go with no description, and readers stay at home. */
static void keep(struct grip *grip)
{
	bool travels = grip->kind != POSIX && !grip->shared;
	unsigned int what = below(32);

	if (!check_some_times(grip))
		grip_close(grip);
	else if (what < 2)
		die_with_it();
	else if (travels && what < 8)
		pass_on(grip);
	else if (travels && what < 11)
		orphan(grip);
	else if (travels && what < 16)
		bequeath(grip);
	else
		drop(grip);
	grip_close(grip);
}

static bool open_grip(struct grip *grip, enum kind kind)
{
	*grip = (struct grip){
		.kind = kind,
		.start = kind == FLOCK ? 0 : below(RANGES) * RANGE_STEP,
		.shared = below(4) == 0,
		.probe = -1,
		.fd = open(files_path(files_pick()), O_RDWR | O_CLOEXEC),
	};
	if (grip->fd < 0)
		return false;
	grip->serial = files_serial(grip->fd);
	grip->claim.word = oracle_word(grip->serial, kind, grip->start);
	if (!grip->claim.word)
		violation("a file of the size %u", grip->serial);
	return grip->claim.word && grip_open_probe(grip);
}

static bool take(struct grip *grip)
{
	bool wait = below(4) != 0;
	int ret;

	oracle_request(grip->claim.word);
	if (wait)
		set_alarm(1000 + below(WAIT_US));
	ret = grip_lock(grip, wait);
	if (wait)
		set_alarm(0);
	if (!ret)
		return true;
	if (errno == EINTR)
		world->n.interrupted++;
	else if (errno == EAGAIN || errno == EWOULDBLOCK)
		world->n.busy++;
	else
		violation("a lock request failed with errno %d", errno);
	return false;
}

static void count_taken(const struct grip *grip)
{
	if (grip->kind == FLOCK)
		world->n.flock++;
	else if (grip->kind == OFD)
		world->n.ofd++;
	else
		world->n.posix++;
	if (grip->shared)
		world->n.shared++;
}

static void attempt(enum kind kind)
{
	struct grip grip;
	bool taken = open_grip(&grip, kind) && take(&grip);

	if (taken) {
		count_taken(&grip);
		if (oracle_take(&grip.claim, grip.claim.word, grip.shared))
			keep(&grip);
	}
	grip_close(&grip);
	if (!taken)
		rest(world->pause_us);
}

/* A POSIX lock belongs to a file table: another process takes it, and goes. */
static void attempt_by_another(void)
{
	struct grip grip;
	pid_t taker;

	if (open_grip(&grip, POSIX)) {
		grip.shared = false;
		taker = spawn(CLONE_FILES | CLONE_PARENT);
		if (!taker) {
			if (take(&grip))
				oracle_take(&grip.claim, grip.claim.word, false);
			_exit(0);
		}
		while (taker > 0 && !is_dying(taker))
			usleep(1000);
		if (taker > 0 && oracle_adopt(&grip.claim, grip.claim.word, taker)) {
			world->n.adopted++;
			keep(&grip);
		}
	}
	grip_close(&grip);
}

static void run(enum kind kind)
{
	struct grip grip;

	if (kind == POSIX)
		post_close();
	while (!world->over) {
		rest(world->pause_us);
		if (kind != POSIX && below(2) && post_receive(&grip, below(POSTS)))
			keep(&grip);
		else if (kind == POSIX && below(8) == 0)
			attempt_by_another();
		else
			attempt(kind);
	}
}

void holder_run_flock(void)
{
	run(FLOCK);
}

void holder_run_ofd(void)
{
	run(OFD);
}

void holder_run_posix(void)
{
	run(POSIX);
}

/*
 * A write lease is not given while others have the file open, and nobody opens it
 * then: without waiting, that is refused.
 */
static void open_leased(const char *path)
{
	bool for_reading = below(2);
	int fd = open(path, (for_reading ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_CLOEXEC);
	struct word *word;

	if (fd < 0) {
		if (errno == EWOULDBLOCK)
			world->n.lease_breaks++;
		return;
	}
	word = oracle_word(files_serial(fd), LEASE, 0);
	if (word)
		oracle_expect_free(word, for_reading, "opener");
	close(fd);
}

/* While it is being broken the kernel names what it is to become: nothing. */
static void hold_lease(struct claim *claim, int fd, bool shared)
{
	int i, type = shared ? F_RDLCK : F_WRLCK;

	for (i = below(6); i >= 0 && fcntl(fd, F_GETLEASE) == type; i--) {
		nap(HOLD_US);
		if (!oracle_check(claim))
			return;
	}
	if (below(16) == 0)
		die_with_it();
	if (!shared && below(12) == 0 && post_send_lease(claim, files_serial(fd), fd)) {
		world->n.orphaned++;
		_exit(0);
	}
	oracle_drop(claim);
	if (below(2))
		fcntl(fd, F_SETLEASE, F_UNLCK);
}

static void lease(const char *path)
{
	bool shared = below(3) == 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct claim claim;
	struct word *word;

	word = fd < 0 ? NULL : oracle_word(files_serial(fd), LEASE, 0);
	if (word) {
		oracle_request(word);
		if (fcntl(fd, F_SETLEASE, shared ? F_RDLCK : F_WRLCK)) {
			world->n.busy++;
		} else {
			world->n.leases++;
			if (oracle_take(&claim, word, shared))
				hold_lease(&claim, fd, shared);
		}
	}
	if (fd >= 0)
		close(fd);
}

void holder_run_lease(void)
{
	while (!world->over) {
		rest(world->pause_us);
		if (below(3))
			lease(files_path(files_pick_lease()));
		else
			open_leased(files_path(files_pick_lease()));
	}
}
