/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, by feature; newest first.  The only file that
 * knows LINUX_VERSION_CODE.
 */
#ifndef AIMLOCK_COMPAT_H
#define AIMLOCK_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/version.h>
#include <net/genetlink.h>

/* 6.3 "filelock: move file locking definitions to separate header file" */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#include <linux/filelock.h>
#endif

/*
 * 6.9 "filelock: split common fields into struct file_lock_core".
 * A lock_core is what the lists of an inode link; lk() reads one of its fields.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
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

/*
 * 6.7 "file: convert to SLAB_TYPESAFE_BY_RCU" changed get_file_rcu() and
 * brought get_file_active().  NULL: the description is in __fput already.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
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
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
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
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);
#endif

/* 6.1 "netlink: add support for ext_ack missing attributes" */
#ifndef GENL_REQ_ATTR_CHECK
#define GENL_REQ_ATTR_CHECK(info, attr)	(!(info)->attrs[attr])
#endif

/* 6.1 "mm: add VMA iterator" */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define VMA_WALK(name, mm)		VMA_ITERATOR(name, mm, 0)
#define for_each_walked_vma(name, vma)	for_each_vma(name, vma)
#else
#define VMA_WALK(name, mm)		struct mm_struct *name = mm
#define for_each_walked_vma(name, vma)	for (vma = (name)->mmap; vma; vma = vma->vm_next)
#endif

#endif /* AIMLOCK_COMPAT_H */
