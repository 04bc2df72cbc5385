// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nlevents [-b BYTES] [-s]: listen to the aimlock family's events.  Prints
 * "ready", then "event CMD NAME REASON", and the state if one is told, for each event
 * and "overrun" where some were lost (ENOBUFS).  -b sets the size of the receive buffer, -s reads nothing until
 * SIGUSR1 comes.
 */
#define _GNU_SOURCE
#include "genl.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

static struct message scratch;

static void join(int fd)
{
	struct family family = genl_resolve(fd, &scratch);

	if (!family.event)
		errx(1, "no events: is aimlock loaded?");
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &family.event,
		       sizeof(family.event)))
		err(1, "NETLINK_ADD_MEMBERSHIP");
}

static const char *const reasons[] = {
	"added", "removed", "replaced", "missing", "held", "released", "cleared", "forced",
	"configured", "changed",
};

static const char *const states[] = {
	"missing", "free", "live", "inherited", "remote", "pinned", "suspect", "unreachable",
	"orphaned", "leased", "held",
};

static const char *word(const char *const *words, size_t n, struct nlattr *attr)
{
	uint32_t value = attr ? *(uint32_t *)ATTR(attr) : UINT32_MAX;

	return value < n ? words[value] : "?";
}

/* The name is attribute 1 of files and of locks. */
static void print_event(struct nlmsghdr *nl)
{
	struct genlmsghdr *genl = NLMSG_DATA(nl);
	char *attrs = (char *)genl + GENL_HDRLEN, *end = (char *)nl + nl->nlmsg_len;
	bool of_lock = genl->cmd == AIMLOCK_CMD_LOCK_CLEAR_NTF;
	struct nlattr *name = genl_find(attrs, end, AIMLOCK_A_FILE_NAME);
	struct nlattr *reason = genl_find(attrs, end, of_lock ? AIMLOCK_A_LOCK_REASON :
								 AIMLOCK_A_FILE_REASON);
	struct nlattr *state = of_lock ? NULL : genl_find(attrs, end, AIMLOCK_A_FILE_STATE);

	printf("event %d %s %s", genl->cmd, name ? ATTR(name) : "?",
	       word(reasons, sizeof(reasons) / sizeof(*reasons), reason));
	if (state)
		printf(" %s", word(states, sizeof(states) / sizeof(*states), state));
	putchar('\n');
}

static void listen_on(int fd)
{
	static char buf[65536] __attribute__((aligned(8)));
	struct nlmsghdr *nl;
	int len;

	for (;;) {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < 0 && errno == ENOBUFS) {
			puts("overrun");
			continue;
		}
		if (len < 0)
			err(1, "recv");
		for (nl = (struct nlmsghdr *)buf; NLMSG_OK(nl, (unsigned int)len);
		     nl = NLMSG_NEXT(nl, len))
			print_event(nl);
	}
}

int main(int argc, char **argv)
{
	bool stalled = false;
	int fd, opt, sig, bytes = 0;
	sigset_t usr1;

	while ((opt = getopt(argc, argv, "b:s")) != -1) {
		if (opt == 'b')
			bytes = atoi(optarg);
		else if (opt == 's')
			stalled = true;
		else
			return 2;
	}
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = genl_open();
	join(fd);
	if (bytes && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)))
		err(1, "SO_RCVBUF");
	puts("ready");
	if (stalled)
		sigwait(&usr1, &sig);
	listen_on(fd);
	return 0;
}
