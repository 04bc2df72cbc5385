// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inspect: copies of the kernel's locks on some files.
 *
 * Takes no reference to an open file: looking must never delay the release of
 * a lock.  What is copied is read under the inode's flc_lock, up to BATCH locks
 * at a time; pointers kept from there are keys, never followed.
 */
#include "inspect.h"
#include "compat.h"
#include "registry.h"

#include <linux/file.h>
#include <linux/hash.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#define BATCH		1024
#define RESTARTS	8
#define WAITERS_MAX	4096
#define WAITER_TRIES	3

typedef void (*visitor)(lock_core *core, enum aimlock_lock_kind list, void *data);

/*
 * Call @fn for up to BATCH locks after the first @skip; how many were there?
 * @last is the one before them, or NULL: -EAGAIN if it isn't there any more.  It
 * is set to the last one called for.
 */
static int visit(struct inode *inode, u32 skip, const void **last, visitor fn, void *data)
{
	static const enum aimlock_lock_kind kinds[] = {
		AIMLOCK_LOCK_KIND_FLOCK,
		AIMLOCK_LOCK_KIND_POSIX,
		AIMLOCK_LOCK_KIND_LEASE,
	};
	struct file_lock_context *ctx = locks_inode_context(inode);
	struct list_head *lists[ARRAY_SIZE(kinds)];
	u32 place = 0;
	int done = 0, i;
	lock_core *core;

	if (!ctx)
		return 0;
	lists[0] = &ctx->flc_flock;
	lists[1] = &ctx->flc_posix;
	lists[2] = &ctx->flc_lease;

	spin_lock(&ctx->flc_lock);
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		list_for_each_entry(core, lists[i], lk_list_member) {
			place++;
			if (place == skip && *last && core != *last) {
				done = -EAGAIN;
				goto unlock;
			}
			if (place <= skip)
				continue;
			fn(core, kinds[i], data);
			*last = core;
			if (++done == BATCH)
				goto unlock;
		}
	}
	if (place < skip && *last)
		done = -EAGAIN;
unlock:
	spin_unlock(&ctx->flc_lock);
	return done;
}

struct finder {
	const void *core;
	u32 place;
	u32 found;
};

static void compare_core(lock_core *core, enum aimlock_lock_kind list, void *data)
{
	struct finder *finder = data;

	finder->place++;
	if (core == finder->core)
		finder->found = finder->place;
}

/* How many locks there are up to that one; if it is gone, what was told before. */
static u32 find_place(struct inode *inode, const void *core, u32 before)
{
	struct finder finder = { .core = core };
	const void *last = NULL;
	int done;

	if (!core)
		return before;
	do {
		done = visit(inode, finder.place, &last, compare_core, &finder);
		cond_resched();
	} while (done == BATCH && !finder.found);
	return finder.found ? finder.found : before;
}

/*
 * Call @fn for each lock, after @prepare for each batch of them.  Where the list
 * changes between two batches it is begun again; one that never stops changing
 * is believed.  With a @place: from there on, and about @most; where the list has
 * changed since, from behind the last one.
 */
static int visit_all(struct inode *inode, struct aimlock_place *place, u32 most, visitor fn,
		     int (*prepare)(void *data, bool begin), void *data)
{
	struct aimlock_place begin = place ? *place : (struct aimlock_place){};
	struct aimlock_place now = begin;
	u32 restarts = 0;
	int ret, done;

	do {
		ret = prepare ? prepare(data, now.skip == begin.skip) : 0;
		if (ret)
			return ret;
		if (restarts > RESTARTS)
			now.last = NULL;
		done = visit(inode, now.skip, &now.last, fn, data);
		if (done >= 0) {
			now.skip += done;
		} else {
			if (now.skip == begin.skip) {
				begin.changed = true;
				begin.skip = find_place(inode, begin.last, begin.skip);
				begin.last = NULL;
			}
			now = begin;
			restarts++;
		}
		cond_resched();
	} while (done < 0 || (done == BATCH && now.skip - begin.skip < most));
	now.more = done == BATCH;
	if (place)
		*place = now;
	return 0;
}

