// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dump: the registered files, or all files that have locks, some at a time, over
 * as many messages as it takes.  Between two messages no lock is held, and no
 * filesystem but the one whose file descriptor was given.
 */
#include "nl_dump.h"
#include "netlink.h"
#include "registry.h"
#include "verdict.h"

#include <linux/cred.h>
#include <linux/slab.h>

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

/* The file that isn't done, or the next; a reference. */
static struct aimlock_file *next_file(struct aimlock_nl_dump *dump)
{
	struct aimlock_file *file = dump->file;

	dump->file = NULL;
	if (file)
		return file;
	dump->place = (struct aimlock_place){};
	if (!dump->only)
		return aimlock_registry_next(&dump->next);
	if (dump->next++)
		return NULL;
	kobject_get(&dump->only->kobj);
	return dump->only;
}

/* The next files; a file that went meanwhile is passed over. */
static int collect(struct aimlock_nl_dump *dump)
{
	struct aimlock_file *file;
	int ret = 0;

	dump->set.tolerant = !dump->only;
	/* At first with the file whose locks go on. */
	do {
		file = next_file(dump);
		dump->over = !file;
		if (!file)
			break;
		ret = aimlock_verdict_add(&dump->set, file,
					  dump->piecemeal ? &dump->place : NULL);
		if (!ret && dump->place.more)
			dump->file = file;
		else
			aimlock_registry_put(file);
		cond_resched();
	} while (!ret && !dump->file && !aimlock_set_is_full(&dump->set));
	dump->changes += dump->place.changed;
	dump->place.changed = false;
	return ret;
}

static int collect_found(struct aimlock_nl_dump *dump)
{
	int ret = aimlock_scan_add(&dump->scan, &dump->set);

	dump->over = dump->scan.over;
	dump->changes += dump->scan.changed;
	dump->scan.changed = false;
	return ret;
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
	bool wants_waiters = dump->set.wants_waiters;
	int ret;

	aimlock_inspect_free(&dump->set);
	dump->set.wants_waiters = wants_waiters;
	dump->part = 0;
	dump->lock = 0;
	if (dump->over)
		return -ENODATA;
	dump->registered = aimlock_registry_sequence();
	ret = dump->scans ? collect_found(dump) : collect(dump);
	if (!ret)
		ret = aimlock_verdict_reach(&dump->set);
	aimlock_inspect_leave(&dump->set);
	return ret;
}

/**
 * aimlock_nl_dump_sequence() - for NLM_F_DUMP_INTR
 * @dump: the state
 *
 * What comes after the last look doesn't matter to what was seen by then.
 *
 * Return: a number that moves when files were registered or forgotten between two
 * looks, and when a file's locks changed while they were told of.
 */
u32 aimlock_nl_dump_sequence(const struct aimlock_nl_dump *dump)
{
	return dump->registered + dump->changes;
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
	if (dump->file)
		aimlock_registry_put(dump->file);
	path_put(&dump->scan.root);
	kfree(dump->scan.types);
	put_cred(dump->cred);
	kfree(dump);
}
