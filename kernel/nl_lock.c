// SPDX-License-Identifier: GPL-2.0-only
/* Netlink operations on locks: read the request, call, answer. */
#include "clear.h"
#include "compat.h"
#include "events.h"
#include "netlink.h"
#include "nl_dump.h"
#include "registry.h"

#include <linux/file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#define CLEARED_MAX	1024	/* told in one reply; more are only cleared */
#define CLEARED_SIZE	192	/* of one in a message, at most */
#define REPLY_SIZE	512	/* of the rest of it, at most */

#define WAITERS_TOLD	48	/* in one message; more follow in others */

#define MANAGERS_LOCK \
	"a lock manager's: use unlock_ip, unlock_filesystem or clients/N/ctl of /proc/fs/nfsd, or ksmbd.control"

static u64 age_ms(const struct aimlock_lock *lock)
{
	return div_u64(ktime_get_boottime_ns() - lock->first_seen, NSEC_PER_MSEC);
}

static int put_evidence(struct sk_buff *skb, const struct aimlock_lock *lock)
{
	if (nla_put_u32(skb, AIMLOCK_A_LOCK_VERDICT, lock->verdict) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_TAKER, max(lock->taker, 0)) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_TAKER_EXISTS, lock->taker_exists) ||
	    (lock->serial && nla_put_u64_64bit(skb, AIMLOCK_A_LOCK_AGE_MS, age_ms(lock),
					       AIMLOCK_A_LOCK_PAD)) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_WAITERS, lock->waiters) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_REFS, lock->refs) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_REFS_FOUND, lock->fds + lock->maps + lock->flights))
		return -EMSGSIZE;
	if (lock->verdict == AIMLOCK_VERDICT_SUSPECT &&
	    nla_put_u32(skb, AIMLOCK_A_LOCK_SUSPECT_MS, lock->suspect_ms))
		return -EMSGSIZE;
	return 0;
}

static int put_lock(struct sk_buff *skb, const struct aimlock_lock *lock)
{
	if (nla_put_u32(skb, AIMLOCK_A_LOCK_KIND, lock->kind) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_MODE, lock->mode) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_LOCK_START, lock->start, AIMLOCK_A_LOCK_PAD) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_LOCK_END, lock->end, AIMLOCK_A_LOCK_PAD))
		return -EMSGSIZE;
	return put_evidence(skb, lock);
}

/* A lock of a registered file has an id, by which it may be cleared. */
static int put_id(struct sk_buff *skb, const struct aimlock_lock *lock)
{
	return nla_put_u64_64bit(skb, AIMLOCK_A_LOCK_ID, lock->id, AIMLOCK_A_LOCK_PAD);
}

static int put_holders(struct sk_buff *skb, const struct aimlock_nl_dump *dump,
		       const struct aimlock_lock *lock)
{
	const struct aimlock_holder *holder;

	list_for_each_entry(holder, &lock->holders, node)
		if (aimlock_inspect_may_see(holder, dump->cred, dump->all_holders) &&
		    aimlock_netlink_put_holder(skb, AIMLOCK_A_LOCK_HOLDER, holder))
			return -EMSGSIZE;
	return 0;
}

/*
 * The path of a file that isn't registered is for those who may read it as a link
 * in a holder's /proc/PID/fd.
 */
static bool may_see_path(const struct aimlock_nl_dump *dump, const struct aimlock_lock *lock)
{
	const struct aimlock_holder *holder;

	if (dump->all_holders)
		return true;
	list_for_each_entry(holder, &lock->holders, node)
		if (holder->pid && aimlock_inspect_may_see(holder, dump->cred, false))
			return true;
	return false;
}

