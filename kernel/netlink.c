// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: the generic netlink family, its operations and policies, and what
 * nl_file.c and nl_lock.c share.  include/netlink/aimlock.yaml is the
 * specification.
 *
 * Operations run in parallel: what blocks in a filesystem stops no other.
 */
#include "netlink.h"
#include "compat.h"
#include "events.h"
#include "inspect.h"
#include "lease.h"
#include "registry.h"

#include <linux/module.h>

static struct netlink_range_validation grace_max = { .max = AIMLOCK_GRACE_MAX };

static struct netlink_range_validation ttl_range = {
	.min = AIMLOCK_TTL_MIN,
	.max = AIMLOCK_TTL_MAX,
};

static const struct nla_policy file_new_policy[AIMLOCK_A_FILE_MAX + 1] = {
	[AIMLOCK_A_FILE_NAME] = { .type = NLA_NUL_STRING, .len = AIMLOCK_NAME_MAX },
	[AIMLOCK_A_FILE_PATH] = { .type = NLA_NUL_STRING, .len = AIMLOCK_PATH_MAX },
	[AIMLOCK_A_FILE_GRACE_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &grace_max),
	[AIMLOCK_A_FILE_CLEAR_SCOPE] = NLA_POLICY_MAX(NLA_U32, AIMLOCK_CLEAR_SCOPE_UNREACHABLE),
};

static const struct nla_policy file_del_policy[AIMLOCK_A_FILE_MAX + 1] = {
	[AIMLOCK_A_FILE_NAME] = { .type = NLA_NUL_STRING, .len = AIMLOCK_NAME_MAX },
};

static const struct nla_policy file_get_policy[AIMLOCK_A_FILE_MAX + 1] = {
	[AIMLOCK_A_FILE_NAME] = { .type = NLA_NUL_STRING, .len = AIMLOCK_NAME_MAX },
};

static const struct nla_policy file_set_policy[AIMLOCK_A_FILE_MAX + 1] = {
	[AIMLOCK_A_FILE_NAME] = { .type = NLA_NUL_STRING, .len = AIMLOCK_NAME_MAX },
	[AIMLOCK_A_FILE_HOLD] = NLA_POLICY_MAX(NLA_U32, 1),
	[AIMLOCK_A_FILE_GRACE_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &grace_max),
	[AIMLOCK_A_FILE_CLEAR_SCOPE] = NLA_POLICY_MAX(NLA_U32, AIMLOCK_CLEAR_SCOPE_UNREACHABLE),
};

static const struct nla_policy lock_get_policy[AIMLOCK_A_LOCK_MAX + 1] = {
	[AIMLOCK_A_LOCK_NAME] = { .type = NLA_NUL_STRING, .len = AIMLOCK_NAME_MAX },
	[AIMLOCK_A_LOCK_HOLDERS] = { .type = NLA_FLAG },
	[AIMLOCK_A_LOCK_WAITING] = { .type = NLA_FLAG },
	[AIMLOCK_A_LOCK_FD] = { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_FS_TYPE] = { .type = NLA_NUL_STRING, .len = AIMLOCK_FS_TYPE_MAX },
};

static const struct nla_policy lock_clear_policy[AIMLOCK_A_LOCK_MAX + 1] = {
	[AIMLOCK_A_LOCK_NAME] = { .type = NLA_NUL_STRING, .len = AIMLOCK_NAME_MAX },
	[AIMLOCK_A_LOCK_ID] = { .type = NLA_U64 },
	[AIMLOCK_A_LOCK_GENERATION] = { .type = NLA_U64 },
	[AIMLOCK_A_LOCK_SCOPE] = NLA_POLICY_MAX(NLA_U32, AIMLOCK_CLEAR_SCOPE_UNREACHABLE),
	[AIMLOCK_A_LOCK_DRY_RUN] = { .type = NLA_FLAG },
	[AIMLOCK_A_LOCK_FORCE] = { .type = NLA_FLAG },
};

static const struct nla_policy lease_new_policy[AIMLOCK_A_LEASE_MAX + 1] = {
	[AIMLOCK_A_LEASE_NAME] = { .type = NLA_NUL_STRING, .len = AIMLOCK_NAME_MAX },
	[AIMLOCK_A_LEASE_FD] = { .type = NLA_U32 },
	[AIMLOCK_A_LEASE_TTL_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &ttl_range),
	[AIMLOCK_A_LEASE_WAIT] = { .type = NLA_FLAG },
	[AIMLOCK_A_LEASE_ADOPT] = NLA_POLICY_MAX(NLA_U32, AIMLOCK_CLEAR_SCOPE_UNREACHABLE),
	[AIMLOCK_A_LEASE_GUARD] = NLA_POLICY_MAX(NLA_U32, AIMLOCK_GUARD_NEXT),
};

