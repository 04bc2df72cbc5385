// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lease: locks that can't be orphaned.
 *
 * The lock is this module's own, on the whole file, on behalf of a holder that is
 * known by its netlink socket.  It ends when the holder gives it back, when the
 * socket closes (any death), or when it was not renewed for its time to live (a
 * stopped or hung holder).  Who waits is queued here, and the lock goes from one
 * to the next without being dropped in between; users of flock(2) and fcntl(2)
 * get their turn when the queue is empty.
 *
 * A guard waits before all of them, but is passed over until a holder was lost, by its
 * socket or its time: so that nobody gets what the lost one left before it was looked
 * at.  It is of the name, whatever file lies there, and while it waits it keeps neither
 * the name nor the module.
 *
 * leases_lock guards the leases and the queues, and is never held while a filesystem
 * is called.  What needs one, taking and dropping the lock itself, is done with
 * &aimlock_file.clearing held, by settle(): in the caller or in the file's work.  What
 * needs none, handing the lock there is to the next, is done by pass_on() in the task
 * whose end is the lease's: the next has it as soon as with flock(2).
 *
 * What is told of times is CLOCK_BOOTTIME, but a lease is over by the jiffies, which
 * stand still while the machine sleeps: who renews as soon as it wakes is in time,
 * whoever asks before.
 */
#include "lease.h"
#include "compat.h"
#include "events.h"
#include "registry.h"
#include "request.h"
#include "walk.h"

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#define LEASES_MAX	65536
#define QUEUE_MAX	4096	/* of one file */
#define RETRY		(HZ)	/* where the event of a foreign unlock was missed */

static DEFINE_MUTEX(leases_lock);
static DEFINE_XARRAY_ALLOC1(leases);
static DEFINE_HASHTABLE(ports, 10);
static u32 last_id;
static u32 n_leases;

static u64 now_ns(void)
{
	return ktime_get_boottime_ns();
}

/* --- a lease --- */

static void free_lease(struct aimlock_lease *lease)
{
	bool keeps = lease->keeps;

	put_cred(lease->holder.cred);
	if (keeps)
		aimlock_registry_unuse(lease->file);
	kfree(lease);
	if (keeps)
		module_put(THIS_MODULE);
}

/* From now on it keeps the file and the module.  False: that is being unloaded. */
static bool keep(struct aimlock_lease *lease)
{
	lease->keeps = try_module_get(THIS_MODULE);
	if (lease->keeps)
		aimlock_registry_use(lease->file);
	return lease->keeps;
}

static struct aimlock_lease *make_lease(const struct aimlock_lease_request *request)
{
	struct aimlock_lease *lease = kzalloc(sizeof(*lease), GFP_KERNEL_ACCOUNT);

	if (!lease)
		return NULL;
	lease->portid = request->portid;
	lease->file = request->file;
	lease->ttl_ms = request->ttl_ms;
	lease->ended = AIMLOCK_REASON_LEASED;
	lease->guards = request->guards;
	lease->insists = request->insists;
	aimlock_walk_describe_caller(&lease->holder, AIMLOCK_HOLDER_KIND_AIMLOCK);
	if (!lease->guards && !keep(lease)) {
		free_lease(lease);
		return NULL;
	}
	return lease;
}

/* The first in the queue, if it is granted. */
static struct aimlock_lease *holder_of(struct aimlock_file *file)
{
	struct aimlock_lease *first;

	first = list_first_entry_or_null(&file->leases, struct aimlock_lease, node);
	return first && first->granted ? first : NULL;
}

/* The guard whose turn it is, if somebody's is. */
static struct aimlock_lease *guard_of(struct aimlock_file *file)
{
	struct aimlock_lease *guard;

	lockdep_assert_held(&leases_lock);
	list_for_each_entry(guard, &file->guards, node)
		if (guard->ended == AIMLOCK_REASON_LEASED && (file->lost || guard->insists))
			return guard;
	return NULL;
}

static bool has_waiters(struct aimlock_file *file)
{
	return guard_of(file) || !list_empty(&file->leases);
}

/* A file that goes takes no lease any more. */
static int count(struct aimlock_file *file, u32 max)
{
	int ret = 0;

	mutex_lock(&file->lock);
	if (file->gone)
		ret = -ENODEV;
	else if (file->n_leases > max)
		ret = -ENOSPC;
	else
		file->n_leases++;
	mutex_unlock(&file->lock);
	return ret;
}

