// SPDX-License-Identifier: GPL-2.0-only
/* Netlink operations on leases: read the request, call, answer. */
#include "adopt.h"
#include "compat.h"
#include "events.h"
#include "lease.h"
#include "netlink.h"
#include "registry.h"

#include <linux/file.h>

static int put_lease(struct sk_buff *skb, const struct aimlock_lease *lease)
{
	if (nla_put_string(skb, AIMLOCK_A_LEASE_NAME, lease->file->name) ||
	    nla_put_u32(skb, AIMLOCK_A_LEASE_ID, lease->id) ||
	    nla_put_u32(skb, AIMLOCK_A_LEASE_TTL_MS, lease->ttl_ms) ||
	    nla_put_u32(skb, AIMLOCK_A_LEASE_GRANTED, lease->granted))
		return -EMSGSIZE;
	if (!lease->granted)
		return 0;
	if (nla_put_u64_64bit(skb, AIMLOCK_A_LEASE_LEFT_MS, aimlock_lease_left_ms(lease),
			      AIMLOCK_A_LEASE_PAD) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_LEASE_GENERATION, lease->generation,
			      AIMLOCK_A_LEASE_PAD))
		return -EMSGSIZE;
	return 0;
}

/* Takes @skb; the caller keeps @lease. */
static int reply(struct sk_buff *skb, struct genl_info *info, u8 cmd,
		 const struct aimlock_lease *lease)
{
	void *header = aimlock_netlink_put_header(skb, info->snd_portid, info->snd_seq, 0, cmd);

	if (!header || put_lease(skb, lease)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static void explain_new(struct genl_info *info, int error)
{
	struct nlattr *fd = info->attrs[AIMLOCK_A_LEASE_FD];

	switch (error) {
	case -EAGAIN:
		if (info->attrs[AIMLOCK_A_LEASE_ADOPT])
			GENL_SET_ERR_MSG(info, "the lock is still suspect: ask again");
		else
			GENL_SET_ERR_MSG(info, "the file is locked, held or leased");
		break;
	case -EBUSY:
		GENL_SET_ERR_MSG(info, "what locks the file is no orphan, or not the only lock");
		break;
	case -EOPNOTSUPP:
		GENL_SET_ERR_MSG(info, "a lock of this kind can't be adopted, only cleared");
		break;
	case -EBADF:
		NL_SET_ERR_MSG_ATTR(info->extack, fd, "this is no descriptor open for writing");
		break;
	case -ESTALE:
		NL_SET_ERR_MSG_ATTR(info->extack, fd,
				    "this descriptor is of another file than lies at the path");
		break;
	case -ENOENT:
		GENL_SET_ERR_MSG(info, "no file lies at the path");
		break;
	case -ENOSPC:
		GENL_SET_ERR_MSG(info, "there are too many leases, or waiters for this file");
		break;
	case -ENODEV:
		GENL_SET_ERR_MSG(info, "the file is being removed");
		break;
	case -ENOMEM:
		GENL_SET_ERR_MSG(info, "there is no memory for it");
		break;
	case -EINTR:
		break;
	default:
		GENL_SET_ERR_MSG(info, "the file can't be locked");
		break;
	}
}

static void explain_file(struct genl_info *info, int error)
{
	struct nlattr *fd = info->attrs[AIMLOCK_A_LEASE_FD];

	switch (error) {
	case -EINVAL:
		NL_SET_ERR_MSG_ATTR(info->extack, fd, "this is not a regular file");
		break;
	case -EXDEV:
		NL_SET_ERR_MSG_ATTR(info->extack, fd,
				    "this file lies at another path, or none, for PID 1");
		break;
	case -EUSERS:
		GENL_SET_ERR_MSG(info, "this user has leases of too many files without a name");
		break;
	case -EEXIST:
		GENL_SET_ERR_MSG(info, "the file is being removed");
		break;
	default:
		explain_new(info, error);
		break;
	}
}

/* A failed try changes nothing: then there's no point in registering the file. */
static struct aimlock_file *use_open(struct genl_info *info, struct file *authority)
{
	if (!authority)
		return ERR_PTR(-EBADF);
	if (authority->f_mode & FMODE_WRITE && !info->attrs[AIMLOCK_A_LEASE_WAIT] &&
	    aimlock_inspect_has_locks(file_inode(authority)))
		return ERR_PTR(-EAGAIN);
	return aimlock_registry_use_open(authority);
}

/* By its name, or else by the descriptor. */
static struct aimlock_file *use_file(struct genl_info *info, struct file *authority)
{
	struct nlattr *name = info->attrs[AIMLOCK_A_LEASE_NAME];
	struct aimlock_file *file;

	if (!name) {
		file = use_open(info, authority);
		if (IS_ERR(file))
			explain_file(info, PTR_ERR(file));
		return file;
	}
	file = aimlock_netlink_get_file(name, info->extack);
	if (!file)
		return ERR_PTR(-ENOENT);
	aimlock_registry_use(file);
	aimlock_registry_put(file);
	return file;
}

static int new_lease(struct genl_info *info, struct aimlock_file *file, struct file *authority,
		     struct aimlock_lease *lease)
{
	struct aimlock_lease_request request = {
		.file = file,
		.authority = authority,
		.portid = info->snd_portid,
		.ttl_ms = nla_get_u32(info->attrs[AIMLOCK_A_LEASE_TTL_MS]),
		.wait = info->attrs[AIMLOCK_A_LEASE_WAIT],
	};
	const struct nlattr *adopt = info->attrs[AIMLOCK_A_LEASE_ADOPT];
	const struct nlattr *guard = info->attrs[AIMLOCK_A_LEASE_GUARD];
	int ret;

	if (adopt) {
		request.adopt = aimlock_adopt;
		request.scope = nla_get_u32(adopt);
	}
	if (guard) {
		request.guards = true;
		request.insists = nla_get_u32(guard) == AIMLOCK_GUARD_NEXT;
	}
	ret = authority || guard ? aimlock_lease_new(&request, lease) : -EBADF;
	if (ret)
		explain_new(info, ret);
	return ret;
}

static int check_guard(struct sk_buff *skb, struct genl_info *info)
{
	static const enum aimlock_attr_lease others[] = {
		AIMLOCK_A_LEASE_FD, AIMLOCK_A_LEASE_WAIT, AIMLOCK_A_LEASE_ADOPT,
	};
	size_t i;

	if (GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LEASE_NAME) ||
	    GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LEASE_TTL_MS)) {
		GENL_SET_ERR_MSG(info, "a guard needs the name of a file and a time to live");
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		if (!info->attrs[others[i]])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[others[i]],
				    "a guard waits, and for whatever file lies at the path");
		return -EINVAL;
	}
	return aimlock_netlink_may_change(skb, info->extack);
}