static const struct nla_policy lease_renew_policy[AIMLOCK_A_LEASE_MAX + 1] = {
	[AIMLOCK_A_LEASE_ID] = { .type = NLA_U32 },
	[AIMLOCK_A_LEASE_TTL_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &ttl_range),
};

static const struct nla_policy lease_del_policy[AIMLOCK_A_LEASE_MAX + 1] = {
	[AIMLOCK_A_LEASE_ID] = { .type = NLA_U32 },
};

static const struct nla_policy lease_get_policy[AIMLOCK_A_LEASE_MAX + 1] = {
};

static const struct genl_ops ops[] = {
	{
		.cmd = AIMLOCK_CMD_FILE_NEW,
		.doit = aimlock_nl_file_new_doit,
		.policy = file_new_policy,
		.maxattr = AIMLOCK_A_FILE_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_FILE_DEL,
		.doit = aimlock_nl_file_del_doit,
		.policy = file_del_policy,
		.maxattr = AIMLOCK_A_FILE_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_FILE_GET,
		.doit = aimlock_nl_file_get_doit,
		.start = aimlock_nl_file_get_start,
		.dumpit = aimlock_nl_file_get_dumpit,
		.done = aimlock_nl_file_get_done,
		.policy = file_get_policy,
		.maxattr = AIMLOCK_A_FILE_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_FILE_SET,
		.doit = aimlock_nl_file_set_doit,
		.policy = file_set_policy,
		.maxattr = AIMLOCK_A_FILE_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_LOCK_GET,
		.start = aimlock_nl_lock_get_start,
		.dumpit = aimlock_nl_lock_get_dumpit,
		.done = aimlock_nl_lock_get_done,
		.policy = lock_get_policy,
		.maxattr = AIMLOCK_A_LOCK_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_LOCK_CLEAR,
		.doit = aimlock_nl_lock_clear_doit,
		.policy = lock_clear_policy,
		.maxattr = AIMLOCK_A_LOCK_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_LEASE_NEW,
		.doit = aimlock_nl_lease_new_doit,
		.policy = lease_new_policy,
		.maxattr = AIMLOCK_A_LEASE_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_LEASE_RENEW,
		.doit = aimlock_nl_lease_renew_doit,
		.policy = lease_renew_policy,
		.maxattr = AIMLOCK_A_LEASE_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_LEASE_DEL,
		.doit = aimlock_nl_lease_del_doit,
		.policy = lease_del_policy,
		.maxattr = AIMLOCK_A_LEASE_MAX,
	},
	{
		.cmd = AIMLOCK_CMD_LEASE_GET,
		.dumpit = aimlock_nl_lease_get_dumpit,
		.policy = lease_get_policy,
		.maxattr = AIMLOCK_A_LEASE_MAX,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = AIMLOCK_MCGRP_EVENT },
};

static struct genl_family family = {
	.name = AIMLOCK_FAMILY_NAME,
	.version = AIMLOCK_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/**
 * aimlock_netlink_may_change() - may the sender of a request change anything?
 * @skb: the request
 * @extack: gets the sentence
 *
 * Return: 0 or -EPERM.
 */
int aimlock_netlink_may_change(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack, "changes need CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

/**
 * aimlock_netlink_get_file() - the file that a request names
 * @name: the attribute
 * @extack: gets the sentence
 *
 * Return: the file, with a reference for aimlock_registry_put(), or NULL.
 */
struct aimlock_file *aimlock_netlink_get_file(const struct nlattr *name,
					      struct netlink_ext_ack *extack)
{
	struct aimlock_file *file = aimlock_registry_get(nla_data(name));

	if (!file)
		NL_SET_ERR_MSG_ATTR(extack, name, "no file is registered under this name");
	return file;
}

/**
 * aimlock_netlink_put_header() - begin a message of the family
 * @skb: where
 * @portid: of the receiver
 * @seq: of the request
 * @flags: netlink flags
 * @cmd: enum aimlock_cmd
 *
 * Return: for genlmsg_end() or genlmsg_cancel(), or NULL.
 */
void *aimlock_netlink_put_header(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd)
{
	return genlmsg_put(skb, portid, seq, &family, flags, cmd);
}

static int put_process(struct sk_buff *skb, const struct aimlock_holder *holder)
{
	const char state[] = { holder->state, '\0' };

	if (nla_put_u32(skb, AIMLOCK_A_HOLDER_PID, holder->pid) ||
	    nla_put_u32(skb, AIMLOCK_A_HOLDER_NS_PID, holder->ns_pid) ||
	    nla_put_string(skb, AIMLOCK_A_HOLDER_STATE, state) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_HOLDER_START_NS, holder->start_ns,
			      AIMLOCK_A_HOLDER_PAD))
		return -EMSGSIZE;
	if (holder->fd >= 0 && nla_put_u32(skb, AIMLOCK_A_HOLDER_FD, holder->fd))
		return -EMSGSIZE;
	return 0;
}

/**
 * aimlock_netlink_put_holder() - append a holder
 * @skb: where
 * @type: of the nest
 * @holder: the holder
 *
 * Return: 0 or -EMSGSIZE.
 */
int aimlock_netlink_put_holder(struct sk_buff *skb, int type,
			       const struct aimlock_holder *holder)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, AIMLOCK_A_HOLDER_KIND, holder->kind) ||
	    (holder->comm[0] && nla_put_string(skb, AIMLOCK_A_HOLDER_COMM, holder->comm)) ||
	    (holder->pid && put_process(skb, holder))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static u8 event_cmd(const struct aimlock_event *event)
{
	if (event->lease)
		return AIMLOCK_CMD_LEASE_NTF;
	switch (event->reason) {
	case AIMLOCK_REASON_ADDED:
		return AIMLOCK_CMD_FILE_NEW_NTF;
	case AIMLOCK_REASON_REMOVED:
		return AIMLOCK_CMD_FILE_DEL_NTF;
	case AIMLOCK_REASON_CLEARED:
	case AIMLOCK_REASON_FORCED:
		return AIMLOCK_CMD_LOCK_CLEAR_NTF;
	default:
		return AIMLOCK_CMD_FILE_CHANGE_NTF;
	}
}

