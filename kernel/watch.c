// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watch: notices that the state of a registered file may have changed, looks, and
 * tells if it has.
 *
 * Four things mark a file, and do no more than that:
 * - tracepoints of fs/locks.c, each time that a lock is taken, refused or dropped
 *   (those of leases fire before, so that some looks follow);
 * - an fsnotify mark on the inode, when it is renamed, deleted or unmounted, and
 *   when it is closed while it has leases; for a missing file on what there is of
 *   its path, when something appears there;
 * - the tracepoint of exit(2), for processes that were seen to reach a lock, or to
 *   have taken one;
 * - what this module has done itself.
 *
 * Nothing tells that a descriptor was passed on, that a waiter gave up, that a
 * directory above was renamed, or that the time of grace is over.  So a marked file
 * is looked at again, at growing intervals: up to PAUSE_LOCKED while something
 * locks it, PAUSE_FREE else, and when the next suspect's grace ends.
 *
 * A look has two steps.  The first, a work item of each file, looks up the path and
 * whether there are locks; it may hang with the filesystem, and hangs alone.
 * Verdicts are for the second: one work item looks at all files that wait for one,
 * in one walk over the processes, and then rests for so long that walking takes no
 * more than a part in SHARE of a CPU.
 *
 * The probes run under the spinlocks of fs/locks.c and fire for each lock of the
 * host: one look-up in a hash by the address of the inode, a bit and queue_work().
 * They are there only while files are registered.  watch_lock guards what the two
 * steps share; &aimlock_watch.bound belongs to the first step alone.
 */
#include "watch.h"
#include "compat.h"
#include "events.h"
#include "registry.h"
#include "verdict.h"

#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/ktime.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include <trace/events/filelock.h>
#include <trace/events/sched.h>

#define PAUSE		max(msecs_to_jiffies(10), 1UL)	/* the shortest between two looks */
#define PAUSE_LOCKED	(2 * HZ)
#define PAUSE_FREE	(10 * HZ)
#define PROBES_IDLE	(10 * HZ)
#define UNSETTLED	(2 * HZ)	/* a change that is told early has come by then */
#define SHARE		20

#define LOCKS_AT_ONCE	16384
#define PIDS_BITS	14
#define PIDS_KEPT	(10 * HZ)

#define CLOSED		(FS_CLOSE_WRITE | FS_CLOSE_NOWRITE)
#define EVENTS_OF_FILE	(FS_ATTRIB | FS_MOVE_SELF | FS_DELETE_SELF | CLOSED)
#define EVENTS_ABOVE	(FS_CREATE | FS_MOVED_TO | FS_MOVE_SELF | FS_DELETE_SELF)

/**
 * struct aimlock_watch - what is known of one file
 * @file: the file
 * @refs: one of the file, one of each binding
 * @node: in watches
 * @marked: bit 0: it may have changed since the last look began
 * @mark: has it looked at soon
 * @look: the first step
 * @wait: in to_judge or judging_now
 * @judging: it waits for the second step, or is in it
 * @again: it was to be looked at meanwhile
 * @stopped: no look may begin any more
 * @looked: when the last one began, in jiffies
 * @pause: until the next one
 * @settled: when what was told early has come, in jiffies
 * @leased: there were leases
 * @pids: who reached its locks or took them, coarsely hashed
 * @bound: to what the path led, or NULL
 * @free: frees it, when no probe can see it any more
 */
struct aimlock_watch {
	struct aimlock_file *file;
	refcount_t refs;
	struct list_head node;
	unsigned long marked;
	struct work_struct mark;
	struct delayed_work look;
	struct list_head wait;
	bool judging;
	bool again;
	bool stopped;
	unsigned long looked;
	unsigned long pause;
	unsigned long settled;
	bool leased;
	unsigned long pids;
	struct binding *bound;
	struct rcu_work free;
};

/* The inode to which the path of a file led, kept in memory by the fsnotify mark. */
struct binding {
	struct fsnotify_mark mark;
	struct hlist_node node;		/* in bindings, if it is the file itself */
	const struct inode *inode;
	struct aimlock_watch *watch;
	unsigned long armed;		/* bit 0: neither the kernel nor we have ended it */
	struct rcu_head rcu;
};

static DEFINE_HASHTABLE(bindings, 12);
static DEFINE_MUTEX(watches_lock);	/* guards watches and bindings against writers */
static LIST_HEAD(watches);

