// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walk: what on this host reaches the locks of a set.  One pass, however many
 * locks there are: file tables of all threads, then the queues of the unix
 * sockets found there, then, if references are still missing, mappings.
 *
 * Nothing is pinned but the memory of sockets (sock_hold), which delays the
 * release of nothing.  A table is read under its task's alloc_lock, a queue
 * under its own lock, one at a time.
 */
#include "walk.h"
#include "compat.h"
#include "inspect.h"

#include <linux/delay.h>
#include <linux/fdtable.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/net.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/af_unix.h>
#include <net/scm.h>

#define ROUNDS	5	/* for address spaces and queues that are just being changed */

/* A unix socket whose queue is to be read, and who reaches it. */
struct reached_socket {
	struct hlist_node node;
	struct list_head work;
	struct sock *sk;
	struct list_head by;	/* struct aimlock_holder */
	u32 n_by;
	bool read;
};

/* A file table that several tasks have. */
struct shared_table {
	struct hlist_node node;
	const struct files_struct *files;
};

struct walk {
	struct aimlock_set *set;
	DECLARE_HASHTABLE(sockets, 8);
	DECLARE_HASHTABLE(tables, 8);
	struct list_head work;
	bool blind;
	bool counted_twice;	/* some fds may have been */

	/* the table being read */
	struct task_struct *task;
	bool counted;
};

/* With the task's alloc_lock. */
static struct aimlock_holder describe(struct task_struct *task, enum aimlock_holder_kind kind,
				      int fd)
{
	struct task_struct *leader = task->group_leader;
	struct aimlock_holder holder = {
		.kind = kind,
		.pid = task_tgid_nr(task),
		.ns_pid = task_tgid_nr_ns(task, task_active_pid_ns(task)),
		.fd = fd,
		.state = task_state_to_char(task),
		.start_ns = leader->start_boottime,
		.dumpable = task_is_dumpable(task),
		.cred = __task_cred(task),
	};

	memcpy(holder.comm, leader->comm, AIMLOCK_COMM_MAX);
	return holder;
}

/**
 * aimlock_walk_describe_caller() - the calling process, as a holder
 * @holder: set, with a reference to its rights
 * @kind: how it holds
 */
void aimlock_walk_describe_caller(struct aimlock_holder *holder, enum aimlock_holder_kind kind)
{
	rcu_read_lock();
	*holder = describe(current, kind, -1);
	holder->cred = get_cred_rcu(holder->cred);
	rcu_read_unlock();
}

/**
 * aimlock_walk_copy_holder() - a process that was described before, as it is now
 * @to: set but for its node, with a reference to its rights
 * @from: what it was; its state becomes X if it has ended since
 */
void aimlock_walk_copy_holder(struct aimlock_holder *to, const struct aimlock_holder *from)
{
	struct list_head node = to->node;
	struct task_struct *task;

	*to = *from;
	to->node = node;
	to->cred = get_cred(from->cred);
	rcu_read_lock();
	task = pid_task(find_pid_ns(from->pid, &init_pid_ns), PIDTYPE_TGID);
	if (task && task->start_boottime == from->start_ns)
		to->state = task_state_to_char(task);
	else
		to->state = 'X';
	rcu_read_unlock();
}

static bool add_holder(struct list_head *list, u32 *n, const struct aimlock_holder *holder)
{
	const struct aimlock_holder *other;
	struct aimlock_holder *copy;

	list_for_each_entry(other, list, node)
		if (other->kind == holder->kind && other->pid == holder->pid &&
		    other->fd == holder->fd)
			return true;
	if (*n >= AIMLOCK_HOLDERS_MAX)
		return true;
	copy = kmemdup(holder, sizeof(*holder), GFP_ATOMIC | __GFP_NOWARN);
	if (!copy)
		return false;
	if (copy->cred)
		copy->cred = get_cred_rcu(copy->cred);
	list_add_tail(&copy->node, list);
	(*n)++;
	return true;
}

/* A holder that can't be kept is still counted: the verdict doesn't need it. */
static void note_holder(struct aimlock_lock *lock, const struct aimlock_holder *holder)
{
	add_holder(&lock->holders, &lock->n_holders, holder);
}

/* The locks that may live as long as this description; lives_by() tells. */
#define for_each_candidate(lock, walk, description) \
	hlist_for_each_entry(lock, aimlock_inspect_by_filp((walk)->set, description), by_filp)