static int check_new(struct sk_buff *skb, struct genl_info *info)
{
	if (info->attrs[AIMLOCK_A_LEASE_GUARD])
		return check_guard(skb, info);
	if (GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LEASE_FD) ||
	    GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LEASE_TTL_MS)) {
		GENL_SET_ERR_MSG(info, "a descriptor and a time to live are needed");
		return -EINVAL;
	}
	if (!info->attrs[AIMLOCK_A_LEASE_ADOPT])
		return 0;
	if (GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LEASE_NAME)) {
		GENL_SET_ERR_MSG(info, "to adopt an orphan the name of its file is needed");
		return -EINVAL;
	}
	if (info->attrs[AIMLOCK_A_LEASE_WAIT]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[AIMLOCK_A_LEASE_WAIT],
				    "an orphan to adopt isn't waited for");
		return -EINVAL;
	}
	return aimlock_netlink_may_change(skb, info->extack);
}

/* The answer is made before anything is changed. */
static int answer_new(struct genl_info *info, struct aimlock_file *file, struct file *authority)
{
	struct sk_buff *answer = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct aimlock_lease lease;
	int ret = answer ? new_lease(info, file, authority, &lease) : -ENOMEM;

	if (ret) {
		nlmsg_free(answer);
		return ret;
	}
	ret = reply(answer, info, AIMLOCK_CMD_LEASE_NEW, &lease);
	aimlock_lease_put_copy(&lease);
	return ret;
}

/**
 * aimlock_nl_lease_new_doit() - LEASE_NEW
 * @skb: the request
 * @info: the same, parsed
 *
 * Return: 0; -EINVAL; -ENOENT; -EPERM to adopt or guard without the right to; as
 * aimlock_lease_new(), and without a name aimlock_registry_use_open().
 */
