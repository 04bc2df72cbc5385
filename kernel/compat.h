/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, by feature; newest first.  A KERNEL_HAS_... comes
 * from Kbuild, which asks the headers: releases of old kernels port back.
 */
#ifndef AIMLOCK_COMPAT_H
#define AIMLOCK_COMPAT_H

#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/namei.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/skbuff.h>
#include <linux/uidgid.h>
#include <net/af_unix.h>
#include <net/genetlink.h>
#include <net/scm.h>

/* 6.3 "filelock: move file locking definitions to separate header file" */
#ifdef KERNEL_HAS_FILELOCK_H
#include <linux/filelock.h>
#endif

/* 6.16 "exit: move and extend sched_process_exit() tracepoint" */
#ifdef KERNEL_HAS_EXIT_GROUP_DEAD
#define EXIT_PROBE(name)	void name(void *data, struct task_struct *task, bool group_dead)
#else
#define EXIT_PROBE(name)	void name(void *data, struct task_struct *task)
#endif

/* 5.12 "fs: add support for LOOKUP_CACHED": before there is no look-up that never waits */
#ifndef LOOKUP_CACHED
#define LOOKUP_CACHED	0
#endif

/*
 * 7.2 has a task's dumpability in a structure of its own, not in its address space.
 * The caller has the task's alloc_lock, or RCU is enough.  In doubt it is none.
 */
#ifdef KERNEL_HAS_EXEC_STATE
#include <linux/sched/exec_state.h>
static inline bool task_is_dumpable(const struct task_struct *task)
{
	const struct task_exec_state *state;
	bool dumpable;

	rcu_read_lock();
	state = rcu_dereference(task->exec_state);
	dumpable = state && READ_ONCE(state->dumpable) == TASK_DUMPABLE_OWNER;
	rcu_read_unlock();
	return dumpable;
}
#else
#include <linux/sched/coredump.h>
static inline bool task_is_dumpable(const struct task_struct *task)
{
	return task->mm && get_dumpable(task->mm) == SUID_DUMP_USER;
}
#endif

/*
 * 6.15 "af_unix: Move internal definitions to net/unix/." left no header that
 * says where a message has its files.
 */
#ifdef UNIXCB
static inline const struct scm_fp_list *files_of_message(const struct sk_buff *skb)
{
	return UNIXCB(skb).fp;
}
#else
struct unix_skb_parms {
	struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	struct scm_fp_list *fp;
} __randomize_layout;

static inline const struct scm_fp_list *files_of_message(const struct sk_buff *skb)
{
	return ((const struct unix_skb_parms *)skb->cb)->fp;
}
#endif

/*
 * 6.9 "filelock: split common fields into struct file_lock_core".
 * A lock_core is what the lists of an inode link; lk() reads one of its fields.
 */
#ifdef KERNEL_HAS_FILE_LOCK_CORE
typedef struct file_lock_core lock_core;
#define lk(core, field)		((core)->flc_##field)
#define lk_list_member		flc_list
#define lk_blocked_member	flc_blocked_member
static inline lock_core *core_of(struct file_lock *fl)
{
	return &fl->c;
}

static inline struct file_lock *lock_of(lock_core *core)
{
	return container_of(core, struct file_lock, c);
}
#else
typedef struct file_lock lock_core;
#define lk(core, field)		((core)->fl_##field)
#define lk_list_member		fl_list
#define lk_blocked_member	fl_blocked_member
static inline lock_core *core_of(struct file_lock *fl)
{
	return fl;
}

static inline struct file_lock *lock_of(lock_core *core)
{
	return core;
}
#endif

/* 6.9 "filelock: split leases out of struct file_lock" */
#ifdef KERNEL_HAS_FILE_LEASE
typedef struct file_lease lease_record;
#else
typedef struct file_lock lease_record;
#endif

/*
 * 6.7 "file: convert to SLAB_TYPESAFE_BY_RCU" changed get_file_rcu() and
 * brought get_file_active().  NULL: the description is in __fput already.
 */
