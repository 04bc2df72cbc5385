/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_WALK_H
#define AIMLOCK_WALK_H

struct aimlock_set;

int aimlock_walk(struct aimlock_set *set);

#endif /* AIMLOCK_WALK_H */
