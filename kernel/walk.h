/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_WALK_H
#define AIMLOCK_WALK_H

#include "inspect.h"

int aimlock_walk(struct aimlock_set *set);
void aimlock_walk_describe_caller(struct aimlock_holder *holder,
				  enum aimlock_holder_kind kind);
void aimlock_walk_copy_holder(struct aimlock_holder *to, const struct aimlock_holder *from);

#endif /* AIMLOCK_WALK_H */