static void uncount(struct aimlock_file *file)
{
	mutex_lock(&file->lock);
	file->n_leases--;
	mutex_unlock(&file->lock);
}

/* Into the tables that all leases are in. */
static int publish(struct aimlock_lease *lease)
{
	int ret;

	lockdep_assert_held(&leases_lock);
	if (n_leases >= LEASES_MAX)
		return -ENOSPC;
	ret = xa_alloc_cyclic(&leases, &lease->id, lease, xa_limit_31b, &last_id,
			      GFP_KERNEL_ACCOUNT);
	if (ret < 0)
		return ret;
	hash_add(ports, &lease->by_port, lease->portid);
	n_leases++;
	return 0;
}

static void unpublish(struct aimlock_lease *lease)
{
	lockdep_assert_held(&leases_lock);
	xa_erase(&leases, lease->id);
	hash_del(&lease->by_port);
	n_leases--;
}

static int enqueue(struct aimlock_lease *lease)
{
	struct aimlock_file *file = lease->file;
	int ret = count(file, QUEUE_MAX);

	if (ret)
		return ret;
	ret = publish(lease);
	if (ret)
		uncount(file);
	else
		list_add_tail(&lease->node, &file->leases);
	return ret;
}

static void dequeue(struct aimlock_lease *lease)
{
	unpublish(lease);
	list_del(&lease->node);
	uncount(lease->file);
}

/* A file that goes takes no guard any more: see aimlock_lease_teardown(). */
static int appoint(struct aimlock_lease *guard)
{
	struct aimlock_file *file = guard->file;
	int ret = publish(guard);

	if (ret)
		return ret;
	mutex_lock(&file->lock);
	if (file->gone)
		ret = -ENODEV;
	else
		list_add_tail(&guard->node, &file->guards);
	mutex_unlock(&file->lock);
	if (ret)
		unpublish(guard);
	return ret;
}

static void dismiss(struct aimlock_lease *guard)
{
	unpublish(guard);
	list_del(&guard->node);
}

/* To the head of the queue, however long that is.  False: file or module goes. */
static bool advance(struct aimlock_lease *guard)
{
	struct aimlock_file *file = guard->file;

	lockdep_assert_held(&leases_lock);
	if (count(file, U32_MAX - 1))
		return false;
	if (!keep(guard)) {
		uncount(file);
		return false;
	}
	list_move(&guard->node, &file->leases);
	return true;
}

static void restart_clock(struct aimlock_lease *lease)
{
	lease->deadline = now_ns() + (u64)lease->ttl_ms * NSEC_PER_MSEC;
	lease->expires = jiffies + msecs_to_jiffies(lease->ttl_ms) + 1;
}

/* Jiffies until a lease is over; 0 if it is. */
static unsigned long left(const struct aimlock_lease *lease)
{
	unsigned long now = jiffies;

	return time_before(now, lease->expires) ? lease->expires - now : 0;
}

static void grant(struct aimlock_lease *lease)
{
	struct aimlock_file *file = lease->file;

	lockdep_assert_held(&leases_lock);
	mutex_lock(&file->lock);
	lease->generation = ++file->generation;
	mutex_unlock(&file->lock);
	lease->granted = true;
	restart_clock(lease);
	if (lease->guards || list_empty(&file->guards))
		file->lost = false;
}

static struct aimlock_lease *find(u32 id, u32 portid)
{
	struct aimlock_lease *lease = xa_load(&leases, id);

	lockdep_assert_held(&leases_lock);
	if (!lease || lease->portid != portid || lease->ended != AIMLOCK_REASON_LEASED)
		return NULL;
	return lease;
}

static void copy_of(const struct aimlock_lease *lease, struct aimlock_lease *copy)
{
	*copy = *lease;
	get_cred(copy->holder.cred);
	kobject_get(&copy->file->kobj);
}

/**
 * aimlock_lease_put_copy() - drop what a copy refers to
 * @copy: as it was filled in
 */
void aimlock_lease_put_copy(struct aimlock_lease *copy)
{
	put_cred(copy->holder.cred);
	aimlock_registry_put(copy->file);
}

/**
 * aimlock_lease_left_ms() - until a lease ends, if nobody renews it
 * @lease: a granted one
 */
