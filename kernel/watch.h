/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_WATCH_H
#define AIMLOCK_WATCH_H

struct aimlock_file;

int aimlock_watch_init(void);
void aimlock_watch_exit(void);

int aimlock_watch_setup(struct aimlock_file *file);
void aimlock_watch_teardown(struct aimlock_file *file);
void aimlock_watch_forget(struct aimlock_file *file);

#endif /* AIMLOCK_WATCH_H */
