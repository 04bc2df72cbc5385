// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowd flock|posix PROCESSES FDS FILES LOCKS DIR: so many processes with so many
 * open fds each, and LOCKS locks in all, dealt out evenly: flocks are shared, each
 * through an fd of its own; POSIX locks are ranges of one byte, with gaps.  Lock
 * number N lies on DIR/lock-(N % FILES).  Prints "ready" and stays.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *dir;
static int processes, fds, files, locks;

static int open_file(int number)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/lock-%d", dir, number % files);
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void take_flock(int number)
{
	if (flock(open_file(number), LOCK_SH | LOCK_NB))
		err(1, "flock %d", number);
}

static void take_posix(int number, int *of_file)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 2L * (number / files), .l_len = 1 };
	int *fd = &of_file[number % files];

	if (!*fd)
		*fd = open_file(number);
	if (fcntl(*fd, F_SETLK, &fl))
		err(1, "posix %d", number);
}

static void be_member(int member, int is_flock, int ready)
{
	int *of_file = calloc(files, sizeof(*of_file));
	int number, fd;

	if (!of_file)
		err(1, "calloc");
	for (number = member; number < locks; number += processes) {
		if (is_flock)
			take_flock(number);
		else
			take_posix(number, of_file);
	}
	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd < fds - 1);
	if (write(ready, "r", 1) != 1)
		err(1, "write");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct rlimit many = { 65536, 65536 };
	int ready[2], i;
	char c;

	if (argc != 7)
		errx(2, "usage: crowd flock|posix PROCESSES FDS FILES LOCKS DIR");
	processes = atoi(argv[2]);
	fds = atoi(argv[3]);
	files = atoi(argv[4]);
	locks = atoi(argv[5]);
	dir = argv[6];
	if (setrlimit(RLIMIT_NOFILE, &many) || pipe(ready))
		err(1, "setup");
	for (i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			be_member(i, !strcmp(argv[1], "flock"), ready[1]);
		}
	}
	close(ready[1]);
	for (i = 0; i < processes; i++)
		if (read(ready[0], &c, 1) != 1)
			errx(1, "a member failed");
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
