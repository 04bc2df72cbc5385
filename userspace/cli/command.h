/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AIMLOCK_COMMAND_H
#define AIMLOCK_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct aimlock_command {
	const char *verb;	/* that runs it */
	pid_t pid;		/* of its process group, too */
	bool foreground;	/* it has the terminal */
	int status;		/* as the shell has it, once it has ended */
};

/* Its signals are blocked as in @mask.  0 or -errno. */
int aimlock_command_start(struct aimlock_command *command, char **argv, const sigset_t *mask);

/* To all of its process group. */
void aimlock_command_signal(const struct aimlock_command *command, int sig);

/* After SIGCHLD: whether it has.  Stops with it, where it was stopped from the terminal. */
bool aimlock_command_ended(struct aimlock_command *command);

#endif /* AIMLOCK_COMMAND_H */
