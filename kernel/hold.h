/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_HOLD_H
#define AIMLOCK_HOLD_H

struct aimlock_file;

int aimlock_hold_take(struct aimlock_file *file);
int aimlock_hold_drop(struct aimlock_file *file);

#endif /* AIMLOCK_HOLD_H */
