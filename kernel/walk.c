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
#include <linux/hashtable.h>
#include <linux/net.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/af_unix.h>
#include <net/scm.h>

#define MAP_ROUNDS	5	/* for address spaces that are just being changed */

/* A unix socket whose queue is to be read, and who reaches it. */
struct reached_socket {
	struct hlist_node node;
	struct list_head work;
	struct sock *sk;
	struct pid *pid;
	struct aimlock_holder by;
};

struct walk {
	struct aimlock_set *set;
	DECLARE_HASHTABLE(sockets, 8);
	struct list_head work;
	bool blind;

	/* the task being read */
	struct task_struct *task;
};

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
		.cred = __task_cred(task),
	};

	memcpy(holder.comm, leader->comm, AIMLOCK_COMM_MAX);
	return holder;
}

static bool is_known(const struct aimlock_lock *lock, const struct aimlock_holder *holder)
{
	const struct aimlock_holder *other;

	list_for_each_entry(other, &lock->holders, node)
		if (other->kind == holder->kind && other->pid == holder->pid &&
		    other->fd == holder->fd)
			return true;
	return false;
}

/* A holder that can't be kept is still counted: the verdict doesn't need it. */
static void note_holder(struct aimlock_lock *lock, const struct aimlock_holder *holder)
{
	struct aimlock_holder *copy;

	if (lock->n_holders >= AIMLOCK_HOLDERS_MAX || is_known(lock, holder))
		return;
	copy = kmemdup(holder, sizeof(*holder), GFP_ATOMIC | __GFP_NOWARN);
	if (!copy)
		return;
	if (copy->cred)
		copy->cred = get_cred_rcu(copy->cred);
	list_add_tail(&copy->node, &lock->holders);
	lock->n_holders++;
}

static void note_reference(struct walk *walk, const struct file *filp, const struct pid *pid,
			   const struct aimlock_holder *holder)
{
	struct aimlock_lock *lock;

	hlist_for_each_entry(lock, aimlock_inspect_by_filp(walk->set, filp), by_filp) {
		if (lock->filp != filp || !aimlock_is_by_description(lock))
			continue;
		if (holder->kind == AIMLOCK_HOLDER_KIND_FD)
			lock->fds++;
		else if (holder->kind == AIMLOCK_HOLDER_KIND_MAP)
			lock->maps++;
		else
			lock->flights++;
		if (holder->kind != AIMLOCK_HOLDER_KIND_IN_FLIGHT && pid == lock->taker_pid)
			lock->by_taker = true;
		note_holder(lock, holder);
	}
}

static bool is_looked_for(struct walk *walk, const struct file *filp)
{
	struct aimlock_lock *lock;

	hlist_for_each_entry(lock, aimlock_inspect_by_filp(walk->set, filp), by_filp)
		if (lock->filp == filp)
			return true;
	return false;
}

static struct sock *unix_sock_of(struct file *filp)
{
	struct socket *sock = sock_from_file(filp);

	if (!sock || !sock->sk || sock->sk->sk_family != PF_UNIX)
		return NULL;
	return sock->sk;
}

static void reach_socket(struct walk *walk, struct sock *sk, struct pid *pid,
			 const struct aimlock_holder *by)
{
	struct reached_socket *reached;

	if (skb_queue_empty_lockless(&sk->sk_receive_queue))
		return;
	hash_for_each_possible(walk->sockets, reached, node, (unsigned long)sk)
		if (reached->sk == sk)
			return;
	reached = kmalloc(sizeof(*reached), GFP_ATOMIC | __GFP_NOWARN);
	if (!reached) {
		walk->blind = true;
		return;
	}
	sock_hold(sk);
	reached->sk = sk;
	reached->pid = get_pid(pid);
	reached->by = *by;
	reached->by.kind = AIMLOCK_HOLDER_KIND_IN_FLIGHT;
	if (reached->by.cred)
		reached->by.cred = get_cred_rcu(reached->by.cred);
	hash_add(walk->sockets, &reached->node, (unsigned long)sk);
	list_add_tail(&reached->work, &walk->work);
}

