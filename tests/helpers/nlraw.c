// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nlraw [-dipqw] [-g VERSION] [-t BYTES] CMD [TYPE:FORM[=VALUE]]...: send one
 * message to the aimlock family as it is told, however malformed, and print what
 * comes back: a line "ok" or "error=ERRNO miss=TYPE off=OFFSET msg=SENTENCE",
 * and before it one line "cmd=N len=BYTES" for each message of an answer.
 *
 * FORM is flag, u8, u16, u32, u64, str (with NUL), bytes (without), or nest
 * (VALUE bytes in a nest flagged as such).  -d asks for a dump, -t cuts that many
 * bytes off the end, -p says "sent" and never reads the answer.  -w says "paused"
 * after the first datagram of the answer, and reads on at SIGUSR1.  -q prints
 * "messages=N" in place of a line for each, -i "interrupted" if one has
 * NLM_F_DUMP_INTR.
 */
#define _GNU_SOURCE
#include "errname.h"
#include "genl.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

/* NLMSGERR_ATTR_MISS_TYPE, an enumerator that headers older than 6.1 lack */
#define MISS_TYPE	5

static struct message request;
static bool quiet, tell_interrupted, interrupted;
static unsigned long messages;

/* Print the end of an answer: its code and what the kernel says about it. */
static void print_end(struct nlmsghdr *nl)
{
	int *code = NLMSG_DATA(nl);
	char *end = (char *)nl + nl->nlmsg_len;
	const char *msg = "";
	int miss = -1, off = -1;
	struct nlattr *nla;

	for (nla = (struct nlattr *)(nl->nlmsg_type == NLMSG_DONE ? (char *)(code + 1) :
				     (char *)code + sizeof(struct nlmsgerr));
	     (nl->nlmsg_flags & NLM_F_ACK_TLVS) && (char *)nla + NLA_HDRLEN <= end;
	     nla = (struct nlattr *)((char *)nla + NLA_ALIGN(nla->nla_len))) {
		if (nla->nla_type == NLMSGERR_ATTR_MSG)
			msg = ATTR(nla);
		else if (nla->nla_type == NLMSGERR_ATTR_OFFS)
			off = *(uint32_t *)ATTR(nla);
		else if (nla->nla_type == MISS_TYPE)
			miss = *(uint32_t *)ATTR(nla);
	}
	if (*code)
		printf("error=%s miss=%d off=%d msg=%s\n", strerrorname_np(-*code), miss, off, msg);
	else
		puts("ok");
}

/* Read one datagram; true when it ends the answer. */
static bool print_answer(int fd)
{
	static char buf[1 << 20] __attribute__((aligned(8)));
	int len = recv(fd, buf, sizeof(buf), 0);
	struct nlmsghdr *nl;

	if (len < 0)
		err(1, "recv");
	for (nl = (struct nlmsghdr *)buf; NLMSG_OK(nl, (unsigned int)len); nl = NLMSG_NEXT(nl, len)) {
		interrupted |= nl->nlmsg_flags & NLM_F_DUMP_INTR;
		if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE) {
			if (quiet)
				printf("messages=%lu\n", messages);
			if (tell_interrupted && interrupted)
				puts("interrupted");
			print_end(nl);
			return true;
		}
		messages++;
		if (!quiet)
			printf("cmd=%d len=%u\n", ((struct genlmsghdr *)NLMSG_DATA(nl))->cmd,
			       nl->nlmsg_len);
	}
	return false;
}

static void pause_until_usr1(sigset_t *set)
{
	int sig;

	puts("paused");
	fflush(stdout);
	sigwait(set, &sig);
}

int main(int argc, char **argv)
{
	int version = AIMLOCK_FAMILY_VERSION;
	struct timeval patience = { .tv_sec = 20 };
	int flags = 0, cut = 0;
	bool stay = false, wait = false;
	int fd, family, opt;
	sigset_t set;

	while ((opt = getopt(argc, argv, "dipqwg:t:")) != -1) {
		if (opt == 'd')
			flags = NLM_F_DUMP;
		else if (opt == 'p')
			stay = true;
		else if (opt == 'i')
			tell_interrupted = true;
		else if (opt == 'q')
			quiet = true;
		else if (opt == 'w')
			wait = true;
		else if (opt == 'g')
			version = atoi(optarg);
		else if (opt == 't')
			cut = atoi(optarg);
		else
			return 2;
	}
	if (optind == argc)
		errx(2, "usage: nlraw [-dipqw] [-g VERSION] [-t BYTES] CMD [TYPE:FORM[=VALUE]]...");

	fd = genl_open();
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		err(1, "SO_RCVTIMEO");
	family = genl_resolve(fd, &request).id;
	if (!family)
		errx(1, "no such family: " AIMLOCK_FAMILY_NAME);
	genl_start(&request, family, atoi(argv[optind]), version, flags);
	while (++optind < argc)
		genl_put_text(&request, argv[optind]);
	request.nl.nlmsg_len -= cut;
	if (send(fd, &request, request.nl.nlmsg_len, 0) < 0)
		err(1, "send");
	if (stay) {
		puts("sent");
		fflush(stdout);
		pause();
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (wait && print_answer(fd))
		return 0;
	if (wait)
		pause_until_usr1(&set);
	while (!print_answer(fd))
		;
	return 0;
}
