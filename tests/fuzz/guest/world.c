// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * World: files in a tmpfs and on the disk, and a helper process that locks them
 * as it is told.  What the kernel should grant it is foretold, too: a lock that
 * excludes nobody any more would be seen here.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

struct object objects[N_OBJECTS];
pid_t helper_pid;

static int helper = -1;		/* our end of its socket */

struct order {
	char verb;		/* l lock, u unlock, o open, c close all */
	int object;
	enum slot slot;
	bool write;
};

struct report {
	int error;
	pid_t taker;
};

static const char *object_path(int i)
{
	static char path[64];

	snprintf(path, sizeof(path), TOP "/f%d", i);
	return path;
}

enum aimlock_lock_kind slot_kind(enum slot slot)
{
	switch (slot) {
	case OFD_A:
	case OFD_B:
		return AIMLOCK_LOCK_KIND_OFD;
	case POSIX_A:
	case POSIX_B:
		return AIMLOCK_LOCK_KIND_POSIX;
	default:
		return AIMLOCK_LOCK_KIND_FLOCK;
	}
}

void slot_range(enum slot slot, uint64_t *start, uint64_t *end)
{
	static const uint64_t ranges[N_SLOTS][2] = {
		[OFD_A] = { 0, 9 }, [OFD_B] = { 5, 20 },
		[POSIX_A] = { 100, 109 }, [POSIX_B] = { 200, 209 },
	};

	*start = ranges[slot][0];
	*end = ranges[slot][1];
	if (slot_kind(slot) == AIMLOCK_LOCK_KIND_FLOCK)
		*end = LLONG_MAX;
}

enum aimlock_verdict slot_verdict(enum slot slot)
{
	if (slot == ORPHAN)
		return AIMLOCK_VERDICT_ORPHANED;
	return slot == PINNED ? AIMLOCK_VERDICT_PINNED : AIMLOCK_VERDICT_LIVE;
}

/* --- the helper --- */

static int fds[N_OBJECTS][N_SLOTS];
static int queues[N_OBJECTS][N_SLOTS][2];	/* where descriptors lie unread */

static int set_lock(int fd, enum slot slot, short type)
{
	static const int op[] = {
		[F_RDLCK] = LOCK_SH, [F_WRLCK] = LOCK_EX, [F_UNLCK] = LOCK_UN,
	};
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	uint64_t start, end;

	if (slot_kind(slot) == AIMLOCK_LOCK_KIND_FLOCK)
		return flock(fd, op[type] | LOCK_NB) ? errno : 0;
	slot_range(slot, &start, &end);
	lock.l_start = start;
	lock.l_len = end - start + 1;
	if (slot_kind(slot) == AIMLOCK_LOCK_KIND_OFD)
		return fcntl(fd, F_OFD_SETLK, &lock) ? errno : 0;
	return fcntl(fd, F_SETLK, &lock) ? errno : 0;
}

static void send_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec data = { (char *)"x", 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		err(3, "sendmsg");
}

/* What lies in the queue is closed by being read without room for it. */
static void drain(int object, enum slot slot)
{
	char byte;

	while (recv(queues[object][slot][1], &byte, 1, MSG_DONTWAIT) == 1)
		;
}

static int lock_and_send(const struct order *order)
{
	int fd = open(object_path(order->object), O_RDWR | O_CLOEXEC), error;

	if (fd < 0)
		return errno;
	error = set_lock(fd, order->slot, order->write ? F_WRLCK : F_RDLCK);
	if (!error)
		send_fd(queues[order->object][order->slot][0], fd);
	close(fd);
	return error;
}

static struct report make_orphan(const struct order *order)
{
	struct report report = { .taker = fork() };
	int status;

	if (report.taker < 0)
		err(3, "fork");
	if (!report.taker)
		_exit(lock_and_send(order));
	if (waitpid(report.taker, &status, 0) < 0 || !WIFEXITED(status))
		err(3, "the taker of an orphan");
	report.error = WEXITSTATUS(status);
	return report;
}

static struct report obey(const struct order *order)
{
	struct report report = { .taker = getpid() };
	int *fd = fds[order->object], slot;

	switch (order->verb) {
	case 'o':
		for (slot = 0; slot < ORPHAN; slot++)
			fd[slot] = open(object_path(order->object), O_RDWR | O_CLOEXEC);
		if (fd[ORPHAN - 1] < 0)
			report.error = errno;
		break;
	case 'c':
		for (slot = 0; slot < ORPHAN; slot++)
			close(fd[slot]);
		drain(order->object, ORPHAN);
		drain(order->object, PINNED);
		break;
	case 'u':
		if (order->slot >= ORPHAN)
			drain(order->object, order->slot);
		else
			report.error = set_lock(fd[order->slot], order->slot, F_UNLCK);
		break;
	case 'l':
		if (order->slot == ORPHAN)
			return make_orphan(order);
		if (order->slot == PINNED)
			report.error = lock_and_send(order);
		else
			report.error = set_lock(fd[order->slot], order->slot,
						order->write ? F_WRLCK : F_RDLCK);
		break;
	}
	return report;
}

static void be_helper(int sock)
{
	struct report report;
	struct order order;
	int i, slot;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "fuzz-helper");
	for (i = 0; i < N_OBJECTS; i++)
		for (slot = ORPHAN; slot < N_SLOTS; slot++)
			if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, queues[i][slot]))
				err(3, "socketpair");
	while (recv(sock, &order, sizeof(order), 0) == sizeof(order)) {
		report = obey(&order);
		if (send(sock, &report, sizeof(report), 0) != sizeof(report))
			err(3, "report");
	}
	_exit(0);
}