static enum aimlock_lock_mode mode_of(lock_core *core)
{
	if (lk(core, flags) & FL_UNLOCK_PENDING)
		return AIMLOCK_LOCK_MODE_UNLOCK;
	return lk(core, type) == F_WRLCK ? AIMLOCK_LOCK_MODE_WRITE : AIMLOCK_LOCK_MODE_READ;
}

struct copier {
	struct aimlock_set *set;
	u32 first;
	u32 first_waiter;
	const struct inode *inode;
};

/* Where a walk over waiters stands: @next is to be read, below @parent. */
struct waiter_walk {
	lock_core *parent;
	const struct list_head *prev;
	struct list_head *next;
	u32 depth;
	lock_core copy;
	loff_t start, end;
};

/*
 * Copy the next waiter, with faults caught; true only if the copy still names
 * its blocker and its neighbour.  The range is read first: what the rest proves was
 * true then too.
 */
static bool read_waiter(struct waiter_walk *walk, lock_core *core)
{
	struct file_lock *lock = lock_of(core);

	return !copy_from_kernel_nofault(&walk->start, &lock->fl_start, sizeof(walk->start)) &&
	       !copy_from_kernel_nofault(&walk->end, &lock->fl_end, sizeof(walk->end)) &&
	       !copy_from_kernel_nofault(&walk->copy, core, sizeof(walk->copy)) &&
	       lk(&walk->copy, blocker) == walk->parent &&
	       lk(&walk->copy, blocked_member).prev == walk->prev;
}

static bool climb(struct waiter_walk *walk)
{
	lock_core *from = walk->parent;

	if (!walk->depth || copy_from_kernel_nofault(&walk->copy, from, sizeof(walk->copy)) ||
	    !lk(&walk->copy, blocker))
		return false;
	walk->parent = lk(&walk->copy, blocker);
	walk->prev = &lk(from, blocked_member);
	walk->next = lk(&walk->copy, blocked_member).next;
	walk->depth--;
	return true;
}

/* Of the thread asleep in the waiter's queue; only to be compared. */
static const void *task_in_queue(lock_core *copy)
{
	struct list_head *first = lk(copy, wait).head.next;
	void *task;

	if (copy_from_kernel_nofault(&task, &list_entry(first, struct wait_queue_entry,
							entry)->private, sizeof(task)))
		return NULL;
	return task;
}

static enum aimlock_lock_kind kind_of(lock_core *core)
{
	if (lk(core, flags) & FL_OFDLCK)
		return AIMLOCK_LOCK_KIND_OFD;
	if (lk(core, flags) & FL_FLOCK)
		return AIMLOCK_LOCK_KIND_FLOCK;
	return lk(core, flags) & FL_POSIX ? AIMLOCK_LOCK_KIND_POSIX : AIMLOCK_LOCK_KIND_LEASE;
}

static void copy_waiter(struct aimlock_set *set, struct waiter_walk *walk)
{
	struct aimlock_waiter *waiter;

	if (set->n_waiters >= set->room_waiters)
		return;
	waiter = &set->waiters[set->n_waiters++];
	*waiter = (struct aimlock_waiter){
		.depth = walk->depth,
		.kind = kind_of(&walk->copy),
		.mode = mode_of(&walk->copy),
		.end = OFFSET_MAX,
		.task = task_in_queue(&walk->copy),
		.who.pid = max((int)lk(&walk->copy, pid), 0),
	};
	/* who breaks a lease has no range */
	if (waiter->kind == AIMLOCK_LOCK_KIND_LEASE)
		return;
	waiter->start = walk->start;
	waiter->end = walk->end;
}

/* Returns whether it came to the end. */
static bool walk_waiters(struct copier *to, struct aimlock_lock *lock, lock_core *root)
{
	struct waiter_walk walk = { .parent = root };
	lock_core *core;
	u32 steps;

	walk.prev = &lk(root, blocked_requests);
	walk.next = READ_ONCE(lk(root, blocked_requests).next);
	for (steps = 0; steps < 2 * WAITERS_MAX; steps++) {
		if (walk.next == &lk(walk.parent, blocked_requests)) {
			if (walk.parent == root)
				return true;
			if (!climb(&walk))
				return false;
			continue;
		}
		core = list_entry(walk.next, lock_core, lk_blocked_member);
		if (!read_waiter(&walk, core))
			return false;
		walk.depth++;
		lock->waiters++;
		copy_waiter(to->set, &walk);
		walk.parent = core;
		walk.prev = &lk(core, blocked_requests);
		walk.next = lk(&walk.copy, blocked_requests).next;
	}
	return true;
}