u64 aimlock_lease_left_ms(const struct aimlock_lease *lease)
{
	u64 now = now_ns();

	return now < lease->deadline ? div_u64(lease->deadline - now, NSEC_PER_MSEC) : 0;
}

static struct aimlock_event event_of(const struct aimlock_lease *lease,
				     enum aimlock_reason reason)
{
	return (struct aimlock_event){
		.file = lease->file,
		.name = lease->file->name,
		.reason = reason,
		.generation = lease->generation,
		.lease = lease,
	};
}

static void tell(const struct aimlock_lease *lease, enum aimlock_reason reason)
{
	struct aimlock_event event = event_of(lease, reason);

	aimlock_events_tell(&event);
}

/* What it doesn't know from a reply. */
static void tell_holder(const struct aimlock_lease *lease, enum aimlock_reason reason)
{
	struct aimlock_event event = event_of(lease, reason);

	aimlock_events_tell_holder(&event);
}

/* --- the lock --- */

static void wake(struct aimlock_file *file, unsigned long delay)
{
	lockdep_assert_held(&leases_lock);
	if (!file->lease_over)
		mod_delayed_work(system_unbound_wq, &file->lease_work, delay);
}

static void drop_lock(struct aimlock_file *file)
{
	struct file *filp = file->lease;

	lockdep_assert_held(&file->clearing);
	if (!filp)
		return;
	mutex_lock(&file->lock);
	WRITE_ONCE(file->lease, NULL);
	mutex_unlock(&file->lock);
	aimlock_request_release(filp);
	fput(filp);
}

/* @filp has the lock now. */
static int set_lock(struct aimlock_file *file, struct file *filp)
{
	int ret = 0;

	lockdep_assert_held(&file->clearing);
	mutex_lock(&file->lock);
	if (file->gone)
		ret = -ENODEV;
	else
		WRITE_ONCE(file->lease, filp);
	mutex_unlock(&file->lock);
	if (ret) {
		aimlock_request_release(filp);
		fput(filp);
	}
	return ret;
}

/* Takes the lock on what the path leads to now. */
static int take_lock(struct aimlock_file *file, const struct path *path)
{
	struct file *filp = aimlock_request_open_locked(path, aimlock_registry_lease_cred());

	return IS_ERR(filp) ? PTR_ERR(filp) : set_lock(file, filp);
}

static int adopt_lock(struct aimlock_lease *lease, const struct aimlock_lease_request *request)
{
	struct file *filp = request->adopt(request);

	if (IS_ERR(filp))
		return PTR_ERR(filp);
	lease->adopted = true;
	return set_lock(request->file, filp);
}

/* --- what follows from ends and grants --- */

/* Takes those out of the queue that have ended; report() tells of them. */
static void collect_ended(struct aimlock_file *file)
{
	struct aimlock_lease *lease, *next;

	mutex_lock(&leases_lock);
	list_for_each_entry_safe(lease, next, &file->leases, node) {
		if (lease->granted && lease->ended == AIMLOCK_REASON_LEASED && !left(lease))
			lease->ended = AIMLOCK_REASON_EXPIRED;
		if (lease->ended == AIMLOCK_REASON_LEASED)
			continue;
		if (lease->granted && lease->ended != AIMLOCK_REASON_RETURNED)
			file->lost = true;
		dequeue(lease);
		list_add_tail(&lease->node, &file->leases_ended);
	}
	list_for_each_entry_safe(lease, next, &file->guards, node) {
		if (lease->ended == AIMLOCK_REASON_LEASED)
			continue;
		dismiss(lease);
		list_add_tail(&lease->node, &file->leases_ended);
	}
	mutex_unlock(&leases_lock);
}

/* The lock is there: it is the first one's now, if anybody waits. */
static void grant_first(struct aimlock_file *file)
{
	struct aimlock_lease *lease;

	mutex_lock(&leases_lock);
	lease = guard_of(file);
	if (lease)
		advance(lease);
	list_for_each_entry(lease, &file->leases, node) {
		if (lease->ended != AIMLOCK_REASON_LEASED)
			continue;
		/* an ended one before it is collected next time */
		list_move(&lease->node, &file->leases);
		grant(lease);
		break;
	}
	mutex_unlock(&leases_lock);
}

