// SPDX-License-Identifier: GPL-2.0-only
/* Netlink operations on registered files: read the request, call, answer. */
#include "compat.h"
#include "events.h"
#include "hold.h"
#include "netlink.h"
#include "nl_dump.h"
#include "registry.h"
#include "verdict.h"

static struct aimlock_file_config config_of(struct nlattr **attrs)
{
	struct aimlock_file_config config = {};

	if (attrs[AIMLOCK_A_FILE_GRACE_MS]) {
		config.set_grace = true;
		config.grace_ms = nla_get_u32(attrs[AIMLOCK_A_FILE_GRACE_MS]);
	}
	if (attrs[AIMLOCK_A_FILE_CLEAR_SCOPE]) {
		config.set_scope = true;
		config.scope = nla_get_u32(attrs[AIMLOCK_A_FILE_CLEAR_SCOPE]);
	}
	return config;
}

static struct aimlock_file *file_of(struct genl_info *info)
{
	struct aimlock_file *file;

	if (GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_FILE_NAME)) {
		GENL_SET_ERR_MSG(info, "a name is needed");
		return ERR_PTR(-EINVAL);
	}
	file = aimlock_netlink_get_file(info->attrs[AIMLOCK_A_FILE_NAME], info->extack);
	return file ? file : ERR_PTR(-ENOENT);
}

static void explain_add(struct genl_info *info, int error)
{
	struct nlattr *name = info->attrs[AIMLOCK_A_FILE_NAME];
	struct nlattr *path = info->attrs[AIMLOCK_A_FILE_PATH];
	const char *first = nla_data(path);

	switch (error) {
	case -EEXIST:
		NL_SET_ERR_MSG_ATTR(info->extack, name, "this name is registered already");
		break;
	case -ENOENT:
		NL_SET_ERR_MSG_ATTR(info->extack, path, "no file lies at this path");
		break;
	case -EISDIR:
		NL_SET_ERR_MSG_ATTR(info->extack, path, "this is a directory");
		break;
	case -EXDEV:
		NL_SET_ERR_MSG_ATTR(info->extack, path,
				    "this path is another file, or none, for PID 1");
		break;
	case -EINVAL:
		if (!aimlock_registry_name_is_valid(nla_data(name)))
			NL_SET_ERR_MSG_ATTR(info->extack, name,
					    "a name is made of A-Z a-z 0-9 . _ - and not reserved");
		else if (*first != '/')
			NL_SET_ERR_MSG_ATTR(info->extack, path, "the path must be absolute");
		else
			NL_SET_ERR_MSG_ATTR(info->extack, path, "this is not a regular file");
		break;
	case -ENOMEM:
		GENL_SET_ERR_MSG(info, "there is no memory for it");
		break;
	default:
		NL_SET_ERR_MSG_ATTR(info->extack, path, "the path can't be looked up");
		break;
	}
}

/**
 * aimlock_nl_file_new_doit() - FILE_NEW
 * @skb: the request
 * @info: the same, parsed
 *
 * Return: 0 or a negative errno, as aimlock_registry_add().
 */
int aimlock_nl_file_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct aimlock_file_config config = config_of(info->attrs);
	struct aimlock_file *file;
	int ret;

	ret = aimlock_netlink_may_change(skb, info->extack);
	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_FILE_NAME) ||
	    GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_FILE_PATH)) {
		GENL_SET_ERR_MSG(info, "a name and a path are needed");
		return -EINVAL;
	}
	ret = aimlock_registry_add(nla_data(info->attrs[AIMLOCK_A_FILE_NAME]),
				   nla_data(info->attrs[AIMLOCK_A_FILE_PATH]), &config, &file);
	if (ret) {
		explain_add(info, ret);
		return ret;
	}
	aimlock_verdict_first_look(file);
	aimlock_registry_put(file);
	return 0;
}

/**
 * aimlock_nl_file_del_doit() - FILE_DEL
 * @skb: the request
 * @info: the same, parsed
 *
 * Return: 0 or a negative errno, as aimlock_registry_remove().
 */
int aimlock_nl_file_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct aimlock_file *file;
	int ret;

	ret = aimlock_netlink_may_change(skb, info->extack);
	if (ret)
		return ret;
	file = file_of(info);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = aimlock_registry_remove(file->name);
	if (ret == -EBUSY && READ_ONCE(file->hold))
		GENL_SET_ERR_MSG(info, "the file is held: release it first");
	else if (ret == -EBUSY)
		GENL_SET_ERR_MSG(info, "the file is leased, or a lease is waited for");
	aimlock_registry_put(file);
	return ret;
}