/*
 * Requests blocked by @root, those that wait behind another waiter included.
 *
 * A waiter comes under flc_lock, which is held, but leaves under a lock of
 * fs/locks.c alone, and its memory is free at once; it may lie on a stack.  So
 * nothing is followed that was not copied, with faults caught, and believed: a node
 * that names its blocker and its neighbour has not left, as none can have come.
 * Where that fails the walk begins anew, a few times; then what it has met stands,
 * and is less than there were.
 */
static void find_waiters(struct copier *to, struct aimlock_lock *lock, lock_core *root)
{
	struct aimlock_set *set = to->set;
	int tries = 0;

	lock->first_waiter = set->n_waiters;
	do {
		set->n_waiters = lock->first_waiter;
		lock->waiters = 0;
	} while (!walk_waiters(to, lock, root) && ++tries < WAITER_TRIES);
	lock->n_copied = set->n_waiters - lock->first_waiter;
}

/*
 * The description of a hold or a lease, whichever name of the file it was taken by:
 * only ours are opened with these rights.  Not followed longer than the lock is in
 * its list.
 */
static bool is_opened_by(const struct file *filp, const struct cred *cred)
{
	return filp && filp->f_cred == cred;
}

/* Of the managers that mark their locks, lockd alone waits for a late grant. */
static const char *marked_by(struct file_lock *fl)
{
	return fl->fl_lmops->lm_grant ? "lockd" : "nfsd";
}

/*
 * Whose a POSIX lock of a description that nobody has open is: 9p's on its own files,
 * ksmbd's on those that it serves.  Other filesystems with locks of their own make
 * such ones too.
 */
static const char *unmarked_by(const struct inode *inode)
{
	if (!strcmp(inode->i_sb->s_type->name, "9p"))
		return "9p";
	return inode->i_fop->lock ? "" : "ksmbd";
}

static void copy_manager(struct aimlock_lock *lock, lock_core *core, const struct inode *inode)
{
	lock->manager_name = "";
	if (lock->kind == AIMLOCK_LOCK_KIND_LEASE) {
		/* nobody else gives delegations and layouts */
		lock->manager = lock->owner != lock->filp;
		if (lock->manager)
			lock->manager_name = "nfsd";
	} else if (lock_of(core)->fl_lmops) {
		lock->manager = true;
		lock->manager_name = marked_by(lock_of(core));
	} else if (lock->kind == AIMLOCK_LOCK_KIND_POSIX && lock->owner == lock->filp) {
		lock->manager_name = unmarked_by(inode);
	}
}

static void copy_lock(lock_core *core, enum aimlock_lock_kind list, void *data)
{
	struct copier *to = data;
	struct aimlock_lock *lock = &to->set->locks[to->set->n_locks++];

	*lock = (struct aimlock_lock){
		.core = core,
		.filp = lk(core, file),
		.owner = lk(core, owner),
		.kind = list,
		.mode = mode_of(core),
		.end = OFFSET_MAX,
		.taker = (int)lk(core, pid),
	};
	if (list != AIMLOCK_LOCK_KIND_LEASE) {
		lock->start = lock_of(core)->fl_start;
		lock->end = lock_of(core)->fl_end;
	}
	if (lk(core, flags) & FL_OFDLCK)
		lock->kind = AIMLOCK_LOCK_KIND_OFD;
	copy_manager(lock, core, to->inode);
	find_waiters(to, lock, core);
	lock->leased = is_opened_by(lock->filp, aimlock_registry_lease_cred());
	lock->ours = lock->leased || is_opened_by(lock->filp, aimlock_registry_cred());
	lock->backs_swap = IS_SWAPFILE(to->inode);
	/* The loop driver takes this from the mapping of its backing file. */
	lock->backs_loop = !(mapping_gfp_mask(to->inode->i_mapping) & __GFP_IO);
}

