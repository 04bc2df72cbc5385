// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timed [-s] COMMAND...: run it with its output going to a file in memory; prints the
 * microseconds from before its start to its end.  Its exit status is not looked at
 * (lsof and fuser say by it what they found), but it must have written something; with
 * -s it is silent, and must succeed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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
	bool silent = argc > 1 && !strcmp(argv[1], "-s");
	posix_spawn_file_actions_t actions;
	int status, out = memfd_create("output", 0);
	char **command = argv + 1 + silent;
	pid_t pid;
	long t;

	if (!command[0])
		errx(2, "usage: timed [-s] COMMAND...");
	if (out < 0)
		err(1, "memfd_create");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_addclose(&actions, out);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	t = now_us();
	errno = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
	if (errno)
		err(1, "%s", command[0]);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	t = now_us() - t;
	if (silent ? status : !WIFEXITED(status) || !lseek(out, 0, SEEK_CUR))
		errx(1, "%s: no output, or status %#x", command[0], status);
	printf("%ld\n", t);
	return 0;
}