static bool any_waits_locked(struct aimlock_file *file)
{
	return has_waiters(file) && !holder_of(file);
}

static bool any_waits(struct aimlock_file *file)
{
	bool any;

	mutex_lock(&leases_lock);
	any = any_waits_locked(file);
	mutex_unlock(&leases_lock);
	return any;
}

/* Who waits has shown a file that isn't the one any more; a guard has shown none. */
static void end_replaced(struct aimlock_file *file)
{
	struct aimlock_lease *lease;

	mutex_lock(&leases_lock);
	list_for_each_entry(lease, &file->leases, node)
		if (lease->ended == AIMLOCK_REASON_LEASED)
			lease->ended = AIMLOCK_REASON_REPLACED;
	mutex_unlock(&leases_lock);
	collect_ended(file);
}

/* The lock for who waits: the one there is, or a new one. */
static int lock_for_waiters(struct aimlock_file *file)
{
	struct path path;
	int ret = aimlock_registry_resolve(file, &path);

	if (ret)
		return ret == -ENOENT ? -ESTALE : ret;
	if (file->lease && file_inode(file->lease) != d_backing_inode(path.dentry))
		ret = -ESTALE;
	else if (!file->lease)
		ret = take_lock(file, &path);
	path_put(&path);
	return ret;
}

/*
 * Who has waited, and has it now, is told before everybody else; a guard after it was
 * told whom it follows.  False: nobody.
 */
static bool hand_over(struct aimlock_file *file, bool to_guard)
{
	struct aimlock_lease *holder, copy;

	mutex_lock(&leases_lock);
	holder = holder_of(file);
	if (!holder || !holder->asleep || holder->guards != to_guard) {
		mutex_unlock(&leases_lock);
		return false;
	}
	holder->asleep = false;
	copy_of(holder, &copy);
	mutex_unlock(&leases_lock);
	tell_holder(&copy, AIMLOCK_REASON_LEASED);
	aimlock_lease_put_copy(&copy);
	return true;
}

static void report_end(const struct aimlock_lease *lease)
{
	if (lease->granted && !lease->told)
		tell(lease, AIMLOCK_REASON_LEASED);
	if (lease->ended == AIMLOCK_REASON_EXPIRED || lease->ended == AIMLOCK_REASON_REPLACED)
		tell_holder(lease, lease->ended);
	/* one that only waited, and gave up, changed nothing */
	if (lease->granted || lease->ended == AIMLOCK_REASON_REPLACED)
		tell(lease, lease->ended);
}

static void report_ends(struct aimlock_file *file)
{
	struct aimlock_lease *lease, *next;
	LIST_HEAD(ended);

	mutex_lock(&leases_lock);
	list_splice_init(&file->leases_ended, &ended);
	mutex_unlock(&leases_lock);
	list_for_each_entry_safe(lease, next, &ended, node) {
		report_end(lease);
		free_lease(lease);
	}
}

static void report_holder(struct aimlock_file *file)
{
	struct aimlock_lease *holder, copy;

	mutex_lock(&leases_lock);
	holder = holder_of(file);
	if (!holder || holder->told) {
		mutex_unlock(&leases_lock);
		return;
	}
	holder->told = true;
	copy_of(holder, &copy);
	mutex_unlock(&leases_lock);
	tell(&copy, AIMLOCK_REASON_LEASED);
	aimlock_lease_put_copy(&copy);
}

/* Tells what has happened, with none of the file's locks held. */
static void report(struct aimlock_file *file)
{
	hand_over(file, false);
	report_ends(file);
	hand_over(file, true);
	report_holder(file);
}

static void set_clock(struct aimlock_file *file)
{
	struct aimlock_lease *holder;

	mutex_lock(&leases_lock);
	holder = holder_of(file);
	if (holder)
		wake(file, left(holder));
	else if (has_waiters(file))
		wake(file, RETRY);
	mutex_unlock(&leases_lock);
}

/* Serves who waits, with the lock there is or a new one. */
static void serve(struct aimlock_file *file)
{
	int ret = lock_for_waiters(file);

	if (ret == -ESTALE) {
		end_replaced(file);
		drop_lock(file);
		if (any_waits(file))
			ret = lock_for_waiters(file);
	}
	if (!ret)
		grant_first(file);
}