static int put_config(struct sk_buff *skb, struct aimlock_file *file)
{
	int ret;

	mutex_lock(&file->lock);
	ret = nla_put_u64_64bit(skb, AIMLOCK_A_FILE_GENERATION, file->generation,
				AIMLOCK_A_FILE_PAD) ||
	      nla_put_u32(skb, AIMLOCK_A_FILE_HOLD, !!file->hold) ||
	      nla_put_u32(skb, AIMLOCK_A_FILE_GRACE_MS, file->grace_ms) ||
	      nla_put_u32(skb, AIMLOCK_A_FILE_CLEAR_SCOPE, file->scope) ||
	      (file->transient && nla_put_flag(skb, AIMLOCK_A_FILE_TRANSIENT));
	if (!ret && file->bound.present)
		ret = nla_put_u32(skb, AIMLOCK_A_FILE_DEV_MAJOR, MAJOR(file->bound.dev)) ||
		      nla_put_u32(skb, AIMLOCK_A_FILE_DEV_MINOR, MINOR(file->bound.dev)) ||
		      nla_put_u64_64bit(skb, AIMLOCK_A_FILE_INO, file->bound.ino,
					AIMLOCK_A_FILE_PAD);
	mutex_unlock(&file->lock);
	return ret ? -EMSGSIZE : 0;
}

static int put_first_holder(struct sk_buff *skb, const struct aimlock_nl_dump *dump,
			    const struct aimlock_part *part)
{
	const struct aimlock_holder *holder;
	const struct aimlock_lock *lock;

	aimlock_for_each_part_lock(lock, &dump->set, part) {
		if (!lock->listed)
			continue;
		list_for_each_entry(holder, &lock->holders, node)
			if (aimlock_inspect_may_see(holder, dump->cred, dump->all_holders))
				return aimlock_netlink_put_holder(skb, AIMLOCK_A_FILE_HOLDER,
								  holder);
	}
	return 0;
}

static int put_file(struct sk_buff *skb, const struct aimlock_nl_dump *dump,
		    const struct aimlock_part *part)
{
	struct aimlock_summary sum = aimlock_verdict_sum(&dump->set, part);

	if (nla_put_string(skb, AIMLOCK_A_FILE_NAME, part->file->name) ||
	    nla_put_string(skb, AIMLOCK_A_FILE_PATH, part->file->path) ||
	    nla_put_u32(skb, AIMLOCK_A_FILE_STATE, sum.state) ||
	    nla_put_u32(skb, AIMLOCK_A_FILE_LOCKS, sum.locks) ||
	    nla_put_u32(skb, AIMLOCK_A_FILE_ORPHANS, sum.orphans) ||
	    nla_put_u32(skb, AIMLOCK_A_FILE_WAITERS, sum.waiters) ||
	    put_config(skb, part->file))
		return -EMSGSIZE;
	return put_first_holder(skb, dump, part);
}

static int reply_file(struct sk_buff *skb, struct genl_info *info,
		      const struct aimlock_nl_dump *dump)
{
	void *header = aimlock_netlink_put_header(skb, info->snd_portid, info->snd_seq, 0,
						  AIMLOCK_CMD_FILE_GET);

	if (!header || put_file(skb, dump, dump->set.parts))
		return -EMSGSIZE;
	genlmsg_end(skb, header);
	return 0;
}

/**
 * aimlock_nl_file_get_doit() - FILE_GET of one file
 * @skb: the request
 * @info: the same, parsed
 *
 * Return: 0; -EINVAL; -ENOENT; what looking gave.
 */
int aimlock_nl_file_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct aimlock_nl_dump look = {
		.all_holders = netlink_capable(skb, CAP_SYS_PTRACE),
		.cred = current_cred(),
	};
	struct aimlock_file *file = file_of(info);
	struct sk_buff *reply;
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = aimlock_verdict_look(&look.set, file);
	aimlock_registry_put(file);
	reply = genlmsg_new(AIMLOCK_NL_SIZE, GFP_KERNEL);
	if (!ret)
		ret = reply ? reply_file(reply, info, &look) : -ENOMEM;
	aimlock_inspect_free(&look.set);
	if (!ret)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return ret;
}

