// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "lease.h"

static struct nla_policy policy[AIMLOCK_A_LEASE_MAX + 1] = {
	[AIMLOCK_A_LEASE_NAME]		= { .type = NLA_STRING },
	[AIMLOCK_A_LEASE_ID]		= { .type = NLA_U32 },
	[AIMLOCK_A_LEASE_TTL_MS]	= { .type = NLA_U32 },
	[AIMLOCK_A_LEASE_GRANTED]	= { .type = NLA_U32 },
	[AIMLOCK_A_LEASE_GENERATION]	= { .type = NLA_U64 },
	[AIMLOCK_A_LEASE_REASON]	= { .type = NLA_U32 },
};

static void read_attributes(struct nlattr **attrs, struct aimlock_lease *lease)
{
	nla_strlcpy(lease->name, attrs[AIMLOCK_A_LEASE_NAME], sizeof(lease->name));
	lease->id = nla_get_u32(attrs[AIMLOCK_A_LEASE_ID]);
	lease->granted = nla_get_u32(attrs[AIMLOCK_A_LEASE_GRANTED]);
	if (attrs[AIMLOCK_A_LEASE_TTL_MS])
		lease->ttl_ms = nla_get_u32(attrs[AIMLOCK_A_LEASE_TTL_MS]);
	if (attrs[AIMLOCK_A_LEASE_GENERATION])
		lease->generation = nla_get_u64(attrs[AIMLOCK_A_LEASE_GENERATION]);
	if (!attrs[AIMLOCK_A_LEASE_REASON])
		return;
	lease->reason = nla_get_u32(attrs[AIMLOCK_A_LEASE_REASON]);
	lease->ended = lease->reason != AIMLOCK_REASON_LEASED &&
		       lease->reason != AIMLOCK_REASON_ADOPTED;
}

static int read_lease(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *attrs[AIMLOCK_A_LEASE_MAX + 1];
	struct aimlock_lease *lease = arg;

	if (genlmsg_parse(hdr, 0, attrs, AIMLOCK_A_LEASE_MAX, policy) < 0 ||
	    !attrs[AIMLOCK_A_LEASE_NAME] || !attrs[AIMLOCK_A_LEASE_ID] ||
	    !attrs[AIMLOCK_A_LEASE_GRANTED])
		return -EBADMSG;
	/* a socket may have had another one before */
	if (lease->id && lease->id != nla_get_u32(attrs[AIMLOCK_A_LEASE_ID]))
		return 0;
	read_attributes(attrs, lease);
	return 0;
}

/* The last event before the answer, of whatever lease. */
static int read_early(struct nlmsghdr *hdr, void *arg)
{
	struct aimlock_lease *early = arg;

	*early = (struct aimlock_lease){ 0 };
	return read_lease(hdr, early);
}

/* The event of the grant can overtake the answer, which says that it waits. */
static int call_new(struct aimlock_netlink *nl, struct nl_msg *msg, struct aimlock_lease *lease)
{
	struct aimlock_lease early = { 0 };
	int err;

	nl->unasked = read_early;
	nl->unasked_arg = &early;
	err = aimlock_netlink_call(nl, msg, read_lease, lease);
	nl->unasked = NULL;
	nl->unasked_arg = NULL;
	if (!err && lease->id && lease->id == early.id)
		*lease = early;
	return err;
}

static int no_room(struct nl_msg *msg)
{
	nlmsg_free(msg);
	return -EMSGSIZE;
}

int aimlock_lease_new(struct aimlock_netlink *nl, const struct aimlock_lease_request *request,
		      struct aimlock_lease *lease)
{
	struct nl_msg *msg = aimlock_netlink_request(nl, AIMLOCK_CMD_LEASE_NEW, 0);
	int err;

	*lease = (struct aimlock_lease){ 0 };
	if (!msg)
		return -ENOMEM;
	if ((request->name && nla_put_string(msg, AIMLOCK_A_LEASE_NAME, request->name)) ||
	    (!request->guards && nla_put_u32(msg, AIMLOCK_A_LEASE_FD, request->fd)) ||
	    (request->guards && nla_put_u32(msg, AIMLOCK_A_LEASE_GUARD, request->guard)) ||
	    nla_put_u32(msg, AIMLOCK_A_LEASE_TTL_MS, request->ttl_ms) ||
	    (request->wait && nla_put_flag(msg, AIMLOCK_A_LEASE_WAIT)) ||
	    (request->adopt && nla_put_u32(msg, AIMLOCK_A_LEASE_ADOPT, request->scope)))
		return no_room(msg);
	err = call_new(nl, msg, lease);
	return !err && !lease->id ? -EBADMSG : err;
}

int aimlock_lease_renew(struct aimlock_netlink *nl, struct aimlock_lease *lease)
{
	struct nl_msg *msg = aimlock_netlink_request(nl, AIMLOCK_CMD_LEASE_RENEW, 0);

	if (!msg)
		return -ENOMEM;
	if (nla_put_u32(msg, AIMLOCK_A_LEASE_ID, lease->id))
		return no_room(msg);
	return aimlock_netlink_call(nl, msg, read_lease, lease);
}

int aimlock_lease_del(struct aimlock_netlink *nl, const struct aimlock_lease *lease)
{
	struct nl_msg *msg = aimlock_netlink_request(nl, AIMLOCK_CMD_LEASE_DEL, 0);

	if (!msg)
		return -ENOMEM;
	if (nla_put_u32(msg, AIMLOCK_A_LEASE_ID, lease->id))
		return no_room(msg);
	return aimlock_netlink_call(nl, msg, NULL, NULL);
}

int aimlock_lease_hear(struct aimlock_netlink *nl, struct aimlock_lease *lease)
{
	return aimlock_netlink_hear(nl, read_lease, lease);
}
