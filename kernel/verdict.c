// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdict: what is proven of a lock, from what reaches it now and from what was
 * seen of it before.
 *
 * The proof is never "the pid is dead".  It is "no process reaches it, each
 * reference is accounted for, and it was so for a while".  In doubt the more
 * cautious verdict is said.
 *
 * What was seen is kept in a tree for each file (&aimlock_file.seen, under
 * &aimlock_file.lock), by the address of the kernel's record of the lock.  Of locks
 * on files that aren't registered only those are kept that look orphaned or
 * unreachable, for some minutes, in a tree of their own.
 */
#include "verdict.h"
#include "compat.h"
#include "lease.h"
#include "registry.h"
#include "walk.h"

#include <linux/random.h>
#include <linux/rbtree.h>
#include <linux/sched/signal.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/pid_namespace.h>
#include <linux/timekeeping.h>

#define NO_SUSPICION	AIMLOCK_VERDICT_LIVE
#define STRANGERS_MAX	16384
#define STRANGERS_NS	(600 * NSEC_PER_SEC)

/* A lock that was seen.  The same one again: core, filp, owner, taker, kind. */
struct sighting {
	struct rb_node node;
	const void *core;
	const void *filp;
	const void *owner;
	pid_t taker;
	enum aimlock_lock_kind kind;

	struct pid *taker_pid;
	u64 serial;
	u64 first_seen;
	u32 look;

	enum aimlock_verdict suspicion;
	u64 suspected;		/* first seen so, and never otherwise since */
	u64 watched;		/* the same, in the same queues and without a long gap */
	u64 last;
	u64 queued;
	u32 looks;		/* since watched */

	bool pinned;		/* by a clear, which has a reference to its description */
	u32 pins;		/* how often it was */
};

static atomic64_t last_serial;
static siphash_key_t id_key;

static DEFINE_MUTEX(strangers_lock);
static struct rb_root strangers = RB_ROOT;	/* on files that aren't registered */
static u32 n_strangers;

static struct sighting *find(const struct rb_root *memory, const void *core)
{
	struct rb_node *node = memory->rb_node;

	while (node) {
		struct sighting *seen = rb_entry(node, struct sighting, node);

		if (core == seen->core)
			return seen;
		node = core < seen->core ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static void insert(struct rb_root *memory, struct sighting *new)
{
	struct rb_node **link = &memory->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (new->core < rb_entry(parent, struct sighting, node)->core)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, memory);
}

static void forget(struct rb_root *memory, struct sighting *seen)
{
	rb_erase(&seen->node, memory);
	put_pid(seen->taker_pid);
	kfree(seen);
}

static bool is_same(const struct sighting *seen, const struct aimlock_lock *lock)
{
	return seen->filp == lock->filp && seen->owner == lock->owner &&
	       seen->taker == lock->taker && seen->kind == lock->kind;
}

/* The process of that number, if there is one now. */
static struct pid *get_taker(pid_t taker)
{
	struct pid *pid = NULL;

	if (taker <= 0)
		return NULL;
	rcu_read_lock();
	pid = find_pid_ns(taker, &init_pid_ns);
	if (pid && pid_task(pid, PIDTYPE_TGID))
		get_pid(pid);
	else
		pid = NULL;
	rcu_read_unlock();
	return pid;
}

/* A zombie is gone: none of its threads can come back to the lock. */
static bool taker_exists(const struct aimlock_lock *lock)
{
	struct task_struct *task;
	bool exists = false;

	if (lock->taker <= 0)
		return true;
	if (!lock->taker_pid)
		return false;
	rcu_read_lock();
	task = pid_task(lock->taker_pid, PIDTYPE_TGID);
	if (task)
		exists = atomic_read(&task->signal->live) > 0;
	rcu_read_unlock();
	return exists;
}

/* Whoever looks at files that aren't registered pays: anybody may. */
static struct sighting *first_sight(struct rb_root *memory, const struct aimlock_lock *lock)
{
	struct sighting *seen = kzalloc(sizeof(*seen), memory == &strangers ?
					GFP_KERNEL_ACCOUNT : GFP_KERNEL);