static bool is_leased(struct aimlock_file *file)
{
	bool leased;

	mutex_lock(&leases_lock);
	leased = holder_of(file);
	mutex_unlock(&leases_lock);
	return leased;
}

/* Brings the lock in line with the queue; report() is to follow. */
static void settle(struct aimlock_file *file)
{
	lockdep_assert_held(&file->clearing);
	collect_ended(file);
	if (any_waits(file))
		serve(file);
	if (!is_leased(file))
		drop_lock(file);
	set_clock(file);
}

static void settle_after(struct aimlock_file *file, unsigned long delay)
{
	mutex_lock(&leases_lock);
	wake(file, delay);
	mutex_unlock(&leases_lock);
}

static void settle_later(struct work_struct *work)
{
	struct aimlock_file *file = container_of(to_delayed_work(work), struct aimlock_file,
						 lease_work);

	mutex_lock(&file->clearing);
	settle(file);
	mutex_unlock(&file->clearing);
	report(file);
}

/*
 * Gives the lock that there is to who waits, where that needs nobody else: no
 * filesystem, and none who may be at work on the file.  What this leaves is to be
 * settled later.  False: nobody got it.
 */
static bool pass_on(struct aimlock_file *file)
{
	if (!mutex_trylock(&file->clearing))
		return false;
	collect_ended(file);
	if (any_waits(file) && file->lease &&
	    aimlock_registry_still_leads_to(file, file_inode(file->lease)))
		grant_first(file);
	mutex_unlock(&file->clearing);
	return hand_over(file, false);
}

/* --- requests --- */

/* At the end of the queue; its holder is told when it is granted. */
static int queue_up(struct aimlock_lease *lease)
{
	int ret;

	mutex_lock(&leases_lock);
	lease->asleep = true;
	ret = enqueue(lease);
	mutex_unlock(&leases_lock);
	if (!ret)
		set_clock(lease->file);
	return ret;
}

/* Nobody has it. */
static int take(struct aimlock_lease *lease, const struct aimlock_lease_request *request,
		const struct path *path)
{
	struct aimlock_file *file = lease->file;
	int ret = take_lock(file, path);

	if (ret == -EBUSY && request->adopt)
		ret = adopt_lock(lease, request);
	else if (ret == -EBUSY)
		ret = -EAGAIN;
	if (ret)
		return ret;
	mutex_lock(&leases_lock);
	ret = enqueue(lease);
	if (!ret) {
		/* who adopts is before those who wait */
		list_move(&lease->node, &file->leases);
		grant(lease);
		lease->told = true;	/* by aimlock_lease_new(), in its caller */
	}
	mutex_unlock(&leases_lock);
	if (ret)
		drop_lock(file);
	else
		set_clock(file);
	return ret;
}

static int ask(struct aimlock_lease *lease, const struct aimlock_lease_request *request)
{
	struct aimlock_file *file = request->file;
	struct path path;
	int ret = aimlock_registry_resolve(file, &path);

	if (ret)
		return ret;
	ret = -ESTALE;
	if (d_backing_inode(path.dentry) != file_inode(request->authority))
		goto put_path;
	if (!is_leased(file) && (request->adopt || !any_waits(file)))
		ret = take(lease, request, &path);
	else
		ret = request->adopt ? -EBUSY : -EAGAIN;
	if (ret == -EAGAIN && request->wait)
		ret = queue_up(lease);
put_path:
	path_put(&path);
	return ret;
}

/* It may go with its file as soon as it stands there; its turn may have come already. */
static int new_guard(const struct aimlock_lease_request *request, struct aimlock_lease *copy)
{
	struct aimlock_lease *guard = make_lease(request);
	int ret;

	if (!guard)
		return -ENOMEM;
	guard->asleep = true;
	mutex_lock(&leases_lock);
	ret = appoint(guard);
	if (!ret) {
		copy_of(guard, copy);
		if (guard_of(request->file))
			wake(request->file, 0);
	}
	mutex_unlock(&leases_lock);
	if (ret)
		free_lease(guard);
	return ret;
}

