// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "event.h"

static struct nlattr *find_attr(struct nlmsghdr *hdr, int type, size_t len)
{
	struct genlmsghdr *genl = genlmsg_hdr(hdr);
	struct nlattr *attr;

	attr = nla_find(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), type);
	return attr && (size_t)nla_len(attr) >= len ? attr : NULL;
}

static enum aimlock_reason read_reason(struct nlmsghdr *hdr, int type)
{
	struct nlattr *reason = find_attr(hdr, type, sizeof(uint32_t));

	return reason ? nla_get_u32(reason) : UINT32_MAX;
}

static int read_clear(struct nlmsghdr *hdr, struct aimlock_event *event)
{
	struct nlattr *name = find_attr(hdr, AIMLOCK_A_LOCK_NAME, 1);
	struct aimlock_cleared cleared = { 0 };
	int err;

	if (!name)
		return -EBADMSG;
	nla_strlcpy(event->file.name, name, sizeof(event->file.name));
	event->reason = read_reason(hdr, AIMLOCK_A_LOCK_REASON);
	err = aimlock_model_read_cleared(hdr, &cleared);
	event->file.generation = cleared.generation;
	event->file.locks = cleared.locks;
	return err;
}

static int read_change(struct nlmsghdr *hdr, struct aimlock_event *event)
{
	struct aimlock_files files = { 0 };
	int err = aimlock_model_read_file(hdr, &files);

	if (!err) {
		event->file = files.v[0];
		files.n = 0;
		event->reason = read_reason(hdr, AIMLOCK_A_FILE_REASON);
		event->has_state = find_attr(hdr, AIMLOCK_A_FILE_STATE, sizeof(uint32_t));
	}
	aimlock_model_free_files(&files);
	return err;
}

static int read_lease(struct nlmsghdr *hdr, struct aimlock_event *event)
{
	struct nlattr *generation = find_attr(hdr, AIMLOCK_A_LEASE_GENERATION, sizeof(uint64_t));
	struct nlattr *name = find_attr(hdr, AIMLOCK_A_LEASE_NAME, 1);

	if (!name)
		return -EBADMSG;
	nla_strlcpy(event->file.name, name, sizeof(event->file.name));
	event->reason = read_reason(hdr, AIMLOCK_A_LEASE_REASON);
	if (generation)
		event->file.generation = nla_get_u64(generation);
	return 0;
}

int aimlock_event_read(struct nlmsghdr *hdr, struct aimlock_event *event)
{
	*event = (struct aimlock_event){ 0 };
	if (!genlmsg_valid_hdr(hdr, 0))
		return -EBADMSG;
	switch (genlmsg_hdr(hdr)->cmd) {
	case AIMLOCK_CMD_LOCK_CLEAR_NTF:
		return read_clear(hdr, event);
	case AIMLOCK_CMD_LEASE_NTF:
		return read_lease(hdr, event);
	default:
		return read_change(hdr, event);
	}
}

void aimlock_event_free(struct aimlock_event *event)
{
	aimlock_model_free_locks(&event->file.locks);
	free(event->file.path);
	*event = (struct aimlock_event){ 0 };
}

struct ear {
	aimlock_event_told told;
	void *arg;
};

static int hear_one(struct nlmsghdr *hdr, void *arg)
{
	struct ear *ear = arg;
	struct aimlock_event event;
	int ret = aimlock_event_read(hdr, &event);

	if (!ret)
		ret = ear->told(&event, ear->arg);
	aimlock_event_free(&event);
	return ret;
}

int aimlock_event_hear(struct aimlock_netlink *events, aimlock_event_told told, void *arg)
{
	struct ear ear = { .told = told, .arg = arg };

	return aimlock_netlink_hear(events, hear_one, &ear);
}

const char *aimlock_event_name(enum aimlock_reason reason)
{
	static const char *const names[] = {
		[AIMLOCK_REASON_ADDED]		= "added",
		[AIMLOCK_REASON_REMOVED]	= "removed",
		[AIMLOCK_REASON_REPLACED]	= "replaced",
		[AIMLOCK_REASON_MISSING]	= "missing",
		[AIMLOCK_REASON_HELD]		= "held",
		[AIMLOCK_REASON_RELEASED]	= "released",
		[AIMLOCK_REASON_CLEARED]	= "cleared",
		[AIMLOCK_REASON_FORCED]		= "forced",
		[AIMLOCK_REASON_CONFIGURED]	= "configured",
		[AIMLOCK_REASON_CHANGED]	= "changed",
		[AIMLOCK_REASON_LEASED]		= "leased",
		[AIMLOCK_REASON_RETURNED]	= "returned",
		[AIMLOCK_REASON_CLOSED]		= "closed",
		[AIMLOCK_REASON_EXPIRED]	= "expired",
		[AIMLOCK_REASON_ADOPTED]	= "adopted",
	};

	return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}