#ifdef KERNEL_HAS_GET_FILE_ACTIVE
static inline struct file *file_pin(struct file **slot)
{
	return get_file_active(slot);
}
#else
static inline struct file *file_pin(struct file **slot)
{
	struct file *file;

	rcu_read_lock();
	file = READ_ONCE(*slot);
	if (file && !get_file_rcu(file))
		file = NULL;
	rcu_read_unlock();
	return file;
}
#endif

/* 6.7 "genetlink: use attrs from struct genl_info" */
#ifdef KERNEL_HAS_GENL_INFO_DUMP
static inline struct nlattr **dump_attrs(struct netlink_callback *cb)
{
	return genl_info_dump(cb)->attrs;
}
#else
static inline struct nlattr **dump_attrs(struct netlink_callback *cb)
{
	return genl_dumpit_info(cb)->attrs;
}
#endif

/*
 * 6.5 "fs: allow to lock root for vfs_path_lookup" moved the prototype of this
 * exported function out of fs/internal.h.
 */
#ifndef KERNEL_HAS_VFS_PATH_LOOKUP
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);
#endif

/*
 * 5.19 "fsnotify: pass flags argument to fsnotify_alloc_group()": before, each mark
 * said for itself that it may be one of several.
 */
#ifdef FSNOTIFY_GROUP_DUPS
static inline struct fsnotify_group *group_of_dups(const struct fsnotify_ops *ops)
{
	return fsnotify_alloc_group(ops, FSNOTIFY_GROUP_DUPS);
}

static inline int add_dup_mark(struct fsnotify_mark *mark, struct inode *inode)
{
	return fsnotify_add_inode_mark(mark, inode, 0);
}
#else
static inline struct fsnotify_group *group_of_dups(const struct fsnotify_ops *ops)
{
	return fsnotify_alloc_group(ops);
}

static inline int add_dup_mark(struct fsnotify_mark *mark, struct inode *inode)
{
	return fsnotify_add_inode_mark(mark, inode, 1);
}
#endif

/* 6.1 "netlink: add support for ext_ack missing attributes" */
#ifndef GENL_REQ_ATTR_CHECK
#define GENL_REQ_ATTR_CHECK(info, attr)	(!(info)->attrs[attr])
#endif

/* 6.1 "mm: add VMA iterator" */
#ifdef VMA_ITERATOR
#define VMA_WALK(name, mm)		VMA_ITERATOR(name, mm, 0)
#define for_each_walked_vma(name, vma)	for_each_vma(name, vma)
#else
#define VMA_WALK(name, mm)		struct mm_struct *name = mm
#define for_each_walked_vma(name, vma)	for (vma = (name)->mmap; vma; vma = vma->vm_next)
#endif

/* 6.2 "filelock: add a new locks_inode_context accessor function" */
#ifndef KERNEL_HAS_LOCKS_INODE_CONTEXT
static inline struct file_lock_context *locks_inode_context(const struct inode *inode)
{
	return smp_load_acquire(&inode->i_flctx);	/* as locks_get_lock_context() */
}
#endif

/* 5.11 "net: Remove the err argument from sock_from_file" */
#ifdef KERNEL_HAS_SOCK_FROM_FILE_ERR
static inline struct socket *socket_of_file(struct file *filp)
{
	int error;

	return sock_from_file(filp, &error);
}
#else
static inline struct socket *socket_of_file(struct file *filp)
{
	return sock_from_file(filp);
}
#endif

/* How long a task has been off the processor; 0 where the kernel doesn't keep that. */
#ifdef CONFIG_SCHED_INFO
static inline u64 off_cpu_ns(const struct task_struct *task)
{
	u64 arrived = READ_ONCE(task->sched_info.last_arrival);
	u64 now = sched_clock_cpu(raw_smp_processor_id());

	return arrived && now > arrived ? now - arrived : 0;
}
#else
static inline u64 off_cpu_ns(const struct task_struct *task)
{
	return 0;
}
#endif

#endif /* AIMLOCK_COMPAT_H */
