// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "grip.h"
#include "world.h"

static struct flock range_of(const struct grip *grip, short type)
{
	return (struct flock){ .l_type = type, .l_start = grip->start, .l_len = RANGE_SIZE };
}

int grip_lock(const struct grip *grip, bool wait)
{
	struct flock fl = range_of(grip, grip->shared ? F_RDLCK : F_WRLCK);

	switch (grip->kind) {
	case FLOCK:
		return flock(grip->fd, (grip->shared ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB));
	case OFD:
		return fcntl(grip->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &fl);
	default:
		return fcntl(grip->fd, wait ? F_SETLKW : F_SETLK, &fl);
	}
}

void grip_unlock(const struct grip *grip)
{
	struct flock fl = range_of(grip, F_UNLCK);

	if (grip->kind == FLOCK)
		flock(grip->fd, LOCK_UN);
	else
		fcntl(grip->fd, grip->kind == OFD ? F_OFD_SETLK : F_SETLK, &fl);
}

bool grip_open_probe(struct grip *grip)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", grip->fd);
	grip->probe = open(path, O_RDWR | O_CLOEXEC);
	return grip->probe >= 0;
}

/* By another owner than the lock's: an OFD request meets POSIX locks too. */
bool grip_excludes(const struct grip *grip)
{
	struct flock fl = range_of(grip, F_WRLCK);

	if (grip->kind != FLOCK)
		return fcntl(grip->probe, F_OFD_GETLK, &fl) || fl.l_type != F_UNLCK;
	if (flock(grip->probe, LOCK_EX | LOCK_NB))
		return true;
	flock(grip->probe, LOCK_UN);
	return false;
}

bool grip_check(const struct grip *grip)
{
	if (!grip_excludes(grip)) {
		oracle_lost(&grip->claim, "it excludes nobody");
		return false;
	}
	return oracle_check(&grip->claim);
}

void grip_close(struct grip *grip)
{
	if (grip->probe >= 0)
		close(grip->probe);
	if (grip->fd >= 0)
		close(grip->fd);
	grip->probe = -1;
	grip->fd = -1;
}
