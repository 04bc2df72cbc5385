// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Filesystems that keep their locks themselves, on a server or in a process: they are asked
 * whether a lock could be had, which takes none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

/* The locks of others are the kernel's, and to open a file there could break a lease. */
static bool is_asked(const struct aimlock_mount *mount)
{
	static const char *const types[] = {
		"9p", "afs", "ceph", "cifs", "fuse", "fuseblk", "gfs2", "lustre", "nfs", "nfs4",
		"ocfs2", "orangefs", "smb3",
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(mount->type, types[i]))
			return true;
	return !strncmp(mount->type, "fuse.", strlen("fuse."));
}

/* What is in the way comes back in @lock, F_UNLCK if nothing is.  -1 with errno. */
static int ask(const struct aimlock_target *target, struct flock *lock)
{
	char path[32];
	int fd, ret, err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", target->file);
	aimlock_asker_enter(&target->asker);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	aimlock_asker_leave(&target->asker);
	if (fd < 0) {
		/* why not is for other probes to tell */
		lock->l_type = F_UNLCK;
		return 0;
	}
	ret = fcntl(fd, F_GETLK, lock);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

static void refused(struct aimlock_target *target, int err)
{
	struct aimlock_finding *finding;

	finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_NO_LOCKS, target->mount.point);
	aimlock_facts_string(&finding->facts, "error", strerror(err));
	aimlock_facts_string(&finding->facts, "filesystem", target->mount.type);
	aimlock_facts_string(&finding->facts, "source", target->mount.source);
}

static void held(struct aimlock_target *target, const struct flock *lock)
{
	struct aimlock_finding *finding;

	finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_HELD_ELSEWHERE,
				     target->file_path);
	aimlock_facts_string(&finding->facts, "source", target->mount.source);
	aimlock_facts_string(&finding->facts, "mode",
			     lock->l_type == F_WRLCK ? "write" : "read");
	aimlock_facts_number(&finding->facts, "start", lock->l_start);
	if (lock->l_len)
		aimlock_facts_number(&finding->facts, "end", lock->l_start + lock->l_len - 1);
}

/* Of locks that are known here nothing is to be asked. */
bool aimlock_probe_server(struct aimlock_target *target)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (target->file < 0 || !target->has_mount || target->n_locks ||
	    !is_asked(&target->mount))
		return true;
	if (ask(target, &lock) < 0)
		refused(target, errno);
	else if (lock.l_type != F_UNLCK)
		held(target, &lock);
	return true;
}
