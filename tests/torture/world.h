/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * World: what all processes of the play share.  It is mapped before the first
 * fork; everything in it is atomic, for any process may be killed at any time.
 */
#ifndef TORTURE_WORLD_H
#define TORTURE_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oracle.h"

#define SERIALS		65536	/* files that the play may make */
#define CLEARERS	4
#define VIOLATIONS	24	/* told in words; more are only counted */

/* What happened, as it is printed. */
#define COUNTERS(X) \
	X(flock) X(ofd) X(posix) X(leases) X(shared) X(busy) X(interrupted) X(checks) \
	X(killed) X(vanished) X(orphaned) X(sent) X(received) X(salvaged) X(inherited) X(adopted) \
	X(strays) X(dead_owners) X(orphans_gone) X(victims) X(lease_breaks) \
	X(dry_runs) X(clears) X(cleared) X(forced) X(by_id) X(refused) X(stale) X(absent) \
	X(holds) X(hold_refused) X(added) X(removed) X(replaced) X(recreated) \
	X(dumps) X(locks_listed) X(orphans_seen) X(attributes) X(reloads) X(reload_refused) \
	X(mounts) X(unmounts) X(detached) X(sabotaged) X(odd) X(violations)

struct counters {
#define X(name) atomic_long name;
	COUNTERS(X)
#undef X
};

struct world {
	atomic_bool over;
	unsigned int pause_us;			/* of a holder, between two locks */
	unsigned int drain_us;			/* of who empties the depots, at most */
	struct counters n;
	atomic_uint serials;			/* given to files */
	atomic_uint clearing[CLEARERS];		/* odd while it clears */
	atomic_uint told;
	char violation[VIOLATIONS][160];
	struct word words[SERIALS][WORDS];
};

extern struct world *world;

void world_make(void);
void world_print(void);

/* What must never be. */
void violation(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An answer of the module that nobody expects; a violation too. */
void odd(const char *what, int error);

/* A random number below @n, and a pause of up to @us. */
unsigned int below(unsigned int n);
void nap(unsigned int us);

/* The same, but longer the later the last one ended: so nobody starves.  A signal
 * ends it.
 */
void rest(unsigned int us);

/* It holds no locks any more, or is about to close all: killed, exiting, or gone. */
bool is_dying(pid_t pid);

/* A child of its own, or with @flags CLONE_PARENT of the supervisor. */
pid_t spawn(unsigned long flags);

#endif
