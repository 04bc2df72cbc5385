// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * locker STEP...: a process that does what its arguments say, in order, and
 * ends with them.  File descriptors have the numbers that the steps give them.
 * "locker help" lists the steps.  Status 1: a lock was not to be had; 2: any
 * other failure.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scm.h"

/* The steps between a pair of brackets. */
struct block {
	char **from;
	char **to;
};

struct step {
	const char *name;
	int args;
	void (*run)(char **arg, struct block *block);
	const char *help;
	bool has_block;
};

static void run_steps(struct block *block);

static void fail(const char *what)
{
	bool refused = errno == EAGAIN || errno == EACCES;

	warn("%s", what);
	exit(refused ? 1 : 2);
}

static int number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || end == text)
		errx(2, "%s is no number", text);
	return value;
}

/* Gives a new descriptor the number that the step asked for. */
static void place(int got, const char *fd)
{
	int want = number(fd);

	if (got < 0)
		fail(fd);
	if (got == want)
		return;
	if (dup2(got, want) < 0)
		fail(fd);
	close(got);
}

/* --- files and locks --- */

static void step_open(char **arg, struct block *block)
{
	int fd = open(arg[1], O_RDWR | O_CREAT, 0644);

	if (fd < 0)
		fail(arg[1]);
	place(fd, arg[0]);
}

static void step_openread(char **arg, struct block *block)
{
	int fd = open(arg[1], O_RDONLY);

	if (fd < 0)
		fail(arg[1]);
	place(fd, arg[0]);
}

static void step_dup(char **arg, struct block *block)
{
	if (dup2(number(arg[0]), number(arg[1])) < 0)
		fail("dup");
}

static void step_close(char **arg, struct block *block)
{
	if (close(number(arg[0])))
		fail("close");
}

static int lock_type(const char *mode)
{
	switch (*mode) {
	case 'r':
		return F_RDLCK;
	case 'w':
		return F_WRLCK;
	case 'u':
		return F_UNLCK;
	}
	errx(2, "%s is neither r, w nor u", mode);
}

static void lock_file(char **arg, int flags)
{
	static const int op[] = {
		[F_RDLCK] = LOCK_SH, [F_WRLCK] = LOCK_EX, [F_UNLCK] = LOCK_UN,
	};

	if (flock(number(arg[0]), op[lock_type(arg[1])] | flags))
		fail("flock");
}

static void lock_range(char **arg, int cmd)
{
	struct flock lock = {
		.l_type = lock_type(arg[1]),
		.l_whence = SEEK_SET,
		.l_start = number(arg[2]),
		.l_len = number(arg[3]),
	};

	if (fcntl(number(arg[0]), cmd, &lock))
		fail("fcntl");
}

static void step_flock(char **arg, struct block *block)
{
	lock_file(arg, LOCK_NB);
}

static void step_flockw(char **arg, struct block *block)
{
	lock_file(arg, 0);
}

static void step_flocktry(char **arg, struct block *block)
{
	while (flock(number(arg[0]), LOCK_EX | LOCK_NB))
		if (errno != EWOULDBLOCK)
			fail("flock");
}

static void step_posix(char **arg, struct block *block)
{
	lock_range(arg, F_SETLK);
}

static void step_posixw(char **arg, struct block *block)
{
	lock_range(arg, F_SETLKW);
}

static void step_ofd(char **arg, struct block *block)
{
	lock_range(arg, F_OFD_SETLK);
}

static void step_ofdtry(char **arg, struct block *block)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	while (fcntl(number(arg[0]), F_OFD_SETLK, &lock))
		if (errno != EAGAIN)
			fail("fcntl");
}

static void step_ofdw(char **arg, struct block *block)
{
	lock_range(arg, F_OFD_SETLKW);
}

static void step_lease(char **arg, struct block *block)
{
	if (fcntl(number(arg[0]), F_SETLEASE, lock_type(arg[1])))
		fail("lease");
}

/* --- what keeps a description alive --- */

/* Three pages, the middle one read-only: three areas, a reference each. */
static void step_map(char **arg, struct block *block)
{
	long page = sysconf(_SC_PAGESIZE);
	char *area = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED, number(arg[0]), 0);

	if (area == MAP_FAILED || mprotect(area + page, page, PROT_READ))
		fail("map");
}

static void step_ring(char **arg, struct block *block)
{
	struct io_uring_params params = { };

	place(syscall(SYS_io_uring_setup, 4, &params), arg[0]);
}