static int put_place(struct sk_buff *skb, const struct aimlock_nl_dump *dump,
		     const struct aimlock_part *part, const struct aimlock_lock *lock)
{
	const char *path = part->file ? part->file->path : part->found_at;

	if (nla_put_u32(skb, AIMLOCK_A_LOCK_DEV_MAJOR, MAJOR(part->dev)) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_DEV_MINOR, MINOR(part->dev)) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_LOCK_INO, part->ino, AIMLOCK_A_LOCK_PAD))
		return -EMSGSIZE;
	if (path && (part->file || may_see_path(dump, lock)))
		return nla_put_string(skb, AIMLOCK_A_LOCK_PATH, path);
	return 0;
}

/* The filesystem that an open file of the caller lies on. */
static int scan_root(struct aimlock_nl_dump *dump, struct netlink_callback *cb,
		     const struct nlattr *fd)
{
	struct file *file = fget_raw(nla_get_u32(fd));

	if (!file) {
		NL_SET_ERR_MSG_ATTR(cb->extack, fd, "this is no open file descriptor");
		return -EBADF;
	}
	dump->scan.root = file->f_path;
	path_get(&dump->scan.root);
	fput(file);
	dump->scans = true;
	return 0;
}

static bool is_type(const struct nlattr *attr)
{
	return nla_type(attr) == AIMLOCK_A_LOCK_FS_TYPE;
}

/* The request, and the names in it, stay until the dump is done. */
static int scan_types(struct aimlock_nl_dump *dump, struct netlink_callback *cb)
{
	const struct nlattr *attr;
	u32 n = 0;
	int rest;

	/* as for mount(2): it may load the type's module */
	if (!netlink_capable(cb->skb, CAP_SYS_ADMIN)) {
		NL_SET_ERR_MSG(cb->extack, "types of filesystems need CAP_SYS_ADMIN: give an fd");
		return -EPERM;
	}
	nlmsg_for_each_attr(attr, cb->nlh, GENL_HDRLEN, rest)
		n += is_type(attr);
	dump->scan.types = kmalloc_array(n, sizeof(*dump->scan.types), GFP_KERNEL_ACCOUNT);
	if (!dump->scan.types)
		return -ENOMEM;
	nlmsg_for_each_attr(attr, cb->nlh, GENL_HDRLEN, rest)
		if (is_type(attr))
			dump->scan.types[dump->scan.n_types++] = nla_data(attr);
	dump->scans = true;
	return 0;
}

static int set_range(struct aimlock_nl_dump *dump, struct netlink_callback *cb,
		     struct nlattr **attrs)
{
	struct nlattr *fd = attrs[AIMLOCK_A_LOCK_FD], *type = attrs[AIMLOCK_A_LOCK_FS_TYPE];

	if (!!attrs[AIMLOCK_A_LOCK_NAME] + !!fd + !!type > 1) {
		NL_SET_ERR_MSG(cb->extack, "a name, an fd and types exclude each other");
		return -EINVAL;
	}
	if (fd)
		return scan_root(dump, cb, fd);
	return type ? scan_types(dump, cb) : 0;
}

/**
 * aimlock_nl_lock_get_start() - LOCK_GET
 * @cb: the dump
 *
 * Return: 0; -ENOENT; -EBADF; -EINVAL; -ENOMEM.
 */
int aimlock_nl_lock_get_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = dump_attrs(cb);
	struct aimlock_nl_dump *dump = aimlock_nl_dump_start(cb, attrs[AIMLOCK_A_LOCK_NAME]);
	int ret;

	if (IS_ERR(dump))
		return PTR_ERR(dump);
	dump->holders = nla_get_flag(attrs[AIMLOCK_A_LOCK_HOLDERS]);
	dump->set.wants_waiters = nla_get_flag(attrs[AIMLOCK_A_LOCK_WAITING]);
	dump->piecemeal = true;
	ret = set_range(dump, cb, attrs);
	/* after a start that failed, done isn't called */
	if (ret)
		aimlock_nl_dump_done(cb);
	return ret;
}

