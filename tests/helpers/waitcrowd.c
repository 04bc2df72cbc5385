// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * waitcrowd FILE N: N processes that wait for locks on a file that others hold, by
 * turns flock, POSIX and OFD; a signal interrupts each after some milliseconds, and
 * now and then one dies of it and another takes its place.  Says "ready".  Runs until
 * it is killed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_alarm(int sig)
{
}

static void interrupt_after(int ms)
{
	struct itimerval timer = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
		/* again: the first may come before the call */
		.it_interval = { 0, 50000 },
	};

	if (setitimer(ITIMER_REAL, &timer, NULL))
		err(1, "setitimer");
}

static void wait_for_range(int fd, int command)
{
	struct flock range = {
		.l_type = rand() % 3 ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = rand() % 100,
		.l_len = 1 + rand() % 100,
	};

	if (!fcntl(fd, command, &range))
		errx(1, "a lock that was held was to be had");
	if (errno != EINTR && errno != EDEADLK)
		err(1, "fcntl");
}

static void wait_for_file(int fd)
{
	if (!flock(fd, rand() % 3 ? LOCK_EX : LOCK_SH))
		errx(1, "a lock that was held was to be had");
	if (errno != EINTR)
		err(1, "flock");
}

static void wait_once(int fd)
{
	/* one in eight dies of it */
	if (!(rand() % 8))
		signal(SIGALRM, SIG_DFL);
	interrupt_after(1 + rand() % 200);
	switch (rand() % 3) {
	case 0:
		wait_for_file(fd);
		break;
	case 1:
		wait_for_range(fd, F_SETLKW);
		break;
	case 2:
		wait_for_range(fd, F_OFD_SETLKW);
		break;
	}
}

static void start_one(const char *path)
{
	struct sigaction interrupts = { .sa_handler = on_alarm };
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srand(getpid());
	sigaction(SIGALRM, &interrupts, NULL);
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(1, "%s", path);
	for (;;)
		wait_once(fd);
}

int main(int argc, char **argv)
{
	int n, status;

	if (argc != 3)
		errx(2, "usage: waitcrowd FILE N");
	for (n = atoi(argv[2]); n > 0; n--)
		start_one(argv[1]);
	puts("ready");
	fflush(stdout);
	while (wait(&status) > 0) {
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM)
			errx(1, "a waiter failed: %#x", status);
		start_one(argv[1]);
	}
	return 1;
}
