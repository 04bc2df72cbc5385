/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_INSPECT_H
#define AIMLOCK_INSPECT_H

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/path.h>
#include <linux/pid.h>
#include <linux/aimlock.h>

struct aimlock_file;

#define AIMLOCK_HOLDERS_MAX	32	/* kept for one lock; more are only counted */

/*
 * How much a set should have that isn't one of a single file.  A walk over the
 * host's processes costs about the same for one lock as for all, so these are
 * large: 10 MB, holders not counted.
 */
#define AIMLOCK_FILES_AT_ONCE	4096
#define AIMLOCK_LOCKS_AT_ONCE	16384

/**
 * struct aimlock_holder - something that reaches a lock
 * @node: in &aimlock_lock.holders
 * @kind: what it is; the rest is set only where a process is meant
 * @pid: in the initial pid namespace
 * @ns_pid: in its own
 * @fd: -1 if none is meant
 * @comm: of the process, not escaped; of a lock manager its name
 * @state: one letter, as ps(1) has it
 * @start_ns: CLOCK_BOOTTIME
 * @dumpable: its user may trace it
 * @cred: who it runs as, a reference
 */
struct aimlock_holder {
	struct list_head node;
	enum aimlock_holder_kind kind;
	pid_t pid;
	pid_t ns_pid;
	int fd;
	char comm[AIMLOCK_COMM_MAX + 1];
	char state;
	u64 start_ns;
	bool dumpable;
	const struct cred *cred;
};

/**
 * struct aimlock_waiter - a request that a lock blocks
 * @depth: 1: it waits for the lock; else it waits behind the last one before it
 *	whose depth is one less
 * @kind: what is asked for
 * @mode: what is asked for
 * @start: first byte
 * @end: last byte
 * @task: of the thread that waits: a key, may be NULL
 * @who: the process, as far as it could be found; else only its pid
 * @off_cpu_ns: since when the thread has not run, 0 if that isn't known
 */
struct aimlock_waiter {
	u32 depth;
	enum aimlock_lock_kind kind;
	enum aimlock_lock_mode mode;
	loff_t start;
	loff_t end;
	const void *task;
	struct aimlock_holder who;
	u64 off_cpu_ns;
};

/**
 * struct aimlock_lock - a lock, copied, and what was found of it
 * @core: address of the kernel's record: a key, never followed
 * @filp: its open file description: a key, never followed
 * @owner: a key, never followed
 * @kind: flock, POSIX, OFD or lease
 * @mode: read or write
 * @start: first byte
 * @end: last byte
 * @taker: pid recorded at acquisition, in the initial pid namespace
 * @manager: set by a lock manager
 * @manager_name: which one that is, or would be; "" where it isn't known
 * @ours: the administrative hold, or a lease
 * @leased: a lease
 * @backs_loop: the file backs a loop device
 * @backs_swap: the file is swap space
 * @waiters: requests blocked by it
 * @first_waiter: index of the first one of these that was copied
 * @n_copied: how many were
 *
 * @taker_pid: the taker by identity, a reference; NULL: gone at first sight
 * @taker_exists: one of its threads still ran when the walk was over, or who it
 *	is isn't known
 * @serial: number given at first sight, never used again; 0: not remembered
 * @pins: how often a clear had pinned it when the look began
 * @first_seen: CLOCK_BOOTTIME, nanoseconds, if it is remembered
 *
 * @listed: it was still there when the walk was over
 * @refs: references to the description then, without our own
 * @fds: of them, found in file tables
 * @maps: of them, found as mappings
 * @flights: of them, found in queues of unix sockets
 * @queued: in which messages of which sockets, hashed
 * @reached: a process has it by an fd, a mapping or its file table
 * @by_taker: the taker is one of them
 * @blind: a part of the host couldn't be looked at
 * @holders: what was found, up to AIMLOCK_HOLDERS_MAX
 * @n_holders: how many are in it
 * @by_core: in the set's table
 * @by_filp: in the set's table
 * @by_owner: in the set's table, if it is a POSIX lock
 *
 * @verdict: what follows from all that
 * @suspected: the same, but for grace: what a suspect is about to be
 * @suspect_ms: for a suspect: what is left of its grace
 * @watch_ms: for a suspect, unreachable or orphaned one: how long it must still be
 *	 watched before it may be cleared
 * @id: keyed hash
 *
 * @pin: a reference to the description, in one lock of each
 * @wanted: clear.c: to be cleared
 * @cleared: clear.c: went, or would go
 */
struct aimlock_lock {
	const void *core;
	struct file *filp;
	const void *owner;
	enum aimlock_lock_kind kind;
	enum aimlock_lock_mode mode;
	loff_t start;
	loff_t end;
	pid_t taker;
	bool manager;
	const char *manager_name;
	bool ours;
	bool leased;
	bool backs_loop;
	bool backs_swap;
	u32 waiters;
	u32 first_waiter;
	u32 n_copied;

	struct pid *taker_pid;
	bool taker_exists;
	u64 serial;
	u32 pins;
	u64 first_seen;

