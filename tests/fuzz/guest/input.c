// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inputs: messages made from the specification, right at first, then spoilt in
 * one or more ways; and lines for sysfs.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "protocol.h"

uint64_t chance_state;

/* splitmix64 */
static uint64_t next(void)
{
	uint64_t z = (chance_state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t chance(uint32_t below)
{
	return (next() >> 32) % below;
}

bool one_in(uint32_t n)
{
	return !chance(n);
}

const struct operation *protocol_find(uint8_t cmd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		if (operations[i].cmd == cmd)
			return &operations[i];
	return NULL;
}

const struct operation *protocol_any(void)
{
	return &operations[chance(ARRAY_SIZE(operations))];
}

const char *input_name(void)
{
	static const char * const odd[] = {
		"", ".", "..", "new_lock", "delete_lock", "a/b", "a b", "caf\xc3\xa9", "-", "_",
		"...", "a\n", "\x01", "state", "A", "0",
	};
	static char name[80];
	struct reg *reg = reg_any();

	if (reg && !one_in(4))
		return reg->name;
	if (one_in(6))
		return odd[chance(ARRAY_SIZE(odd))];
	if (one_in(12)) {
		memset(name, 'n', sizeof(name));
		name[62 + chance(4)] = '\0';
		return name;
	}
	snprintf(name, sizeof(name), "r%u", chance(24));
	return name;
}

/* --- messages --- */

struct message {
	uint8_t *buf;
	size_t room;
	struct nlmsghdr *hdr;
};

static void put(struct message *msg, uint16_t type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(msg->hdr->nlmsg_len);
	struct nlattr *nla = (struct nlattr *)(msg->buf + at);

	if (at + NLA_HDRLEN + NLA_ALIGN(len) > msg->room)
		return;
	memset(nla, 0, NLA_HDRLEN + NLA_ALIGN(len));
	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(nla + 1, data, len);
	msg->hdr->nlmsg_len = at + NLA_HDRLEN + NLA_ALIGN(len);
}

static uint64_t any_number(const struct attribute *attribute)
{
	static const uint64_t edges[] = {
		0, 1, 2, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX,
	};
	struct reg *reg;

	if (!strcmp(attribute->name, "grace-ms"))
		return one_in(2) ? 0 : one_in(3) ? attribute->limit + chance(3) : chance(2000);
	if (!strcmp(attribute->name, "id") && !one_in(4))
		return model_any_id(&reg);
	if (attribute->has_limit && !one_in(5))
		return chance(attribute->limit + 2);
	return edges[chance(ARRAY_SIZE(edges))];
}

static void put_string(struct message *msg, const struct attribute *attribute)
{
	const char *text = strcmp(attribute->name, "path") ? input_name() : world_path();
	static char spoilt[AIMLOCK_PATH_MAX + 16];
	size_t len = strlen(text) + 1;

	if (!one_in(16)) {
		put(msg, attribute->type, text, len);
		return;
	}
	memset(spoilt, one_in(2) ? 0 : 'x', sizeof(spoilt));
	memcpy(spoilt, text, len);
	if (one_in(2))		/* no NUL, or something behind it */
		len = one_in(2) ? len - 1 : len + chance(8);
	else
		len = attribute->limit + chance(5);
	put(msg, attribute->type, spoilt, len);
}

static void put_attribute(struct message *msg, const struct attribute *attribute)
{
	static const uint8_t nest[] = { 8, 0, 1, 0, 1, 0, 0, 0, 3, 0, 0xff, 0xff };
	uint64_t value;

	switch (attribute->kind) {
	case STRING:
		put_string(msg, attribute);
		break;
	case U32:
	case U64:
		value = any_number(attribute);
		put(msg, attribute->type, &value, one_in(24) ? chance(12) % 9 :
		    attribute->kind == U32 ? 4 : 8);
		break;
	case FLAG:
		put(msg, attribute->type, "flag", one_in(16) ? chance(5) : 0);
		break;
	default:
		put(msg, attribute->type | (one_in(2) ? NLA_F_NESTED : 0), nest,
		    chance(sizeof(nest) + 1));
	}
}

static void put_known(struct message *msg, const struct operation *op)
{
	int type;

	for (type = 1; type <= op->n; type++)
		if ((op->asked >> type & 1) && (type <= 2 ? !one_in(8) : one_in(3)))
			put_attribute(msg, &op->set[type - 1]);
}

/* A lock by the id and the generation that a dump told. */
static void put_by_id(struct message *msg)
{
	struct reg *reg = NULL;
	uint64_t id = model_any_id(&reg), generation;

	if (!id)
		return;
	generation = reg->generation + one_in(6);
	put(msg, AIMLOCK_A_LOCK_NAME, reg->name, strlen(reg->name) + 1);
	put(msg, AIMLOCK_A_LOCK_ID, &id, sizeof(id));
	put(msg, AIMLOCK_A_LOCK_GENERATION, &generation, sizeof(generation));
	if (!one_in(3))
		put(msg, AIMLOCK_A_LOCK_FORCE, NULL, 0);
	if (one_in(4))
		put(msg, AIMLOCK_A_LOCK_DRY_RUN, NULL, 0);
}

static void spoil_bytes(struct message *msg)
{
	size_t from = NLMSG_HDRLEN + GENL_HDRLEN, len = msg->hdr->nlmsg_len;
	uint32_t n = 1 + chance(4);

	while (n-- && len > from)
		msg->buf[from + chance(len - from)] ^= one_in(2) ? 1u << chance(8) : chance(256);
}

/* Not one that the model says nothing of. */
static uint8_t any_command(void)
{
	uint8_t cmd = chance(256);

	return memchr(other_commands, cmd, sizeof(other_commands)) ? 0 : cmd;
}

static void spoil_header(struct message *msg)
{
	struct genlmsghdr *genl = NLMSG_DATA(msg->hdr);

	switch (chance(6)) {
	case 0:
		genl->cmd = any_command();
		break;
	case 1:
		genl->version = chance(256);
		break;
	case 2:
		genl->reserved = chance(3);
		break;
	case 3:
		msg->hdr->nlmsg_flags ^= 1 << chance(16);
		break;
	case 4:
		msg->hdr->nlmsg_type = chance(0x10);
		break;
	case 5:
		msg->hdr->nlmsg_type = 0xfff0;
		break;
	}
}

static void spoil(struct message *msg, const struct operation *op)
{
	const struct attribute *attribute = &op->set[chance(op->n)];
	struct attribute strange = *attribute;

	switch (chance(5)) {
	case 0:			/* twice, or one that only answers have */
		put_attribute(msg, attribute);
		break;
	case 1:			/* unknown, or with a flag in its type */
		strange.type = one_in(2) ? op->n + chance(4) : chance(0x10000);
		put_attribute(msg, &strange);
		break;
	case 2:
		spoil_bytes(msg);
		break;
	case 3:
		spoil_header(msg);
		break;
	case 4:			/* cut, or with something behind */
		if (one_in(2) && msg->hdr->nlmsg_len > NLMSG_HDRLEN)
			msg->hdr->nlmsg_len -= chance(msg->hdr->nlmsg_len - NLMSG_HDRLEN);
		else
			put(msg, 1, msg->buf, chance(64));
		break;
	}
}

static size_t message(uint8_t *buf, size_t room, int family)
{
	struct message msg = { buf, room, (struct nlmsghdr *)buf };
	const struct operation *op = protocol_any();
	struct genlmsghdr *genl = NLMSG_DATA(msg.hdr);

	memset(buf, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	*msg.hdr = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN,
		.nlmsg_type = family,
		.nlmsg_flags = NLM_F_REQUEST | (one_in(4) ? 0 : NLM_F_ACK),
	};
	*genl = (struct genlmsghdr){ .cmd = op->cmd, .version = AIMLOCK_FAMILY_VERSION };
	if (op->can_dump && (!op->can_do || one_in(8)) && !one_in(16))
		msg.hdr->nlmsg_flags |= NLM_F_DUMP;
	if (op->cmd == AIMLOCK_CMD_LOCK_CLEAR && one_in(2))
		put_by_id(&msg);
	else
		put_known(&msg, op);
	while (one_in(3))
		spoil(&msg, op);
	return msg.hdr->nlmsg_len;
}

size_t input_datagram(uint8_t *buf, size_t room, int family)
{
	size_t len = message(buf, room, family);

	if (one_in(16) && NLMSG_ALIGN(len) + 256 < room && len >= NLMSG_HDRLEN) {
		memset(buf + len, 0, NLMSG_ALIGN(len) - len);
		len = NLMSG_ALIGN(len);
		len += message(buf + len, room - len, family);
	}
	/* the header speaks of more than there is */
	if (one_in(48) && len > 1)
		len -= 1 + chance(len - 1);
	return len;
}

/* --- sysfs --- */

static size_t any_bytes(char *buf, size_t room)
{
	size_t len = one_in(16) ? 4090 + chance(12) : chance(20), i;
	char fill = chance(256);

	for (i = 0; i < len && i < room; i++)
		buf[i] = len > 20 ? fill : (char)chance(256);
	return i;
}

static size_t plain(const char *where, char *buf, size_t room)
{
	static const char * const numbers[] = {
		"0", "0", "0", "1", "2", "3600000", "3600001", "+7", "-1", "007", " 1", "1 ",
		"0x1", "4294967296", "1e3", "", "99999999999999999999",
	};
	static const char * const scopes[] = {
		"orphaned", "unreachable", "orphan", "Orphaned", "held", "", "orphaned unreachable",
	};

	if (!strcmp(where, "new_lock"))
		return snprintf(buf, room, one_in(30) ? "%s  %s" : "%s %s", input_name(),
				world_path());
	if (!strcmp(where, "delete_lock"))
		return snprintf(buf, room, one_in(30) ? "%s " : "%s", input_name());
	if (strstr(where, "/conf_locked"))
		return snprintf(buf, room, "%s", one_in(12) ? "00" : one_in(2) ? "1" : "0");
	if (strstr(where, "/clear_scope"))
		return snprintf(buf, room, "%s", scopes[chance(ARRAY_SIZE(scopes))]);
	return snprintf(buf, room, "%s", numbers[chance(ARRAY_SIZE(numbers))]);
}

size_t input_text(const char *where, char *buf, size_t room)
{
	size_t len;

	if (one_in(24))
		return any_bytes(buf, room);
	len = plain(where, buf, room - 8);
	if (one_in(2))
		buf[len++] = '\n';
	if (one_in(24))
		buf[len++] = '\n';
	if (one_in(24))
		buf[len++] = one_in(2) ? '\0' : ' ';
	if (one_in(48) && len)
		buf[chance(len)] = chance(256);
	return len;
}
