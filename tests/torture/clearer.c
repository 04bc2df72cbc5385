// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "clearer.h"
#include "files.h"
#include "lib/client.h"
#include "module.h"
#include "world.h"

#define PAUSE_US	60000

enum { DRY, ORPHANED, FORCED, BY_ID };

/* Tell the receivers of flying descriptions that a clear is under way. */
static void begin(int who)
{
	world->clearing[who]++;
}

static void end(int who)
{
	world->clearing[who]++;
}

static void count_refusal(const char *what, int error)
{
	if (error == EBUSY || error == EAGAIN)
		world->n.refused++;
	else if (error == ESTALE)
		world->n.stale++;
	else if (module_is_absence(error))
		world->n.absent++;
	else
		odd(what, error);
}

static int ask(int who, struct aimlock_netlink *nl, const struct aimlock_clear_request *request,
	       size_t *n)
{
	struct aimlock_cleared cleared = { .remaining = 0 };
	int ret;

	begin(who);
	ret = aimlock_client_lock_clear(nl, request, &cleared);
	end(who);
	*n = cleared.locks.n;
	aimlock_model_free_cleared(&cleared);
	return -ret;
}

static void clear_by_sysfs(const char *name)
{
	int error;

	begin(ORPHANED);
	error = module_write(name, "conf_locked", "0");
	end(ORPHANED);
	if (!error)
		world->n.clears++;
	else
		count_refusal("echo 0", error);
}

static void clear_by_netlink(struct aimlock_netlink *nl, int who, bool dry)
{
	struct aimlock_clear_request request = {
		.name = files_name(files_pick_any()), .dry_run = dry,
	};
	size_t n;
	int error = ask(who, nl, &request, &n);

	if (error)
		count_refusal(dry ? "a dry run" : "clear", error);
	else if (dry)
		world->n.dry_runs++;
	else
		world->n.clears++;
	if (!error && !dry)
		world->n.cleared += n;
}

static enum kind kind_of(enum aimlock_lock_kind kind)
{
	switch (kind) {
	case AIMLOCK_LOCK_KIND_FLOCK:
		return FLOCK;
	case AIMLOCK_LOCK_KIND_POSIX:
		return POSIX;
	case AIMLOCK_LOCK_KIND_OFD:
		return OFD;
	default:
		return LEASE;
	}
}

/* One lock of a file, and which word it is; false: there is none to be named. */
static bool choose(struct aimlock_netlink *nl, int i, struct aimlock_lock *lock,
		   struct word **word)
{
	struct aimlock_locks locks = { .n = 0 };
	unsigned int serial = files_serial_at(files_path(i));
	bool found = !aimlock_client_locks_get(nl, files_name(i), false, &locks) && locks.n;

	if (found) {
		*lock = locks.v[below(locks.n)];
		lock->holders = NULL;
		lock->n_holders = 0;
		*word = oracle_word(serial, kind_of(lock->kind), lock->start);
		/* no file comes back once it was replaced */
		found = *word && lock->taker && serial == files_serial_at(files_path(i));
	}
	aimlock_model_free_locks(&locks);
	return found;
}

static struct aimlock_clear_request request_for(int i, const struct aimlock_lock *lock)
{
	return (struct aimlock_clear_request){
		.name = files_name(i), .has_id = true, .id = lock->id,
		.generation = lock->generation,
	};
}

static void force(struct aimlock_netlink *nl)
{
	struct aimlock_clear_request request;
	struct aimlock_lock lock;
	_Atomic uint64_t *excuse;
	struct word *word;
	int i = files_pick_any(), error;
	size_t n;

	if (!choose(nl, i, &lock, &word))
		return;
	request = request_for(i, &lock);
	request.force = true;
	excuse = oracle_announce(word, lock.taker);
	error = ask(FORCED, nl, &request, &n);
	oracle_forced(excuse, !error && n);
	if (error)
		count_refusal("a forced clear", error);
	else
		world->n.forced += n;
}

static void clear_by_id(struct aimlock_netlink *nl)
{
	struct aimlock_clear_request request;
	struct aimlock_lock lock;
	struct word *word;
	int i = files_pick_any(), error;
	size_t n;

	if (!choose(nl, i, &lock, &word))
		return;
	request = request_for(i, &lock);
	error = ask(BY_ID, nl, &request, &n);
	if (error) {
		count_refusal("clear by id", error);
		return;
	}
	world->n.by_id += n;
	if (n && !is_dying(lock.taker))
		violation("a lock went by its id without force, and its taker %u lives",
			  lock.taker);
}

static void dry_run(struct aimlock_netlink *nl)
{
	struct aimlock_clear_request request;
	struct aimlock_lock lock;
	struct word *word;
	int i = files_pick_any(), error;
	size_t n;

	if (below(2)) {
		clear_by_netlink(nl, DRY, true);
		return;
	}
	if (!choose(nl, i, &lock, &word))
		return;
	request = request_for(i, &lock);
	request.force = true;
	request.dry_run = true;
	error = ask(DRY, nl, &request, &n);
	if (error)
		count_refusal("a dry run by id", error);
	else
		world->n.dry_runs++;
}

/* The family has another number after each reload. */
static void run(void (*act)(struct aimlock_netlink *nl))
{
	struct aimlock_netlink nl;

	while (!world->over) {
		nap(PAUSE_US);
		if (aimlock_netlink_open(&nl)) {
			world->n.absent++;
			continue;
		}
		act(&nl);
		aimlock_netlink_close(&nl);
	}
}

static void clear_orphans(struct aimlock_netlink *nl)
{
	if (below(2))
		clear_by_sysfs(files_name(files_pick_any()));
	else
		clear_by_netlink(nl, ORPHANED, false);
}

void clearer_run_dry(void)
{
	run(dry_run);
}

void clearer_run_orphaned(void)
{
	run(clear_orphans);
}

void clearer_run_forced(void)
{
	run(force);
}

void clearer_run_by_id(void)
{
	run(clear_by_id);
}