	if (!seen)
		return NULL;
	seen->core = lock->core;
	seen->filp = lock->filp;
	seen->owner = lock->owner;
	seen->taker = lock->taker;
	seen->kind = lock->kind;
	seen->taker_pid = get_taker(lock->taker);
	seen->serial = atomic64_inc_return(&last_serial);
	seen->first_seen = ktime_get_boottime_ns();
	seen->suspicion = NO_SUSPICION;
	insert(memory, seen);
	return seen;
}

/* All that were not seen since that look began. */
static void forget_the_gone(struct aimlock_file *file, u32 look)
{
	struct rb_node *node, *next;

	for (node = rb_first(&file->seen); node; node = next) {
		struct sighting *seen = rb_entry(node, struct sighting, node);

		next = rb_next(node);
		if ((s32)(seen->look - look) < 0)
			forget(&file->seen, seen);
	}
}

static u64 lock_id(const struct aimlock_lock *lock)
{
	u64 id = siphash_4u64(lock->serial, lock->start, lock->end,
			      (u64)lock->kind << 32 | lock->mode, &id_key);

	return id ? id : 1;
}

static struct sighting *find_same(struct rb_root *memory, const struct aimlock_lock *lock)
{
	struct sighting *seen = find(memory, lock->core);

	if (!seen || is_same(seen, lock))
		return seen;
	forget(memory, seen);
	return NULL;
}

static void recognize(struct aimlock_lock *lock, const struct sighting *seen)
{
	lock->taker_pid = get_pid(seen->taker_pid);
	lock->serial = seen->serial;
	lock->pins = seen->pins;
	lock->first_seen = seen->first_seen;
	lock->id = lock_id(lock);
}

static int recall(struct aimlock_file *file, struct aimlock_set *set,
		  struct aimlock_part *part, struct aimlock_place *place)
{
	struct aimlock_lock *lock;
	struct sighting *seen;
	u32 look;

