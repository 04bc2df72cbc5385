/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_ADOPT_H
#define AIMLOCK_ADOPT_H

struct aimlock_lease_request;
struct file;

struct file *aimlock_adopt(const struct aimlock_lease_request *request);

#endif /* AIMLOCK_ADOPT_H */
