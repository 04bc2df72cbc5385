// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command in a process group of its own, with the terminal if we have it: what is
 * to end the command must not end us, and a job may be stopped and continued.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"

#define TERMINAL STDIN_FILENO

/* SIGTTOU is blocked here, so that a group in the background may do it. */
static void give_terminal(pid_t group)
{
	sigset_t ttou, usual;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &usual);
	tcsetpgrp(TERMINAL, group);
	sigprocmask(SIG_SETMASK, &usual, NULL);
}

/* Without its starter nobody keeps the lease for it. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EX_UNAVAILABLE);
}

__attribute__((noreturn))
static void become(const char *verb, char **argv, pid_t parent, bool foreground,
		   const sigset_t *mask)
{
	int err;

	die_with(parent);
	setpgid(0, 0);
	if (foreground)
		give_terminal(getpid());
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	fprintf(stderr, "aimlock: %s: ", verb);
	aimlock_say_to(stderr, argv[0]);
	fprintf(stderr, ": it can't be run (%s)\n", strerror(err));
	_exit(EX_UNAVAILABLE);
}

int aimlock_command_start(struct aimlock_command *command, char **argv, const sigset_t *mask)
{
	bool foreground = tcgetpgrp(TERMINAL) == getpgrp();
	pid_t pid, own = getpid();

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		become(command->verb, argv, own, foreground, mask);
	*command = (struct aimlock_command){ .pid = pid, .foreground = foreground };
	/* the child does both, too: whoever comes first */
	setpgid(pid, pid);
	if (foreground)
		give_terminal(pid);
	return 0;
}

void aimlock_command_signal(const struct aimlock_command *command, int sig)
{
	kill(-command->pid, sig);
	/* one that is stopped would not notice */
	if (sig != SIGKILL)
		kill(-command->pid, SIGCONT);
}

/* As the command, so its starter: the shell has its job back. */
static void stop_too(const struct aimlock_command *command)
{
	if (!command->foreground)
		return;
	give_terminal(getpgrp());
	raise(SIGSTOP);
	give_terminal(command->pid);
	kill(-command->pid, SIGCONT);
}

/* Process 1 of a container has others to reap as well. */
bool aimlock_command_ended(struct aimlock_command *command)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != command->pid)
			continue;
		if (WIFSTOPPED(status)) {
			stop_too(command);
			continue;
		}
		command->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
							WEXITSTATUS(status);
		if (command->foreground)
			give_terminal(getpgrp());
		return true;
	}
	return false;
}