static void step_register(char **arg, struct block *block)
{
	int fd = number(arg[1]);

	if (syscall(SYS_io_uring_register, number(arg[0]), IORING_REGISTER_FILES, &fd, 1) < 0)
		fail("register");
}

static void step_loop(char **arg, struct block *block)
{
	int device = open(arg[0], O_RDWR | O_CLOEXEC);

	if (device < 0 || ioctl(device, LOOP_SET_FD, number(arg[1])))
		fail("loop");
	close(device);
}

/* --- unix sockets --- */

/* Out of the way of the numbers that steps ask for. */
static int lift(int fd)
{
	int high = fcntl(fd, F_DUPFD, 100);

	close(fd);
	return high;
}

static void step_socketpair(char **arg, struct block *block)
{
	int type = strcmp(arg[0], "dgram") ? SOCK_STREAM : SOCK_DGRAM;
	int pair[2];

	if (!strcmp(arg[0], "seqpacket"))
		type = SOCK_SEQPACKET;
	if (socketpair(AF_UNIX, type, 0, pair))
		fail("socketpair");
	pair[0] = lift(pair[0]);
	pair[1] = lift(pair[1]);
	place(pair[0], arg[1]);
	place(pair[1], arg[2]);
}

static struct sockaddr_un socket_address(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		errx(2, "%s is too long", path);
	strcpy(address.sun_path, path);
	return address;
}

static void step_listen(char **arg, struct block *block)
{
	struct sockaddr_un address = socket_address(arg[1]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (void *)&address, sizeof(address)) || listen(fd, 8))
		fail("listen");
	place(fd, arg[0]);
}

static void step_connect(char **arg, struct block *block)
{
	struct sockaddr_un address = socket_address(arg[1]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (void *)&address, sizeof(address)))
		fail("connect");
	place(fd, arg[0]);
}

static void step_accept(char **arg, struct block *block)
{
	place(accept(number(arg[0]), NULL, NULL), arg[1]);
}

static void step_send(char **arg, struct block *block)
{
	if (!scm_send(number(arg[0]), number(arg[1]), "f", 1, 0))
		fail("send");
}

static void step_recv(char **arg, struct block *block)
{
	char byte;
	int fd = scm_receive(number(arg[0]), &byte, 1, 0);

	if (fd < 0)
		fail("recv");
	place(fd, arg[1]);
}

/* --- processes and threads --- */

static void run_child(pid_t child, struct block *block)
{
	if (child < 0)
		fail("fork");
	if (child)
		return;
	run_steps(block);
	_exit(0);
}

static void step_fork(char **arg, struct block *block)
{
	run_child(fork(), block);
}

static void step_share(char **arg, struct block *block)
{
	run_child(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0), block);
}

/* The pid may still be in use by a zombie or a session. */
static void step_recycle(char **arg, struct block *block)
{
	pid_t want = number(arg[0]);
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&want,
		.set_tid_size = 1,
	};
	pid_t child;
	int tries = 0;

	while ((child = syscall(SYS_clone3, &args, sizeof(args))) < 0 &&
	       errno == EEXIST && tries++ < 500)
		usleep(10000);
	run_child(child, block);
}

static void *run_thread(void *block)
{
	run_steps(block);
	return NULL;
}

static void step_thread(char **arg, struct block *block)
{
	struct block *copy = malloc(sizeof(*copy));
	pthread_t thread;

	if (!copy)
		fail("thread");
	*copy = *block;
	errno = pthread_create(&thread, NULL, run_thread, copy);
	if (errno)
		fail("thread");
	pthread_detach(thread);
}

static void step_thread_exit(char **arg, struct block *block)
{
	pthread_exit(NULL);
}

static void step_wait(char **arg, struct block *block)
{
	while (wait(NULL) > 0)
		;
}

static void step_name(char **arg, struct block *block)
{
	prctl(PR_SET_NAME, arg[0]);
}

static void step_dumpable(char **arg, struct block *block)
{
	if (prctl(PR_SET_DUMPABLE, number(arg[0])))
		fail("dumpable");
}

static void step_say(char **arg, struct block *block)
{
	dprintf(STDOUT_FILENO, "%s %d\n", arg[0], getpid());
}

static void step_usr1(char **arg, struct block *block)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwait(&set, &signal);
}

static void step_pause(char **arg, struct block *block)
{
	for (;;)
		pause();
}