static int put_dumped(struct sk_buff *skb, const struct aimlock_nl_dump *dump,
		      const struct aimlock_lock *lock)
{
	const struct aimlock_part *part = &dump->set.parts[dump->part];

	if (part->file && (nla_put_string(skb, AIMLOCK_A_LOCK_NAME, part->file->name) ||
			   nla_put_u64_64bit(skb, AIMLOCK_A_LOCK_GENERATION, part->generation,
					     AIMLOCK_A_LOCK_PAD) ||
			   put_id(skb, lock)))
		return -EMSGSIZE;
	if (put_lock(skb, lock) || (dump->scans && put_place(skb, dump, part, lock)))
		return -EMSGSIZE;
	return dump->holders ? put_holders(skb, dump, lock) : 0;
}

static int put_waiting_process(struct sk_buff *skb, const struct aimlock_waiter *waiter)
{
	const char state[] = { waiter->who.state, '\0' };

	if (nla_put_u32(skb, AIMLOCK_A_WAITER_NS_PID, waiter->who.ns_pid) ||
	    nla_put_string(skb, AIMLOCK_A_WAITER_COMM, waiter->who.comm) ||
	    nla_put_string(skb, AIMLOCK_A_WAITER_STATE, state) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_WAITER_START_NS, waiter->who.start_ns,
			      AIMLOCK_A_WAITER_PAD))
		return -EMSGSIZE;
	return 0;
}

/* What /proc/locks says is for all; the rest as of a holder. */
static int put_waiter(struct sk_buff *skb, const struct aimlock_nl_dump *dump,
		      const struct aimlock_waiter *waiter)
{
	u64 ms = div_u64(waiter->off_cpu_ns, NSEC_PER_MSEC);
	struct nlattr *nest = nla_nest_start(skb, AIMLOCK_A_LOCK_WAITER);

	if (!nest || nla_put_u32(skb, AIMLOCK_A_WAITER_PID, waiter->who.pid) ||
	    nla_put_u32(skb, AIMLOCK_A_WAITER_DEPTH, waiter->depth) ||
	    nla_put_u32(skb, AIMLOCK_A_WAITER_KIND, waiter->kind) ||
	    nla_put_u32(skb, AIMLOCK_A_WAITER_MODE, waiter->mode) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_WAITER_START, waiter->start, AIMLOCK_A_WAITER_PAD) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_WAITER_END, waiter->end, AIMLOCK_A_WAITER_PAD))
		return -EMSGSIZE;
	if (waiter->off_cpu_ns &&
	    nla_put_u64_64bit(skb, AIMLOCK_A_WAITER_WAIT_MS, ms, AIMLOCK_A_WAITER_PAD))
		return -EMSGSIZE;
	if (waiter->who.cred &&
	    aimlock_inspect_may_see(&waiter->who, dump->cred, dump->all_holders) &&
	    put_waiting_process(skb, waiter))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Up to @to of those that were copied. */
static int put_waiters(struct sk_buff *skb, const struct aimlock_nl_dump *dump,
		       const struct aimlock_lock *lock, u32 to)
{
	u32 i;

	for (i = dump->waiter; i < to; i++)
		if (put_waiter(skb, dump, &dump->set.waiters[lock->first_waiter + i]))
			return -EMSGSIZE;
	return 0;
}

/* The lock with its first waiters, or more waiters of it. */
static int dump_lock(struct sk_buff *skb, struct netlink_callback *cb,
		     struct aimlock_nl_dump *dump)
{
	const struct aimlock_lock *lock = &dump->set.locks[dump->lock];
	u32 to = min(lock->n_copied, dump->waiter + WAITERS_TOLD);
	void *header = aimlock_netlink_put_header(skb, NETLINK_CB(cb->skb).portid,
						  cb->nlh->nlmsg_seq, NLM_F_MULTI,
						  AIMLOCK_CMD_LOCK_GET);

