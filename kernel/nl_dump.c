// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dump: the registered files, some at a time, over as many messages as it
 * takes.  Between two messages no lock and no filesystem is held.
 */
#include "nl_dump.h"
#include "netlink.h"
#include "registry.h"
#include "verdict.h"

#include <linux/cred.h>
#include <linux/slab.h>

/*
 * A walk over the host's processes costs about the same for one lock as for all,
 * so these are as large as memory allows: 10 MB for a dump, holders not counted.
 */
#define FILES_AT_ONCE	4096
#define LOCKS_AT_ONCE	16384

/**
 * aimlock_nl_dump_start() - begin
 * @cb: the dump
 * @name: of the only file to tell of, or NULL
 *
 * Return: the state, or an error pointer.
 */
struct aimlock_nl_dump *aimlock_nl_dump_start(struct netlink_callback *cb,
					      const struct nlattr *name)
{
	struct aimlock_nl_dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);

	if (!dump)
		return ERR_PTR(-ENOMEM);
	if (name) {
		dump->only = aimlock_netlink_get_file(name, cb->extack);
		if (!dump->only) {
			kfree(dump);
			return ERR_PTR(-ENOENT);
		}
	}
	dump->cred = get_current_cred();
	dump->all_holders = netlink_capable(cb->skb, CAP_SYS_PTRACE);
	cb->min_dump_alloc = AIMLOCK_NL_SIZE;
	cb->seq = aimlock_registry_sequence();
	cb->args[0] = (long)dump;
	return dump;
}

/**
 * aimlock_nl_dump_of() - the state of a dump
 * @cb: the dump
 */
struct aimlock_nl_dump *aimlock_nl_dump_of(struct netlink_callback *cb)
{
	return (struct aimlock_nl_dump *)cb->args[0];
}

/* The next files; a file that went meanwhile is passed over. */
static int collect(struct aimlock_nl_dump *dump)
{
	struct aimlock_file *file;
	int ret;

	if (dump->only) {
		dump->over = true;
		return aimlock_verdict_add(&dump->set, dump->only);
	}
	dump->set.tolerant = true;
	while (dump->set.n_parts < FILES_AT_ONCE && dump->set.n_locks < LOCKS_AT_ONCE) {
		file = aimlock_registry_next(&dump->next);
		if (!file) {
			dump->over = true;
			break;
		}
		ret = aimlock_verdict_add(&dump->set, file);
		aimlock_registry_put(file);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/**
 * aimlock_nl_dump_refill() - look at the next files, when all of the last ones
 * were told of
 * @dump: the state
 *
 * Return: 0; -ENODATA when there are no more; what looking gave.
 */
int aimlock_nl_dump_refill(struct aimlock_nl_dump *dump)
{
	int ret;

	aimlock_inspect_free(&dump->set);
	dump->part = 0;
	dump->lock = 0;
	if (dump->over)
		return -ENODATA;
	ret = collect(dump);
	if (!ret)
		ret = aimlock_verdict_reach(&dump->set);
	aimlock_inspect_leave(&dump->set);
	return ret;
}

/**
 * aimlock_nl_dump_done() - end
 * @cb: the dump
 */
void aimlock_nl_dump_done(struct netlink_callback *cb)
{
	struct aimlock_nl_dump *dump = aimlock_nl_dump_of(cb);

	if (!dump)
		return;
	aimlock_inspect_free(&dump->set);
	if (dump->only)
		aimlock_registry_put(dump->only);
	put_cred(dump->cred);
	kfree(dump);
}
