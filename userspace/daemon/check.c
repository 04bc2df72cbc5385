// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define LIMIT_S		60

extern char **environ;

static void clear(struct check *check)
{
	check->ended = sd_event_source_unref(check->ended);
	check->late = sd_event_source_unref(check->late);
	check->pid = 0;
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *arg)
{
	struct check *check = arg;
	char why[64];

	(void)source;
	if (check->killed)
		snprintf(why, sizeof(why), "it did not end within %d seconds", LIMIT_S);
	else if (info->si_code == CLD_EXITED)
		snprintf(why, sizeof(why), "exit status %d", info->si_status);
	else
		snprintf(why, sizeof(why), "ended by signal %d", info->si_status);
	/* what it has left behind */
	kill(-check->pid, SIGKILL);
	clear(check);
	check->done(check, info->si_code == CLD_EXITED && !info->si_status, why);
	return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *arg)
{
	struct check *check = arg;

	(void)source;
	(void)usec;
	check->killed = true;
	kill(-check->pid, SIGKILL);
	return 0;
}

/* A group of its own, no signal blocked, nothing to read. */
static int spawn(pid_t *pid, const char *command)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	if (!err)
		err = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

int check_start(struct check *check, sd_event *loop, const struct aimlock_config_file *file)
{
	int err;

	setenv("AIMLOCK_NAME", file->name, 1);
	setenv("AIMLOCK_PATH", file->path, 1);
	check->killed = false;
	err = spawn(&check->pid, file->check);
	if (err) {
		check->pid = 0;
		return err;
	}
	err = sd_event_add_child(loop, &check->ended, check->pid, WEXITED, on_end, check);
	if (err >= 0)
		err = sd_event_add_time_relative(loop, &check->late, CLOCK_BOOTTIME,
						 LIMIT_S * UINT64_C(1000000), 0, on_late, check);
	if (err >= 0)
		return 0;
	check_stop(check);
	return err;
}

void check_stop(struct check *check)
{
	pid_t pid = check->pid;

	if (!pid)
		return;
	clear(check);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
