/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_NL_DUMP_H
#define AIMLOCK_NL_DUMP_H

#include <net/genetlink.h>

#include "inspect.h"
#include "scan.h"

/**
 * struct aimlock_nl_dump - where a dump stands
 * @set: the files that are being told of, looked at together
 * @next: where the next ones begin in the registry
 * @only: tell of this file only, a reference, or NULL
 * @file: whose locks go on after @set, a reference, or NULL
 * @place: where they go on
 * @scan: where a dump of whole filesystems stands
 * @scans: it is one
 * @piecemeal: a file with many locks may be told of by parts
 * @over: no more files follow @set
 * @registered: the registry's sequence at the look at @set
 * @changes: how often what is told of changed under the dump
 * @holders: tell of holders too
 * @all_holders: of those of others too
 * @cred: the reader's, a reference
 * @part: next file of @set to tell of
 * @lock: next lock of @set to tell of
 * @waiter: next waiter of that lock to tell of
 */
struct aimlock_nl_dump {
	struct aimlock_set set;
	unsigned long next;
	struct aimlock_file *only;
	struct aimlock_file *file;
	struct aimlock_place place;
	struct aimlock_scan scan;
	bool scans;
	bool piecemeal;
	bool over;
	u32 registered;
	u32 changes;
	bool holders;
	bool all_holders;
	const struct cred *cred;
	u32 part;
	u32 lock;
	u32 waiter;
};

struct aimlock_nl_dump *aimlock_nl_dump_start(struct netlink_callback *cb,
					      const struct nlattr *name);
struct aimlock_nl_dump *aimlock_nl_dump_of(struct netlink_callback *cb);
int aimlock_nl_dump_refill(struct aimlock_nl_dump *dump);
u32 aimlock_nl_dump_sequence(const struct aimlock_nl_dump *dump);
void aimlock_nl_dump_done(struct netlink_callback *cb);

#endif /* AIMLOCK_NL_DUMP_H */
