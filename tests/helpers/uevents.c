// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uevents: print the kernel's uevents whose path lies below /locks, one line
 * each: "add /locks/NAME KEY=VALUE...".  "ready" is printed when it listens.
 */
#include <err.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_uevents(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int size = 16 << 20;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		err(1, "socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		err(1, "SO_RCVBUFFORCE");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "bind");
	return fd;
}

/* A uevent is "ACTION@PATH" and then KEY=VALUE strings. */
static void print_uevent(const char *msg, size_t len)
{
	const char *path = strchr(msg, '@');
	const char *s;

	if (!path || (strncmp(path, "@/locks/", 8) && strcmp(path, "@/locks")))
		return;
	printf("%.*s %s", (int)(path - msg), msg, path + 1);
	for (s = msg + strlen(msg) + 1; s < msg + len; s += strlen(s) + 1) {
		if (!strncmp(s, "ACTION=", 7) || !strncmp(s, "DEVPATH=", 8))
			continue;
		printf(" %s", s);
	}
	putchar('\n');
}

int main(void)
{
	char buf[8192];
	ssize_t len;
	int fd = listen_uevents();

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	for (;;) {
		len = recv(fd, buf, sizeof(buf) - 1, 0);
		if (len < 0)
			err(1, "recv");
		buf[len] = '\0';
		print_uevent(buf, len);
	}
}
