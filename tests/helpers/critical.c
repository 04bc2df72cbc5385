// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * critical DIR: what must not be done by two at once: a file that must not be there is
 * made and removed, and in between a counter is read and written, with a pause.  Says
 * "overlap" and fails if somebody else was at it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void count(void)
{
	struct timespec pause = { 0, rand() % 3000000 };
	int fd = open("counter", O_RDWR | O_CREAT, 0644);
	char text[16] = "";

	if (fd < 0 || pread(fd, text, sizeof(text) - 1, 0) < 0)
		err(2, "counter");
	nanosleep(&pause, NULL);
	snprintf(text, sizeof(text), "%-10d\n", atoi(text) + 1);
	if (pwrite(fd, text, 11, 0) != 11)
		err(2, "counter");
	close(fd);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 2)
		errx(2, "usage: critical DIR");
	if (chdir(argv[1]))
		err(2, "%s", argv[1]);
	srand(getpid());
	fd = open("mark", O_CREAT | O_EXCL, 0644);
	if (fd < 0 && errno == EEXIST) {
		puts("overlap");
		return 1;
	}
	if (fd < 0)
		err(2, "mark");
	count();
	if (unlink("mark")) {
		puts("overlap");
		return 1;
	}
	return 0;
}
