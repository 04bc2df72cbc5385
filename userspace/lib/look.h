/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with their locks, and what the module says of itself.  0 or -errno. */
#ifndef AIMLOCK_LOOK_H
#define AIMLOCK_LOOK_H

#include "client.h"

/* Hands the locks of one file, or with NULL those of all, to @files, which are sorted. */
int aimlock_look_locks(struct aimlock_netlink *nl, const char *name, bool waiting,
		       struct aimlock_files *files);

/* How long until each lock on a file that isn't registered is judged; 0: they are. */
uint32_t aimlock_look_suspect_ms(const struct aimlock_locks *locks);

/* Waits so long. */
void aimlock_look_wait(uint32_t ms);

/* Every file, sorted, with its locks. */
int aimlock_look_all(struct aimlock_netlink *nl, struct aimlock_files *files);

/* The version of the loaded module; false: it has none, or is not loaded. */
bool aimlock_look_version(char *version, size_t size);

#endif /* AIMLOCK_LOOK_H */
