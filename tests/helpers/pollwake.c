// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pollwake FILE COUNT TIMEOUT_MS: poll a sysfs attribute.  Prints "ready VALUE",
 * then "wake VALUE" for each wake-up; "timeout" (exit 1) if none came in time.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_value(const char *what, int fd)
{
	char buf[256];
	ssize_t len = pread(fd, buf, sizeof(buf) - 1, 0);

	if (len < 0 && errno == ENODEV)
		strcpy(buf, "(gone)");
	else if (len < 0)
		err(1, "pread");
	else
		buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	printf("%s %s\n", what, buf);
}

int main(int argc, char **argv)
{
	struct pollfd p = { .events = POLLPRI };
	int i, n;

	if (argc != 4)
		errx(2, "usage: pollwake FILE COUNT TIMEOUT_MS");
	setvbuf(stdout, NULL, _IOLBF, 0);
	p.fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (p.fd < 0)
		err(1, "%s", argv[1]);
	print_value("ready", p.fd);
	for (i = 0; i < atoi(argv[2]); i++) {
		n = poll(&p, 1, atoi(argv[3]));
		if (n < 0)
			err(1, "poll");
		if (!n) {
			puts("timeout");
			return 1;
		}
		print_value("wake", p.fd);
	}
	return 0;
}
