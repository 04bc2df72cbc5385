// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registry: names, the paths they stand for, and what the paths lead to now.
 *
 * A name follows its path: nothing of the filesystem is kept between two looks
 * (an unmount never meets us), the path is looked up anew each time, in the
 * root of PID 1.  registry_lock guards the table of names; it is not held while
 * a path is looked up or a kobject is removed.
 */
#include "registry.h"
#include "compat.h"
#include "events.h"

#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs_struct.h>
#include <linux/hashtable.h>
#include <linux/namei.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

static DEFINE_MUTEX(registry_lock);
static DEFINE_HASHTABLE(names, 10);
static DEFINE_XARRAY_ALLOC1(files);
static u32 last_id;
static atomic_t sequence = ATOMIC_INIT(1);	/* moves with each add and remove */

static const struct aimlock_file_ops *file_ops;
static struct cred *kernel_rights;
static struct cred *lease_rights;

static u32 name_hash(const char *name)
{
	return full_name_hash(NULL, name, strlen(name));
}

/**
 * aimlock_registry_name_is_valid() - may a file be registered under a name?
 * @name: the name
 */
bool aimlock_registry_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > AIMLOCK_NAME_MAX || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	/* the two files beside the directories of names */
	if (!strcmp(name, "new_lock") || !strcmp(name, "delete_lock"))
		return false;
	for (; *name; name++)
		if (!(isascii(*name) && isalnum(*name)) && !strchr("._-", *name))
			return false;
	return true;
}

static int check_config(const struct aimlock_file_config *config)
{
	if (config->set_grace && config->grace_ms > AIMLOCK_GRACE_MAX)
		return -ERANGE;
	if (config->set_scope && config->scope > AIMLOCK_CLEAR_SCOPE_UNREACHABLE)
		return -EINVAL;
	return 0;
}

static struct aimlock_file *find_locked(const char *name)
{
	struct aimlock_file *file;

	lockdep_assert_held(&registry_lock);
	hash_for_each_possible(names, file, node, name_hash(name))
		if (!strcmp(file->name, name))
			return file;
	return NULL;
}

static int check_type(const struct path *path)
{
	const struct inode *inode = d_backing_inode(path->dentry);

	if (S_ISREG(inode->i_mode))
		return 0;
	return S_ISDIR(inode->i_mode) ? -EISDIR : -EINVAL;
}

/* PID 1 is another task when a thread other than the first has called execve(2). */
static bool get_init_root(struct path *root)
{
	struct task_struct *init;
	bool found;

	rcu_read_lock();
	init = READ_ONCE(init_pid_ns.child_reaper);
	task_lock(init);
	found = init->fs;
	if (found)
		get_fs_root(init->fs, root);
	task_unlock(init);
	rcu_read_unlock();
	return found;
}

/*
 * In the root of PID 1, with the rights of the kernel: readers without rights
 * on the way to the file may ask for its locks, as they may in /proc/locks.
 */
static int look_up(const char *name, struct path *path)
{
	const struct cred *old;
	struct path root;
	int ret;

	if (!get_init_root(&root))
		return -ENOENT;
	old = override_creds(kernel_rights);
	ret = vfs_path_lookup(root.dentry, root.mnt, name, LOOKUP_FOLLOW, path);
	revert_creds(old);
	path_put(&root);
	return ret;
}

/* Of a look-up that came to its end: nothing lies there. */
static bool is_absent(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP ||
	       error == -ENAMETOOLONG;
}

static struct aimlock_inode_id inode_id(const struct path *path)
{
	const struct inode *inode = d_backing_inode(path->dentry);

	return (struct aimlock_inode_id){
		.dev = inode->i_sb->s_dev,
		.ino = inode->i_ino,
		.generation = inode->i_generation,
		.present = true,
	};
}

static int compare_paths(const char *name, struct aimlock_inode_id *id)
{
	struct path callers, ours;
	int ret;

	ret = kern_path(name, LOOKUP_FOLLOW, &callers);
	if (ret)
		return ret;
	ret = check_type(&callers);
	if (ret)
		goto put_callers;
	ret = look_up(name, &ours);
	if (ret) {
		if (is_absent(ret))
			ret = -EXDEV;
		goto put_callers;
	}
	if (d_backing_inode(callers.dentry) != d_backing_inode(ours.dentry))
		ret = -EXDEV;
	*id = inode_id(&ours);
	path_put(&ours);
put_callers:
	path_put(&callers);
	return ret;
}