static bool lives_by(const struct aimlock_lock *lock, const struct file *filp)
{
	return lock->filp == filp && aimlock_is_by_description(lock);
}

static bool is_looked_for(struct walk *walk, const struct file *filp)
{
	struct aimlock_lock *lock;

	for_each_candidate(lock, walk, filp)
		if (lives_by(lock, filp))
			return true;
	return false;
}

static struct sock *unix_sock_of(struct file *filp)
{
	struct socket *sock = socket_of_file(filp);

	if (!sock || !sock->sk || sock->sk->sk_family != PF_UNIX)
		return NULL;
	return sock->sk;
}

static struct reached_socket *find_socket(struct walk *walk, struct sock *sk)
{
	struct reached_socket *reached;

	hash_for_each_possible(walk->sockets, reached, node, (unsigned long)sk)
		if (reached->sk == sk)
			return reached;

	reached = kzalloc(sizeof(*reached), GFP_ATOMIC | __GFP_NOWARN);
	if (!reached)
		return NULL;
	sock_hold(sk);
	reached->sk = sk;
	INIT_LIST_HEAD(&reached->by);
	hash_add(walk->sockets, &reached->node, (unsigned long)sk);
	list_add_tail(&reached->work, &walk->work);
	return reached;
}

static void reach_socket(struct walk *walk, struct sock *sk, const struct aimlock_holder *by)
{
	struct reached_socket *reached = find_socket(walk, sk);

	if (!reached || !add_holder(&reached->by, &reached->n_by, by))
		walk->blind = true;
}

/* Through another socket, by whoever reaches that one. */
static void reach_further(struct walk *walk, struct sock *sk, const struct reached_socket *from)
{
	const struct aimlock_holder *by;

	if (skb_queue_empty_lockless(&sk->sk_receive_queue))
		return;
	list_for_each_entry(by, &from->by, node)
		reach_socket(walk, sk, by);
}

/* Once for each table, for each process that has it. */
static void note_fd(struct walk *walk, const struct file *filp, unsigned int fd)
{
	struct aimlock_holder holder = describe(walk->task, AIMLOCK_HOLDER_KIND_FD, fd);
	struct aimlock_lock *lock;

	for_each_candidate(lock, walk, filp) {
		if (!lives_by(lock, filp))
			continue;
		lock->reached = true;
		lock->fds += !walk->counted;
		lock->by_taker |= task_tgid(walk->task) == lock->taker_pid;
		note_holder(lock, &holder);
	}
}

static int read_fd(const void *data, struct file *filp, unsigned int fd)
{
	struct walk *walk = (struct walk *)data;
	struct aimlock_holder holder;
	struct sock *sk;

	if (is_looked_for(walk, filp))
		note_fd(walk, filp, fd);
	sk = unix_sock_of(filp);
	if (sk && !skb_queue_empty_lockless(&sk->sk_receive_queue)) {
		holder = describe(walk->task, AIMLOCK_HOLDER_KIND_IN_FLIGHT, fd);
		reach_socket(walk, sk, &holder);
	}
	return 0;
}

static void read_owner(struct walk *walk, struct task_struct *task)
{
	struct aimlock_holder holder;
	struct aimlock_lock *lock;

	hlist_for_each_entry(lock, aimlock_inspect_by_owner(walk->set, task->files), by_owner) {
		if (lock->owner != task->files)
			continue;
		holder = describe(task, AIMLOCK_HOLDER_KIND_TABLE, -1);
		lock->reached = true;
		lock->by_taker |= task_tgid(task) == lock->taker_pid;
		note_holder(lock, &holder);
	}
}

/* Was this table read before?  A table of one task only need not be kept. */
static bool is_counted(struct walk *walk, const struct files_struct *files)
{
	struct shared_table *table;

	if (atomic_read(&files->count) == 1)
		return false;
	hash_for_each_possible(walk->tables, table, node, (unsigned long)files)
		if (table->files == files)
			return true;
	table = kmalloc(sizeof(*table), GFP_ATOMIC | __GFP_NOWARN);
	if (table) {
		table->files = files;
		hash_add(walk->tables, &table->node, (unsigned long)files);
	} else {
		walk->counted_twice = true;
	}
	return false;
}

/*
 * Each thread: a leader that has exited has no table, and a thread may have
 * left the common one.
 */
