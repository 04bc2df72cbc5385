// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lockmany file FILE N: N locks of a byte each on one file.
 * lockmany dir DIRECTORY N: N files with a lock on each.
 * Says "ready" and stays.  With the first, SIGUSR1 removes one of the locks, and
 * "removed" is said.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

static void set_range(int fd, int type, long start, long length)
{
	struct flock range = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = length,
	};

	if (fcntl(fd, F_SETLK, &range))
		err(1, "fcntl");
}

/*
 * A lock that is asked for is compared with all others.  One that is cut out of
 * another, from the end on, is not.
 */
static int lock_bytes(const char *path, long n)
{
	int fd = open(path, O_RDWR | O_CREAT, 0644);

	if (fd < 0)
		err(1, "%s", path);
	set_range(fd, F_WRLCK, 0, 2 * n);
	while (n--)
		set_range(fd, F_UNLCK, 2 * n + 1, 1);
	return fd;
}

static void lock_files(const char *path, long n)
{
	const struct rlimit limit = { n + 64, n + 64 };
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	char name[32];
	int fd;

	if (dir < 0)
		err(1, "%s", path);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "setrlimit");
	while (n--) {
		snprintf(name, sizeof(name), "%ld", n);
		fd = openat(dir, name, O_RDWR | O_CREAT, 0644);
		if (fd < 0 || flock(fd, LOCK_EX))
			err(1, "%s", name);
	}
}

static void say(const char *word)
{
	printf("%s %d\n", word, getpid());
	fflush(stdout);
}

int main(int argc, char **argv)
{
	sigset_t set;
	int fd = -1, sig;
	long n;

	if (argc != 4)
		errx(2, "usage: lockmany file|dir PATH N");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	n = atol(argv[3]);
	if (!strcmp(argv[1], "file"))
		fd = lock_bytes(argv[2], n);
	else
		lock_files(argv[2], n);
	for (say("ready"); !sigwait(&set, &sig); say("removed"))
		if (fd >= 0)
			set_range(fd, F_UNLCK, 0, 1);
	return 1;
}