	lockdep_assert_held(&file->lock);
	file->look++;
	look = place && place->look ? place->look : file->look;
	aimlock_for_each_part_lock(lock, set, part) {
		seen = find_same(&file->seen, lock);
		if (!seen)
			seen = first_sight(&file->seen, lock);
		if (!seen)
			return -ENOMEM;
		seen->look = file->look;
		recognize(lock, seen);
	}
	if (place && place->more)
		place->look = look;
	else
		forget_the_gone(file, look);
	return 0;
}

static void forget_stranger(struct sighting *seen)
{
	forget(&strangers, seen);
	n_strangers--;
}

static void recall_strangers(struct aimlock_set *set, struct aimlock_part *part)
{
	struct aimlock_lock *lock;
	struct sighting *seen;

	mutex_lock(&strangers_lock);
	aimlock_for_each_part_lock(lock, set, part) {
		seen = find(&strangers, lock->core);
		if (seen && !is_same(seen, lock)) {
			forget_stranger(seen);
			seen = NULL;
		}
		if (seen)
			recognize(lock, seen);
		else
			lock->taker_pid = get_taker(lock->taker);
	}
	mutex_unlock(&strangers_lock);
}

/* Nothing was found that can use the lock: what may be said of it? */
static enum aimlock_verdict judge_unreached(const struct aimlock_lock *lock)
{
	if (aimlock_is_by_description(lock)) {
		if ((lock->backs_loop || lock->backs_swap) && lock->refs > lock->flights)
			return AIMLOCK_VERDICT_PINNED;
		/* it ends just now, or moved while it was looked for */
		if (!lock->refs || lock->flights > lock->refs)
			return AIMLOCK_VERDICT_SUSPECT;
	}
	if (lock->taker_exists)
		return AIMLOCK_VERDICT_PINNED;
	if (aimlock_is_by_description(lock) && lock->flights == lock->refs)
		return AIMLOCK_VERDICT_ORPHANED;
	return lock->blind ? AIMLOCK_VERDICT_SUSPECT : AIMLOCK_VERDICT_UNREACHABLE;
}

static enum aimlock_verdict judge(const struct aimlock_lock *lock)
{
	if (lock->ours)
		return lock->leased ? AIMLOCK_VERDICT_LEASED : AIMLOCK_VERDICT_HELD;
	if (lock->manager)
		return AIMLOCK_VERDICT_REMOTE;
	if (lock->reached)
		return lock->by_taker ? AIMLOCK_VERDICT_LIVE : AIMLOCK_VERDICT_INHERITED;
	/* ksmbd's and 9p's: a POSIX lock of a description that nobody has open */
	if (lock->kind == AIMLOCK_LOCK_KIND_POSIX && lock->owner == lock->filp)
		return AIMLOCK_VERDICT_REMOTE;
	return judge_unreached(lock);
}

static bool is_serious(enum aimlock_verdict verdict)
{
	return verdict == AIMLOCK_VERDICT_ORPHANED || verdict == AIMLOCK_VERDICT_UNREACHABLE;
}

/* A clear had a reference to it for some of the look: that doesn't count, but was counted. */
static bool is_disturbed(const struct aimlock_set *set, const struct sighting *seen,
			 const struct aimlock_lock *lock)
{
	return !lock->reached && !aimlock_inspect_pinned(set, lock) &&
	       (seen->pinned || seen->pins != lock->pins);
}

static u32 left_of(u64 grace, u64 passed)
{
	return passed < grace ? DIV_ROUND_UP_ULL(grace - passed, NSEC_PER_MSEC) : 0;
}

/*
 * Orphaned or unreachable is said of a lock that was seen so over the time of
 * grace.  To be cleared it must have been watched as well: a few looks that lie
 * far apart may have met as many hand-overs with a life between them.  Looks in
 * passing don't count as watching.
 */
static void settle_suspicion(const struct aimlock_set *set, struct sighting *seen,
			     struct aimlock_lock *lock, u64 grace)
{
	u64 now = ktime_get_boottime_ns();
	u64 gap = max_t(u64, grace, 2 * NSEC_PER_SEC);

	if (seen->suspicion != lock->verdict) {
		seen->suspicion = lock->verdict;
		seen->suspected = now;
		seen->looks = 0;
	}
	lock->suspect_ms = left_of(grace, now - seen->suspected);
	if (set->passing) {
		if (seen->queued != lock->queued)
			seen->looks = 0;
		return;
	}
	/* a pinned one was watched just before, however long the rest took */
	if (!seen->looks || seen->queued != lock->queued ||
	    (now - seen->last > gap && !aimlock_inspect_pinned(set, lock))) {
		seen->watched = now;
		seen->looks = 0;
	}
	seen->looks++;
	seen->last = now;
	seen->queued = lock->queued;
	lock->watch_ms = left_of(grace, now - seen->watched);
	if (grace && seen->looks < AIMLOCK_LOOKS)
		lock->watch_ms = max(lock->watch_ms, 1U);
}

/* What follows, before grace. */
static void judge_anew(struct aimlock_lock *lock, u32 grace_ms)
{
	lock->taker_exists = taker_exists(lock);
	lock->verdict = judge(lock);
	lock->suspected = lock->verdict;
	lock->suspect_ms = grace_ms;
	lock->watch_ms = grace_ms;
}

static void settle(const struct aimlock_set *set, struct sighting *seen,
		   struct aimlock_lock *lock, u32 grace_ms)
{
	if (seen && is_disturbed(set, seen, lock)) {
		/* nothing was learned */
		lock->verdict = AIMLOCK_VERDICT_SUSPECT;
		if (is_serious(seen->suspicion))
			lock->verdict = seen->suspicion;
		return;
	}
	if (seen && is_serious(lock->verdict))
		settle_suspicion(set, seen, lock, (u64)grace_ms * NSEC_PER_MSEC);
	else if (seen)
		seen->suspicion = NO_SUSPICION;
	if (is_serious(lock->verdict) && lock->suspect_ms)
		lock->verdict = AIMLOCK_VERDICT_SUSPECT;
}

static void settle_part(struct aimlock_set *set, const struct aimlock_part *part)
{
	struct aimlock_file *file = part->file;
	struct aimlock_lock *lock;
	struct sighting *seen;

	mutex_lock(&file->lock);
	aimlock_for_each_part_lock(lock, set, part) {
		seen = find(&file->seen, lock->core);
		/* another look may have met the next lock of the same record */
		if (seen && seen->serial != lock->serial)
			seen = NULL;
		judge_anew(lock, file->grace_ms);
		settle(set, seen, lock, file->grace_ms);
	}
	mutex_unlock(&file->lock);
}

/* If there is no room for it, it stays suspect. */
static struct sighting *remember_stranger(struct aimlock_lock *lock)
{
	struct sighting *seen = NULL;