static int reserve(void **array, u32 used, u32 *room, u32 more, size_t size)
{
	u32 want = max(used + more, *room * 2);
	void *bigger;

	if (used + more <= *room)
		return 0;
	/* whoever looks pays: anybody may, and keep a dump under way */
	bigger = kvmalloc_array(want, size, GFP_KERNEL_ACCOUNT);
	if (!bigger)
		return -ENOMEM;
	if (used)
		memcpy(bigger, *array, used * size);
	kvfree(*array);
	*array = bigger;
	*room = want;
	return 0;
}

static int make_room(void *data, bool begin)
{
	struct copier *to = data;
	struct aimlock_set *set = to->set;

	int ret;

	if (begin) {
		set->n_locks = to->first;
		set->n_waiters = to->first_waiter;
	}
	ret = reserve((void **)&set->locks, set->n_locks, &set->room_locks, BATCH,
		      sizeof(*set->locks));
	if (!ret && set->wants_waiters)
		ret = reserve((void **)&set->waiters, set->n_waiters, &set->room_waiters,
			      WAITERS_MAX, sizeof(*set->waiters));
	return ret;
}

static int copy_locks(struct aimlock_set *set, struct inode *inode, struct aimlock_place *place)
{
	u32 most = place ? AIMLOCK_LOCKS_AT_ONCE - set->n_locks : U32_MAX;
	struct copier to = {
		.set = set,
		.first = set->n_locks,
		.first_waiter = set->n_waiters,
		.inode = inode,
	};

	if (!aimlock_inspect_has_locks(inode)) {
		if (place)
			place->more = false;
		return 0;
	}
	return visit_all(inode, place, most, copy_lock, make_room, &to);
}

/* The path of this one can't be looked up: others still can. */
static bool is_tolerated(const struct aimlock_set *set, int error)
{
	return error == -ENOENT || (set->tolerant && error != -ENOMEM && error != -EINTR &&
				    error != -ERESTARTSYS);
}

static struct aimlock_part *next_part(struct aimlock_set *set)
{
	struct aimlock_part *part;

	if (reserve((void **)&set->parts, set->n_parts, &set->room_parts, 1,
		    sizeof(*set->parts)))
		return NULL;
	part = &set->parts[set->n_parts];
	memset(part, 0, sizeof(*part));
	return part;
}

static void let_go(struct aimlock_part *part)
{
	iput(part->inode);
	path_put(&part->path);
	part->inode = NULL;
	part->path = (struct path){};
}

/* @part has a path, and is to be of that inode. */
static void take_inode(struct aimlock_part *part, struct inode *inode)
{
	ihold(inode);
	part->inode = inode;
	part->dev = inode->i_sb->s_dev;
	part->ino = inode->i_ino;
	part->present = true;
}

/* On failure @part is as nothing. */
static int finish_part(struct aimlock_set *set, struct aimlock_part *part,
		       struct aimlock_file *file, struct aimlock_place *place)
{
	int ret = 0;

	if (file) {
		mutex_lock(&file->lock);
		part->held = file->hold;
		part->generation = file->generation;
		mutex_unlock(&file->lock);
	}
	part->first = set->n_locks;
	if (part->present)
		ret = copy_locks(set, part->inode, place);
	else if (place)
		place->more = false;
	if (ret) {
		let_go(part);
		kfree(part->found_at);
		set->n_locks = part->first;
		return ret;
	}
	part->n = set->n_locks - part->first;
	part->file = file;
	if (file)
		kobject_get(&file->kobj);
	set->n_parts++;
	return 0;
}

/**
 * aimlock_inspect_add() - copy the locks of a registered file into a set
 * @set: the set; all zero at first, but for the flags at its end
 * @file: the file; the set takes a reference of its own
 * @place: where to begin; set to where to go on.  NULL: all of them, however many
 *
 * Return: 0, also when no file lies at the path; -ENOMEM; what looking up the path
 * gave.
 */
int aimlock_inspect_add(struct aimlock_set *set, struct aimlock_file *file,
			struct aimlock_place *place)
{
	struct aimlock_part *part = next_part(set);
	int ret;

