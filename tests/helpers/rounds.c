// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rounds KIND FILE CONF_LOCKED COUNT: COUNT times, make an orphan (its fd lies unread
 * in a socket of this process), block a waiter on it, write "0" to CONF_LOCKED, see
 * that the waiter has the lock, let the stray reference go, see that the waiter still
 * has it.  Beside it, a process on the last CPU opens, locks and closes the same file
 * all the time.  KIND is flock, ofd, or posix: then the waiter wants a POSIX lock, and
 * the orphan is an OFD lock.  The file is to be registered with grace_ms 0.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scm.h"

#define PATIENCE_MS 20000

static bool is_flock, is_posix;
static const char *file;
static int queue[2];	/* where the orphan lies */
static int talk[2];	/* to the waiter */

static int open_file(void)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", file);
	return fd;
}

static int lock(int fd, bool wait)
{
	struct flock fl = { .l_type = F_WRLCK };

	if (is_flock)
		return flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
	return fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &fl);
}

static int lock_as_waiter(int fd)
{
	struct flock fl = { .l_type = F_WRLCK };

	return is_posix ? fcntl(fd, F_SETLKW, &fl) : lock(fd, true);
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

static pid_t start_load(void)
{
	cpu_set_t last;
	pid_t pid = spawn();
	int fd;

	if (pid)
		return pid;
	CPU_ZERO(&last);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	sched_setaffinity(0, sizeof(last), &last);
	for (;;) {
		fd = open_file();
		lock(fd, false);
		close(fd);
	}
}

static void send_fd(int sock, int fd)
{
	if (!scm_send(sock, fd, "x", 1, 0))
		err(1, "sendmsg");
}

static void make_orphan(void)
{
	pid_t pid = spawn();
	int status, fd;

	if (!pid) {
		fd = open_file();
		if (lock(fd, true))
			err(1, "taker: lock");
		send_fd(queue[0], fd);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		errx(1, "the taker failed");
}

/* Waits for the lock and says so; looks again at each byte that it is sent. */
static pid_t start_waiter(void)
{
	pid_t pid = spawn();
	int fd, probe;
	char c;

	if (pid)
		return pid;
	close(queue[0]);
	close(queue[1]);
	close(talk[0]);
	fd = open_file();
	probe = open_file();
	if (lock_as_waiter(fd))
		err(1, "waiter: lock");
	do {
		if (!lock(probe, false) || (errno != EAGAIN && errno != EWOULDBLOCK))
			errx(1, "the waiter got the lock but excludes nobody");
		if (write(talk[1], "y", 1) != 1)
			err(1, "waiter: write");
	} while (read(talk[1], &c, 1) == 1);
	_exit(0);
}

/* /proc/PID/syscall names the system call that a process sleeps in. */
static void await_blocked(pid_t pid)
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
		if (sscanf(line, "%d", &nr) == 1 && nr == (is_flock ? SYS_flock : SYS_fcntl))
			return;
		usleep(1000);
	}
	errx(1, "the waiter never blocked");
}

static void await_answer(const char *when)
{
	struct pollfd p = { .fd = talk[0], .events = POLLIN };
	char c;

	if (poll(&p, 1, PATIENCE_MS) != 1)
		errx(1, "the waiter has no lock %s", when);
	if (read(talk[0], &c, 1) != 1)
		errx(1, "the waiter ended %s", when);
}

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* One round; gives the time from the clear to the waiter's answer. */
static long play(int conf)
{
	pid_t waiter;
	int status;
	long t;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, queue) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk))
		err(1, "socketpair");
	make_orphan();
	waiter = start_waiter();
	close(talk[1]);
	await_blocked(waiter);

	t = now_us();
	if (pwrite(conf, "0", 1, 0) != 1)
		err(1, "echo 0");
	await_answer("after echo 0");
	t = now_us() - t;

	close(queue[0]);
	close(queue[1]);
	if (write(talk[0], "?", 1) != 1)
		err(1, "write");
	await_answer("after the stray reference went");
	close(talk[0]);
	if (waitpid(waiter, &status, 0) < 0 || status)
		errx(1, "the waiter failed");
	return t;
}

int main(int argc, char **argv)
{
	long t, sum = 0, worst = 0;
	int i, count, conf;
	pid_t load;

	if (argc != 5)
		errx(2, "usage: rounds flock|ofd|posix FILE CONF_LOCKED COUNT");
	is_flock = !strcmp(argv[1], "flock");
	is_posix = !strcmp(argv[1], "posix");
	file = argv[2];
	count = atoi(argv[4]);
	conf = open(argv[3], O_WRONLY | O_CLOEXEC);
	if (conf < 0)
		err(1, "%s", argv[3]);
	load = start_load();
	for (i = 0; i < count; i++) {
		t = play(conf);
		sum += t;
		if (t > worst)
			worst = t;
	}
	kill(load, SIGKILL);
	printf("rounds=%d average_us=%ld worst_us=%ld\n", count, sum / count, worst);
	return 0;
}
