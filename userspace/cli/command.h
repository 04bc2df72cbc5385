/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AIMLOCK_COMMAND_H
#define AIMLOCK_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct aimlock_command {
	const char *verb;	/* that runs it; to be set before */
	pid_t pid;		/* of its process group, too */
	int terminal;		/* or -1 */
	bool foreground;	/* it has the terminal */
	int status;		/* as the shell has it, once it has ended */
};

enum aimlock_command_news {
	AIMLOCK_COMMAND_RUNS,
	AIMLOCK_COMMAND_STOPPED,
	AIMLOCK_COMMAND_ENDED,
};

/* Its signals are blocked as in @mask.  0 or -errno. */
int aimlock_command_start(struct aimlock_command *command, char **argv, const sigset_t *mask);

/* To all of its process group. */
void aimlock_command_signal(const struct aimlock_command *command, int sig);

/* After SIGCHLD.  Stopped is a command that was as a job is, from the terminal. */
enum aimlock_command_news aimlock_command_hear(struct aimlock_command *command);

/* Until the shell continues the job; the command is still stopped then. */
void aimlock_command_stop_too(struct aimlock_command *command);

void aimlock_command_continue(const struct aimlock_command *command);

#endif /* AIMLOCK_COMMAND_H */