static DEFINE_SPINLOCK(watch_lock);
static LIST_HEAD(to_judge);
static LIST_HEAD(judging_now);
static DECLARE_WAIT_QUEUE_HEAD(judged_queue);

static struct workqueue_struct *wq;
static struct fsnotify_group *group;

static bool is_locked(enum aimlock_state state)
{
	return state != AIMLOCK_STATE_FREE && state != AIMLOCK_STATE_MISSING;
}

/* --- marks: from probes, in whatever context --- */

static void mark(struct aimlock_watch *watch)
{
	smp_mb__before_atomic();	/* a look that has cleared the bit sees the change */
	if (!test_and_set_bit(0, &watch->marked))
		queue_work(wq, &watch->mark);
}

/* The change is yet to come. */
static void mark_early(struct aimlock_watch *watch)
{
	WRITE_ONCE(watch->settled, jiffies + UNSETTLED);
	mark(watch);
}

static void mark_inode(const struct inode *inode, void (*how)(struct aimlock_watch *watch))
{
	struct binding *binding;

	rcu_read_lock();
	hash_for_each_possible_rcu(bindings, binding, node, (unsigned long)inode)
		if (binding->inode == inode)
			how(binding->watch);
	rcu_read_unlock();
}

/* Takes the watch from its rest; the rest between two looks is kept. */
static void marked(struct work_struct *work)
{
	struct aimlock_watch *watch = container_of(work, struct aimlock_watch, mark);
	unsigned long soonest = READ_ONCE(watch->looked) + PAUSE;

	WRITE_ONCE(watch->pause, PAUSE);
	if (!READ_ONCE(watch->stopped))
		mod_delayed_work(wq, &watch->look,
				 time_after(soonest, jiffies) ? soonest - jiffies : 0);
}

/* --- processes whose end matters --- */

/*
 * Which pids reach a lock, or took one, as bits by their hash: those since the last
 * change of places, and those before.  Who is in neither was not seen for
 * PIDS_KEPT.
 */
static DECLARE_BITMAP(pids[2], 1 << PIDS_BITS);
static unsigned int pids_now;
static unsigned long pids_changed;

/* A coarser one: the files of which a process that has ended may matter. */
static unsigned long ended;

static unsigned int coarse(pid_t pid)
{
	return hash_32(pid, ilog2(BITS_PER_LONG));
}

static unsigned long keep_pid(pid_t pid)
{
	if (pid <= 0)
		return 0;
	set_bit(hash_32(pid, PIDS_BITS), pids[READ_ONCE(pids_now)]);
	return BIT(coarse(pid));
}

static bool is_kept(pid_t pid)
{
	u32 bit = hash_32(pid, PIDS_BITS);

	return test_bit(bit, pids[0]) || test_bit(bit, pids[1]);
}

static unsigned long keep_holders(const struct aimlock_lock *lock)
{
	unsigned long kept = keep_pid(lock->taker);
	const struct aimlock_holder *holder;

	list_for_each_entry(holder, &lock->holders, node)
		kept |= keep_pid(holder->pid);
	return kept;
}

static void change_pids(void)
{
	if (time_before(jiffies, pids_changed + PIDS_KEPT))
		return;
	bitmap_zero(pids[!pids_now], 1 << PIDS_BITS);
	WRITE_ONCE(pids_now, !pids_now);
	pids_changed = jiffies;
}

/* Some of them end, or did: one that still does has its files. */
static void mark_ended(struct work_struct *work)
{
	unsigned long who = xchg(&ended, 0);
	struct aimlock_watch *watch;

	mutex_lock(&watches_lock);
	list_for_each_entry(watch, &watches, node)
		if (READ_ONCE(watch->pids) & who)
			mark_early(watch);
	mutex_unlock(&watches_lock);
}

static DECLARE_DELAYED_WORK(exited, mark_ended);

/* --- the probes --- */

static void on_lock(void *data, struct inode *inode, struct file_lock *fl, int ret)
{
	mark_inode(inode, mark);
}

static void on_lease(void *data, struct inode *inode, lease_record *fl)
{
	mark_inode(inode, mark_early);
}

static EXIT_PROBE(on_exit)
{
	if (!is_kept(task->tgid))
		return;
	set_bit(coarse(task->tgid), &ended);
	smp_mb__after_atomic();		/* the work takes it, or is queued again */
	queue_delayed_work(wq, &exited, PAUSE);
}

