// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clear: remove exactly the locks that were proven orphaned, or the one that an
 * admin names and forces.
 *
 * Judged twice: once without touching anything, then again with the open file
 * description pinned, so that its address can't become another's before the
 * lock is removed.  Only &aimlock_file.clearing is held while the filesystem is
 * called: one that is stuck stops this clear and nobody else.
 */
#include "clear.h"
#include "events.h"
#include "hold.h"
#include "registry.h"
#include "request.h"
#include "verdict.h"

#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/wait.h>

static bool is_in_scope(const struct aimlock_clear *clear, enum aimlock_verdict verdict)
{
	if (verdict == AIMLOCK_VERDICT_ORPHANED)
		return true;
	return verdict == AIMLOCK_VERDICT_UNREACHABLE &&
	       clear->scope == AIMLOCK_CLEAR_SCOPE_UNREACHABLE;
}

static bool is_wanted(const struct aimlock_clear *clear, const struct aimlock_lock *lock)
{
	if (!lock->listed || (clear->id && clear->id != lock->id))
		return false;
	switch (lock->verdict) {
	case AIMLOCK_VERDICT_REMOTE:
	case AIMLOCK_VERDICT_HELD:
	case AIMLOCK_VERDICT_LEASED:
		return false;
	default:
		return clear->force || (is_in_scope(clear, lock->verdict) && !lock->watch_ms);
	}
}

static int want(struct aimlock_clear *clear)
{
	struct aimlock_lock *lock;
	int wanted = 0;

	aimlock_for_each_lock(lock, &clear->set) {
		lock->wanted = is_wanted(clear, lock);
		wanted += lock->wanted;
	}
	return wanted;
}

/* How long locks in scope must still be watched; 0: there are none to wait for. */
static u32 watch_for(const struct aimlock_clear *clear)
{
	const struct aimlock_lock *lock;
	u32 ms = 0;

	aimlock_for_each_lock(lock, &clear->set) {
		if (!lock->listed || lock->wanted || (clear->id && clear->id != lock->id))
			continue;
		if (is_in_scope(clear, lock->suspected))
			ms = max(ms, max(lock->watch_ms, 1U));
	}
	return ms;
}

/* Killable; ends at once when the file goes. */
static int wait_out(struct aimlock_file *file, u32 ms)
{
	long left = wait_event_killable_timeout(file->wait, READ_ONCE(file->gone),
						msecs_to_jiffies(ms) + 1);

	if (left < 0)
		return -EINTR;
	return left ? -ENODEV : 0;
}

/*
 * Look, some times in the time of grace, until all that is in scope was watched
 * for long enough.  A lock whose evidence keeps changing is left as what it is;
 * a busy host is given the time for its looks.
 */
static int judge(struct aimlock_clear *clear)
{
	u32 grace = READ_ONCE(clear->file->grace_ms);
	unsigned long end = jiffies + 2 * msecs_to_jiffies(grace) + HZ;
	u32 ms, looks;
	int ret;

	for (looks = 1;; looks++) {
		ret = aimlock_verdict_look(&clear->set, clear->file);
		if (ret)
			return ret;
		want(clear);
		ms = watch_for(clear);
		if (!ms)
			return 0;
		if (!clear->wait)
			return -EAGAIN;
		if (looks > 3 * AIMLOCK_LOOKS && time_after(jiffies, end))
			return 0;
		aimlock_inspect_free(&clear->set);
		ret = wait_out(clear->file, min(ms, max(grace / AIMLOCK_LOOKS, 1U)));
		if (ret)
			return ret;
	}
}

static int check_id(struct aimlock_clear *clear)
{
	const struct aimlock_lock *lock;

	aimlock_for_each_lock(lock, &clear->set) {
		if (lock->id != clear->id || !lock->listed)
			continue;
		if (lock->wanted)
			return 0;
		clear->refused = lock->verdict;
		return lock->verdict == AIMLOCK_VERDICT_REMOTE ? -EPERM : -EBUSY;
	}
	return -ESTALE;
}

