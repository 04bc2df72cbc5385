/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_SYSFS_H
#define AIMLOCK_SYSFS_H

struct aimlock_file;
struct aimlock_file_ops;

int aimlock_sysfs_init(struct aimlock_file_ops *ops);
int aimlock_sysfs_open(void);
void aimlock_sysfs_close(void);
void aimlock_sysfs_exit(void);

void aimlock_sysfs_setup(struct aimlock_file *file);
void aimlock_sysfs_teardown(struct aimlock_file *file);

#endif /* AIMLOCK_SYSFS_H */
