/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard of a file.  It waits before all others for the loss of a holder; then it has
 * the file next, and keeps it until the check passes.
 */
#ifndef AIMLOCKD_GUARD_H
#define AIMLOCKD_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/lease.h"
#include "check.h"

struct ward;

enum guard_state {
	GUARD_AWAY,		/* it has no place, as without a module */
	GUARD_QUEUED,
	GUARD_CHECKING,		/* it has the file */
	GUARD_FAILED,		/* it has the file, and checks again later */
};

struct guard {
	struct ward *ward;
	enum guard_state state;
	bool lost;		/* a holder was, and no check has passed since */
	bool failed;		/* the last check did */
	bool insists;		/* its turn is next, even if no holder is lost */
	bool faulty;		/* why it can't have the file was said already */
	uint64_t last;		/* generation of the last lease of our own */
	struct aimlock_netlink nl;
	struct aimlock_lease lease;
	sd_event_source *heard, *renew, *again;
	struct check check;
};

/* A holder was lost: the kernel gives the file to the guard. */
void guard_lose(struct guard *guard, const char *why);

/* So may one have been that the kernel knows nothing of: it takes the file and checks. */
void guard_doubt(struct guard *guard, const char *why);

/* Takes the orphaned lock over: -EAGAIN while it is suspect, -errno.  Who guards the file
 * checks it, else it is given back.
 */
int guard_adopt(struct guard *guard);

bool guard_is_own(const struct guard *guard, uint64_t generation);

/* Takes over a lease of the process before this one, by its socket. */
void guard_resume(struct guard *guard, int fd, uint32_t id);

/* It has the file. */
bool guard_has(const struct guard *guard);

/* A check that failed is run again at once. */
void guard_retry(struct guard *guard);

/* Another file lies at the path now: it is the one to check. */
void guard_move(struct guard *guard);

/* Takes its place, if it has none. */
void guard_insist(struct guard *guard);

/* Its place is gone, with the file or the module. */
void guard_leave(struct guard *guard);

/* Gives all back. */
void guard_drop(struct guard *guard);

/* This process ends: what it has is for the next one, if the service manager keeps it. */
void guard_abandon(struct guard *guard);

#endif /* AIMLOCKD_GUARD_H */