static struct probe {
	const char *name;
	void *call;
	struct tracepoint *point;
} probes[] = {
	{ "flock_lock_inode", on_lock },
	{ "posix_lock_inode", on_lock },
	{ "generic_add_lease", on_lease },
	{ "generic_delete_lease", on_lease },
	{ "time_out_leases", on_lease },
	{ "sched_process_exit", on_exit },
};

/* The compiler compares the prototypes; registration by name can't. */
static void __maybe_unused check_prototypes(void)
{
	check_trace_callback_type_flock_lock_inode(on_lock);
	check_trace_callback_type_posix_lock_inode(on_lock);
	check_trace_callback_type_generic_add_lease(on_lease);
	check_trace_callback_type_generic_delete_lease(on_lease);
	check_trace_callback_type_time_out_leases(on_lease);
	check_trace_callback_type_sched_process_exit(on_exit);
}

static DEFINE_MUTEX(probes_lock);
static unsigned int probes_users;
static bool probes_registered;

static void find_point(struct tracepoint *point, void *data)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(probes[i].name, point->name))
			probes[i].point = point;
}

static void unregister_probes(unsigned int n)
{
	while (n--)
		if (probes[n].point)
			tracepoint_probe_unregister(probes[n].point, probes[n].call, NULL);
}

static int register_probes(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (!probes[i].point)
			continue;
		ret = tracepoint_probe_register(probes[i].point, probes[i].call, NULL);
		if (ret) {
			unregister_probes(i);
			return ret;
		}
	}
	return 0;
}

static int use_probes(void)
{
	int ret = 0;

	mutex_lock(&probes_lock);
	if (!probes_registered)
		ret = register_probes();
	if (!ret) {
		probes_registered = true;
		probes_users++;
	}
	mutex_unlock(&probes_lock);
	return ret;
}

static void drop_probes(struct work_struct *work)
{
	mutex_lock(&probes_lock);
	if (!probes_users && probes_registered) {
		unregister_probes(ARRAY_SIZE(probes));
		probes_registered = false;
	}
	mutex_unlock(&probes_lock);
}

static DECLARE_DELAYED_WORK(idle_probes, drop_probes);

/*
 * Any user may cause transient files to come and go: the text of the kernel isn't to be
 * patched each time.
 */
static void unuse_probes(bool transient)
{
	bool last;

	mutex_lock(&probes_lock);
	last = !--probes_users;
	mutex_unlock(&probes_lock);
	if (last && transient)
		mod_delayed_work(system_unbound_wq, &idle_probes, PROBES_IDLE);
	else if (last)
		drop_probes(NULL);
}

/* --- bindings --- */

static void free_watch(struct work_struct *work)
{
	struct aimlock_watch *watch = container_of(to_rcu_work(work), struct aimlock_watch, free);

	/* a late probe may have queued it */
	cancel_work_sync(&watch->mark);
	kfree(watch);
}

static void put_watch(struct aimlock_watch *watch)
{
	if (refcount_dec_and_test(&watch->refs))
		queue_rcu_work(wq, &watch->free);
}

static struct binding *binding_of(struct fsnotify_mark *mark)
{
	return container_of(mark, struct binding, mark);
}

static int on_inode_event(struct fsnotify_mark *fsn, u32 mask, struct inode *inode,
			  struct inode *dir, const struct qstr *name, u32 cookie)
{
	struct aimlock_watch *watch = binding_of(fsn)->watch;

	/* the last close drops a lease, and no tracepoint tells */
	if (!(mask & CLOSED) || READ_ONCE(watch->leased))
		mark_early(watch);
	return 0;
}

/* Also when the filesystem is unmounted, or the inode deleted. */
static void on_freeing(struct fsnotify_mark *fsn, struct fsnotify_group *of)
{
	struct binding *binding = binding_of(fsn);

	if (test_and_clear_bit(0, &binding->armed))
		mark_early(binding->watch);
}

static void free_binding(struct fsnotify_mark *fsn)
{
	struct binding *binding = binding_of(fsn);

	put_watch(binding->watch);
	kfree_rcu(binding, rcu);
}

static const struct fsnotify_ops fsnotify_ops = {
	.handle_inode_event = on_inode_event,
	.freeing_mark = on_freeing,
	.free_mark = free_binding,
};