	if (n_strangers < STRANGERS_MAX)
		seen = first_sight(&strangers, lock);
	if (!seen)
		return NULL;
	n_strangers++;
	lock->serial = seen->serial;
	lock->first_seen = seen->first_seen;
	return seen;
}

static void settle_stranger(const struct aimlock_set *set, struct aimlock_lock *lock)
{
	struct sighting *seen = find(&strangers, lock->core);

	if (seen && !is_same(seen, lock))
		seen = NULL;	/* another look has met another one */
	judge_anew(lock, AIMLOCK_GRACE_DEFAULT);
	if (!is_serious(lock->verdict)) {
		if (seen)
			forget_stranger(seen);
		return;
	}
	if (!seen && !find(&strangers, lock->core))
		seen = remember_stranger(lock);
	settle(set, seen, lock, AIMLOCK_GRACE_DEFAULT);
}

static void settle_strangers(struct aimlock_set *set, const struct aimlock_part *part)
{
	struct aimlock_lock *lock;

	mutex_lock(&strangers_lock);
	aimlock_for_each_part_lock(lock, set, part)
		settle_stranger(set, lock);
	mutex_unlock(&strangers_lock);
}

static struct aimlock_holder *describe_ours(struct aimlock_lock *lock,
					    enum aimlock_holder_kind kind, const char *name)
{
	struct aimlock_holder *holder = kzalloc(sizeof(*holder), GFP_KERNEL);

	if (!holder)
		return NULL;
	holder->kind = kind;
	holder->fd = -1;
	strscpy(holder->comm, name, sizeof(holder->comm));
	list_add_tail(&holder->node, &lock->holders);
	lock->n_holders++;
	return holder;
}

/* Its taker is who has the lease now, whoever was recorded when the lock was taken. */
static void describe_lease(struct aimlock_file *file, struct aimlock_lock *lock)
{
	struct aimlock_holder *holder = describe_ours(lock, AIMLOCK_HOLDER_KIND_AIMLOCK, "");

	/* the file was replaced under the lease: who has it is told of the new one */
	if (!holder || !file || !aimlock_lease_holder(file, holder))
		return;
	lock->taker = holder->pid;
	lock->taker_exists = holder->state != 'X';
}

/* Holders that are no processes. */
static void add_other_holders(struct aimlock_file *file, struct aimlock_lock *lock)
{
	if (lock->verdict == AIMLOCK_VERDICT_LEASED)
		describe_lease(file, lock);
	if (lock->verdict == AIMLOCK_VERDICT_HELD)
		describe_ours(lock, AIMLOCK_HOLDER_KIND_AIMLOCK, "");
	if (lock->verdict == AIMLOCK_VERDICT_REMOTE)
		describe_ours(lock, AIMLOCK_HOLDER_KIND_MANAGER, lock->manager_name);
	if (lock->verdict != AIMLOCK_VERDICT_PINNED || lock->refs <= lock->flights)
		return;
	if (lock->backs_loop)
		describe_ours(lock, AIMLOCK_HOLDER_KIND_LOOP, "");
	if (lock->backs_swap)
		describe_ours(lock, AIMLOCK_HOLDER_KIND_SWAP, "");
}

/**
 * aimlock_verdict_add() - copy the locks of a registered file into a set, and
 * recall them
 * @set: the set; all zero at first
 * @file: the file
 * @place: as for aimlock_inspect_add()
 *
 * A lock's taker is known by identity from here on.
 *
 * Return: as aimlock_inspect_add().
 */
int aimlock_verdict_add(struct aimlock_set *set, struct aimlock_file *file,
			struct aimlock_place *place)
{
	int ret = aimlock_inspect_add(set, file, place);

