// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registry: names, the paths they stand for, and what the paths lead to now.
 *
 * A name follows its path: nothing of the filesystem is kept between two looks
 * (an unmount never meets us), the path is looked up anew each time, in the
 * root of PID 1.  registry_lock guards the table of names; it is not held while
 * a path is looked up or a kobject is removed.
 *
 * A transient file is registered for a lease that is asked for by an open file rather
 * than a name, and removed by a work of its own when nothing uses it any more.
 */
#include "registry.h"
#include "compat.h"
#include "events.h"

#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs_struct.h>
#include <linux/hashtable.h>
#include <linux/math64.h>
#include <linux/namei.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#define TRANSIENT_MAX	1024	/* of one user */
#define TRIES		10	/* where files are replaced meanwhile */

static DEFINE_MUTEX(registry_lock);
static DEFINE_HASHTABLE(names, 10);
static DEFINE_XARRAY_ALLOC1(files);
static u32 last_id;
static atomic_t sequence = ATOMIC_INIT(1);	/* moves with each add and remove */

static struct workqueue_struct *removals;
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
static int look_up_with(const char *name, unsigned int flags, struct path *path)
{
	const struct cred *old;
	struct path root;
	int ret;

	if (!get_init_root(&root))
		return -ENOENT;
	old = override_creds(kernel_rights);
	ret = vfs_path_lookup(root.dentry, root.mnt, name, LOOKUP_FOLLOW | flags, path);
	revert_creds(old);
	path_put(&root);
	return ret;
}

