/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_REGISTRY_H
#define AIMLOCK_REGISTRY_H

#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/rbtree.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/aimlock.h>

#define AIMLOCK_GRACE_DEFAULT	1000	/* milliseconds */

struct aimlock_watch;

/**
 * struct aimlock_inode_id - which inode a path led to
 * @dev: its filesystem
 * @ino: its number
 * @generation: tells an inode from a later one of the same number
 * @present: false: the path led to no regular file
 */
struct aimlock_inode_id {
	dev_t dev;
	u64 ino;
	u32 generation;
	bool present;
};

/**
 * struct aimlock_file - a registered file
 * @kobj: /sys/locks/NAME, and the reference count
 * @node: in the table of names
 * @id: in the registry's order, never used again while others follow
 * @name: as registered; "@" and @id of a transient one
 * @path: as registered, absolute; looked up anew at each look
 * @lock: guards what follows; never held while a filesystem is called
 * @gone: file-del has begun; nothing may be started any more
 * @transient: it goes when nothing uses it any more
 * @user: who made it, if it is transient
 * @uses: leases, waiters for one, requests for one, and the hold
 * @removal: of a transient one
 * @bound: what the path led to at the last look
 * @grace_ms: how long a lock stays suspect
 * @scope: what a clear without an id takes
 * @generation: the fencing token
 * @hold: the open file that carries the administrative hold, or NULL
 * @told: the state that was told last; free at first
 * @lease: the open file that carries the lock of the leases, or NULL
 * @n_leases: how many there are in @leases
 * @seen: verdict.c: locks seen so far, by the address of the kernel's record
 * @look: verdict.c: number of the last look
 * @clearing: clear.c, hold.c and lease.c: one of them at a time; may be held for long
 * @leases: lease.c: the queue
 * @guards: lease.c: those that wait for the loss of a holder, before the queue
 * @leases_ended: lease.c: those that ended, to be told
 * @lost: lease.c: the last holder was, and no guard has seen to it
 * @lease_over: lease.c: the file goes, the work isn't to be queued any more
 * @lease_work: lease.c: brings the lock in line with the queue
 * @wait: woken when @gone is set
 * @watch: watch.c: what it knows of the file
 * @change: sysfs.c: sends the uevent
 * @changed: sysfs.c: when it last did, in jiffies
 */
struct aimlock_file {
	struct kobject kobj;
	struct hlist_node node;
	u32 id;
	char name[AIMLOCK_NAME_MAX + 1];
	char *path;

	struct mutex lock;
	bool gone;
	bool transient;
	kuid_t user;
	u32 uses;
	struct work_struct removal;
	struct aimlock_inode_id bound;
	u32 grace_ms;
	enum aimlock_clear_scope scope;
	u64 generation;
	struct file *hold;
	enum aimlock_state told;
	struct file *lease;
	u32 n_leases;
	struct rb_root seen;
	u32 look;

	struct mutex clearing;
	struct list_head leases;
	struct list_head guards;
	struct list_head leases_ended;
	bool lost;
	bool lease_over;
	struct delayed_work lease_work;
	wait_queue_head_t wait;
	struct aimlock_watch *watch;
	struct delayed_work change;
	unsigned long changed;
};

/**
 * struct aimlock_file_ops - what the layers above give to each file
 * @kset: the directory of files; its kobject is the parent of theirs
 * @groups: their attributes
 * @setup: called once for a new file, before anyone can find it; 0 or a negative
 *	   errno, and then nothing is to be undone
 * @teardown: called once for a file that goes, after @gone was set
 * @forget: undoes @setup and frees @seen; called when the last reference is dropped
 */
struct aimlock_file_ops {
	struct kset *kset;
	const struct attribute_group **groups;
	int (*setup)(struct aimlock_file *file);
	void (*teardown)(struct aimlock_file *file);
	void (*forget)(struct aimlock_file *file);
};

/**
 * struct aimlock_file_config - what can be set of a file
 * @grace_ms: milliseconds
 * @scope: what a clear without an id takes
 * @set_grace: @grace_ms is meant
 * @set_scope: @scope is meant
 */
struct aimlock_file_config {
	u32 grace_ms;
	enum aimlock_clear_scope scope;
	bool set_grace;
	bool set_scope;
};

int aimlock_registry_init(const struct aimlock_file_ops *ops);
void aimlock_registry_exit(void);

bool aimlock_registry_name_is_valid(const char *name);
int aimlock_registry_add(const char *name, const char *path,
			 const struct aimlock_file_config *config,
			 struct aimlock_file **added);
int aimlock_registry_remove(const char *name);
int aimlock_registry_configure(struct aimlock_file *file,
			       const struct aimlock_file_config *config);

struct aimlock_file *aimlock_registry_get(const char *name);
struct aimlock_file *aimlock_registry_next(unsigned long *id);
void aimlock_registry_put(struct aimlock_file *file);
struct aimlock_file *aimlock_registry_use_open(struct file *filp);
void aimlock_registry_use(struct aimlock_file *file);
void aimlock_registry_unuse(struct aimlock_file *file);
u32 aimlock_registry_sequence(void);
u64 aimlock_registry_generation(struct aimlock_file *file);
void aimlock_registry_tell(struct aimlock_file *file, enum aimlock_reason reason,
			   u64 generation);

bool aimlock_registry_still_leads_to(struct aimlock_file *file, const struct inode *inode);
int aimlock_registry_resolve(struct aimlock_file *file, struct path *path);
int aimlock_registry_resolve_above(struct aimlock_file *file, struct path *path);
const struct cred *aimlock_registry_cred(void);
const struct cred *aimlock_registry_lease_cred(void);

static inline struct aimlock_file *to_aimlock_file(struct kobject *kobj)
{
	return container_of(kobj, struct aimlock_file, kobj);
}

#endif /* AIMLOCK_REGISTRY_H */