static void step_exit(char **arg, struct block *block)
{
	_exit(0);
}

static void step_help(char **arg, struct block *block);

static const struct step steps[] = {
	{ "open", 2, step_open, "FD PATH: for reading and writing, made if missing" },
	{ "openread", 2, step_openread, "FD PATH: for reading" },
	{ "dup", 2, step_dup, "FD NEW" },
	{ "close", 1, step_close, "FD" },
	{ "flock", 2, step_flock, "FD r|w|u: without waiting" },
	{ "flockw", 2, step_flockw, "FD r|w|u: waits" },
	{ "flocktry", 1, step_flocktry, "FD: for writing, again and again until it is had" },
	{ "posix", 4, step_posix, "FD r|w|u START LENGTH: without waiting; length 0: to the end" },
	{ "posixw", 4, step_posixw, "FD r|w|u START LENGTH: waits" },
	{ "ofd", 4, step_ofd, "FD r|w|u START LENGTH: without waiting" },
	{ "ofdw", 4, step_ofdw, "FD r|w|u START LENGTH: waits" },
	{ "ofdtry", 1, step_ofdtry, "FD: all of it, as flocktry" },
	{ "lease", 2, step_lease, "FD r|w|u" },
	{ "map", 1, step_map, "FD: a shared mapping, of three areas" },
	{ "ring", 1, step_ring, "FD: an io_uring" },
	{ "register", 2, step_register, "RING FD: registers FD in the io_uring" },
	{ "loop", 2, step_loop, "DEVICE FD: binds FD to the loop device" },
	{ "socketpair", 3, step_socketpair, "stream|dgram|seqpacket FD FD" },
	{ "listen", 2, step_listen, "FD PATH" },
	{ "connect", 2, step_connect, "FD PATH" },
	{ "accept", 2, step_accept, "LISTENING FD" },
	{ "send", 2, step_send, "SOCKET FD: sends FD" },
	{ "recv", 2, step_recv, "SOCKET FD: receives one and calls it FD" },
	{ "fork", 0, step_fork, "[ STEP... ]: a child does these", true },
	{ "share", 0, step_share, "[ STEP... ]: a child that shares the file table", true },
	{ "recycle", 1, step_recycle, "PID [ STEP... ]: a child with that pid", true },
	{ "thread", 0, step_thread, "[ STEP... ]: a thread", true },
	{ "thread-exit", 0, step_thread_exit, "ends this thread, the first one too" },
	{ "wait", 0, step_wait, "for all children" },
	{ "name", 1, step_name, "COMM: what ps(1) shows" },
	{ "dumpable", 1, step_dumpable, "0|1: may others of its user trace it?" },
	{ "say", 1, step_say, "WORD: prints it and the pid" },
	{ "usr1", 0, step_usr1, "waits for SIGUSR1" },
	{ "pause", 0, step_pause, "stays until killed" },
	{ "exit", 0, step_exit, "ends the process" },
	{ "help", 0, step_help, "prints this" },
	{ }
};

static void step_help(char **arg, struct block *block)
{
	const struct step *step;

	for (step = steps; step->name; step++)
		printf("%-12s %s\n", step->name, step->help);
}

static const struct step *find_step(const char *name)
{
	const struct step *step;

	for (step = steps; step->name; step++)
		if (!strcmp(step->name, name))
			return step;
	errx(2, "%s is no step", name);
}

/* Fills *block with what follows a "[" at *from; returns what follows its "]". */
static char **take_block(char **from, char **to, struct block *block)
{
	int depth = 0;
	char **at;

	for (at = from; at < to; at++) {
		depth += !strcmp(*at, "[");
		depth -= !strcmp(*at, "]");
		if (!depth)
			break;
	}
	if (at == to || at == from)
		errx(2, "brackets don't match");
	block->from = from + 1;
	block->to = at;
	return at + 1;
}

static void run_steps(struct block *block)
{
	char **at = block->from;

	while (at < block->to) {
		const struct step *step = find_step(*at);
		char **arg = ++at;
		struct block inner = { };

		if (block->to - at < step->args)
			errx(2, "%s %s", step->name, step->help);
		at += step->args;
		if (step->has_block)
			at = take_block(at, block->to, &inner);
		step->run(arg, &inner);
	}
}

int main(int argc, char **argv)
{
	struct block all = { .from = argv + 1, .to = argv + argc };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGIO, SIG_IGN);	/* a lease is being broken */
	run_steps(&all);
	return 0;
}