static int check_generation(const struct aimlock_clear *clear)
{
	int ret = 0;

	mutex_lock(&clear->file->lock);
	if (clear->file->gone)
		ret = -ENODEV;
	else if (clear->id && clear->file->generation != clear->generation)
		ret = -ESTALE;
	mutex_unlock(&clear->file->lock);
	return ret;
}

static int remove_wanted(struct aimlock_clear *clear)
{
	struct aimlock_lock *lock;
	struct file *filp;
	int ret, error = 0;

	aimlock_for_each_lock(lock, &clear->set) {
		filp = aimlock_inspect_pinned(&clear->set, lock);
		/* none: it is in __fput, and goes by itself */
		if (!filp || !lock->wanted || !is_wanted(clear, lock))
			continue;
		ret = aimlock_request_unlock(filp, lock);
		if (!ret)
			lock->cleared = true;
		else if (ret != -ENOENT)
			error = ret;
	}
	return error;
}

static void count_remaining(struct aimlock_clear *clear)
{
	const struct aimlock_lock *lock;

	if (!clear->dry_run)
		aimlock_inspect_recount(&clear->set);
	aimlock_for_each_lock(lock, &clear->set)
		clear->remaining += lock->listed && !lock->cleared;
}

static bool any_cleared(const struct aimlock_clear *clear)
{
	const struct aimlock_lock *lock;

	aimlock_for_each_lock(lock, &clear->set)
		if (lock->cleared)
			return true;
	return false;
}

static void record(struct aimlock_clear *clear)
{
	struct aimlock_file *file = clear->file;
	struct aimlock_event event = {
		.file = file,
		.name = file->name,
		.reason = clear->force ? AIMLOCK_REASON_FORCED : AIMLOCK_REASON_CLEARED,
		.set = &clear->set,
	};
	bool cleared = any_cleared(clear) && !clear->dry_run;

	mutex_lock(&file->lock);
	if (cleared)
		file->generation++;
	event.generation = file->generation;
	mutex_unlock(&file->lock);
	clear->after = event.generation;
	if (cleared)
		aimlock_events_tell(&event);
}

/* It was in __fput, or its evidence changed on the second look. */
static int check_gone(struct aimlock_clear *clear)
{
	const struct aimlock_lock *lock;

	aimlock_for_each_lock(lock, &clear->set) {
		if (lock->id != clear->id || !lock->listed || lock->cleared)
			continue;
		clear->refused = AIMLOCK_VERDICT_ORPHANED;
		return -EBUSY;
	}
	return 0;
}

/* On the second look the wanted locks are pinned. */
static int carry_out(struct aimlock_clear *clear)
{
	int ret;

	aimlock_verdict_pin(&clear->set);
	ret = aimlock_verdict_reach(&clear->set);
	if (!ret)
		ret = remove_wanted(clear);
	aimlock_verdict_unpin(&clear->set);
	return ret;
}

/* What will become one's own must be all that is there. */
static struct aimlock_lock *the_only_one(const struct aimlock_clear *clear)
{
	struct aimlock_lock *lock, *only = NULL;
	u32 n = 0;

	aimlock_for_each_lock(lock, &clear->set) {
		n += lock->listed;
		if (lock->wanted)
			only = lock;
	}
	return n == 1 ? only : NULL;
}

static bool can_be_passed_on(const struct inode *inode, const struct aimlock_lock *lock)
{
	return (lock->kind == AIMLOCK_LOCK_KIND_FLOCK || lock->kind == AIMLOCK_LOCK_KIND_OFD) &&
	       !inode->i_fop->flock && !inode->i_fop->lock;
}

/* @heir has what it can have beside the lock; now the lock, if it still may be had. */
static int inherit(struct aimlock_clear *clear, struct aimlock_lock *lock, struct file *heir)
{
	struct file *filp;
	int ret = aimlock_verdict_reach(&clear->set);

	if (ret)
		return ret;
	filp = aimlock_inspect_pinned(&clear->set, lock);
	if (!filp || !lock->wanted || !is_wanted(clear, lock))
		return -EBUSY;
	return aimlock_request_pass_on(lock, filp, heir);
}