	if (!header)
		return -EMSGSIZE;
	if ((dump->waiter ? nla_put_flag(skb, AIMLOCK_A_LOCK_CONTINUED) :
			    put_dumped(skb, dump, lock)) ||
	    put_waiters(skb, dump, lock, to)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, header);
	genlmsg_end(skb, header);
	dump->waiter = to;
	if (to < lock->n_copied)
		return 0;
	dump->waiter = 0;
	dump->lock++;
	return 0;
}

/* The locks of a set, file by file. */
static int dump_set(struct sk_buff *skb, struct netlink_callback *cb,
		    struct aimlock_nl_dump *dump)
{
	int ret;

	for (; dump->part < dump->set.n_parts; dump->part++) {
		const struct aimlock_part *part = &dump->set.parts[dump->part];

		while (dump->lock < part->first + part->n) {
			if (!dump->set.locks[dump->lock].listed) {
				dump->lock++;
				continue;
			}
			ret = dump_lock(skb, cb, dump);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/**
 * aimlock_nl_lock_get_dumpit() - the next locks that fit
 * @skb: where
 * @cb: the dump
 *
 * Return: bytes told, 0 at the end, or a negative errno.
 */
int aimlock_nl_lock_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct aimlock_nl_dump *dump = aimlock_nl_dump_of(cb);
	int ret;

	for (;;) {
		cb->seq = aimlock_nl_dump_sequence(dump);
		ret = dump_set(skb, cb, dump);
		if (ret)
			return skb->len ? skb->len : ret;
		ret = aimlock_nl_dump_refill(dump);
		if (ret)
			return ret == -ENODATA ? skb->len : ret;
	}
}

/**
 * aimlock_nl_lock_get_done() - end of a dump
 * @cb: the dump
 *
 * Return: 0.
 */
int aimlock_nl_lock_get_done(struct netlink_callback *cb)
{
	aimlock_nl_dump_done(cb);
	return 0;
}

static int check_clear(struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;

	if (GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LOCK_NAME)) {
		GENL_SET_ERR_MSG(info, "a name is needed");
		return -EINVAL;
	}
	if ((attrs[AIMLOCK_A_LOCK_ID] &&
	     GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LOCK_GENERATION)) ||
	    (attrs[AIMLOCK_A_LOCK_GENERATION] &&
	     GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LOCK_ID))) {
		GENL_SET_ERR_MSG(info, "an id and the generation it was shown with go together");
		return -EINVAL;
	}
	if (attrs[AIMLOCK_A_LOCK_ID] && attrs[AIMLOCK_A_LOCK_SCOPE]) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[AIMLOCK_A_LOCK_SCOPE],
				    "a scope is for all locks of a file, an id for one");
		return -EINVAL;
	}
	if (attrs[AIMLOCK_A_LOCK_FORCE] && GENL_REQ_ATTR_CHECK(info, AIMLOCK_A_LOCK_ID)) {
		GENL_SET_ERR_MSG(info, "force is for one lock: give its id");
		return -EINVAL;
	}
	if (attrs[AIMLOCK_A_LOCK_ID] && !nla_get_u64(attrs[AIMLOCK_A_LOCK_ID])) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[AIMLOCK_A_LOCK_ID], "no lock has the id 0");
		return -EINVAL;
	}
	return 0;
}

static void explain_refusal(struct genl_info *info, enum aimlock_verdict verdict)
{
	switch (verdict) {
	case AIMLOCK_VERDICT_LIVE:
		GENL_SET_ERR_MSG(info, "the lock is live, its taker reaches it: needs force");
		break;
	case AIMLOCK_VERDICT_INHERITED:
		GENL_SET_ERR_MSG(info, "the lock is inherited, a process reaches it: needs force");
		break;
	case AIMLOCK_VERDICT_PINNED:
		GENL_SET_ERR_MSG(info, "the lock is pinned, not orphaned: needs force");
		break;
	case AIMLOCK_VERDICT_UNREACHABLE:
		GENL_SET_ERR_MSG(info, "the lock is unreachable: needs that scope, or force");
		break;
	case AIMLOCK_VERDICT_REMOTE:
		GENL_SET_ERR_MSG(info, MANAGERS_LOCK);
		break;
	case AIMLOCK_VERDICT_HELD:
		GENL_SET_ERR_MSG(info, "the lock is the administrative hold: release it");
		break;
	case AIMLOCK_VERDICT_ORPHANED:
		GENL_SET_ERR_MSG(info, "the lock changed during the look: ask again");
		break;
	default:
		GENL_SET_ERR_MSG(info, "the lock is not proven orphaned: needs force");
		break;
	}
}

