// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command in a process group of its own, with the terminal if we have it: what is
 * to end the command must not end us, and a job may be stopped and continued.
 */
#include <errno.h>
#include <fcntl.h>
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

/* SIGTTOU is blocked here, so that a group in the background may do it. */
static void give_terminal(int terminal, pid_t group)
{
	sigset_t ttou, usual;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &usual);
	tcsetpgrp(terminal, group);
	sigprocmask(SIG_SETMASK, &usual, NULL);
}

static void lend_terminal(struct aimlock_command *command)
{
	give_terminal(command->terminal, command->pid);
	command->foreground = true;
}

static void take_terminal_back(struct aimlock_command *command)
{
	if (command->foreground)
		give_terminal(command->terminal, getpgrp());
	command->foreground = false;
}

static bool have_terminal(const struct aimlock_command *command)
{
	return command->terminal >= 0 && tcgetpgrp(command->terminal) == getpgrp();
}

/* Without its starter nobody keeps the lease for it. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EX_UNAVAILABLE);
}

__attribute__((noreturn))
static void become(const struct aimlock_command *command, char **argv, pid_t parent,
		   const sigset_t *mask)
{
	int err;

	die_with(parent);
	setpgid(0, 0);
	if (command->foreground)
		give_terminal(command->terminal, getpid());
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	fprintf(stderr, "aimlock: %s: ", command->verb);
	aimlock_say_to(stderr, argv[0]);
	fprintf(stderr, ": it can't be run (%s)\n", strerror(err));
	_exit(EX_UNAVAILABLE);
}

/*
 * The terminal is the command's at once where it is our input.  Else others of our job
 * may read from it, as in a pipe: then it is lent when the command asks for it.
 */
static void find_terminal(struct aimlock_command *command)
{
	command->foreground = tcgetpgrp(STDIN_FILENO) == getpgrp();
	command->terminal = STDIN_FILENO;
	if (!command->foreground)
		command->terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

int aimlock_command_start(struct aimlock_command *command, char **argv, const sigset_t *mask)
{
	pid_t own = getpid();

	find_terminal(command);
	fflush(NULL);
	command->pid = fork();
	if (command->pid < 0)
		return -errno;
	if (!command->pid)
		become(command, argv, own, mask);
	/* the child does both, too: whoever comes first */
	setpgid(command->pid, command->pid);
	if (command->foreground)
		lend_terminal(command);
	return 0;
}

void aimlock_command_signal(const struct aimlock_command *command, int sig)
{
	kill(-command->pid, sig);
	/* one that is stopped would not notice */
	if (sig != SIGKILL && sig != SIGTSTP)
		kill(-command->pid, SIGCONT);
}

/* Whether we have to stop as well; SIGSTOP may be from somebody who will continue it. */
static bool is_job_stopped(struct aimlock_command *command, int sig)
{
	bool asks = sig == SIGTTIN || sig == SIGTTOU;

	if (asks && have_terminal(command)) {
		lend_terminal(command);
		kill(-command->pid, SIGCONT);
		return false;
	}
	return asks || sig == SIGTSTP || command->foreground;
}

/* Not by SIGSTOP: where there is no shell to continue the job the kernel stops nobody. */
static void stop_self(void)
{
	sigset_t tstp, usual;

	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &tstp, &usual);
	sigprocmask(SIG_SETMASK, &usual, NULL);
}

void aimlock_command_stop_too(struct aimlock_command *command)
{
	bool foreground = command->foreground;

	take_terminal_back(command);
	stop_self();
	/* continued in the background, it is the shell's */
	if (foreground && have_terminal(command))
		lend_terminal(command);
}

void aimlock_command_continue(const struct aimlock_command *command)
{
	kill(-command->pid, SIGCONT);
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Process 1 of a container has others to reap as well. */
enum aimlock_command_news aimlock_command_hear(struct aimlock_command *command)
{
	enum aimlock_command_news news = AIMLOCK_COMMAND_RUNS;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != command->pid)
			continue;
		if (!WIFSTOPPED(status)) {
			command->status = status_of(status);
			take_terminal_back(command);
			return AIMLOCK_COMMAND_ENDED;
		}
		if (is_job_stopped(command, WSTOPSIG(status)))
			news = AIMLOCK_COMMAND_STOPPED;
	}
	return news;
}