	bool listed;
	u32 refs;
	u32 fds;
	u32 maps;
	u32 flights;
	u64 queued;
	bool reached;
	bool by_taker;
	bool blind;
	struct list_head holders;
	u32 n_holders;
	struct hlist_node by_core;
	struct hlist_node by_filp;
	struct hlist_node by_owner;

	enum aimlock_verdict verdict;
	enum aimlock_verdict suspected;
	u32 suspect_ms;
	u32 watch_ms;
	u64 id;

	struct file *pin;
	bool wanted;
	bool cleared;
};

/**
 * struct aimlock_place - how far a look at a file with many locks has come
 * @skip: locks that were looked at
 * @last: the last of them: a key
 * @look: verdict.c: which look it is
 * @more: others may follow
 * @changed: the locks changed between two parts of the look
 *
 * All zero at first.
 */
struct aimlock_place {
	u32 skip;
	const void *last;
	u32 look;
	bool more;
	bool changed;
};

/**
 * struct aimlock_part - the locks of one file in a set
 * @file: a reference; NULL: it isn't registered
 * @path: of a registered file: where it lay at the look, if @present; of another:
 *	of one of its locks' descriptions.  A reference, which keeps the filesystem
 * @inode: a reference, if @present
 * @found_at: of a file that was not looked up by its path: @path as text, or NULL
 * @dev: of the filesystem
 * @ino: the inode's number
 * @present: a regular file lay there
 * @held: the administrative hold was on
 * @generation: of the file at the look
 * @first: index of the first lock
 * @n: how many locks
 */
struct aimlock_part {
	struct aimlock_file *file;
	struct path path;
	struct inode *inode;
	char *found_at;
	dev_t dev;
	u64 ino;
	bool present;
	bool held;
	u64 generation;
	u32 first;
	u32 n;
};

/**
 * struct aimlock_set - the locks of some files, looked at together
 * @parts: the files, in the order they were added
 * @n_parts: how many
 * @room_parts: how many fit
 * @locks: the locks, those of one file together
 * @n_locks: how many
 * @room_locks: how many fit
 * @waiters: the requests that they block, those of one lock together, if
 *	@wants_waiters
 * @n_waiters: how many
 * @room_waiters: how many fit
 * @tables: three of 1 << @bits buckets, made when the set is complete
 * @bits: see @tables
 * @tolerant: a file whose path can't be looked up counts as missing
 * @passing: nobody waits for a clear: what is seen speaks for none, only against
 * @wants_waiters: copy them, don't just count
 */
struct aimlock_set {
	struct aimlock_part *parts;
	u32 n_parts;
	u32 room_parts;
	struct aimlock_lock *locks;
	u32 n_locks;
	u32 room_locks;
	struct aimlock_waiter *waiters;
	u32 n_waiters;
	u32 room_waiters;
	struct hlist_head *tables;
	unsigned int bits;
	bool tolerant;
	bool passing;
	bool wants_waiters;
};

int aimlock_inspect_add(struct aimlock_set *set, struct aimlock_file *file,
			struct aimlock_place *place);
int aimlock_inspect_add_inode(struct aimlock_set *set, struct inode *inode,
			      const struct path *path, struct aimlock_file *file,
			      struct aimlock_place *place);
int aimlock_inspect_index(struct aimlock_set *set);
struct hlist_head *aimlock_inspect_by_filp(const struct aimlock_set *set, const void *filp);
struct hlist_head *aimlock_inspect_by_owner(const struct aimlock_set *set, const void *owner);
void aimlock_inspect_recount(struct aimlock_set *set);
void aimlock_inspect_pin(struct aimlock_set *set);
struct file *aimlock_inspect_pinned(const struct aimlock_set *set,
				    const struct aimlock_lock *lock);
void aimlock_inspect_unpin(struct aimlock_set *set);
void aimlock_inspect_drop_holders(struct aimlock_lock *lock);
void aimlock_inspect_leave(struct aimlock_set *set);
void aimlock_inspect_free(struct aimlock_set *set);

bool aimlock_inspect_may_see(const struct aimlock_holder *holder, const struct cred *cred,
			     bool all);
bool aimlock_inspect_has_locks(struct inode *inode);
bool aimlock_inspect_get_path(struct inode *inode, struct path *path);

/* Does it live as long as its open file description, or as a file table? */
static inline bool aimlock_is_by_description(const struct aimlock_lock *lock)
{
	return lock->kind != AIMLOCK_LOCK_KIND_POSIX || lock->owner == lock->filp;
}

static inline bool aimlock_set_is_full(const struct aimlock_set *set)
{
	return set->n_parts >= AIMLOCK_FILES_AT_ONCE || set->n_locks >= AIMLOCK_LOCKS_AT_ONCE ||
	       set->n_waiters >= AIMLOCK_LOCKS_AT_ONCE;
}

#define aimlock_for_each_part(part, set) \
	for (part = (set)->parts; part < (set)->parts + (set)->n_parts; part++)

#define aimlock_for_each_lock(lock, set) \
	for (lock = (set)->locks; lock < (set)->locks + (set)->n_locks; lock++)

#define aimlock_for_each_part_lock(lock, set, part) \
	for (lock = (set)->locks + (part)->first; \
	     lock < (set)->locks + (part)->first + (part)->n; lock++)

#endif /* AIMLOCK_INSPECT_H */