static struct report tell(char verb, int object, enum slot slot, bool write)
{
	struct order order = { verb, object, slot, write };
	struct report report;

	if (send(helper, &order, sizeof(order), 0) != sizeof(order) ||
	    recv(helper, &report, sizeof(report), 0) != sizeof(report))
		err(3, "the helper is gone");
	return report;
}

/* --- the files --- */

static void create(int i, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err(3, "%s", path);
	close(fd);
	objects[i] = (struct object){ .exists = true, .dev = st.st_dev, .ino = st.st_ino };
}

static void open_object(int i)
{
	if (tell('o', i, 0, false).error)
		err(3, "the helper can't open %s", object_path(i));
}

void world_make(void)
{
	int sock[2], i;

	if (mkdir(TOP, 0755) || mkdir(TOP "/dir", 0755) ||
	    symlink("f1", TOP "/link") || symlink("none", TOP "/dangling") ||
	    symlink("loop", TOP "/loop") ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		err(3, TOP);
	helper_pid = fork();
	if (helper_pid < 0)
		err(3, "fork");
	if (!helper_pid) {
		close(sock[0]);
		be_helper(sock[1]);
	}
	close(sock[1]);
	helper = sock[0];
	for (i = 0; i < N_OBJECTS; i++) {
		create(i, object_path(i));
		open_object(i);
	}
	if (link(TOP "/f0", TOP "/hard") || link(TOP "/f2", TOP "/odd \t\n\x01\xc3\xa9\xff"))
		err(3, "link");
}

void world_end(void)
{
	close(helper);
	waitpid(helper_pid, NULL, 0);
}

struct object *world_object(const char *path)
{
	struct stat st;
	int i;

	if (stat(path, &st))
		return NULL;
	for (i = 0; i < N_OBJECTS; i++)
		if (objects[i].exists && objects[i].dev == st.st_dev && objects[i].ino == st.st_ino)
			return &objects[i];
	return NULL;
}

static const char *long_path(void)
{
	static char path[3000];
	size_t len = strlen(TOP);

	strcpy(path, TOP);
	while (len < sizeof(path) - 8)
		len += sprintf(path + len, "/.");
	strcpy(path + len, "/f3");
	return path;
}

const char *world_path(void)
{
	static const char * const others[] = {
		TOP "/hard", TOP "/link", TOP "/odd \t\n\x01\xc3\xa9\xff", TOP "/dangling",
		TOP "/loop", TOP "/dir", TOP "/none", TOP "/f0/under", "/dev/null", "f0", "", "/",
		TOP "//f1", TOP "/dir/../f4",
	};

	if (!one_in(3))
		return object_path(chance(N_OBJECTS));
	return one_in(8) ? long_path() : others[chance(ARRAY_SIZE(others))];
}

static void replace(int i)
{
	bool existed = objects[i].exists;
	char path[64];

	if (existed)
		tell('c', i, 0, false);
	strcpy(path, object_path(i));
	if (one_in(3)) {
		if (existed && unlink(path))
			err(3, "unlink %s", path);
		objects[i] = (struct object){ 0 };
		return;
	}
	create(i, TOP "/new");
	if (rename(TOP "/new", path))
		err(3, "rename to %s", path);
	open_object(i);
}

/* --- who may lock what --- */

static bool overlap(enum slot a, enum slot b)
{
	uint64_t a_start, a_end, b_start, b_end;

	slot_range(a, &a_start, &a_end);
	slot_range(b, &b_start, &b_end);
	return a_start <= b_end && b_start <= a_end;
}

static bool conflicts(const struct object *object, enum slot slot, bool write)
{
	bool is_flock = slot_kind(slot) == AIMLOCK_LOCK_KIND_FLOCK;
	int other;

	if (holds_on(object->dev, object->ino))
		return true;
	for (other = 0; other < N_SLOTS; other++) {
		const struct lock *lock = &object->locks[other];

		if (lock->on && other != (int)slot && (lock->write || write) &&
		    is_flock == (slot_kind(other) == AIMLOCK_LOCK_KIND_FLOCK) &&
		    overlap(slot, other))
			return true;
	}
	return false;
}

static const char *step_lock(int i, enum slot slot)
{
	struct object *object = &objects[i];
	struct lock *lock = &object->locks[slot];
	bool write = chance(2);
	int want = conflicts(object, slot, write) ? EAGAIN : 0;
	struct report report = tell('l', i, slot, write);
	static char what[100];

	/* the helper closed a descriptor of that file: its POSIX locks are gone */
	if (slot == PINNED)
		object->locks[POSIX_A].on = object->locks[POSIX_B].on = false;
	if (report.error != want) {
		snprintf(what, sizeof(what), "!locking slot %d of %s gave %d, not %d", slot,
			 object_path(i), report.error, want);
		return what;
	}
	if (!want)
		*lock = (struct lock){ true, write, report.taker };
	return "lock";
}

const char *world_step(void)
{
	int i = chance(N_OBJECTS);
	enum slot slot = chance(N_SLOTS);
	struct object *object = &objects[i];

	if (!object->exists || one_in(40)) {
		replace(i);
		return "replace";
	}
	if (slot == ORPHAN && !object->locks[slot].on && !one_in(10))
		slot = FLOCK_A;		/* a fork is dear */
	/* often a file is free */
	if (!object->locks[slot].on)
		return one_in(6) ? step_lock(i, slot) : "nothing";
	if (tell('u', i, slot, false).error)
		return "!a lock couldn't be given back";
	object->locks[slot].on = false;
	return "unlock";
}
