/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the probes share. */
#ifndef AIMLOCK_PROBE_H
#define AIMLOCK_PROBE_H

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "report.h"

struct aimlock_mount {
	unsigned int dev_major, dev_minor;	/* as /proc/locks has them */
	bool readonly;			/* this mount */
	bool readonly_filesystem;
	char type[32];
	char source[256];
	char point[PATH_MAX];
	char options[1024];		/* of the filesystem */
};

/* Who asks: the worker turns into it for the questions whose answer depends on it. */
struct aimlock_asker {
	uid_t uid;
	gid_t gid;
	bool other;			/* than the worker itself */
};

struct aimlock_target {
	struct aimlock_report *report;
	struct aimlock_asker asker;
	uint32_t patience_ms;		/* a probe may wait so long for a verdict */

	/* Filled by the walk. */
	int dir;			/* O_PATH, the last directory; -1: not reached */
	char dir_path[PATH_MAX];
	int file;			/* O_PATH; -1: it isn't there */
	char file_path[PATH_MAX];	/* without symbolic links */
	char link[PATH_MAX];		/* a symbolic link that was followed; empty: none */
	struct statx stat;		/* of the file, or of the directory */

	/* Filled by the mount probe. */
	bool has_mount;
	struct aimlock_mount mount;

	bool leased;			/* by F_SETLEASE: to open it would break that */
	size_t n_locks;
};

/* False: what follows can't be asked. */
typedef bool (*aimlock_probe)(struct aimlock_target *target);

bool aimlock_probe_path(struct aimlock_target *target);
bool aimlock_probe_mount(struct aimlock_target *target);
bool aimlock_probe_type(struct aimlock_target *target);
bool aimlock_probe_permission(struct aimlock_target *target);
bool aimlock_probe_denial(struct aimlock_target *target);
bool aimlock_probe_space(struct aimlock_target *target);
bool aimlock_probe_lock(struct aimlock_target *target);
bool aimlock_probe_server(struct aimlock_target *target);
bool aimlock_probe_lockfile(struct aimlock_target *target);

/* asker.c: what is between them is asked as the user. */
void aimlock_asker_enter(const struct aimlock_asker *asker);
void aimlock_asker_leave(const struct aimlock_asker *asker);

bool aimlock_asker_in_group(const struct aimlock_asker *asker, gid_t gid);

/* 0, or -errno, as open(2) with R_OK, W_OK, X_OK would be refused by the kernel. */
int aimlock_asker_may(const struct aimlock_asker *asker, int fd, int mode);

/* mount.c: the mount of this id, else with @id 0 the one that @path lies below. */
bool aimlock_mount_find(uint64_t id, const char *path, struct aimlock_mount *mount);
void aimlock_mount_facts(const struct aimlock_mount *mount, struct aimlock_facts *facts);

/* acl.c: the entry that decides for this user, as getfacl(1) has it; false: none, or
 * only what the mode says too.
 */
bool aimlock_acl_entry(int fd, const struct aimlock_asker *asker, char *entry, size_t size);

/* process.c: what /proc tells of it; false: it is gone, or has ended. */
bool aimlock_process_read(uint32_t pid, struct aimlock_process *process);

/* The worker and its parent, which may have inherited the lock they are asked about. */
bool aimlock_process_is_own(uint32_t pid);

/* When it started, on the boottime clock; false: it is gone. */
bool aimlock_process_start(uint32_t pid, uint64_t *start_ns);

/* A line of /proc/locks. */
struct aimlock_proclock {
	uint64_t number;		/* a lock and those that wait for it have the same */
	char kind[16], mode[16];
	int64_t pid;			/* -1: not told */
	unsigned int dev_major, dev_minor;
	unsigned long ino;
	uint64_t start, end;
	bool to_end;
	bool waiting;
};

/* proclocks.c: what /proc/locks and /proc/PID/fdinfo tell. */
void aimlock_proclocks_probe(struct aimlock_target *target);
bool aimlock_proclocks_parse(const char *text, struct aimlock_proclock *lock);

/* The processes that have that lock by a descriptor, not more than @max. */
size_t aimlock_proclocks_holders(const struct aimlock_proclock *lock,
				 struct aimlock_process *processes, size_t max);

/* waits.c: do the processes of a lock wait for other locks themselves, or in a circle? */
void aimlock_waits_look(struct aimlock_finding *finding);

#endif /* AIMLOCK_PROBE_H */