	if (!part)
		return -ENOMEM;
	ret = aimlock_registry_resolve(file, &part->path);
	if (ret && !is_tolerated(set, ret))
		return ret;
	if (!ret)
		take_inode(part, d_backing_inode(part->path.dentry));
	return finish_part(set, part, file, place);
}

/* As the caller sees it, and as /proc has it where the file was deleted. */
static char *text_of(const struct path *path)
{
	char *buffer = kmalloc(PATH_MAX, GFP_KERNEL), *text, *copy;

	if (!buffer)
		return NULL;
	text = d_path(path, buffer, PATH_MAX);
	copy = IS_ERR(text) ? NULL : kstrdup(text, GFP_KERNEL_ACCOUNT);
	kfree(buffer);
	return copy;
}

/**
 * aimlock_inspect_add_inode() - copy the locks of any file into a set
 * @set: the set
 * @inode: the file
 * @path: as aimlock_inspect_get_path() found it
 * @file: what it is registered as, or NULL
 * @place: as for aimlock_inspect_add()
 *
 * The set takes references of its own.
 *
 * Return: 0 or -ENOMEM.
 */
int aimlock_inspect_add_inode(struct aimlock_set *set, struct inode *inode,
			      const struct path *path, struct aimlock_file *file,
			      struct aimlock_place *place)
{
	struct aimlock_part *part = next_part(set);

	if (!part)
		return -ENOMEM;
	part->path = *path;
	path_get(&part->path);
	take_inode(part, inode);
	part->found_at = text_of(path);
	return finish_part(set, part, file, place);
}

static struct hlist_head *bucket(const struct aimlock_set *set, unsigned int table,
				 const void *key)
{
	return &set->tables[(table << set->bits) + hash_ptr(key, set->bits)];
}

static struct hlist_head *by_core(const struct aimlock_set *set, const void *core)
{
	return bucket(set, 0, core);
}

/**
 * aimlock_inspect_by_filp() - where to look for the locks of a description
 * @set: a set that is complete
 * @filp: the description
 *
 * Return: a bucket of &aimlock_lock.by_filp.
 */
struct hlist_head *aimlock_inspect_by_filp(const struct aimlock_set *set, const void *filp)
{
	return bucket(set, 1, filp);
}

/**
 * aimlock_inspect_by_owner() - where to look for the POSIX locks of an owner
 * @set: a set that is complete
 * @owner: the owner
 *
 * Return: a bucket of &aimlock_lock.by_owner.
 */
struct hlist_head *aimlock_inspect_by_owner(const struct aimlock_set *set, const void *owner)
{
	return bucket(set, 2, owner);
}

/**
 * aimlock_inspect_index() - make the tables of a set
 * @set: a set to which nothing will be added any more
 *
 * Return: 0 or -ENOMEM.
 */
int aimlock_inspect_index(struct aimlock_set *set)
{
	struct aimlock_lock *lock;

	if (set->tables)
		return 0;
	set->bits = max(4, ilog2(set->n_locks + 1) + 1);
	set->tables = kvcalloc(3UL << set->bits, sizeof(*set->tables), GFP_KERNEL_ACCOUNT);
	if (!set->tables)
		return -ENOMEM;
	aimlock_for_each_lock(lock, set) {
		INIT_LIST_HEAD(&lock->holders);
		hlist_add_head(&lock->by_core, by_core(set, lock->core));
		hlist_add_head(&lock->by_filp, aimlock_inspect_by_filp(set, lock->filp));
		if (lock->kind == AIMLOCK_LOCK_KIND_POSIX)
			hlist_add_head(&lock->by_owner,
				       aimlock_inspect_by_owner(set, lock->owner));
	}
	return 0;
}

static bool is_same(const struct aimlock_lock *lock, lock_core *core)
{
	return lock->core == core && lock->filp == lk(core, file) &&
	       lock->owner == lk(core, owner) && lock->taker == (int)lk(core, pid);
}

static void recount_lock(lock_core *core, enum aimlock_lock_kind list, void *data)
{
	struct aimlock_set *set = data;
	struct aimlock_lock *lock;

	hlist_for_each_entry(lock, by_core(set, core), by_core) {
		if (!is_same(lock, core))
			continue;
		lock->listed = true;
		lock->refs = file_count(lk(core, file));
	}
}