	if (ret)
		return ret;
	mutex_lock(&file->lock);
	ret = recall(file, set, &set->parts[set->n_parts - 1], place);
	mutex_unlock(&file->lock);
	return ret;
}

/**
 * aimlock_verdict_add_inode() - copy the locks of any file into a set, and recall
 * them
 * @set: the set
 * @inode: the file
 * @path: as for aimlock_inspect_add_inode()
 * @file: what it is registered as, or NULL
 * @place: as for aimlock_inspect_add()
 *
 * Of locks on a file that isn't registered nothing is known but what there is to
 * see now; the taker is who has its number now.
 *
 * Return: 0 or -ENOMEM.
 */
int aimlock_verdict_add_inode(struct aimlock_set *set, struct inode *inode,
			      const struct path *path, struct aimlock_file *file,
			      struct aimlock_place *place)
{
	int ret = aimlock_inspect_add_inode(set, inode, path, file, place);

	if (ret)
		return ret;
	if (!file) {
		recall_strangers(set, &set->parts[set->n_parts - 1]);
		return 0;
	}
	mutex_lock(&file->lock);
	ret = recall(file, set, &set->parts[set->n_parts - 1], place);
	mutex_unlock(&file->lock);
	return ret;
}

/**
 * aimlock_verdict_reach() - look for what reaches the locks of a set, and say
 * the verdict of each
 * @set: a complete set; may be looked at again
 *
 * Return: 0 or -ENOMEM.
 */
int aimlock_verdict_reach(struct aimlock_set *set)
{
	struct aimlock_part *part;
	struct aimlock_lock *lock;
	int ret = aimlock_walk(set);

	if (ret)
		return ret;
	aimlock_for_each_part(part, set) {
		if (part->file)
			settle_part(set, part);
		else
			settle_strangers(set, part);
	}
	aimlock_for_each_part(part, set)
		aimlock_for_each_part_lock(lock, set, part)
			add_other_holders(part->file, lock);
	return 0;
}

static void mark(struct aimlock_set *set, bool pinned)
{
	struct aimlock_part *part = set->parts;
	struct aimlock_lock *lock;
	struct sighting *seen;

	mutex_lock(&part->file->lock);
	aimlock_for_each_part_lock(lock, set, part) {
		seen = lock->wanted ? find(&part->file->seen, lock->core) : NULL;
		if (!seen || seen->serial != lock->serial)
			continue;
		seen->pinned = pinned;
		seen->pins++;
	}
	mutex_unlock(&part->file->lock);
}

/**
 * aimlock_verdict_pin() - take a reference to the descriptions of wanted locks
 * @set: a set of one file that was looked at
 *
 * Others who look meanwhile are not misled by it.  See aimlock_inspect_pin().
 */
void aimlock_verdict_pin(struct aimlock_set *set)
{
	mark(set, true);
	aimlock_inspect_pin(set);
}

/**
 * aimlock_verdict_unpin() - undo aimlock_verdict_pin()
 * @set: what was given to it
 */
void aimlock_verdict_unpin(struct aimlock_set *set)
{
	aimlock_inspect_unpin(set);
	mark(set, false);
}

/**
 * aimlock_verdict_look() - look at one file
 * @set: an empty set; to be freed by aimlock_inspect_free(), also after an error
 * @file: the file
 *
 * Return: as aimlock_verdict_add() and aimlock_verdict_reach().
 */
int aimlock_verdict_look(struct aimlock_set *set, struct aimlock_file *file)
{
	int ret = aimlock_verdict_add(set, file, NULL);

	return ret ? ret : aimlock_verdict_reach(set);
}

/**
 * aimlock_verdict_first_look() - look at a file that was just registered
 * @file: the file
 *
 * So that its takers are known by identity, and grace begins.
 */
void aimlock_verdict_first_look(struct aimlock_file *file)
{
	struct aimlock_set set = {};

	aimlock_verdict_look(&set, file);	/* if it fails, the next one is the first */
	aimlock_inspect_free(&set);
}

/**
 * aimlock_verdict_sum() - what the locks of a file amount to
 * @set: a set that was looked at
 * @part: the file
 */
struct aimlock_summary aimlock_verdict_sum(const struct aimlock_set *set,
					   const struct aimlock_part *part)
{
	struct aimlock_summary sum = {
		.state = part->present ? AIMLOCK_STATE_FREE : AIMLOCK_STATE_MISSING,
	};
	const struct aimlock_lock *lock;

	aimlock_for_each_part_lock(lock, set, part) {
		if (!lock->listed)
			continue;
		/* both are ordered by gravity */
		sum.state = max_t(u32, sum.state, AIMLOCK_STATE_LIVE + lock->verdict);
		sum.locks++;
		sum.orphans += lock->verdict == AIMLOCK_VERDICT_ORPHANED;
		sum.waiters += lock->waiters;
	}
	if (part->held)
		sum.state = AIMLOCK_STATE_HELD;
	return sum;
}

/**
 * aimlock_verdict_state_name() - a state as users read it
 * @state: the state
 */
const char *aimlock_verdict_state_name(enum aimlock_state state)
{
	static const char * const names[] = {
		[AIMLOCK_STATE_MISSING] = "missing",
		[AIMLOCK_STATE_FREE] = "free",
		[AIMLOCK_STATE_LIVE] = "live",
		[AIMLOCK_STATE_INHERITED] = "inherited",
		[AIMLOCK_STATE_REMOTE] = "remote",
		[AIMLOCK_STATE_PINNED] = "pinned",
		[AIMLOCK_STATE_SUSPECT] = "suspect",
		[AIMLOCK_STATE_UNREACHABLE] = "unreachable",
		[AIMLOCK_STATE_ORPHANED] = "orphaned",
		[AIMLOCK_STATE_LEASED] = "leased",
		[AIMLOCK_STATE_HELD] = "held",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static void free_memory(struct rb_root *memory)
{
	struct sighting *seen, *next;

	rbtree_postorder_for_each_entry_safe(seen, next, memory, node) {
		put_pid(seen->taker_pid);
		kfree(seen);
	}
}

/**
 * aimlock_verdict_forget() - free what was seen of a file
 * @file: a file that nobody uses any more
 */
void aimlock_verdict_forget(struct aimlock_file *file)
{
	free_memory(&file->seen);
}

/**
 * aimlock_verdict_forget_strangers() - free what was seen long ago of locks on
 * files that aren't registered
 */
void aimlock_verdict_forget_strangers(void)
{
	u64 now = ktime_get_boottime_ns();
	struct rb_node *node, *next;

	mutex_lock(&strangers_lock);
	for (node = rb_first(&strangers); node; node = next) {
		struct sighting *seen = rb_entry(node, struct sighting, node);

		next = rb_next(node);
		if (now - seen->last > STRANGERS_NS)
			forget_stranger(seen);
	}
	mutex_unlock(&strangers_lock);
}

/**
 * aimlock_verdict_init() - make ready for the first look
 */
void aimlock_verdict_init(void)
{
	get_random_bytes(&id_key, sizeof(id_key));
}

/**
 * aimlock_verdict_exit() - forget all that was seen
 *
 * Nobody looks any more.
 */
void aimlock_verdict_exit(void)
{
	free_memory(&strangers);
}