static int read_fd(const void *data, struct file *filp, unsigned int fd)
{
	struct walk *walk = (struct walk *)data;
	struct task_struct *task = walk->task;
	struct aimlock_holder holder;
	struct sock *sk;

	if (is_looked_for(walk, filp)) {
		holder = describe(task, AIMLOCK_HOLDER_KIND_FD, fd);
		note_reference(walk, filp, task_tgid(task), &holder);
	}
	sk = unix_sock_of(filp);
	if (sk && !skb_queue_empty_lockless(&sk->sk_receive_queue)) {
		holder = describe(task, AIMLOCK_HOLDER_KIND_IN_FLIGHT, fd);
		reach_socket(walk, sk, task_tgid(task), &holder);
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
		lock->tables++;
		if (task_tgid(task) == lock->taker_pid)
			lock->by_taker = true;
		note_holder(lock, &holder);
	}
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
				iterate_fd(task->files, 0, read_fd, walk);
				read_owner(walk, task);
			}
			task_unlock(task);
		}
	}
	rcu_read_unlock();
}

static void read_files(struct walk *walk, const struct reached_socket *from,
		       const struct scm_fp_list *files)
{
	struct sock *sk;
	int i;

	for (i = 0; i < files->count; i++) {
		note_reference(walk, files->fp[i], from->pid, &from->by);
		sk = unix_sock_of(files->fp[i]);
		if (sk)
			reach_socket(walk, sk, from->pid, &from->by);
	}
}

/* A connection that nobody accepted is an skb of the listener's queue. */
static void read_queue(struct walk *walk, struct reached_socket *from)
{
	struct sk_buff_head *queue = &from->sk->sk_receive_queue;
	bool listens = from->sk->sk_state == TCP_LISTEN;
	struct sk_buff *skb;

	spin_lock(&queue->lock);
	skb_queue_walk(queue, skb) {
		if (listens && skb->sk)
			reach_socket(walk, skb->sk, from->pid, &from->by);
		else if (!listens && UNIXCB(skb).fp)
			read_files(walk, from, UNIXCB(skb).fp);
	}
	spin_unlock(&queue->lock);
}

static void walk_queues(struct walk *walk)
{
	struct reached_socket *reached;

	/* reading one may append others */
	list_for_each_entry(reached, &walk->work, work) {
		read_queue(walk, reached);
		cond_resched();
	}
}

static void free_sockets(struct walk *walk)
{
	struct reached_socket *reached, *next;

	list_for_each_entry_safe(reached, next, &walk->work, work) {
		sock_put(reached->sk);
		put_pid(reached->pid);
		if (reached->by.cred)
			put_cred(reached->by.cred);
		kfree(reached);
	}
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
	VMA_WALK(maps, mm);

	for_each_walked_vma(maps, vma) {
		if (!vma->vm_file || !is_looked_for(walk, vma->vm_file))
			continue;
		holder = describe(task, AIMLOCK_HOLDER_KIND_MAP, -1);
		note_reference(walk, vma->vm_file, task_tgid(task), &holder);
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

	for (round = 0; round < MAP_ROUNDS; round++) {
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

static void reset(struct aimlock_set *set)
{
	struct aimlock_lock *lock;

	aimlock_for_each_lock(lock, set) {
		lock->fds = 0;
		lock->maps = 0;
		lock->flights = 0;
		lock->tables = 0;
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
	walk_tables(walk);
	walk_queues(walk);
	aimlock_inspect_recount(set);
	if (has_missing_references(set)) {
		walk_maps(walk);
		aimlock_inspect_recount(set);
	}
	free_sockets(walk);
	aimlock_for_each_lock(lock, set)
		lock->blind = walk->blind;
	kfree(walk);
	return 0;
}