/**
 * aimlock_lease_new() - ask for a lease
 * @request: what for
 * @copy: of the lease, on success: granted, or queued; for aimlock_lease_put_copy()
 *
 * A lease that can't be had, and isn't waited for, changes nothing.  A guard always
 * waits, and needs no authority.
 *
 * Return: 0; -EAGAIN if it can't be had now; with adopt, -EBUSY if what keeps the file
 * may not be taken over, and what else @request->adopt gave; -EBADF if the authority isn't open for
 * writing; -ESTALE if it is of another file than lies at the path; -ENOENT if none
 * does; -ENOSPC if there are too many leases, or waiters; -ENODEV while the file goes;
 * -EINTR; -ENOMEM; what looking up, opening or locking gave.
 * Context: process context, of the caller.
 */
int aimlock_lease_new(const struct aimlock_lease_request *request, struct aimlock_lease *copy)
{
	struct aimlock_file *file = request->file;
	struct aimlock_lease *lease;
	int ret;

	if (request->guards)
		return new_guard(request, copy);
	if (!(request->authority->f_mode & FMODE_WRITE))
		return -EBADF;
	lease = make_lease(request);
	if (!lease)
		return -ENOMEM;
	if (mutex_lock_killable(&file->clearing)) {
		free_lease(lease);
		return -EINTR;
	}
	settle(file);		/* one may be over that nobody looked at yet */
	ret = ask(lease, request);
	if (!ret) {
		mutex_lock(&leases_lock);
		copy_of(lease, copy);
		mutex_unlock(&leases_lock);
	}
	mutex_unlock(&file->clearing);
	report(file);
	if (ret)
		free_lease(lease);
	else if (copy->granted)
		tell(copy, copy->adopted ? AIMLOCK_REASON_ADOPTED : AIMLOCK_REASON_LEASED);
	return ret;
}

/**
 * aimlock_lease_renew() - begin its time to live anew
 * @id: of the lease
 * @portid: netlink socket of the caller
 * @ttl_ms: another time to live, or 0
 * @copy: of the lease, on success; for aimlock_lease_put_copy()
 *
 * Return: 0; -ESTALE if this socket has no such lease any more; -EAGAIN if it is not
 * granted yet.
 */
int aimlock_lease_renew(u32 id, u32 portid, u32 ttl_ms, struct aimlock_lease *copy)
{
	struct aimlock_lease *lease;
	int ret = 0;

	mutex_lock(&leases_lock);
	lease = find(id, portid);
	if (!lease) {
		ret = -ESTALE;
	} else if (!lease->granted) {
		ret = -EAGAIN;
	} else {
		if (ttl_ms)
			lease->ttl_ms = ttl_ms;
		restart_clock(lease);
		wake(lease->file, left(lease));
		copy_of(lease, copy);
	}
	mutex_unlock(&leases_lock);
	return ret;
}

/**
 * aimlock_lease_del() - give a lease, or a place in the queue, back
 * @id: of the lease
 * @portid: netlink socket of the caller
 *
 * Return: 0; -ESTALE if this socket has no such lease any more.
 */
int aimlock_lease_del(u32 id, u32 portid)
{
	struct aimlock_lease *lease;
	struct aimlock_file *file;

	mutex_lock(&leases_lock);
	lease = find(id, portid);
	if (!lease) {
		mutex_unlock(&leases_lock);
		return -ESTALE;
	}
	lease->ended = AIMLOCK_REASON_RETURNED;
	file = lease->file;
	kobject_get(&file->kobj);
	mutex_unlock(&leases_lock);

	if (mutex_lock_killable(&file->clearing)) {
		settle_after(file, 0);
	} else {
		settle(file);
		mutex_unlock(&file->clearing);
		report(file);
	}
	aimlock_registry_put(file);
	return 0;
}

/**
 * aimlock_lease_next() - go through the leases, and those who wait for one
 * @id: where to begin, 0 at first; set to where to go on
 * @copy: of the next one; for aimlock_lease_put_copy()
 *
 * Return: false at the end.
 */
bool aimlock_lease_next(unsigned long *id, struct aimlock_lease *copy)
{
	struct aimlock_lease *lease;

	mutex_lock(&leases_lock);
	lease = xa_find(&leases, id, ULONG_MAX, XA_PRESENT);
	while (lease && lease->ended != AIMLOCK_REASON_LEASED)
		lease = xa_find_after(&leases, id, ULONG_MAX, XA_PRESENT);
	if (lease) {
		copy_of(lease, copy);
		(*id)++;
	}
	mutex_unlock(&leases_lock);
	return lease;
}