static void explain_remaining(struct genl_info *info, const struct aimlock_clear *clear)
{
	const struct aimlock_lock *lock;
	enum aimlock_verdict gravest = AIMLOCK_VERDICT_LIVE;

	aimlock_for_each_lock(lock, &clear->set)
		if (lock->listed && !lock->cleared)
			gravest = max(gravest, lock->verdict);
	switch (gravest) {
	case AIMLOCK_VERDICT_LIVE:
	case AIMLOCK_VERDICT_INHERITED:
		GENL_SET_ERR_MSG(info, "the file is locked, and processes reach its locks");
		break;
	default:
		explain_refusal(info, gravest);
		break;
	}
}

static void explain_clear(struct genl_info *info, const struct aimlock_clear *clear, int error)
{
	switch (error) {
	case -EAGAIN:
		GENL_SET_ERR_MSG(info, "a lock is still suspect: ask again when its grace is over");
		break;
	case -ESTALE:
		GENL_SET_ERR_MSG(info, "the id or the generation don't match any more: look again");
		break;
	case -ENODEV:
		GENL_SET_ERR_MSG(info, "the file was removed meanwhile");
		break;
	case -EBUSY:
	case -EPERM:
		if (clear->id)
			explain_refusal(info, clear->refused);
		else
			explain_remaining(info, clear);
		break;
	}
}

static u32 n_cleared(const struct aimlock_set *set)
{
	const struct aimlock_lock *lock;
	u32 n = 0;

	aimlock_for_each_lock(lock, set)
		n += lock->cleared;
	return min_t(u32, n, CLEARED_MAX);
}

static int put_cleared(struct sk_buff *skb, const struct aimlock_set *set, u32 most)
{
	const struct aimlock_lock *lock;
	struct nlattr *nest;

	aimlock_for_each_lock(lock, set) {
		if (!lock->cleared || !most--)
			continue;
		nest = nla_nest_start(skb, AIMLOCK_A_LOCK_CLEARED);
		if (!nest || put_id(skb, lock) || put_lock(skb, lock))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
		if (!most)
			break;
	}
	return 0;
}

/* Any size that is at hand will do: what doesn't fit isn't told. */
static struct sk_buff *reply_of_size(struct sk_buff *reserve, u32 cleared)
{
	size_t size = REPLY_SIZE + cleared * CLEARED_SIZE;
	struct sk_buff *skb;

	skb = skb_tailroom(reserve) < size ? genlmsg_new(size, GFP_KERNEL | __GFP_NOWARN) : NULL;
	if (!skb)
		return reserve;
	nlmsg_free(reserve);
	return skb;
}

static int fill_clear(struct sk_buff *skb, struct genl_info *info,
		      const struct aimlock_clear *clear, u32 cleared)
{
	void *header = aimlock_netlink_put_header(skb, info->snd_portid, info->snd_seq, 0,
						  AIMLOCK_CMD_LOCK_CLEAR);

	if (!header || nla_put_string(skb, AIMLOCK_A_LOCK_NAME, clear->file->name) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_LOCK_GENERATION, clear->after,
			      AIMLOCK_A_LOCK_PAD) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_REMAINING, clear->remaining) ||
	    put_cleared(skb, &clear->set, cleared))
		return -EMSGSIZE;
	genlmsg_end(skb, header);
	return 0;
}

