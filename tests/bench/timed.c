// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timed COMMAND...: run it with its output going to a file in memory; prints the
 * microseconds from before its start to its end.  Its exit status is not looked at
 * (lsof and fuser say by it what they found), but it must have written something.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	int status, out = memfd_create("output", 0);
	pid_t pid;
	long t;

	if (argc < 2)
		errx(2, "usage: timed COMMAND...");
	if (out < 0)
		err(1, "memfd_create");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_addclose(&actions, out);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	t = now_us();
	errno = posix_spawnp(&pid, argv[1], &actions, NULL, argv + 1, environ);
	if (errno)
		err(1, "%s", argv[1]);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	t = now_us() - t;
	if (!WIFEXITED(status) || !lseek(out, 0, SEEK_CUR))
		errx(1, "%s: no output, status %#x", argv[1], status);
	printf("%ld\n", t);
	return 0;
}
