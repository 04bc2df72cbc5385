/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_CLEAR_H
#define AIMLOCK_CLEAR_H

#include "inspect.h"

/**
 * struct aimlock_clear - what to clear, and what came of it
 * @file: the file
 * @scope: without an id: which verdicts go
 * @id: one lock, or 0
 * @generation: with an id: of the file, when the id was shown
 * @force: with an id: whatever its verdict, if this module may at all
 * @dry_run: judge only
 * @wait: wait out what is left of grace; else -EAGAIN
 * @release: drop the administrative hold too; who gets the file by that doesn't
 *	     count
 *
 * @set: the locks as they were judged; those that went, or would go, have
 *	 &aimlock_lock.cleared
 * @remaining: how many of the others are still there
 * @released: the hold was on
 * @refused: with -EBUSY or -EPERM for an id: its verdict; AIMLOCK_VERDICT_ORPHANED
 *	     if it changed while it was looked at
 * @after: generation afterwards
 * @heir: after aimlock_clear_take_over(): the open file that has the lock
 */
struct aimlock_clear {
	struct aimlock_file *file;
	enum aimlock_clear_scope scope;
	u64 id;
	u64 generation;
	bool force;
	bool dry_run;
	bool wait;
	bool release;

	struct aimlock_set set;
	u32 remaining;
	bool released;
	enum aimlock_verdict refused;
	u64 after;
	struct file *heir;
};

int aimlock_clear(struct aimlock_clear *clear);
int aimlock_clear_take_over(struct aimlock_clear *clear);

#endif /* AIMLOCK_CLEAR_H */
