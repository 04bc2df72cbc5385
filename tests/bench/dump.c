// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dump netlink|proc COUNT|SECONDSs: list all locks again and again, so often or so
 * long, either by the module's dump with holders or by reading /proc/locks, and throw
 * the answer away; prints the microseconds of each time, and on standard error how
 * many locks the last one had.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/aimlock.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 18];
static int family;

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct request {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	struct nlattr attr;
	char value[GENL_NAMSIZ];
};

static void ask(int fd, struct request *request, int type, int flags, int cmd, int attr,
		const char *value)
{
	size_t len = value ? strlen(value) + 1 : 0;

	*request = (struct request){
		.nl = { .nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + NLA_ALIGN(len),
			.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags },
		.genl = { .cmd = cmd, .version = 1 },
		.attr = { .nla_len = NLA_HDRLEN + len, .nla_type = attr },
	};
	if (len)
		memcpy(request->value, value, len);
	if (send(fd, request, request->nl.nlmsg_len, 0) < 0)
		err(1, "send");
}

static ssize_t hear(int fd)
{
	ssize_t len = recv(fd, buffer, sizeof(buffer), 0);

	if (len <= 0)
		err(1, "recv");
	return len;
}

static int open_family(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct request request;
	struct nlmsghdr *nl = (struct nlmsghdr *)buffer;
	struct nlattr *attr = (struct nlattr *)(buffer + NLMSG_HDRLEN + GENL_HDRLEN);
	ssize_t len;

	if (fd < 0)
		err(1, "socket");
	ask(fd, &request, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
	    AIMLOCK_FAMILY_NAME);
	len = hear(fd);
	if (nl->nlmsg_type == NLMSG_ERROR)
		errx(1, "the module is not loaded");
	while ((char *)attr < buffer + len && attr->nla_type != CTRL_ATTR_FAMILY_ID)
		attr = (struct nlattr *)((char *)attr + NLA_ALIGN(attr->nla_len));
	family = *(unsigned short *)((char *)attr + NLA_HDRLEN);
	return fd;
}

static long dump_netlink(int fd)
{
	struct request request;
	struct nlmsghdr *nl;
	ssize_t len;
	long n = 0;

	ask(fd, &request, family, NLM_F_DUMP, AIMLOCK_CMD_LOCK_GET, AIMLOCK_A_LOCK_HOLDERS, NULL);
	for (;;) {
		len = hear(fd);
		for (nl = (struct nlmsghdr *)buffer; NLMSG_OK(nl, len); nl = NLMSG_NEXT(nl, len)) {
			if (nl->nlmsg_type == NLMSG_DONE)
				return n;
			if (nl->nlmsg_type == NLMSG_ERROR)
				errx(1, "the module refused");
			n++;
		}
	}
}

static long dump_proc(void)
{
	int fd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	ssize_t len, i;
	long n = 0;

	if (fd < 0)
		err(1, "/proc/locks");
	while ((len = read(fd, buffer, sizeof(buffer))) > 0)
		for (i = 0; i < len; i++)
			n += buffer[i] == '\n';
	close(fd);
	return n;
}

int main(int argc, char **argv)
{
	bool netlink, by_time;
	long most, begin, t, done, n = 0;
	int fd = -1;

	if (argc != 3)
		errx(2, "usage: dump netlink|proc COUNT|SECONDSs");
	netlink = !strcmp(argv[1], "netlink");
	by_time = strchr(argv[2], 's');
	most = atol(argv[2]);
	if (netlink)
		fd = open_family();
	begin = now_us();
	for (done = 0; by_time ? now_us() - begin < most * 1000000 : done < most; done++) {
		t = now_us();
		n = netlink ? dump_netlink(fd) : dump_proc();
		printf("%ld\n", now_us() - t);
	}
	fprintf(stderr, "%ld\n", n);
	return 0;
}