static void walk_tables(struct walk *walk)
{
	struct task_struct *leader, *task;
	const struct files_struct *common;

	rcu_read_lock();
	for_each_process(leader) {
		common = NULL;
		for_each_thread(leader, task) {
			task_lock(task);
			if (task->files && task->files != common) {
				if (!common)
					common = task->files;
				walk->task = task;
				walk->counted = is_counted(walk, task->files);
				iterate_fd(task->files, 0, read_fd, walk);
				read_owner(walk, task);
			}
			task_unlock(task);
		}
	}
	rcu_read_unlock();
}

static void note_flight(struct walk *walk, const struct reached_socket *from,
			const struct sk_buff *skb, const struct file *filp)
{
	const struct aimlock_holder *by;
	struct aimlock_lock *lock;

	for_each_candidate(lock, walk, filp) {
		if (!lives_by(lock, filp))
			continue;
		lock->flights++;
		lock->queued += hash_ptr(skb, BITS_PER_LONG) ^ hash_ptr(from->sk, 32);
		list_for_each_entry(by, &from->by, node)
			note_holder(lock, by);
	}
}

static void read_files(struct walk *walk, const struct reached_socket *from,
		       const struct sk_buff *skb)
{
	const struct scm_fp_list *files = files_of_message(skb);
	struct sock *sk;
	int i;

	for (i = 0; files && i < files->count; i++) {
		note_flight(walk, from, skb, files->fp[i]);
		sk = unix_sock_of(files->fp[i]);
		if (sk)
			reach_further(walk, sk, from);
	}
}

/*
 * A connection that nobody accepted is an skb of the listener's queue.
 *
 * A reader that takes a part of a message takes its files off, under iolock
 * alone.  It may fault under it for long, so it is only tried for.
 */
static bool read_queue(struct walk *walk, struct reached_socket *from)
{
	struct sk_buff_head *queue = &from->sk->sk_receive_queue;
	bool listens = from->sk->sk_state == TCP_LISTEN;
	struct mutex *iolock = &unix_sk(from->sk)->iolock;
	struct sk_buff *skb;

	if (!mutex_trylock(iolock))
		return false;
	spin_lock(&queue->lock);
	skb_queue_walk(queue, skb) {
		if (!listens)
			read_files(walk, from, skb);
		else if (skb->sk)
			reach_further(walk, skb->sk, from);
	}
	spin_unlock(&queue->lock);
	mutex_unlock(iolock);
	return true;
}

static bool read_queues(struct walk *walk)
{
	struct reached_socket *reached;
	bool all = true;

	/* reading one may append others */
	list_for_each_entry(reached, &walk->work, work) {
		if (!reached->read)
			reached->read = read_queue(walk, reached);
		all &= reached->read;
		cond_resched();
	}
	return all;
}

static void walk_queues(struct walk *walk)
{
	int round;

	for (round = 0; round < ROUNDS; round++) {
		if (read_queues(walk))
			return;
		usleep_range(200, 500);
	}
	walk->blind = true;
}

static void free_walk(struct walk *walk)
{
	struct reached_socket *reached, *next;
	struct aimlock_holder *by, *next_by;
	struct shared_table *table;
	struct hlist_node *tmp;
	int i;

	list_for_each_entry_safe(reached, next, &walk->work, work) {
		list_for_each_entry_safe(by, next_by, &reached->by, node) {
			put_cred(by->cred);
			kfree(by);
		}
		sock_put(reached->sk);
		kfree(reached);
	}
	hash_for_each_safe(walk->tables, i, tmp, table, node)
		kfree(table);
	kfree(walk);
}

static bool has_missing_references(const struct aimlock_set *set)
{
	const struct aimlock_lock *lock;

	aimlock_for_each_lock(lock, set)
		if (lock->listed && aimlock_is_by_description(lock) && !lock->manager &&
		    !lock->ours && lock->refs > lock->fds + lock->flights)
			return true;
	return false;
}

