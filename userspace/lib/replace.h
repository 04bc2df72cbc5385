/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AIMLOCK_REPLACE_H
#define AIMLOCK_REPLACE_H

#include <stdio.h>

/*
 * Replaces the file at @path in one step by what @write writes, for all to read: a
 * reader finds the old text or the new one, never a part.  0 or -errno, with the old
 * file in place.
 */
int aimlock_replace(const char *path, int (*write)(const void *arg, FILE *out),
		    const void *arg);

#endif /* AIMLOCK_REPLACE_H */