static int put_event(struct sk_buff *skb, const struct aimlock_event *event)
{
	void *header = aimlock_netlink_put_header(skb, 0, 0, 0, event_cmd(event));
	int ret;

	if (!header)
		return -EMSGSIZE;
	if (event->lease)
		ret = aimlock_nl_lease_put_event(skb, event);
	else if (event->set)
		ret = aimlock_nl_lock_put_event(skb, event);
	else
		ret = aimlock_nl_file_put_event(skb, event);
	if (!ret)
		genlmsg_end(skb, header);
	return ret;
}

static struct sk_buff *make_event(const struct aimlock_event *event)
{
	/* a lease is told of in some hundred bytes, and its holder waits for them */
	size_t size = event->lease ? GENLMSG_DEFAULT_SIZE : AIMLOCK_NL_SIZE;
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (skb && put_event(skb, event)) {
		nlmsg_free(skb);
		skb = NULL;
	}
	return skb;
}

/*
 * Nobody waits for an event: one that can't be sent is lost, and those who listen
 * get ENOBUFS, as when their queue is full.
 */
static void tell_all(const struct aimlock_event *event)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&family, &init_net, 0))
		return;
	skb = make_event(event);
	if (skb)
		genlmsg_multicast(&family, skb, 0, 0, GFP_KERNEL);
	else
		genl_set_err(&family, &init_net, 0, 0, -ENOBUFS);
}

/* One that is lost leaves the holder to find out when it renews. */
static void tell_holder(const struct aimlock_event *event)
{
	struct sk_buff *skb = make_event(event);

	if (skb)
		genlmsg_unicast(&init_net, skb, event->lease->portid);
}

static int hear(struct notifier_block *nb, unsigned long reason, void *data)
{
	tell_all(data);
	return NOTIFY_OK;
}

static int hear_for_holder(struct notifier_block *nb, unsigned long reason, void *data)
{
	tell_holder(data);
	return NOTIFY_OK;
}

static struct notifier_block listener = {
	.notifier_call = hear,
};

static struct notifier_block listener_for_holders = {
	.notifier_call = hear_for_holder,
};

/**
 * aimlock_netlink_init() - register the family
 *
 * Return: 0 or a negative errno.
 */
int aimlock_netlink_init(void)
{
	int ret = genl_register_family(&family);

	if (ret)
		return ret;
	ret = aimlock_events_listen(&listener);
	if (ret)
		goto err_listen;
	ret = aimlock_events_listen_for_holders(&listener_for_holders);
	if (ret)
		goto err_listen_for_holders;
	return 0;

err_listen_for_holders:
	aimlock_events_unlisten(&listener);
err_listen:
	genl_unregister_family(&family);
	return ret;
}

/**
 * aimlock_netlink_exit() - undo aimlock_netlink_init()
 *
 * Waits for the operations under way.
 */
void aimlock_netlink_exit(void)
{
	aimlock_events_unlisten_for_holders(&listener_for_holders);
	aimlock_events_unlisten(&listener);
	genl_unregister_family(&family);
}