/* What was cleared was: the sender's full queue is no failure, it gets ENOBUFS. */
static void reply_clear(struct genl_info *info, const struct aimlock_clear *clear,
			struct sk_buff *reserve)
{
	u32 n = n_cleared(&clear->set);
	struct sk_buff *skb = reply_of_size(reserve, n);

	n = min_t(u32, n, (skb_tailroom(skb) - REPLY_SIZE) / CLEARED_SIZE);
	if (fill_clear(skb, info, clear, n))
		nlmsg_free(skb);
	else
		genlmsg_reply(skb, info);
}

/* The reply is made first, so that a clear that was done can't fail by it. */
static int run_clear(struct genl_info *info, struct aimlock_clear *clear)
{
	struct sk_buff *reserve = genlmsg_new(AIMLOCK_NL_SIZE, GFP_KERNEL);
	int ret;

	if (!reserve)
		return -ENOMEM;
	ret = aimlock_clear(clear);
	/* where nothing went there is nothing to tell but why */
	if (!ret && !clear->id && clear->remaining && !n_cleared(&clear->set))
		ret = -EBUSY;
	if (ret) {
		explain_clear(info, clear, ret);
		nlmsg_free(reserve);
	} else {
		reply_clear(info, clear, reserve);
	}
	aimlock_inspect_free(&clear->set);
	return ret;
}

/**
 * aimlock_nl_lock_clear_doit() - LOCK_CLEAR
 * @skb: the request
 * @info: the same, parsed
 *
 * Return: 0; -EINVAL; -ENOENT; -EBUSY if locks remain and none was cleared; as
 * aimlock_clear().
 */
int aimlock_nl_lock_clear_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct aimlock_clear clear = {};
	int ret;

	ret = aimlock_netlink_may_change(skb, info->extack);
	if (!ret)
		ret = check_clear(info);
	if (ret)
		return ret;
	clear.file = aimlock_netlink_get_file(attrs[AIMLOCK_A_LOCK_NAME], info->extack);
	if (!clear.file)
		return -ENOENT;

	clear.scope = READ_ONCE(clear.file->scope);
	if (attrs[AIMLOCK_A_LOCK_SCOPE])
		clear.scope = nla_get_u32(attrs[AIMLOCK_A_LOCK_SCOPE]);
	if (attrs[AIMLOCK_A_LOCK_ID]) {
		clear.id = nla_get_u64(attrs[AIMLOCK_A_LOCK_ID]);
		clear.generation = nla_get_u64(attrs[AIMLOCK_A_LOCK_GENERATION]);
	}
	clear.force = nla_get_flag(attrs[AIMLOCK_A_LOCK_FORCE]);
	clear.dry_run = nla_get_flag(attrs[AIMLOCK_A_LOCK_DRY_RUN]);
	ret = run_clear(info, &clear);
	aimlock_registry_put(clear.file);
	return ret;
}

/**
 * aimlock_nl_lock_put_event() - append what an event says of locks
 * @skb: where; what doesn't fit is left out
 * @event: the event
 *
 * Return: 0 or -EMSGSIZE.
 */
int aimlock_nl_lock_put_event(struct sk_buff *skb, const struct aimlock_event *event)
{
	u32 fit = (AIMLOCK_NL_SIZE - REPLY_SIZE) / CLEARED_SIZE;

	if (nla_put_string(skb, AIMLOCK_A_LOCK_NAME, event->name) ||
	    nla_put_u64_64bit(skb, AIMLOCK_A_LOCK_GENERATION, event->generation,
			      AIMLOCK_A_LOCK_PAD) ||
	    nla_put_u32(skb, AIMLOCK_A_LOCK_REASON, event->reason))
		return -EMSGSIZE;
	return put_cleared(skb, event->set, min(fit, n_cleared(event->set)));
}
