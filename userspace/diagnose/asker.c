// SPDX-License-Identifier: GPL-2.0-or-later
/* Not access(2) as the worker and a guess, but the kernel's own answer to the user. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

void aimlock_asker_enter(const struct aimlock_asker *asker)
{
	/* A failure would be an answer to somebody else. */
	if (asker->other && (setresgid(-1, asker->gid, -1) || setresuid(-1, asker->uid, -1)))
		_exit(1);
}

void aimlock_asker_leave(const struct aimlock_asker *asker)
{
	if (asker->other && (setresuid(-1, 0, -1) || setresgid(-1, 0, -1)))
		_exit(1);
}

/* Not by faccessat(3): before glibc knew that call, it computed the answer from the mode. */
int aimlock_asker_may(const struct aimlock_asker *asker, int fd, int mode)
{
	int err;

	aimlock_asker_enter(asker);
	err = syscall(__NR_faccessat2, fd, "", mode, AT_EACCESS | AT_EMPTY_PATH) ? -errno : 0;
	aimlock_asker_leave(asker);
	return err;
}

/* The worker has the user's other groups from its start. */
bool aimlock_asker_in_group(const struct aimlock_asker *asker, gid_t gid)
{
	int n = getgroups(0, NULL), i;
	gid_t *groups = n > 0 ? calloc(n, sizeof(*groups)) : NULL;
	bool found = asker->gid == gid;

	n = groups ? getgroups(n, groups) : 0;
	for (i = 0; i < n && !found; i++)
		found = groups[i] == gid;
	free(groups);
	return found;
}