int aimlock_nl_lease_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct aimlock_file *file;
	struct file *authority;
	const struct nlattr *fd;
	int ret = check_new(skb, info);

	if (ret)
		return ret;
	fd = info->attrs[AIMLOCK_A_LEASE_FD];
	authority = fd ? fget(nla_get_u32(fd)) : NULL;
	file = use_file(info, authority);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
	} else {
		ret = answer_new(info, file, authority);
		aimlock_registry_unuse(file);
	}
	if (authority)
		fput(authority);
	return ret;
}

static int check_id(struct genl_info *info)
{
	if (!GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LEASE_ID))
		return 0;
	GENL_SET_ERR_MSG(info, "an id is needed");
	return -EINVAL;
}

static void explain_id(struct genl_info *info, int error)
{
	struct nlattr *id = info->attrs[AIMLOCK_A_LEASE_ID];

	if (error == -ESTALE)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "this socket has no such lease any more");
	else if (error == -EAGAIN)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "the lease is not granted yet");
}

/**
 * aimlock_nl_lease_renew_doit() - LEASE_RENEW
 * @skb: the request
 * @info: the same, parsed
 *
 * Return: 0; -EINVAL; as aimlock_lease_renew().
 */
int aimlock_nl_lease_renew_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *ttl = info->attrs[AIMLOCK_A_LEASE_TTL_MS];
	struct aimlock_lease lease;
	struct sk_buff *answer;
	int ret = check_id(info);

	if (ret)
		return ret;
	answer = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!answer)
		return -ENOMEM;
	ret = aimlock_lease_renew(nla_get_u32(info->attrs[AIMLOCK_A_LEASE_ID]),
				  info->snd_portid, ttl ? nla_get_u32(ttl) : 0, &lease);
	if (ret) {
		explain_id(info, ret);
		nlmsg_free(answer);
		return ret;
	}
	ret = reply(answer, info, AIMLOCK_CMD_LEASE_RENEW, &lease);
	aimlock_lease_put_copy(&lease);
	return ret;
}

/**
 * aimlock_nl_lease_del_doit() - LEASE_DEL
 * @skb: the request
 * @info: the same, parsed
 *
 * Return: 0; -EINVAL; as aimlock_lease_del().
 */
int aimlock_nl_lease_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret = check_id(info);

	if (ret)
		return ret;
	ret = aimlock_lease_del(nla_get_u32(info->attrs[AIMLOCK_A_LEASE_ID]),
				info->snd_portid);
	explain_id(info, ret);
	return ret;
}

static int dump_lease(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct aimlock_lease *lease)
{
	void *header = aimlock_netlink_put_header(skb, NETLINK_CB(cb->skb).portid,
						  cb->nlh->nlmsg_seq, NLM_F_MULTI,
						  AIMLOCK_CMD_LEASE_GET);
	bool all = netlink_capable(cb->skb, CAP_SYS_PTRACE);

	if (!header)
		return -EMSGSIZE;
	if (put_lease(skb, lease) ||
	    (aimlock_inspect_may_see(&lease->holder, current_cred(), all) &&
	     aimlock_netlink_put_holder(skb, AIMLOCK_A_LEASE_HOLDER, &lease->holder))) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/**
 * aimlock_nl_lease_get_dumpit() - the next leases that fit
 * @skb: where
 * @cb: the dump; its first argument is where to go on
 *
 * Return: bytes told, 0 at the end, or a negative errno.
 */
int aimlock_nl_lease_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long id = cb->args[0];
	struct aimlock_lease lease;
	int ret = 0;

	while (!ret && aimlock_lease_next(&id, &lease)) {
		ret = dump_lease(skb, cb, &lease);
		aimlock_lease_put_copy(&lease);
		if (!ret)
			cb->args[0] = id;
	}
	return skb->len ? skb->len : ret;
}

/**
 * aimlock_nl_lease_put_event() - append what an event says of a lease
 * @skb: where
 * @event: the event
 *
 * Return: 0 or -EMSGSIZE.
 */
int aimlock_nl_lease_put_event(struct sk_buff *skb, const struct aimlock_event *event)
{
	if (nla_put_u32(skb, AIMLOCK_A_LEASE_REASON, event->reason))
		return -EMSGSIZE;
	return put_lease(skb, event->lease);
}
