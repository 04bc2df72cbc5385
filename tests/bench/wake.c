// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wake FILE CONF_LOCKED COUNT WAY...: how long a waiter waits, COUNT times each way by
 * turns: from before what ends the lock to the moment when the waiter has it.  Prints a
 * line "WAY US" for each.  FILE is to be registered with grace_ms 0.
 *
 * unlock	the owner's LOCK_UN of an flock
 * clear	the "0" that clears an orphaned flock (its fd lies unread in a socket of
 *		this process)
 * kill		SIGKILL for the owner of an flock
 * lease	the holder's lease-del
 * lease-kill	SIGKILL for the holder of a lease
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/lease.h"

#define PATIENCE_MS 60000
#define TTL_MS 600000

static const char *file;
static int conf;

/* Of the turn that is played. */
static int queue[2], owned = -1;
static pid_t owner;
static struct aimlock_netlink nl;
static struct aimlock_lease lease;

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int open_file(void)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", file);
	return fd;
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void reap(pid_t pid, const char *who)
{
	int status;

	if (waitpid(pid, &status, 0) < 0 || status)
		errx(1, "the %s failed", who);
}

static void send_fd(int sock, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} c = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct iovec byte = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &c,
			      .msg_controllen = sizeof(c) };

	memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		err(1, "sendmsg");
}

/* --- who has it --- */

static void own_flock(void)
{
	owned = open_file();
	if (flock(owned, LOCK_EX))
		err(1, "flock");
}

static void make_orphan(void)
{
	pid_t pid = spawn();

	if (!pid) {
		own_flock();
		send_fd(queue[0], owned);
		_exit(0);
	}
	reap(pid, "taker");
}

/* Opens the file and a socket, and closes the file. */
static void ask(void)
{
	struct aimlock_lease_request request = {
		.fd = open_file(), .ttl_ms = TTL_MS, .wait = true,
	};

	if (aimlock_netlink_open(&nl) || aimlock_lease_new(&nl, &request, &lease))
		errx(1, "lease-new: %s", nl.message);
	close(request.fd);
}

static void own_lease(void)
{
	ask();
	if (!lease.granted)
		errx(1, "somebody else has the lease");
}

static void start_owner(void (*own)(void))
{
	char byte = 0;

	owner = spawn();
	if (!owner) {
		own();
		if (write(queue[0], &byte, 1) != 1)
			err(1, "owner: write");
		for (;;)
			pause();
	}
	if (read(queue[1], &byte, 1) != 1)
		err(1, "read");
}

static void start_flock_owner(void)
{
	start_owner(own_flock);
}

static void start_lease_owner(void)
{
	start_owner(own_lease);
}

/* --- what ends that --- */

static void unlock(void)
{
	if (flock(owned, LOCK_UN))
		err(1, "unlock");
}

static void clear(void)
{
	if (pwrite(conf, "0", 1, 0) != 1)
		err(1, "echo 0");
}

static void give_lease_back(void)
{
	if (aimlock_lease_del(&nl, &lease))
		errx(1, "lease-del: %s", nl.message);
}

static void kill_owner(void)
{
	if (kill(owner, SIGKILL))
		err(1, "kill");
}

static void clean_up(void)
{
	if (owner)
		waitpid(owner, NULL, 0);
	owner = 0;
	if (owned >= 0)
		close(owned);
	owned = -1;
	if (nl.sock)
		aimlock_netlink_close(&nl);
}

/* --- who waits --- */

static void await_flock(void)
{
	int fd = open_file();

	if (flock(fd, LOCK_EX))
		err(1, "waiter: flock");
}

static void await_lease(void)
{
	struct pollfd fd = { .events = POLLIN };

	ask();
	if (aimlock_netlink_unblock(&nl))
		errx(1, "waiter: fcntl");
	fd.fd = aimlock_netlink_fd(&nl);
	while (!lease.granted)
		if (poll(&fd, 1, -1) < 0 || aimlock_lease_hear(&nl, &lease))
			errx(1, "waiter: %s", nl.message);
}

static pid_t start_waiter(void (*await)(void), volatile long *got)
{
	pid_t pid = spawn();

	if (pid)
		return pid;
	await();
	*got = now_ns();
	_exit(0);
}

/* /proc/PID/syscall names the system call that a process sleeps in. */
static void await_blocked(pid_t pid, int call)
{
	char path[64], line[256];
	int i, nr;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	for (i = 0; i < PATIENCE_MS; i++) {
		f = fopen(path, "r");
		if (!f || !fgets(line, sizeof(line), f))
			err(1, "%s", path);
		fclose(f);
		if (sscanf(line, "%d", &nr) == 1 && nr == call)
			return;
		usleep(1000);
	}
	errx(1, "the waiter never blocked");
}

/* --- all of it --- */

static const struct way {
	const char *name;
	void (*take)(void);
	void (*await)(void);
	int call;		/* in which the waiter sleeps */
	void (*end)(void);
} ways[] = {
	{ "unlock", own_flock, await_flock, SYS_flock, unlock },
	{ "clear", make_orphan, await_flock, SYS_flock, clear },
	{ "kill", start_flock_owner, await_flock, SYS_flock, kill_owner },
	{ "lease", own_lease, await_lease, SYS_poll, give_lease_back },
	{ "lease-kill", start_lease_owner, await_lease, SYS_poll, kill_owner },
};

static long play(const struct way *way, volatile long *got)
{
	pid_t waiter;
	long t;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, queue))
		err(1, "socketpair");
	way->take();
	waiter = start_waiter(way->await, got);
	await_blocked(waiter, way->call);
	t = now_ns();
	way->end();
	reap(waiter, "waiter");
	close(queue[0]);
	close(queue[1]);
	clean_up();
	return (*got - t) / 1000;
}

static const struct way *find_way(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	errx(2, "no way '%s'", name);
}

int main(int argc, char **argv)
{
	volatile long *got;
	int i, k, count;

	if (argc < 5)
		errx(2, "usage: wake FILE CONF_LOCKED COUNT WAY...");
	file = argv[1];
	count = atoi(argv[3]);
	conf = open(argv[2], O_WRONLY | O_CLOEXEC);
	if (conf < 0)
		err(1, "%s", argv[2]);
	got = mmap(NULL, sizeof(*got), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (got == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < count; i++)
		for (k = 4; k < argc; k++)
			printf("%s %ld\n", argv[k], play(find_way(argv[k]), got));
	return 0;
}