static void unbind(struct aimlock_watch *watch)
{
	struct binding *binding = watch->bound;

	if (!binding)
		return;
	watch->bound = NULL;
	mutex_lock(&watches_lock);
	hash_del_rcu(&binding->node);
	mutex_unlock(&watches_lock);
	clear_bit(0, &binding->armed);
	fsnotify_destroy_mark(&binding->mark, group);
	fsnotify_put_mark(&binding->mark);
}

static struct binding *new_binding(struct aimlock_watch *watch, struct inode *inode, u32 events)
{
	struct binding *binding = kzalloc(sizeof(*binding), GFP_KERNEL);

	if (!binding)
		return NULL;
	refcount_inc(&watch->refs);
	binding->watch = watch;
	binding->inode = inode;
	set_bit(0, &binding->armed);
	INIT_HLIST_NODE(&binding->node);
	fsnotify_init_mark(&binding->mark, group);
	binding->mark.mask = events;
	if (add_dup_mark(&binding->mark, inode)) {
		clear_bit(0, &binding->armed);
		fsnotify_put_mark(&binding->mark);
		return NULL;
	}
	return binding;
}

static bool is_bound(const struct aimlock_watch *watch, const struct inode *inode)
{
	const struct binding *binding = watch->bound;

	return binding && binding->inode == inode && test_bit(0, &binding->armed);
}

/*
 * Have that inode mark the watch, from here on and none before.  What happened
 * between the look-up of the path and now is seen by the next look, which is soon.
 */
static void bind(struct aimlock_watch *watch, struct inode *inode, u32 events)
{
	if (is_bound(watch, inode))
		return;
	unbind(watch);
	watch->bound = new_binding(watch, inode, events);
	if (watch->bound && events == EVENTS_OF_FILE) {
		mutex_lock(&watches_lock);
		hash_add_rcu(bindings, &watch->bound->node, (unsigned long)inode);
		mutex_unlock(&watches_lock);
	}
	WRITE_ONCE(watch->settled, jiffies + PAUSE);
}

static void bind_above(struct aimlock_watch *watch)
{
	struct path path;

	if (aimlock_registry_resolve_above(watch->file, &path)) {
		unbind(watch);
		return;
	}
	bind(watch, d_backing_inode(path.dentry), EVENTS_ABOVE);
	path_put(&path);
}

/* --- what all looks end with --- */

static void tell(struct aimlock_file *file, enum aimlock_state state)
{
	struct aimlock_event event = {
		.file = file,
		.name = file->name,
		.reason = AIMLOCK_REASON_CHANGED,
		.state = state,
	};
	bool changed;

	mutex_lock(&file->lock);
	changed = !file->gone && file->told != state;
	if (changed)
		WRITE_ONCE(file->told, state);
	event.generation = file->generation;
	mutex_unlock(&file->lock);
	if (changed)
		aimlock_events_tell(&event);
}

/* A mark that comes first, or came already, makes it sooner. */
static void look_again(struct aimlock_watch *watch, bool restless, u32 within_ms)
{
	unsigned long pause = READ_ONCE(watch->pause), delay = PAUSE_FREE;

	if (restless || !watch->bound || time_before(jiffies, READ_ONCE(watch->settled)))
		delay = pause;
	WRITE_ONCE(watch->pause, min_t(unsigned long, 2 * pause, PAUSE_LOCKED));
	/* so that those of many files come together */
	if (delay >= HZ)
		delay = round_jiffies_relative(delay);
	if (within_ms)
		delay = min(delay, msecs_to_jiffies(within_ms) + 1);
	if (!READ_ONCE(watch->stopped))
		queue_delayed_work(wq, &watch->look, delay);
}

/* --- the second step --- */

static unsigned long judge_next;	/* not before, in jiffies */

static void judge(struct work_struct *work);
static DECLARE_DELAYED_WORK(judge_work, judge);

static void queue_judge(void)
{
	queue_delayed_work(wq, &judge_work, time_after(READ_ONCE(judge_next), jiffies) ?
			   READ_ONCE(judge_next) - jiffies : 0);
}

static struct aimlock_watch *next_to_judge(void)
{
	struct aimlock_watch *watch;

	spin_lock(&watch_lock);
	watch = list_first_entry_or_null(&judging_now, struct aimlock_watch, wait);
	if (watch)
		list_del_init(&watch->wait);
	spin_unlock(&watch_lock);
	return watch;
}

/* From here on the watch may be gone. */
static void end_judgement(struct aimlock_watch *watch, bool restless, u32 within_ms)
{
	spin_lock(&watch_lock);
	look_again(watch, restless, watch->again ? 1 : within_ms);
	watch->again = false;
	watch->judging = false;
	spin_unlock(&watch_lock);
	wake_up_all(&judged_queue);
}

