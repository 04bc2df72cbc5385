// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nlraw [-d] [-g VERSION] [-t BYTES] CMD [TYPE:FORM[=VALUE]]...: send one
 * message to the aimlock family as it is told, however malformed, and print what
 * comes back: a line "ok" or "error=ERRNO miss=TYPE off=OFFSET msg=SENTENCE",
 * and before it one line "cmd=N len=BYTES" for each message of an answer.
 *
 * FORM is flag, u8, u16, u32, u64, str (with NUL), bytes (without), or nest
 * (VALUE bytes in a nest flagged as such).  -d asks for a dump, -t cuts that many
 * bytes off the end.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/aimlock.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ATTR(nla) ((char *)(nla) + NLA_HDRLEN)

struct message {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	char attrs[65536];
};

static struct message request;

static void put(int type, const void *data, size_t len)
{
	struct nlattr *nla = (struct nlattr *)((char *)&request + NLMSG_ALIGN(request.nl.nlmsg_len));

	if (request.nl.nlmsg_len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(request))
		errx(2, "message too long");
	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(ATTR(nla), data, len);
	request.nl.nlmsg_len = NLMSG_ALIGN(request.nl.nlmsg_len) + NLA_ALIGN(nla->nla_len);
}

static void put_number(int type, const char *form, const char *value)
{
	uint64_t v = strtoull(value, NULL, 0);
	uint32_t v32 = v;
	uint16_t v16 = v;
	uint8_t v8 = v;

	if (!strcmp(form, "u64"))
		put(type, &v, sizeof(v));
	else if (!strcmp(form, "u32"))
		put(type, &v32, sizeof(v32));
	else if (!strcmp(form, "u16"))
		put(type, &v16, sizeof(v16));
	else if (!strcmp(form, "u8"))
		put(type, &v8, sizeof(v8));
	else
		errx(2, "unknown form: %s", form);
}

static void put_arg(char *arg)
{
	char *form = strchr(arg, ':');
	char *value = strchr(arg, '=');
	int type = atoi(arg);

	if (!form)
		errx(2, "not TYPE:FORM[=VALUE]: %s", arg);
	*form++ = '\0';
	if (value)
		*value++ = '\0';
	else
		value = "";

	if (!strcmp(form, "flag"))
		put(type, NULL, 0);
	else if (!strcmp(form, "str"))
		put(type, value, strlen(value) + 1);
	else if (!strcmp(form, "bytes"))
		put(type, value, strlen(value));
	else if (!strcmp(form, "nest"))
		put(type | NLA_F_NESTED, value, strlen(value));
	else
		put_number(type, form, value);
}

static void start(int type, int cmd, int version, int flags)
{
	memset(&request, 0, sizeof(request));
	request.nl.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	request.nl.nlmsg_type = type;
	request.nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	request.nl.nlmsg_seq = 1;
	request.genl.cmd = cmd;
	request.genl.version = version;
}

static int open_netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int one = 1;

	if (fd < 0)
		err(1, "socket");
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)))
		err(1, "NETLINK_EXT_ACK");
	/* the request isn't echoed, so the extended part comes straight after the code */
	if (setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)))
		err(1, "NETLINK_CAP_ACK");
	return fd;
}

/* The family's number, or 0 without the module. */
static int resolve(int fd)
{
	static char buf[8192] __attribute__((aligned(8)));
	struct nlmsghdr *nl = (struct nlmsghdr *)buf;
	struct nlattr *nla;
	int len;

	start(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	put(CTRL_ATTR_FAMILY_NAME, AIMLOCK_FAMILY_NAME, sizeof(AIMLOCK_FAMILY_NAME));
	if (send(fd, &request, request.nl.nlmsg_len, 0) < 0)
		err(1, "send");
	len = recv(fd, buf, sizeof(buf), 0);
	if (len < 0)
		err(1, "recv");
	if (nl->nlmsg_type == NLMSG_ERROR)
		return 0;
	nla = (struct nlattr *)((char *)NLMSG_DATA(nl) + GENL_HDRLEN);
	while ((char *)nla < buf + nl->nlmsg_len && nla->nla_type != CTRL_ATTR_FAMILY_ID)
		nla = (struct nlattr *)((char *)nla + NLA_ALIGN(nla->nla_len));
	recv(fd, buf, sizeof(buf), 0);	/* the acknowledgement */
	return *(uint16_t *)ATTR(nla);
}

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
		else if (nla->nla_type == NLMSGERR_ATTR_MISS_TYPE)
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
		if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE) {
			print_end(nl);
			return true;
		}
		printf("cmd=%d len=%u\n", ((struct genlmsghdr *)NLMSG_DATA(nl))->cmd, nl->nlmsg_len);
	}
	return false;
}

int main(int argc, char **argv)
{
	int version = AIMLOCK_FAMILY_VERSION;
	struct timeval patience = { .tv_sec = 20 };
	int flags = 0, cut = 0;
	int fd, family, opt;

	while ((opt = getopt(argc, argv, "dg:t:")) != -1) {
		if (opt == 'd')
			flags = NLM_F_DUMP;
		else if (opt == 'g')
			version = atoi(optarg);
		else if (opt == 't')
			cut = atoi(optarg);
		else
			return 2;
	}
	if (optind == argc)
		errx(2, "usage: nlraw [-d] [-g VERSION] [-t BYTES] CMD [TYPE:FORM[=VALUE]]...");

	fd = open_netlink();
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		err(1, "SO_RCVTIMEO");
	family = resolve(fd);
	if (!family)
		errx(1, "no such family: " AIMLOCK_FAMILY_NAME);
	start(family, atoi(argv[optind]), version, flags);
	while (++optind < argc)
		put_arg(argv[optind]);
	request.nl.nlmsg_len -= cut;
	if (send(fd, &request, request.nl.nlmsg_len, 0) < 0)
		err(1, "send");
	while (!print_answer(fd))
		;
	return 0;
}
