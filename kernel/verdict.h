/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_VERDICT_H
#define AIMLOCK_VERDICT_H

#include "inspect.h"

/* Looks in a row, over the time of grace, that must agree before a clear. */
#define AIMLOCK_LOOKS	20

/**
 * struct aimlock_summary - what the locks of a file amount to
 * @state: the gravest
 * @locks: how many
 * @orphans: of them orphaned
 * @waiters: requests blocked by them
 */
struct aimlock_summary {
	enum aimlock_state state;
	u32 locks;
	u32 orphans;
	u32 waiters;
};

void aimlock_verdict_init(void);
void aimlock_verdict_exit(void);
void aimlock_verdict_forget(struct aimlock_file *file);
void aimlock_verdict_forget_strangers(void);

int aimlock_verdict_add(struct aimlock_set *set, struct aimlock_file *file,
			struct aimlock_place *place);
int aimlock_verdict_add_inode(struct aimlock_set *set, struct inode *inode,
			      const struct path *path, struct aimlock_file *file,
			      struct aimlock_place *place);
int aimlock_verdict_reach(struct aimlock_set *set);
int aimlock_verdict_look(struct aimlock_set *set, struct aimlock_file *file);
void aimlock_verdict_pin(struct aimlock_set *set);
void aimlock_verdict_unpin(struct aimlock_set *set);
void aimlock_verdict_first_look(struct aimlock_file *file);
struct aimlock_summary aimlock_verdict_sum(const struct aimlock_set *set,
					   const struct aimlock_part *part);
const char *aimlock_verdict_state_name(enum aimlock_state state);

#endif /* AIMLOCK_VERDICT_H */
