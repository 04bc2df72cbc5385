/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a lock on a path can't be had: probes in the order of a way to the lock, run
 * in a process of their own, which is given up when a filesystem doesn't answer.
 * No probe takes a lock, writes anything, or opens a file that isn't a lock file by
 * its name.
 */
#ifndef AIMLOCK_DIAGNOSE_H
#define AIMLOCK_DIAGNOSE_H

#include "report.h"

struct aimlock_question {
	const char *path;		/* absolute */
	const char *user;		/* NULL: the caller */
	uint64_t deadline_ms;
};

/*
 * *report is to be freed by aimlock_diagnose_free().  -ENOENT: there is no such
 * user; -EPERM: only root may ask for another user.
 */
int aimlock_diagnose(const struct aimlock_question *question, struct aimlock_report **report);
void aimlock_diagnose_free(struct aimlock_report *report);

#endif /* AIMLOCK_DIAGNOSE_H */
