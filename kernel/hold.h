/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_HOLD_H
#define AIMLOCK_HOLD_H

#include <linux/types.h>

struct aimlock_file;

int aimlock_hold_take(struct aimlock_file *file);
int aimlock_hold_drop(struct aimlock_file *file);
bool aimlock_hold_drop_locked(struct aimlock_file *file);
void aimlock_hold_dropped(struct aimlock_file *file);

#endif /* AIMLOCK_HOLD_H */