/*
 * The caller must mean the file that the name will stand for.  One that is
 * replaced between the two looks is no other file: it is looked for again.
 */
static int check_path(const char *name, struct aimlock_inode_id *id)
{
	int tries, ret;

	if (name[0] != '/')
		return -EINVAL;
	for (tries = 0; tries < 10; tries++) {
		ret = compare_paths(name, id);
		if (ret != -EXDEV)
			break;
	}
	return ret;
}

static void release_file(struct kobject *kobj)
{
	struct aimlock_file *file = to_aimlock_file(kobj);

	file_ops->forget(file);
	kfree(file->path);
	kfree(file);
}

static struct kobj_type file_ktype = {
	.release = release_file,
	.sysfs_ops = &kobj_sysfs_ops,
};

static struct aimlock_file *new_file(const char *name, const char *path,
				     const struct aimlock_file_config *config)
{
	struct aimlock_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return NULL;
	file->path = kstrdup(path, GFP_KERNEL);
	if (!file->path) {
		kfree(file);
		return NULL;
	}
	strscpy(file->name, name, sizeof(file->name));
	mutex_init(&file->lock);
	mutex_init(&file->clearing);
	init_waitqueue_head(&file->wait);
	file->seen = RB_ROOT;
	file->grace_ms = config->set_grace ? config->grace_ms : AIMLOCK_GRACE_DEFAULT;
	file->scope = config->set_scope ? config->scope : AIMLOCK_CLEAR_SCOPE_ORPHANED;
	file->told = AIMLOCK_STATE_FREE;
	file->kobj.kset = file_ops->kset;
	if (file_ops->setup(file)) {
		kfree(file->path);
		kfree(file);
		return NULL;
	}
	kobject_init(&file->kobj, &file_ktype);
	return file;
}

static int insert(struct aimlock_file *file)
{
	int ret;

	mutex_lock(&registry_lock);
	ret = -EEXIST;
	if (find_locked(file->name))
		goto unlock;
	ret = xa_alloc_cyclic(&files, &file->id, NULL, xa_limit_31b, &last_id, GFP_KERNEL);
	if (ret < 0)
		goto unlock;
	ret = kobject_add(&file->kobj, NULL, "%s", file->name);
	if (ret) {
		xa_erase(&files, file->id);
		goto unlock;
	}
	hash_add(names, &file->node, name_hash(file->name));
	xa_store(&files, file->id, file, GFP_KERNEL);	/* reserved: can't fail */
	atomic_inc(&sequence);
unlock:
	mutex_unlock(&registry_lock);
	return ret;
}

/**
 * aimlock_registry_generation() - the fencing token of a file
 * @file: the file; its lock is not held
 */
u64 aimlock_registry_generation(struct aimlock_file *file)
{
	u64 generation;

	mutex_lock(&file->lock);
	generation = file->generation;
	mutex_unlock(&file->lock);
	return generation;
}

/**
 * aimlock_registry_tell() - pass on what happened to a file
 * @file: the file; none of its locks is held
 * @reason: what happened
 * @generation: of the file, afterwards
 */
void aimlock_registry_tell(struct aimlock_file *file, enum aimlock_reason reason,
			   u64 generation)
{
	struct aimlock_event event = {
		.file = file,
		.name = file->name,
		.reason = reason,
		.generation = generation,
	};

	aimlock_events_tell(&event);
}

/* With the generation as it is. */
static void tell(struct aimlock_file *file, enum aimlock_reason reason)
{
	aimlock_registry_tell(file, reason, aimlock_registry_generation(file));
}

/**
 * aimlock_registry_add() - register a file
 * @name: [A-Za-z0-9._-]{1,63}, not ".", "..", "new_lock" or "delete_lock"
 * @path: absolute, up to AIMLOCK_PATH_MAX bytes, of a regular file
 * @config: what is set of it
 * @added: set on success, with a reference for aimlock_registry_put()
 *
 * Return: 0; -EINVAL for a bad name, a relative path or a file that is not
 * regular; -EISDIR; -ENAMETOOLONG; -ERANGE for grace; -EEXIST; -EXDEV when the
 * path is another file, or none, for PID 1; what looking up the path gave;
 * -ENOMEM.
 * Context: process context; the caller has checked CAP_SYS_ADMIN.
 */
