// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reclaim KIND FILE CONF_LOCKED SECONDS TAKERS: many processes take, check and drop
 * one lock of KIND (flock, ofd, posix); they are killed at random moments, some
 * vanish and leave the locked fd unread in a socket of this process, some have it in
 * flight for a moment while they live; another process writes "0" to CONF_LOCKED all
 * the time.  Each taker checks while it holds that it is the only one and that a lock
 * by another description is refused.  Status 1 if that was ever not so.
 *
 * FILE is to be registered with grace_ms 0.  The module may come and go meanwhile.
 * SIGTERM ends the play early.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scm.h"

#define PID_LIMIT (1 << 22)
#define TAKERS_MAX 64

enum { FLOCK, OFD, POSIX } kind;

/* Shared by all processes. */
static struct {
	atomic_int owner;			/* pid that holds, 0: nobody */
	atomic_bool doomed[PID_LIMIT];		/* may stop holding without a word */
	atomic_long taken, vanished, flown;
	atomic_long doubled, lost;		/* what must never be */
	atomic_long cleared, busy, absent, odd;	/* answers to echo 0 */
} *world;

static const char *file;
static int bus[2];
static pid_t takers[TAKERS_MAX];
static volatile sig_atomic_t is_over;

static void end_play(int signal)
{
	is_over = 1;
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGTERM, SIG_DFL);
		srandom(getpid());
	}
	return pid;
}

static int open_file(void)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(2, "%s", file);
	return fd;
}

/* The probe is never of the same owner: an OFD lock asks for the POSIX kind too. */
static bool is_excluded(int probe)
{
	struct flock fl = { .l_type = F_WRLCK };
	int ret = kind == FLOCK ? flock(probe, LOCK_EX | LOCK_NB) : fcntl(probe, F_OFD_SETLK, &fl);

	return ret < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static int take(int fd, short type)
{
	struct flock fl = { .l_type = type };

	if (kind == FLOCK)
		return flock(fd, type == F_UNLCK ? LOCK_UN : LOCK_EX);
	return fcntl(fd, kind == OFD ? F_OFD_SETLKW : F_SETLKW, &fl);
}

static bool send_fd(int sock, int fd)
{
	return scm_send(sock, fd, "x", 1, MSG_DONTWAIT);
}

static int receive_fd(int sock)
{
	char byte;

	return scm_receive(sock, &byte, 1, MSG_DONTWAIT);
}

/* The fd goes through a socket of this process's own: for a moment only in flight. */
static int fly(int fd, int probe)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		err(2, "socketpair");
	if (send_fd(pair[0], fd)) {
		close(fd);
		world->flown++;
		usleep(random() % 3000);
		if (!is_excluded(probe))
			world->lost++;
		fd = receive_fd(pair[1]);
		if (fd < 0)
			err(2, "receive");
	}
	close(pair[0]);
	close(pair[1]);
	return fd;
}

static void vanish(int fd)
{
	if (send_fd(bus[0], fd))
		world->vanished++;
	world->doomed[getpid()] = true;
	_exit(0);
}

/* Hold the lock for a moment and look whether it is held. */
static void hold(int fd, int probe)
{
	int before = atomic_exchange(&world->owner, getpid());
	int me = getpid();
	int i;

	if (before && !world->doomed[before])
		world->doubled++;
	world->taken++;
	for (i = random() % 8; i >= 0; i--) {
		usleep(random() % 300);
		if (!is_excluded(probe))
			world->lost++;
	}
	if (random() % 8 == 0)
		vanish(fd);
	if (!atomic_compare_exchange_strong(&world->owner, &me, 0))
		world->doubled++;
}

static void run_taker(void)
{
	int fd, probe;

	for (;;) {
		fd = open_file();
		probe = open_file();
		if (take(fd, F_WRLCK))
			err(2, "take");
		/* closing any fd of the file would drop a POSIX lock */
		if (kind != POSIX && random() % 8 == 0)
			fd = fly(fd, probe);
		hold(fd, probe);
		if (take(fd, F_UNLCK))
			err(2, "drop");
		close(probe);
		close(fd);
	}
}

static void start_taker(int i)
{
	pid_t pid = spawn();

	if (!pid)
		run_taker();
	takers[i] = pid;
}

static void run_clearer(const char *path)
{
	int fd;

	for (;;) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, "0", 1) == 1)
			world->cleared++;
		else if (errno == EBUSY)
			world->busy++;
		else if (errno == ENOENT || errno == ENODEV)
			world->absent++;
		else
			world->odd++;
		if (fd >= 0)
			close(fd);
		usleep(random() % 1000);
	}
}

/* Start anew whoever vanished; true if one failed. */
static bool reap(int count)
{
	int i, status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFEXITED(status) && WEXITSTATUS(status))
			return true;
		for (i = 0; i < count; i++)
			if (takers[i] == pid)
				start_taker(i);
	}
	return false;
}

static void play(int count, long seconds)
{
	time_t end = time(NULL) + seconds;
	pid_t victim;
	int fd;

	while (!is_over && time(NULL) < end) {
		usleep(random() % 4000);
		victim = takers[random() % count];
		if (random() % 4 == 0) {
			world->doomed[victim] = true;
			kill(victim, SIGKILL);
		}
		/* the late close of a stray reference */
		if (random() % 4 == 0 && (fd = receive_fd(bus[1])) >= 0)
			close(fd);
		if (reap(count))
			errx(2, "a process of the play failed");
	}
}

int main(int argc, char **argv)
{
	int i, count;

	if (argc != 6)
		errx(2, "usage: reclaim flock|ofd|posix FILE CONF_LOCKED SECONDS TAKERS");
	kind = !strcmp(argv[1], "flock") ? FLOCK : !strcmp(argv[1], "ofd") ? OFD : POSIX;
	file = argv[2];
	count = atoi(argv[5]);
	if (count < 1 || count > TAKERS_MAX)
		errx(2, "from 1 to %d takers", TAKERS_MAX);
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (world == MAP_FAILED)
		err(2, "mmap");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, bus))
		err(2, "socketpair");
	signal(SIGTERM, end_play);
	if (!spawn())
		run_clearer(argv[3]);
	for (i = 0; i < count; i++)
		start_taker(i);
	play(count, atol(argv[4]));
	printf("taken=%ld vanished=%ld flown=%ld cleared=%ld busy=%ld absent=%ld odd=%ld doubled=%ld lost=%ld\n",
	       world->taken, world->vanished, world->flown, world->cleared, world->busy,
	       world->absent, world->odd, world->doubled, world->lost);
	return world->doubled || world->lost;
}