static int look_up(const char *name, struct path *path)
{
	return look_up_with(name, 0, path);
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
	for (tries = 0; tries < TRIES; tries++) {
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

static void remove_unused(struct work_struct *work);

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
	INIT_WORK(&file->removal, remove_unused);
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

/* One for each path, and not too many. */
static int check_transient(const struct aimlock_file *file)
{
	struct aimlock_file *other;
	unsigned int n = 0;
	unsigned long id;

	lockdep_assert_held(&registry_lock);
	xa_for_each(&files, id, other) {
		if (READ_ONCE(other->gone))
			continue;
		if (!strcmp(other->path, file->path))
			return -EEXIST;
		n += other->transient && uid_eq(other->user, file->user);
	}
	return n < TRANSIENT_MAX ? 0 : -EUSERS;
}

static int check_new(const struct aimlock_file *file)
{
	if (file->transient)
		return check_transient(file);
	return find_locked(file->name) ? -EEXIST : 0;
}

static int insert(struct aimlock_file *file)
{
	int ret;

	mutex_lock(&registry_lock);
	ret = check_new(file);
	if (ret)
		goto unlock;
	ret = xa_alloc_cyclic(&files, &file->id, NULL, xa_limit_31b, &last_id, GFP_KERNEL);
	if (ret < 0)
		goto unlock;
	/* no name that a user may give */
	if (file->transient)
		snprintf(file->name, sizeof(file->name), "@%u", file->id);
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

/* @file is what new_file() gave; on success there is a reference for the caller. */
static int publish(struct aimlock_file *file, const struct aimlock_inode_id *id)
{
	int ret;

	file->bound = *id;
	kobject_get(&file->kobj);
	ret = insert(file);
	if (ret) {
		kobject_put(&file->kobj);
		kobject_put(&file->kobj);
		return ret;
	}
	kobject_uevent(&file->kobj, KOBJ_ADD);
	tell(file, AIMLOCK_REASON_ADDED);
	return 0;
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
	ret = publish(file, &id);
	if (!ret)
		*added = file;
	return ret;
}

/* The name stays taken until sysfs has let go of its directory. */
static int begin_removal(struct aimlock_file *file, bool unused)
{
	int ret = 0;

	mutex_lock(&file->lock);
	if (file->gone)
		ret = -ENOENT;
	else if (file->hold || file->n_leases || (unused && file->uses))
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
	ret = begin_removal(file, false);
	if (!ret)
		finish_removal(file);
	aimlock_registry_put(file);
	return ret;
}

static void remove_unused(struct work_struct *work)
{
	struct aimlock_file *file = container_of(work, struct aimlock_file, removal);

	if (!begin_removal(file, true))
		finish_removal(file);
	aimlock_registry_put(file);
}

/**
 * aimlock_registry_use() - keep a file, even a transient one
 * @file: the file
 */
void aimlock_registry_use(struct aimlock_file *file)
{
	kobject_get(&file->kobj);
	mutex_lock(&file->lock);
	file->uses++;
	mutex_unlock(&file->lock);
}

/**
 * aimlock_registry_unuse() - undo aimlock_registry_use(); a transient file may go
 * @file: the file
 */
void aimlock_registry_unuse(struct aimlock_file *file)
{
	mutex_lock(&file->lock);
	if (!--file->uses && file->transient) {
		kobject_get(&file->kobj);
		if (!queue_work(removals, &file->removal))
			kobject_put(&file->kobj);
	}
	mutex_unlock(&file->lock);
	aimlock_registry_put(file);
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

/* --- files that are registered for their leases --- */

static bool use_unless_gone(struct aimlock_file *file)
{
	bool gone;

	mutex_lock(&file->lock);
	gone = file->gone;
	file->uses += !gone;
	mutex_unlock(&file->lock);
	if (!gone)
		kobject_get(&file->kobj);
	return !gone;
}

static bool is_same_id(const struct aimlock_inode_id *a, const struct aimlock_inode_id *b)
{
	return a->present == b->present && a->dev == b->dev && a->ino == b->ino &&
	       a->generation == b->generation;
}

/* By another path, if that leads there still. */
static bool leads_to(struct aimlock_file *file, const struct aimlock_inode_id *id)
{
	struct aimlock_inode_id bound;
	struct path path;

	mutex_lock(&file->lock);
	bound = file->bound;
	mutex_unlock(&file->lock);
	if (!is_same_id(&bound, id) || aimlock_registry_resolve(file, &path))
		return false;
	bound = inode_id(&path);
	path_put(&path);
	return is_same_id(&bound, id);
}

/* One with a name, if there is one. */
static struct aimlock_file *use_registered(const char *path, const struct aimlock_inode_id *id)
{
	struct aimlock_file *file, *found = NULL;
	unsigned long next = 0;

	while ((!found || found->transient) && (file = aimlock_registry_next(&next))) {
		if ((!strcmp(file->path, path) || leads_to(file, id)) &&
		    use_unless_gone(file)) {
			if (found)
				aimlock_registry_unuse(found);
			found = file;
		}
		aimlock_registry_put(file);
	}
	return found;
}

/*
 * Its tokens begin with the time, in microseconds: whoever registers the file for a
 * lease later has greater ones.
 */
static struct aimlock_file *use_new(const char *path, const struct aimlock_inode_id *id)
{
	const struct aimlock_file_config config = {};
	struct aimlock_file *file = new_file("", path, &config);
	int ret;

	if (!file)
		return ERR_PTR(-ENOMEM);
	file->transient = true;
	file->user = current_euid();
	file->uses = 1;
	file->generation = div_u64(ktime_get_real_ns(), NSEC_PER_USEC);
	ret = publish(file, id);
	return ret ? ERR_PTR(ret) : file;
}

/* That PID 1 finds an open file at its path. */
static int check_open(struct file *filp, const char *name, struct aimlock_inode_id *id)
{
	const struct inode *there;
	struct path path;
	int ret = check_type(&filp->f_path);

	if (ret)
		return ret;
	if (name[0] != '/')
		return -EXDEV;
	ret = look_up(name, &path);
	if (ret && !is_absent(ret))
		return ret;
	if (!ret) {
		there = d_backing_inode(path.dentry);
		*id = inode_id(&path);
		path_put(&path);
		if (there == file_inode(filp))
			return 0;
	}
	return d_unlinked(filp->f_path.dentry) ? -ESTALE : -EXDEV;
}

static struct aimlock_file *use_path(struct file *filp, const char *path)
{
	struct aimlock_file *file = ERR_PTR(-EEXIST);
	struct aimlock_inode_id id;
	int tries, ret;

	if (IS_ERR(path))
		return ERR_CAST(path);
	ret = check_open(filp, path, &id);
	if (ret)
		return ERR_PTR(ret);
	for (tries = 0; file == ERR_PTR(-EEXIST) && tries < TRIES; tries++) {
		file = use_registered(path, &id);
		if (!file)
			file = use_new(path, &id);
	}
	return file;
}

/**
 * aimlock_registry_use_open() - find a file that is registered, or register it as long
 * as it is used
 * @filp: open for writing by the caller, at a path that is the same for PID 1
 *
 * Return: the file, for aimlock_registry_unuse(); -EBADF if it isn't open for writing;
 * -EINVAL if it isn't regular; -EXDEV if it lies at another path, or none, for PID 1;
 * -ESTALE if it was removed or replaced; -EUSERS if the user has caused too many such
 * registrations; -ENAMETOOLONG; -ENOMEM; what looking up gave.
 * Context: process context, of the caller.
 */
struct aimlock_file *aimlock_registry_use_open(struct file *filp)
{
	struct aimlock_file *file;
	char *buf;

	if (!(filp->f_mode & FMODE_WRITE))
		return ERR_PTR(-EBADF);
	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	file = use_path(filp, d_path(&filp->f_path, buf, PATH_MAX));
	kfree(buf);
	return file;
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
	else if (!is_same_id(&before, &now))
		tell(file, AIMLOCK_REASON_REPLACED);
	return ret ? -ENOENT : 0;
}

/**
 * aimlock_registry_still_leads_to() - does the path of a file lead where it led?
 * @file: the file
 * @inode: where
 *
 * Return: true if it does; false if not, and where only the filesystem could tell.
 * Context: process context, also of a task that exits; waits for no filesystem.
 */
bool aimlock_registry_still_leads_to(struct aimlock_file *file, const struct inode *inode)
{
	struct path path;
	bool same;

	if (!LOOKUP_CACHED || look_up_with(file->path, LOOKUP_CACHED, &path))
		return false;
	same = d_backing_inode(path.dentry) == inode;
	path_put(&path);
	return same;
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
	removals = alloc_workqueue("aimlock-removals", WQ_UNBOUND, 0);
	if (!kernel_rights || !lease_rights || !removals) {
		put_cred(kernel_rights);
		put_cred(lease_rights);
		if (removals)
			destroy_workqueue(removals);
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
		if (!begin_removal(file, false))
			finish_removal(file);
		aimlock_registry_put(file);
	}
	destroy_workqueue(removals);	/* those that were under way */
	xa_destroy(&files);
	put_cred(lease_rights);
	put_cred(kernel_rights);
}