static void judge_part(const struct aimlock_set *set, const struct aimlock_part *part)
{
	enum aimlock_state state = aimlock_verdict_sum(set, part).state;
	const struct aimlock_lock *lock;
	unsigned long kept = 0;
	bool leased = false;
	u32 within_ms = 0;

	aimlock_for_each_part_lock(lock, set, part) {
		kept |= keep_holders(lock);
		leased |= lock->kind == AIMLOCK_LOCK_KIND_LEASE;
		if (lock->listed && lock->verdict == AIMLOCK_VERDICT_SUSPECT &&
		    (!within_ms || lock->suspect_ms < within_ms))
			within_ms = max(lock->suspect_ms, 1U);
	}
	WRITE_ONCE(part->file->watch->leased, leased);
	WRITE_ONCE(part->file->watch->pids, kept);
	tell(part->file, state);
	end_judgement(part->file->watch, is_locked(state), within_ms);
}

/* As many as one walk takes; false at the end. */
static bool judge_some(void)
{
	struct aimlock_set set = { .passing = true };
	struct aimlock_watch *watch = NULL;
	struct aimlock_part *part;
	int ret;

	while (set.n_locks < LOCKS_AT_ONCE) {
		watch = next_to_judge();
		if (!watch)
			break;
		if (aimlock_verdict_add(&set, watch->file, NULL))
			end_judgement(watch, true, 0);
		cond_resched();
	}
	ret = set.n_parts ? aimlock_verdict_reach(&set) : 0;
	aimlock_inspect_leave(&set);
	aimlock_for_each_part(part, &set) {
		if (ret)
			end_judgement(part->file->watch, true, 0);
		else
			judge_part(&set, part);
	}
	aimlock_inspect_free(&set);
	return watch;
}

static void judge(struct work_struct *work)
{
	ktime_t begun;
	s64 rest;

	if (time_before(jiffies, READ_ONCE(judge_next))) {
		queue_judge();
		return;
	}
	change_pids();
	spin_lock(&watch_lock);
	list_splice_tail_init(&to_judge, &judging_now);
	spin_unlock(&watch_lock);
	begun = ktime_get();
	while (judge_some())
		;
	rest = min_t(s64, ktime_us_delta(ktime_get(), begun) * (SHARE - 1), USEC_PER_SEC * 600LL);
	WRITE_ONCE(judge_next, jiffies + max(PAUSE, usecs_to_jiffies(rest)));
}

/* --- the first step --- */

/* While the second step is to come, or under way, it is put off. */
static bool put_off(struct aimlock_watch *watch)
{
	bool off;

	spin_lock(&watch_lock);
	off = watch->judging;
	watch->again = off;
	spin_unlock(&watch_lock);
	return off;
}

static void begin_judgement(struct aimlock_watch *watch)
{
	spin_lock(&watch_lock);
	watch->judging = true;
	list_add_tail(&watch->wait, &to_judge);
	spin_unlock(&watch_lock);
	queue_judge();
}

static void look(struct work_struct *work)
{
	struct aimlock_watch *watch = container_of(to_delayed_work(work), struct aimlock_watch,
						   look);
	struct aimlock_file *file = watch->file;
	bool locked = false;
	struct path path;
	int ret;

	if (put_off(watch))
		return;
	clear_bit(0, &watch->marked);
	smp_mb__after_atomic();		/* what changes from here on marks it again */
	WRITE_ONCE(watch->looked, jiffies);
	ret = aimlock_registry_resolve(file, &path);
	if (!ret) {
		bind(watch, d_backing_inode(path.dentry), EVENTS_OF_FILE);
		locked = aimlock_inspect_has_locks(d_backing_inode(path.dentry));
		path_put(&path);
	} else if (ret == -ENOENT) {
		bind_above(watch);
	} else {
		look_again(watch, true, 0);	/* nothing is known */
		return;
	}
	if (locked && !READ_ONCE(file->hold)) {
		begin_judgement(watch);
		return;
	}
	WRITE_ONCE(watch->leased, false);
	WRITE_ONCE(watch->pids, 0);
	if (READ_ONCE(file->hold))
		tell(file, AIMLOCK_STATE_HELD);
	else
		tell(file, ret ? AIMLOCK_STATE_MISSING : AIMLOCK_STATE_FREE);
	look_again(watch, false, 0);
}