/**
 * aimlock_lease_holder() - who has the lease of a file
 * @file: the file
 * @holder: set on success but for its node, with a reference to its rights
 *
 * Return: is there one?
 */
bool aimlock_lease_holder(struct aimlock_file *file, struct aimlock_holder *holder)
{
	struct aimlock_lease *lease;

	mutex_lock(&leases_lock);
	lease = holder_of(file);
	if (lease)
		aimlock_walk_copy_holder(holder, &lease->holder);
	mutex_unlock(&leases_lock);
	return lease;
}

/* --- what others tell --- */

/*
 * Who waits gets the lock here, from the task that closed the socket, rather than from
 * a worker that would have to be woken first; where somebody got it, the worker, which
 * tells the others, lets them run first.
 */
static void end_of_port(u32 portid)
{
	struct aimlock_lease *lease;
	struct hlist_node *next;
	struct aimlock_file *file;
	HLIST_HEAD(ended);

	mutex_lock(&leases_lock);
	hash_for_each_possible_safe(ports, lease, next, by_port, portid) {
		if (lease->portid != portid || lease->ended != AIMLOCK_REASON_LEASED)
			continue;
		lease->ended = AIMLOCK_REASON_CLOSED;
		hash_del(&lease->by_port);
		hlist_add_head(&lease->by_port, &ended);
	}
	while (!hlist_empty(&ended)) {
		lease = hlist_entry(ended.first, struct aimlock_lease, by_port);
		hash_del(&lease->by_port);
		file = lease->file;
		kobject_get(&file->kobj);
		mutex_unlock(&leases_lock);
		settle_after(file, pass_on(file) ? 1 : 0);
		aimlock_registry_put(file);
		mutex_lock(&leases_lock);
	}
	mutex_unlock(&leases_lock);
}

/* The last descriptor of a netlink socket was closed, whatever became of its process. */
static int hear_socket(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC &&
	    net_eq(notify->net, &init_net) && READ_ONCE(n_leases))
		end_of_port(notify->portid);
	return NOTIFY_DONE;
}

/* Something else happened to a file that somebody waits for. */
static int hear_event(struct notifier_block *nb, unsigned long reason, void *data)
{
	const struct aimlock_event *event = data;

	if (event->lease || !READ_ONCE(n_leases))
		return NOTIFY_DONE;
	mutex_lock(&leases_lock);
	if (any_waits_locked(event->file))
		wake(event->file, 0);
	mutex_unlock(&leases_lock);
	return NOTIFY_DONE;
}

static struct notifier_block sockets = {
	.notifier_call = hear_socket,
};

static struct notifier_block events = {
	.notifier_call = hear_event,
};

/**
 * aimlock_lease_setup() - make a new file ready
 * @file: the file
 */
void aimlock_lease_setup(struct aimlock_file *file)
{
	INIT_LIST_HEAD(&file->leases);
	INIT_LIST_HEAD(&file->guards);
	INIT_LIST_HEAD(&file->leases_ended);
	INIT_DELAYED_WORK(&file->lease_work, settle_later);
}

/**
 * aimlock_lease_teardown() - have done with a file that goes
 * @file: the file; it has no lease any more, and gets none, nor a guard
 */
void aimlock_lease_teardown(struct aimlock_file *file)
{
	struct aimlock_lease *guard, *next;

	mutex_lock(&leases_lock);
	file->lease_over = true;
	list_for_each_entry_safe(guard, next, &file->guards, node) {
		dismiss(guard);
		list_add_tail(&guard->node, &file->leases_ended);
	}
	mutex_unlock(&leases_lock);
	cancel_delayed_work_sync(&file->lease_work);
	report_ends(file);
}

/**
 * aimlock_lease_init() - begin to listen
 *
 * Return: 0 or a negative errno.
 */
int aimlock_lease_init(void)
{
	int ret = netlink_register_notifier(&sockets);

	if (ret)
		return ret;
	ret = aimlock_events_listen(&events);
	if (ret)
		netlink_unregister_notifier(&sockets);
	return ret;
}

/**
 * aimlock_lease_exit() - undo aimlock_lease_init()
 *
 * There is no lease, for each keeps the module loaded; what guards files goes with them.
 */
void aimlock_lease_exit(void)
{
	aimlock_events_unlisten(&events);
	netlink_unregister_notifier(&sockets);
}