int aimlock_registry_add(const char *name, const char *path,
			 const struct aimlock_file_config *config,
			 struct aimlock_file **added)
{
	struct aimlock_inode_id id;
	struct aimlock_file *file;
	int ret;

	if (!aimlock_registry_name_is_valid(name))
		return -EINVAL;
	if (strlen(path) > AIMLOCK_PATH_MAX)
		return -ENAMETOOLONG;
	ret = check_config(config);
	if (!ret)
		ret = check_path(path, &id);
	if (ret)
		return ret;
	file = new_file(name, path, config);
	if (!file)
		return -ENOMEM;
	file->bound = id;
	kobject_get(&file->kobj);
	ret = insert(file);
	if (ret) {
		kobject_put(&file->kobj);
		kobject_put(&file->kobj);
		return ret;
	}
	kobject_uevent(&file->kobj, KOBJ_ADD);
	tell(file, AIMLOCK_REASON_ADDED);
	*added = file;
	return 0;
}

/* The name stays taken until sysfs has let go of its directory. */
static int begin_removal(struct aimlock_file *file)
{
	int ret = 0;

	mutex_lock(&file->lock);
	if (file->gone)
		ret = -ENOENT;
	else if (file->hold || file->n_leases)
		ret = -EBUSY;
	else
		WRITE_ONCE(file->gone, true);
	mutex_unlock(&file->lock);
	return ret;
}

static void finish_removal(struct aimlock_file *file)
{
	wake_up_all(&file->wait);
	file_ops->teardown(file);
	tell(file, AIMLOCK_REASON_REMOVED);	/* the last event of it */
	kobject_uevent(&file->kobj, KOBJ_REMOVE);
	kobject_del(&file->kobj);

	mutex_lock(&registry_lock);
	hash_del(&file->node);
	xa_erase(&files, file->id);
	atomic_inc(&sequence);
	mutex_unlock(&registry_lock);
	kobject_put(&file->kobj);
}

/**
 * aimlock_registry_remove() - forget a file
 * @name: its name
 *
 * Waits for those that write to its sysfs files; a clear that waits out its
 * grace ends at once.
 *
 * Return: 0; -ENOENT; -EBUSY while the file is held or leased, or a lease is waited
 * for.
 */
int aimlock_registry_remove(const char *name)
{
	struct aimlock_file *file = aimlock_registry_get(name);
	int ret;

	if (!file)
		return -ENOENT;
	ret = begin_removal(file);
	if (!ret)
		finish_removal(file);
	aimlock_registry_put(file);
	return ret;
}

/**
 * aimlock_registry_configure() - set what can be set of a file
 * @file: the file
 * @config: what to set
 *
 * Return: 0; -ERANGE for grace; -EINVAL for scope; nothing is changed then.
 */
int aimlock_registry_configure(struct aimlock_file *file,
			       const struct aimlock_file_config *config)
{
	int ret = check_config(config);

	if (ret)
		return ret;
	mutex_lock(&file->lock);
	if (config->set_grace)
		file->grace_ms = config->grace_ms;
	if (config->set_scope)
		file->scope = config->scope;
	mutex_unlock(&file->lock);
	tell(file, AIMLOCK_REASON_CONFIGURED);
	return 0;
}

/**
 * aimlock_registry_get() - find a file by its name
 * @name: the name
 *
 * Return: the file, with a reference for aimlock_registry_put(), or NULL.
 */
struct aimlock_file *aimlock_registry_get(const char *name)
{
	struct aimlock_file *file;

	mutex_lock(&registry_lock);
	file = find_locked(name);
	if (file && READ_ONCE(file->gone))
		file = NULL;
	if (file)
		kobject_get(&file->kobj);
	mutex_unlock(&registry_lock);
	return file;
}

/**
 * aimlock_registry_next() - go through the files
 * @id: where to begin, 0 at first; set to where to go on
 *
 * Return: the file, with a reference for aimlock_registry_put(), or NULL at
 * the end.
 */
struct aimlock_file *aimlock_registry_next(unsigned long *id)
{
	struct aimlock_file *file;

	mutex_lock(&registry_lock);
	file = xa_find(&files, id, ULONG_MAX, XA_PRESENT);
	if (file) {
		kobject_get(&file->kobj);
		(*id)++;
	}
	mutex_unlock(&registry_lock);
	return file;
}