/* --- from the registry --- */

/**
 * aimlock_watch_setup() - make a new file ready to be watched
 * @file: a file that nobody can find yet; the event of its addition begins it
 *
 * Return: 0 or a negative errno.
 */
int aimlock_watch_setup(struct aimlock_file *file)
{
	struct aimlock_watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);
	int ret;

	if (!watch)
		return -ENOMEM;
	ret = use_probes();
	if (ret) {
		kfree(watch);
		return ret;
	}
	watch->file = file;
	refcount_set(&watch->refs, 1);
	INIT_WORK(&watch->mark, marked);
	INIT_DELAYED_WORK(&watch->look, look);
	INIT_RCU_WORK(&watch->free, free_watch);
	INIT_LIST_HEAD(&watch->wait);
	watch->looked = jiffies - PAUSE;
	watch->settled = jiffies;
	watch->pause = PAUSE;
	file->watch = watch;
	mutex_lock(&watches_lock);
	list_add_tail(&watch->node, &watches);
	mutex_unlock(&watches_lock);
	return 0;
}

static bool is_judged(struct aimlock_watch *watch)
{
	bool judged;

	spin_lock(&watch_lock);
	if (!list_empty(&watch->wait)) {
		list_del_init(&watch->wait);
		watch->judging = false;
	}
	judged = !watch->judging;
	spin_unlock(&watch_lock);
	return judged;
}

/**
 * aimlock_watch_teardown() - end the watch of a file
 * @file: a file that goes; no change of it is told any more
 *
 * Waits for a look that is under way.
 */
void aimlock_watch_teardown(struct aimlock_file *file)
{
	struct aimlock_watch *watch = file->watch;

	spin_lock(&watch_lock);		/* the second step looks under it */
	WRITE_ONCE(watch->stopped, true);
	spin_unlock(&watch_lock);
	cancel_work_sync(&watch->mark);
	cancel_delayed_work_sync(&watch->look);
	wait_event(judged_queue, is_judged(watch));
	unbind(watch);
}

/**
 * aimlock_watch_forget() - free what is known of a file
 * @file: a file that nobody uses any more
 */
void aimlock_watch_forget(struct aimlock_file *file)
{
	struct aimlock_watch *watch = file->watch;

	mutex_lock(&watches_lock);
	list_del(&watch->node);
	mutex_unlock(&watches_lock);
	put_watch(watch);
	unuse_probes(file->transient);
}

/* What this module did may have changed the state, or when it will change. */
static int hear(struct notifier_block *nb, unsigned long reason, void *data)
{
	const struct aimlock_event *event = data;

	if (reason == AIMLOCK_REASON_REMOVED || reason == AIMLOCK_REASON_CHANGED)
		return NOTIFY_DONE;
	mark(event->file->watch);
	return NOTIFY_OK;
}

static struct notifier_block listener = {
	.notifier_call = hear,
};

/**
 * aimlock_watch_init() - make ready for the first file
 *
 * Return: 0 or a negative errno.
 */
int aimlock_watch_init(void)
{
	int ret;

	for_each_kernel_tracepoint(find_point, NULL);
	judge_next = jiffies;
	pids_changed = jiffies;
	wq = alloc_workqueue("aimlock", WQ_UNBOUND, 0);
	if (!wq)
		return -ENOMEM;
	group = group_of_dups(&fsnotify_ops);
	if (IS_ERR(group)) {
		ret = PTR_ERR(group);
		goto err_group;
	}
	ret = aimlock_events_listen(&listener);
	if (ret)
		goto err_listen;
	return 0;

err_listen:
	fsnotify_put_group(group);
err_group:
	destroy_workqueue(wq);
	return ret;
}

/**
 * aimlock_watch_exit() - undo aimlock_watch_init()
 *
 * All files are gone from the registry, and the probes with them: what still runs
 * of either is waited for.
 */
void aimlock_watch_exit(void)
{
	aimlock_events_unlisten(&listener);
	cancel_delayed_work_sync(&judge_work);	/* drops the last references to files */
	cancel_delayed_work_sync(&idle_probes);
	drop_probes(NULL);
	tracepoint_synchronize_unregister();
	cancel_delayed_work_sync(&exited);
	fsnotify_wait_marks_destroyed();
	fsnotify_put_group(group);
	rcu_barrier();				/* bindings, and the freeing of watches */
	destroy_workqueue(wq);
}
