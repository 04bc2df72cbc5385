/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generic netlink by hand, for helpers that must know each system call they
 * make: a socket, the numbers of the aimlock family, a message and its
 * attributes.
 */
#ifndef GENL_H
#define GENL_H

#include <err.h>
#include <linux/aimlock.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
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

struct family {
	uint16_t id;		/* 0 without the module */
	uint32_t event;		/* the group */
};

static inline void genl_put(struct message *to, int type, const void *data, size_t len)
{
	struct nlattr *nla = (struct nlattr *)((char *)to + NLMSG_ALIGN(to->nl.nlmsg_len));

	if (to->nl.nlmsg_len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(*to))
		errx(2, "message too long");
	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(ATTR(nla), data, len);
	to->nl.nlmsg_len = NLMSG_ALIGN(to->nl.nlmsg_len) + NLA_ALIGN(nla->nla_len);
}

static inline void genl_put_number(struct message *to, int type, const char *form,
				   const char *value)
{
	uint64_t v = strtoull(value, NULL, 0);
	uint32_t v32 = v;
	uint16_t v16 = v;
	uint8_t v8 = v;

	if (!strcmp(form, "u64"))
		genl_put(to, type, &v, sizeof(v));
	else if (!strcmp(form, "u32"))
		genl_put(to, type, &v32, sizeof(v32));
	else if (!strcmp(form, "u16"))
		genl_put(to, type, &v16, sizeof(v16));
	else if (!strcmp(form, "u8"))
		genl_put(to, type, &v8, sizeof(v8));
	else
		errx(2, "unknown form: %s", form);
}

/* TYPE:FORM[=VALUE]; FORM is flag, u8, u16, u32, u64, str, bytes or nest. */
static inline void genl_put_text(struct message *to, const char *text)
{
	char *arg = strdup(text);
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
		genl_put(to, type, NULL, 0);
	else if (!strcmp(form, "str"))
		genl_put(to, type, value, strlen(value) + 1);
	else if (!strcmp(form, "bytes"))
		genl_put(to, type, value, strlen(value));
	else if (!strcmp(form, "nest"))
		genl_put(to, type | NLA_F_NESTED, value, strlen(value));
	else
		genl_put_number(to, type, form, value);
	free(arg);
}

static inline void genl_start(struct message *to, int type, int cmd, int version, int flags)
{
	memset(to, 0, sizeof(to->nl) + sizeof(to->genl));
	to->nl.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	to->nl.nlmsg_type = type;
	to->nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	to->nl.nlmsg_seq = 1;
	to->genl.cmd = cmd;
	to->genl.version = version;
}

static inline int genl_open(void)
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

/* The attribute of that type between two places, or NULL. */
static inline struct nlattr *genl_find(char *from, const char *end, int type)
{
	struct nlattr *nla;

	while (from + NLA_HDRLEN <= end) {
		nla = (struct nlattr *)from;
		if ((nla->nla_type & NLA_TYPE_MASK) == type)
			return nla;
		from += NLA_ALIGN(nla->nla_len);
	}
	return NULL;
}

static inline uint32_t genl_group_of(struct nlattr *groups)
{
	char *end = (char *)groups + groups->nla_len;
	struct nlattr *group = (struct nlattr *)ATTR(groups);
	struct nlattr *id;

	if ((char *)group + NLA_HDRLEN > end)
		return 0;
	id = genl_find(ATTR(group), (char *)group + group->nla_len, CTRL_ATTR_MCAST_GRP_ID);
	return id ? *(uint32_t *)ATTR(id) : 0;
}

static inline struct family genl_resolve(int fd, struct message *scratch)
{
	static char buf[8192] __attribute__((aligned(8)));
	struct nlmsghdr *nl = (struct nlmsghdr *)buf;
	struct family family = { 0 };
	struct nlattr *nla;
	char *attrs, *end;

	genl_start(scratch, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	genl_put(scratch, CTRL_ATTR_FAMILY_NAME, AIMLOCK_FAMILY_NAME,
		 sizeof(AIMLOCK_FAMILY_NAME));
	if (send(fd, scratch, scratch->nl.nlmsg_len, 0) < 0)
		err(1, "send");
	if (recv(fd, buf, sizeof(buf), 0) < 0)
		err(1, "recv");
	if (nl->nlmsg_type == NLMSG_ERROR)
		return family;
	attrs = (char *)NLMSG_DATA(nl) + GENL_HDRLEN;
	end = buf + nl->nlmsg_len;
	nla = genl_find(attrs, end, CTRL_ATTR_FAMILY_ID);
	if (nla)
		family.id = *(uint16_t *)ATTR(nla);
	nla = genl_find(attrs, end, CTRL_ATTR_MCAST_GROUPS);
	if (nla)
		family.event = genl_group_of(nla);
	recv(fd, buf, sizeof(buf), 0);	/* the acknowledgement */
	return family;
}

#endif /* GENL_H */