static int take_over(struct aimlock_clear *clear, struct aimlock_lock *lock)
{
	struct aimlock_part *part = clear->set.parts;
	struct file *heir;
	int ret;

	heir = aimlock_request_open_heir(&part->path, aimlock_registry_lease_cred(), lock);
	if (IS_ERR(heir))
		return PTR_ERR(heir);
	aimlock_verdict_pin(&clear->set);
	ret = inherit(clear, lock, heir);
	aimlock_verdict_unpin(&clear->set);
	if (!ret) {
		clear->heir = heir;
		return 0;
	}
	aimlock_request_release(heir);
	fput(heir);
	return ret == -ENOENT ? -EBUSY : ret;
}

/**
 * aimlock_clear_take_over() - have an orphaned lock as one's own
 * @clear: whose: its file, scope and wait are read; @heir is set
 *
 * Judged as for aimlock_clear(), and then the lock isn't removed but made that of a
 * description of ours, for all of the file.  It must be the only one there.
 *
 * Return: 0; -EAGAIN if it is still suspect; -EBUSY if a lock there may not be taken
 * over; -EOPNOTSUPP if its kind, or the filesystem, has
 * more to it than a description; -ENODEV; what looking at it, opening or locking gave.
 * Context: process context, with &aimlock_file.clearing held; the caller has checked
 * CAP_SYS_ADMIN.
 */
int aimlock_clear_take_over(struct aimlock_clear *clear)
{
	struct aimlock_lock *lock;
	int ret;

	lockdep_assert_held(&clear->file->clearing);
	ret = judge(clear);
	if (!ret)
		ret = check_generation(clear);
	if (!ret) {
		lock = the_only_one(clear);
		if (!lock)
			ret = -EBUSY;
		else if (!can_be_passed_on(clear->set.parts->inode, lock))
			ret = -EOPNOTSUPP;
		else
			ret = take_over(clear, lock);
	}
	aimlock_inspect_free(&clear->set);
	return ret;
}

static int clear_locked(struct aimlock_clear *clear)
{
	struct aimlock_lock *lock;
	int ret;

	ret = judge(clear);
	if (!ret)
		ret = check_generation(clear);
	if (!ret && clear->id)
		ret = check_id(clear);
	if (ret)
		return ret;
	if (clear->dry_run)
		aimlock_for_each_lock(lock, &clear->set)
			lock->cleared = lock->wanted;
	else if (clear->set.n_locks)
		ret = carry_out(clear);
	/* last, for it can't fail: where a clear fails the hold stays */
	if (!ret && clear->release)
		clear->released = aimlock_hold_drop_locked(clear->file);
	if (!clear->set.n_locks)
		return ret;

	count_remaining(clear);
	aimlock_inspect_leave(&clear->set);
	if (!ret && clear->id)
		ret = check_gone(clear);
	return ret;
}

/**
 * aimlock_clear() - clear locks of a file
 * @clear: what to clear; free @clear->set by aimlock_inspect_free() afterwards,
 *	   whatever is returned
 *
 * Waiters get the lock in the order in which the kernel queued them.
 *
 * Return: 0, also when locks remain (see remaining); -EAGAIN if a lock in scope
 * is still suspect and waiting was not asked for; -ESTALE if id or generation
 * don't match any more; -EBUSY, -EPERM if that lock may not be cleared (see
 * refused); -EINTR; -ENODEV if the file was removed meanwhile; what the
 * filesystem said.
 * Context: process context; the caller has checked CAP_SYS_ADMIN.
 */
int aimlock_clear(struct aimlock_clear *clear)
{
	int ret;

	if (mutex_lock_killable(&clear->file->clearing))
		return -EINTR;
	ret = clear_locked(clear);
	mutex_unlock(&clear->file->clearing);
	record(clear);
	if (clear->released)
		aimlock_hold_dropped(clear->file);
	return ret;
}