/**
 * aimlock_nl_file_get_start() - FILE_GET of all files, or of one
 * @cb: the dump
 *
 * Return: 0; -ENOENT; -ENOMEM.
 */
int aimlock_nl_file_get_start(struct netlink_callback *cb)
{
	return PTR_ERR_OR_ZERO(aimlock_nl_dump_start(cb, dump_attrs(cb)[AIMLOCK_A_FILE_NAME]));
}

static int dump_file(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct aimlock_nl_dump *dump)
{
	void *header = aimlock_netlink_put_header(skb, NETLINK_CB(cb->skb).portid,
						  cb->nlh->nlmsg_seq, NLM_F_MULTI,
						  AIMLOCK_CMD_FILE_GET);

	if (!header)
		return -EMSGSIZE;
	if (put_file(skb, dump, &dump->set.parts[dump->part])) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, header);
	genlmsg_end(skb, header);
	return 0;
}

/**
 * aimlock_nl_file_get_dumpit() - the next files that fit
 * @skb: where
 * @cb: the dump
 *
 * Return: bytes told, 0 at the end, or a negative errno.
 */
int aimlock_nl_file_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct aimlock_nl_dump *dump = aimlock_nl_dump_of(cb);
	int ret;

	for (;;) {
		cb->seq = aimlock_nl_dump_sequence(dump);
		for (; dump->part < dump->set.n_parts; dump->part++) {
			ret = dump_file(skb, cb, dump);
			if (ret)
				return skb->len ? skb->len : ret;
		}
		ret = aimlock_nl_dump_refill(dump);
		if (ret)
			return ret == -ENODATA ? skb->len : ret;
	}
}

/**
 * aimlock_nl_file_get_done() - end of a dump
 * @cb: the dump
 *
 * Return: 0.
 */
int aimlock_nl_file_get_done(struct netlink_callback *cb)
{
	aimlock_nl_dump_done(cb);
	return 0;
}

static int set_hold(struct genl_info *info, struct aimlock_file *file)
{
	int ret;

	if (!nla_get_u32(info->attrs[AIMLOCK_A_FILE_HOLD])) {
		ret = aimlock_hold_drop(file);
		if (ret == -ENOENT)
			GENL_SET_ERR_MSG(info, "the file is not held");
		return ret;
	}
	ret = aimlock_hold_take(file);
	if (ret == -EBUSY)
		GENL_SET_ERR_MSG(info, "the file is locked or held already");
	else if (ret == -ENOENT)
		GENL_SET_ERR_MSG(info, "no file lies at the path");
	return ret;
}

/**
 * aimlock_nl_file_set_doit() - FILE_SET
 * @skb: the request
 * @info: the same, parsed
 *
 * Return: 0; -EINVAL if nothing is to be set, or if hold comes with something
 * else; as aimlock_hold_take(), aimlock_hold_drop(), aimlock_registry_configure().
 */
int aimlock_nl_file_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct aimlock_file_config config = config_of(info->attrs);
	bool configure = config.set_grace || config.set_scope;
	struct aimlock_file *file;
	int ret;

	ret = aimlock_netlink_may_change(skb, info->extack);
	if (ret)
		return ret;
	file = file_of(info);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (configure == !!info->attrs[AIMLOCK_A_FILE_HOLD]) {
		GENL_SET_ERR_MSG(info, "set either the hold or grace and scope");
		ret = -EINVAL;
	} else {
		ret = configure ? aimlock_registry_configure(file, &config) : set_hold(info, file);
	}
	aimlock_registry_put(file);
	return ret;
}

/**
 * aimlock_nl_file_put_event() - append what an event says of a file
 * @skb: where
 * @event: the event
 *
 * Return: 0 or -EMSGSIZE.
 */
int aimlock_nl_file_put_event(struct sk_buff *skb, const struct aimlock_event *event)
{
	if (nla_put_string(skb, AIMLOCK_A_FILE_NAME, event->name) ||
	    nla_put_string(skb, AIMLOCK_A_FILE_PATH, event->file->path) ||
	    nla_put_u32(skb, AIMLOCK_A_FILE_REASON, event->reason))
		return -EMSGSIZE;
	if (event->reason == AIMLOCK_REASON_CHANGED &&
	    nla_put_u32(skb, AIMLOCK_A_FILE_STATE, event->state))
		return -EMSGSIZE;
	return put_config(skb, event->file);
}
