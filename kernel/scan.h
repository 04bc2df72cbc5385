/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_SCAN_H
#define AIMLOCK_SCAN_H

#include "inspect.h"

/**
 * struct aimlock_scan - where a look at all locks of some filesystems stands
 * @root: lies on the only filesystem; a reference, or none
 * @types: else: the filesystems of these types, mounted where you can see it or
 *	not; the caller's
 * @n_types: how many
 * @last: of the file that was looked at last: a key
 * @place: how far its locks were looked at
 * @over: no more files follow
 * @changed: a file may have been left out, or locks of one were told twice
 *
 * All zero at first, but for what to look at.
 */
struct aimlock_scan {
	struct path root;
	const char **types;
	u32 n_types;
	unsigned long last;
	struct aimlock_place place;
	bool over;
	bool changed;
};

int aimlock_scan_add(struct aimlock_scan *scan, struct aimlock_set *set);

#endif /* AIMLOCK_SCAN_H */