/* One lock of each description stands for it. */
static struct aimlock_lock *deputy_of(const struct aimlock_set *set,
				      const struct aimlock_lock *lock)
{
	struct aimlock_lock *first;

	hlist_for_each_entry(first, aimlock_inspect_by_filp(set, lock->filp), by_filp)
		if (first->filp == lock->filp)
			return first;
	return NULL;	/* not reached: it is in the table itself */
}

/**
 * aimlock_inspect_pinned() - the description of a lock
 * @set: an indexed set
 * @lock: one of its locks
 *
 * Return: the description if aimlock_inspect_pin() took a reference, or NULL.
 */
struct file *aimlock_inspect_pinned(const struct aimlock_set *set,
				    const struct aimlock_lock *lock)
{
	return deputy_of(set, lock)->pin;
}

/**
 * aimlock_inspect_recount() - which locks are still there, and by how many
 * references
 * @set: an indexed set
 *
 * Sets listed and refs; a reference of our own doesn't count.
 */
void aimlock_inspect_recount(struct aimlock_set *set)
{
	struct aimlock_lock *lock;
	struct aimlock_part *part;

	aimlock_for_each_lock(lock, set)
		lock->listed = false;
	aimlock_for_each_part(part, set)
		if (part->n)
			visit_all(part->inode, NULL, U32_MAX, recount_lock, NULL, set);
	aimlock_for_each_lock(lock, set)
		if (lock->listed && aimlock_inspect_pinned(set, lock))
			lock->refs--;
}

static void pin_lock(lock_core *core, enum aimlock_lock_kind list, void *data)
{
	struct aimlock_set *set = data;
	struct aimlock_lock *lock, *deputy;

	hlist_for_each_entry(lock, by_core(set, core), by_core) {
		if (!lock->wanted || !is_same(lock, core))
			continue;
		deputy = deputy_of(set, lock);
		if (!deputy->pin)
			deputy->pin = file_pin(&lk(core, file));
	}
}

/**
 * aimlock_inspect_pin() - take a reference to the descriptions of wanted locks
 * @set: an indexed set of one file
 *
 * Only for a clear: a reference delays the release of the lock.  A description
 * that is about to end gets none.
 */
void aimlock_inspect_pin(struct aimlock_set *set)
{
	struct inode *inode = set->parts->inode;
	struct aimlock_lock *lock;

	visit_all(inode, NULL, U32_MAX, pin_lock, NULL, set);
	/* A lock that a broken filesystem leaked may name any description. */
	aimlock_for_each_lock(lock, set) {
		if (lock->pin && file_inode(lock->pin) != inode) {
			fput(lock->pin);
			lock->pin = NULL;
		}
	}
}

/**
 * aimlock_inspect_unpin() - undo aimlock_inspect_pin()
 * @set: what was given to it
 */
void aimlock_inspect_unpin(struct aimlock_set *set)
{
	struct aimlock_lock *lock;

	aimlock_for_each_lock(lock, set) {
		if (lock->pin)
			fput(lock->pin);
		lock->pin = NULL;
	}
}

/**
 * aimlock_inspect_leave() - let go of the filesystems of a set
 * @set: the set; its paths are not to be used any more
 */
void aimlock_inspect_leave(struct aimlock_set *set)
{
	struct aimlock_part *part;

	aimlock_for_each_part(part, set)
		let_go(part);
}

/**
 * aimlock_inspect_drop_holders() - forget what was found to reach a lock
 * @lock: a lock of an indexed set
 */
void aimlock_inspect_drop_holders(struct aimlock_lock *lock)
{
	struct aimlock_holder *holder, *next;

	list_for_each_entry_safe(holder, next, &lock->holders, node) {
		put_cred(holder->cred);
		kfree(holder);
	}
	INIT_LIST_HEAD(&lock->holders);
	lock->n_holders = 0;
}

/**
 * aimlock_inspect_free() - free what a set holds
 * @set: the set; all zero afterwards
 */
