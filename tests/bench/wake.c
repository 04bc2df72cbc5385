// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wake FILE CONF_LOCKED COUNT: how long a waiter waits for a flock, by turns: from
 * before its owner's LOCK_UN, and from before the "0" that clears an orphan (its fd
 * lies unread in a socket of this process), to the moment when the waiter has it.
 * Prints a line "unlock US" or "clear US" for each.  FILE is to be registered with
 * grace_ms 0.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
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

#define PATIENCE_MS 60000

static const char *file;

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

static void make_orphan(int sock)
{
	pid_t pid = spawn();
	int fd;

	if (!pid) {
		fd = open_file();
		if (flock(fd, LOCK_EX))
			err(1, "taker: flock");
		send_fd(sock, fd);
		_exit(0);
	}
	reap(pid, "taker");
}

static pid_t start_waiter(volatile long *got)
{
	pid_t pid = spawn();
	int fd;

	if (pid)
		return pid;
	fd = open_file();
	if (flock(fd, LOCK_EX))
		err(1, "waiter: flock");
	*got = now_ns();
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
		if (sscanf(line, "%d", &nr) == 1 && nr == SYS_flock)
			return;
		usleep(1000);
	}
	errx(1, "the waiter never blocked");
}

static long play(int conf, volatile long *got)
{
	int queue[2], fd = -1;
	pid_t waiter;
	long t;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, queue))
		err(1, "socketpair");
	if (conf >= 0) {
		make_orphan(queue[0]);
	} else {
		fd = open_file();
		if (flock(fd, LOCK_EX))
			err(1, "flock");
	}
	waiter = start_waiter(got);
	await_blocked(waiter);
	t = now_ns();
	if (conf >= 0 ? pwrite(conf, "0", 1, 0) != 1 : flock(fd, LOCK_UN))
		err(1, conf >= 0 ? "echo 0" : "unlock");
	reap(waiter, "waiter");
	close(queue[0]);
	close(queue[1]);
	if (fd >= 0)
		close(fd);
	return (*got - t) / 1000;
}

int main(int argc, char **argv)
{
	volatile long *got;
	int i, count, conf;

	if (argc != 4)
		errx(2, "usage: wake FILE CONF_LOCKED COUNT");
	file = argv[1];
	count = atoi(argv[3]);
	conf = open(argv[2], O_WRONLY | O_CLOEXEC);
	if (conf < 0)
		err(1, "%s", argv[2]);
	got = mmap(NULL, sizeof(*got), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (got == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < count; i++) {
		printf("unlock %ld\n", play(-1, got));
		printf("clear %ld\n", play(conf, got));
	}
	return 0;
}
