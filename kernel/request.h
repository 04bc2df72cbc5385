/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_REQUEST_H
#define AIMLOCK_REQUEST_H

#include <linux/fs.h>
#include <linux/path.h>

struct aimlock_lock;

int aimlock_request_unlock(struct file *filp, const struct aimlock_lock *lock);
struct file *aimlock_request_open_locked(const struct path *path, const struct cred *cred);
struct file *aimlock_request_open_heir(const struct path *path, const struct cred *cred,
				       const struct aimlock_lock *lock);
int aimlock_request_pass_on(const struct aimlock_lock *lock, struct file *from, struct file *to);
void aimlock_request_release(struct file *filp);

#endif /* AIMLOCK_REQUEST_H */
