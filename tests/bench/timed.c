// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timed COMMAND...: run it with its output thrown away; prints the microseconds from
 * before its start to its end.  Its exit status is not looked at (lsof and fuser say
 * by it what they found), but it must start.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

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
	int status;
	pid_t pid;
	long t;

	if (argc < 2)
		errx(2, "usage: timed COMMAND...");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	t = now_us();
	errno = posix_spawnp(&pid, argv[1], &actions, NULL, argv + 1, environ);
	if (errno)
		err(1, "%s", argv[1]);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	t = now_us() - t;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		errx(1, "%s: status %#x", argv[1], status);
	printf("%ld\n", t);
	return 0;
}