static void read_maps(struct walk *walk, struct task_struct *task, struct mm_struct *mm)
{
	struct aimlock_holder holder;
	struct vm_area_struct *vma;
	struct aimlock_lock *lock;
	VMA_WALK(maps, mm);

	for_each_walked_vma(maps, vma) {
		if (!vma->vm_file || !is_looked_for(walk, vma->vm_file))
			continue;
		holder = describe(task, AIMLOCK_HOLDER_KIND_MAP, -1);
		for_each_candidate(lock, walk, vma->vm_file) {
			if (!lives_by(lock, vma->vm_file))
				continue;
			lock->reached = true;
			lock->maps++;
			lock->by_taker |= task_tgid(task) == lock->taker_pid;
			note_holder(lock, &holder);
		}
	}
}

static bool process_maps(struct walk *walk, struct task_struct *leader)
{
	struct task_struct *task;
	bool seen = true;

	for_each_thread(leader, task) {
		bool found;

		task_lock(task);
		found = task->mm && !(task->flags & PF_KTHREAD);
		if (found) {
			seen = mmap_read_trylock(task->mm);
			if (seen) {
				read_maps(walk, task, task->mm);
				mmap_read_unlock(task->mm);
			}
		}
		task_unlock(task);
		if (found)
			break;
	}
	return seen;
}

/*
 * Taking a reference to an address space could make us the one that unmaps it,
 * so it is only tried for; one round that met no writer is believed.
 */
static void walk_maps(struct walk *walk)
{
	struct task_struct *leader;
	struct aimlock_lock *lock;
	int round;
	bool all;

	for (round = 0; round < ROUNDS; round++) {
		aimlock_for_each_lock(lock, walk->set)
			lock->maps = 0;
		all = true;
		rcu_read_lock();
		for_each_process(leader)
			all &= process_maps(walk, leader);
		rcu_read_unlock();
		if (all)
			return;
		usleep_range(500, 1000);
	}
	walk->blind = true;
}

/* The thread that sleeps in the queue, or the first. */
static struct task_struct *waiting_thread(struct task_struct *leader, const void *key)
{
	struct task_struct *task;

	for_each_thread(leader, task)
		if (task == key)
			return task;
	return leader;
}

static void describe_waiter(struct aimlock_waiter *waiter)
{
	struct pid *pid = find_pid_ns(waiter->who.pid, &init_pid_ns);
	struct task_struct *leader = pid ? pid_task(pid, PIDTYPE_TGID) : NULL;
	struct task_struct *task;

	if (!leader)
		return;
	task = waiting_thread(leader, waiter->task);
	waiter->who = describe(task, AIMLOCK_HOLDER_KIND_FD, -1);
	waiter->who.cred = get_cred_rcu(waiter->who.cred);
	waiter->off_cpu_ns = off_cpu_ns(task);
}

/* It may have stopped waiting since it was copied. */
static void describe_waiters(struct aimlock_set *set)
{
	u32 i;

	for (i = 0; i < set->n_waiters; i++) {
		if (set->waiters[i].who.cred)
			continue;
		rcu_read_lock();
		describe_waiter(&set->waiters[i]);
		rcu_read_unlock();
		cond_resched();
	}
}

static void reset(struct aimlock_set *set)
{
	struct aimlock_lock *lock;

	aimlock_for_each_lock(lock, set) {
		lock->fds = 0;
		lock->maps = 0;
		lock->flights = 0;
		lock->queued = 0;
		lock->reached = false;
		lock->by_taker = false;
		lock->blind = false;
		aimlock_inspect_drop_holders(lock);
	}
}

/**
 * aimlock_walk() - find what reaches the locks of a set
 * @set: a complete set; may be walked again
 *
 * Sets what &struct aimlock_lock has from listed to n_holders.
 *
 * Return: 0 or -ENOMEM.
 * Context: process context, sleeps.
 */
int aimlock_walk(struct aimlock_set *set)
{
	struct aimlock_lock *lock;
	struct walk *walk;
	int ret;

	if (!set->n_locks)
		return 0;
	ret = aimlock_inspect_index(set);
	if (ret)
		return ret;
	walk = kzalloc(sizeof(*walk), GFP_KERNEL);
	if (!walk)
		return -ENOMEM;
	walk->set = set;
	INIT_LIST_HEAD(&walk->work);

	reset(set);
	describe_waiters(set);
	walk_tables(walk);
	walk_queues(walk);
	aimlock_inspect_recount(set);
	if (walk->counted_twice || has_missing_references(set)) {
		walk_maps(walk);
		aimlock_inspect_recount(set);
	}
	aimlock_for_each_lock(lock, set)
		lock->blind = walk->blind;
	free_walk(walk);
	return 0;
}