/**
 * aimlock_registry_put() - drop a reference
 * @file: the file
 */
void aimlock_registry_put(struct aimlock_file *file)
{
	kobject_put(&file->kobj);
}

/**
 * aimlock_registry_sequence() - has the set of files changed?
 *
 * Return: a number that moves with each add and remove, never 0.
 */
u32 aimlock_registry_sequence(void)
{
	u32 now = atomic_read(&sequence);

	return now ? now : 1;
}

/**
 * aimlock_registry_resolve() - what the path of a file leads to now
 * @file: the file
 * @path: set, with a reference, on success; else cleared
 *
 * Tells when that is another file than at the last look.
 *
 * Return: 0; -ENOENT when no regular file lies there; -ENOMEM, -EIO, -EINTR and
 * the like when the look-up failed, so that nothing is known.
 * Context: process context; may wait for the filesystem.
 */
int aimlock_registry_resolve(struct aimlock_file *file, struct path *path)
{
	struct aimlock_inode_id now = {}, before;
	int ret;

	ret = look_up(file->path, path);
	if (!ret && check_type(path)) {
		path_put(path);
		ret = -ENOENT;
	}
	if (ret)
		*path = (struct path){};
	if (ret && !is_absent(ret))
		return ret;
	if (!ret)
		now = inode_id(path);

	mutex_lock(&file->lock);
	before = file->bound;
	file->bound = now;
	mutex_unlock(&file->lock);

	if (before.present && !now.present)
		tell(file, AIMLOCK_REASON_MISSING);
	else if (before.present != now.present || before.dev != now.dev ||
		 before.ino != now.ino || before.generation != now.generation)
		tell(file, AIMLOCK_REASON_REPLACED);
	return ret ? -ENOENT : 0;
}

/**
 * aimlock_registry_resolve_above() - what there is above the path of a file that
 * is missing
 * @file: the file
 * @path: set, with a reference, on success: the directory, or what else is there,
 *	  where a look-up of the file's path gets stuck
 *
 * Return: 0 or a negative errno.
 * Context: process context; may wait for the filesystem.
 */
int aimlock_registry_resolve_above(struct aimlock_file *file, struct path *path)
{
	char *name = kstrdup(file->path, GFP_KERNEL);
	char *slash;
	int ret;

	if (!name)
		return -ENOMEM;
	do {
		slash = strrchr(name, '/');
		slash[slash == name] = '\0';
		ret = look_up(name, path);
	} while (is_absent(ret) && slash != name);
	kfree(name);
	return ret;
}

/**
 * aimlock_registry_cred() - the rights of the kernel, for override_creds()
 *
 * Return: credentials that live as long as the module.
 */
const struct cred *aimlock_registry_cred(void)
{
	return kernel_rights;
}

/**
 * aimlock_registry_lease_cred() - the same rights, to open what carries a lease
 *
 * By them a lease's open file is told from a hold's.
 *
 * Return: credentials that live as long as the module.
 */
const struct cred *aimlock_registry_lease_cred(void)
{
	return lease_rights;
}

/**
 * aimlock_registry_init() - make ready for aimlock_registry_add()
 * @ops: what the layers above give to each file; kept
 *
 * Return: 0 or -ENOMEM.
 */
int aimlock_registry_init(const struct aimlock_file_ops *ops)
{
	kernel_rights = prepare_kernel_cred(&init_task);
	lease_rights = prepare_kernel_cred(&init_task);
	if (!kernel_rights || !lease_rights) {
		put_cred(kernel_rights);
		put_cred(lease_rights);
		return -ENOMEM;
	}
	file_ops = ops;
	file_ktype.default_groups = ops->groups;
	return 0;
}

/**
 * aimlock_registry_exit() - forget all files
 *
 * Nobody may be able to add one any more, and none is held or leased: that keeps
 * the module loaded.
 */
void aimlock_registry_exit(void)
{
	struct aimlock_file *file;
	unsigned long id = 0;

	while ((file = aimlock_registry_next(&id))) {
		if (!begin_removal(file))
			finish_removal(file);
		aimlock_registry_put(file);
	}
	xa_destroy(&files);
	put_cred(lease_rights);
	put_cred(kernel_rights);
}
