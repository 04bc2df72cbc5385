// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shuttle pass PATH MS: locks the file; its only descriptor goes to and fro
 *	between two processes, held for MS milliseconds and in flight for as long
 * shuttle split PATH: locks the file and keeps it; copies go to another process
 *	as fast as can be, which reads each message in two parts
 *
 * Says "ready" and runs until killed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scm.h"

static void send_fd(int sock, int fd)
{
	if (!scm_send(sock, fd, "fd", 2, 0))
		err(1, "send");
}

/* The descriptor comes with the first byte; the second is left in the queue. */
static int receive_fd(int sock)
{
	char byte;
	int fd = scm_receive(sock, &byte, 1, 0);

	if (fd < 0)
		err(1, "receive");
	return fd;
}

static void drop_byte(int sock)
{
	char byte;

	if (read(sock, &byte, 1) != 1)
		err(1, "read");
}

/* MS in hand, then MS in flight, for the other waits as long before it receives. */
static void __attribute__((noreturn)) pass(int sock, int fd, int ms)
{
	for (;;) {
		if (fd >= 0) {
			usleep(ms * 1000);
			send_fd(sock, fd);
			close(fd);
		}
		recv(sock, (char [1]){ }, 1, MSG_PEEK);
		usleep(ms * 1000);
		fd = receive_fd(sock);
		drop_byte(sock);
	}
}

static void __attribute__((noreturn)) split(int sock, int fd, bool sends)
{
	for (;;) {
		if (sends) {
			send_fd(sock, fd);
			continue;
		}
		close(receive_fd(sock));
		drop_byte(sock);
	}
}

int main(int argc, char **argv)
{
	int pair[2], fd;
	bool child;

	if (argc < 3)
		errx(2, "usage: shuttle pass PATH MS, or shuttle split PATH");
	fd = open(argv[2], O_RDWR);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		err(1, "%s", argv[2]);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		err(1, "socketpair");
	child = !fork();
	if (child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fd);
		fd = -1;
	} else {
		puts("ready");
		fflush(stdout);
	}
	close(pair[child]);
	if (!strcmp(argv[1], "split"))
		split(pair[!child], fd, !child);
	pass(pair[!child], fd, argc > 3 ? atoi(argv[3]) : 10);
}