void aimlock_inspect_free(struct aimlock_set *set)
{
	struct aimlock_part *part;
	struct aimlock_lock *lock;
	u32 i;

	aimlock_for_each_lock(lock, set) {
		if (set->tables)
			aimlock_inspect_drop_holders(lock);
		put_pid(lock->taker_pid);
	}
	for (i = 0; i < set->n_waiters; i++)
		put_cred(set->waiters[i].who.cred);
	aimlock_inspect_leave(set);
	aimlock_for_each_part(part, set) {
		if (part->file)
			aimlock_registry_put(part->file);
		kfree(part->found_at);
	}
	kvfree(set->tables);
	kvfree(set->waiters);
	kvfree(set->locks);
	kvfree(set->parts);
	memset(set, 0, sizeof(*set));
}

static bool is_own(const struct cred *its, const struct cred *cred)
{
	return its->user_ns == cred->user_ns &&
	       uid_eq(cred->fsuid, its->uid) && uid_eq(cred->fsuid, its->euid) &&
	       uid_eq(cred->fsuid, its->suid) && gid_eq(cred->fsgid, its->gid) &&
	       gid_eq(cred->fsgid, its->egid) && gid_eq(cred->fsgid, its->sgid) &&
	       cap_issubset(its->cap_permitted, cred->cap_effective);
}

/* CAP_SYS_PTRACE in a user namespace, as cap_capable() has it: by right of being its
 * owner, too.
 */
static bool may_trace(const struct cred *cred, const struct user_namespace *ns)
{
	while (ns != cred->user_ns) {
		if (ns->level <= cred->user_ns->level)
			return false;
		if (ns->parent == cred->user_ns && uid_eq(ns->owner, cred->euid))
			return true;
		ns = ns->parent;
	}
	return cap_raised(cred->cap_effective, CAP_SYS_PTRACE);
}

/**
 * aimlock_inspect_may_see() - may a reader know of a holder?
 * @holder: the holder
 * @cred: the reader's credentials
 * @all: the reader has CAP_SYS_PTRACE in the initial user namespace
 *
 * The rule of /proc/PID/fdinfo: own processes that have no more rights, and those of
 * user namespaces that the reader may trace in.  One that isn't dumpable is only for
 * those who may see all.
 */
bool aimlock_inspect_may_see(const struct aimlock_holder *holder, const struct cred *cred,
			     bool all)
{
	const struct cred *its = holder->cred;

	if (all || !holder->pid)
		return true;
	return its && holder->dumpable && (is_own(its, cred) || may_trace(cred, its->user_ns));
}

/**
 * aimlock_inspect_has_locks() - is there any lock on an inode?
 * @inode: the inode
 */
bool aimlock_inspect_has_locks(struct inode *inode)
{
	struct file_lock_context *ctx = locks_inode_context(inode);
	bool any;

	if (!ctx)
		return false;
	spin_lock(&ctx->flc_lock);
	any = !list_empty(&ctx->flc_flock) || !list_empty(&ctx->flc_posix) ||
	      !list_empty(&ctx->flc_lease);
	spin_unlock(&ctx->flc_lock);
	return any;
}

struct path_finder {
	const struct inode *inode;
	struct path *path;
	bool found;
};

/* A lock that a broken filesystem leaked may name any description. */
static void take_path(lock_core *core, enum aimlock_lock_kind list, void *data)
{
	struct path_finder *finder = data;
	const struct file *filp = lk(core, file);

	if (finder->found || !filp || file_inode(filp) != finder->inode)
		return;
	*finder->path = filp->f_path;
	path_get(finder->path);
	finder->found = true;
}

/**
 * aimlock_inspect_get_path() - by which path is one of an inode's locks there?
 * @inode: the inode, referenced; its filesystem is active
 * @path: set, with a reference, to the path of a lock's description
 *
 * That reference keeps the filesystem active, and delays the release of no lock.
 *
 * Return: false if the inode has no lock (any more).
 */
bool aimlock_inspect_get_path(struct inode *inode, struct path *path)
{
	struct path_finder finder = {
		.inode = inode,
		.path = path,
	};
	struct aimlock_place first = {};

	visit_all(inode, &first, 0, take_path, NULL, &finder);
	return finder.found;
}
