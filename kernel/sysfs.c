// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs: /sys/locks, one value a file.  Documentation/ABI/testing/sysfs-locks
 * says what each one is.
 */
#include "sysfs.h"
#include "clear.h"
#include "events.h"
#include "hold.h"
#include "registry.h"
#include "verdict.h"

#include <linux/capability.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/sysfs.h>

#define CHANGE_INTERVAL	(HZ / 10)	/* between two uevents of a file */

static struct kset *locks_kset;

static struct aimlock_file *file_of(struct kobject *kobj)
{
	return to_aimlock_file(kobj);
}

static int may_change(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* Look at one file; @set is freed by the caller, also after an error. */
static int look(struct kobject *kobj, struct aimlock_set *set, struct aimlock_summary *sum)
{
	int ret = aimlock_verdict_look(set, file_of(kobj));

	if (!ret)
		*sum = aimlock_verdict_sum(set, set->parts);
	return ret;
}

/* conf_locked: cheap, so no look for holders */
static ssize_t conf_locked_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct aimlock_file *file = file_of(kobj);
	struct path path;
	bool locked = READ_ONCE(file->hold);
	int ret;

	if (!locked) {
		ret = aimlock_registry_resolve(file, &path);
		if (ret && ret != -ENOENT)
			return ret;
		if (!ret) {
			locked = aimlock_inspect_has_locks(d_backing_inode(path.dentry));
			path_put(&path);
		}
	}
	return sysfs_emit(buf, "%d\n", locked);
}

static int clear_file(struct aimlock_file *file)
{
	struct aimlock_clear clear = {
		.file = file,
		.scope = READ_ONCE(file->scope),
		.wait = true,
		.release = true,
	};
	int ret;

	ret = aimlock_clear(&clear);
	if (!ret && clear.remaining)
		ret = -EBUSY;
	aimlock_inspect_free(&clear.set);
	return ret;
}

static ssize_t conf_locked_store(struct kobject *kobj, struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	struct aimlock_file *file = file_of(kobj);
	bool newline = count == 2 && buf[1] == '\n';
	int ret = may_change();

	if (ret)
		return ret;
	if ((count != 1 && !newline) || (buf[0] != '0' && buf[0] != '1'))
		return -EINVAL;
	ret = buf[0] == '1' ? aimlock_hold_take(file) : clear_file(file);
	return ret ? ret : count;
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct aimlock_set set = {};
	struct aimlock_summary sum;
	int ret = look(kobj, &set, &sum);

	if (!ret)
		ret = sysfs_emit(buf, "%s\n", aimlock_verdict_state_name(sum.state));
	aimlock_inspect_free(&set);
	return ret;
}

static ssize_t path_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	char *escaped = kstrdup_quotable(file_of(kobj)->path, GFP_KERNEL);
	int ret;

	if (!escaped)
		return -ENOMEM;
	ret = sysfs_emit(buf, "%s\n", escaped);
	kfree(escaped);
	return ret;
}

static ssize_t locks_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct aimlock_set set = {};
	int ret = aimlock_verdict_add(&set, file_of(kobj), NULL);

	if (!ret)
		ret = sysfs_emit(buf, "%u\n", set.n_locks);
	aimlock_inspect_free(&set);
	return ret;
}

static ssize_t orphans_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct aimlock_set set = {};
	struct aimlock_summary sum;
	int ret = look(kobj, &set, &sum);

	if (!ret)
		ret = sysfs_emit(buf, "%u\n", sum.orphans);
	aimlock_inspect_free(&set);
	return ret;
}

static ssize_t waiters_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct aimlock_lock *lock;
	struct aimlock_set set = {};
	u32 waiters = 0;
	int ret = aimlock_verdict_add(&set, file_of(kobj), NULL);

	if (!ret) {
		aimlock_for_each_lock(lock, &set)
			waiters += lock->waiters;
		ret = sysfs_emit(buf, "%u\n", waiters);
	}
	aimlock_inspect_free(&set);
	return ret;
}

static ssize_t generation_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", aimlock_registry_generation(file_of(kobj)));
}

/* The first process that the reader may know of. */
static const struct aimlock_holder *first_holder(const struct aimlock_set *set)
{
	bool all = ns_capable_noaudit(&init_user_ns, CAP_SYS_PTRACE);
	const struct aimlock_holder *holder;
	const struct aimlock_lock *lock;

	aimlock_for_each_lock(lock, set) {
		if (!lock->listed)
			continue;
		list_for_each_entry(holder, &lock->holders, node)
			if (holder->pid && aimlock_inspect_may_see(holder, current_cred(), all))
				return holder;
	}
	return NULL;
}

static ssize_t holder_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct aimlock_holder *holder;
	struct aimlock_set set = {};
	struct aimlock_summary sum;
	int ret = look(kobj, &set, &sum);
	char *comm = NULL;

	if (!ret && set.n_locks) {
		holder = first_holder(&set);
		if (holder) {
			comm = kstrdup_quotable(holder->comm, GFP_KERNEL);
			ret = comm ? sysfs_emit(buf, "%d %s\n", holder->pid, comm) : -ENOMEM;
		}
	}
	if (!ret)
		ret = sysfs_emit(buf, "\n");
	kfree(comm);
	aimlock_inspect_free(&set);
	return ret;
}

static ssize_t grace_ms_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(file_of(kobj)->grace_ms));
}

/* A line of a page or more would have arrived cut; behind a NUL nothing is looked at. */
static bool is_line(const char *buf, size_t count)
{
	return count < PAGE_SIZE && strlen(buf) == count;
}

static ssize_t grace_ms_store(struct kobject *kobj, struct kobj_attribute *attr,
			      const char *buf, size_t count)
{
	struct aimlock_file_config config = { .set_grace = true };
	int ret = may_change();

	if (!ret)
		ret = is_line(buf, count) ? kstrtou32(buf, 10, &config.grace_ms) : -EINVAL;
	if (!ret)
		ret = aimlock_registry_configure(file_of(kobj), &config);
	/* one sentence for all that is no such number */
	if (ret == -ERANGE)
		ret = -EINVAL;
	return ret ? ret : count;
}

static const char * const scope_names[] = {
	[AIMLOCK_CLEAR_SCOPE_ORPHANED] = "orphaned",
	[AIMLOCK_CLEAR_SCOPE_UNREACHABLE] = "unreachable",
};

static ssize_t clear_scope_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", scope_names[READ_ONCE(file_of(kobj)->scope)]);
}

static ssize_t clear_scope_store(struct kobject *kobj, struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	struct aimlock_file_config config = { .set_scope = true };
	int scope = sysfs_match_string(scope_names, buf);
	int ret = may_change();

	if (ret)
		return ret;
	if (scope < 0 || !is_line(buf, count))
		return -EINVAL;
	config.scope = scope;
	ret = aimlock_registry_configure(file_of(kobj), &config);
	return ret ? ret : count;
}

static struct kobj_attribute conf_locked_attr = __ATTR_RW(conf_locked);
static struct kobj_attribute state_attr = __ATTR_RO(state);
static struct kobj_attribute path_attr = __ATTR_RO(path);
static struct kobj_attribute locks_attr = __ATTR_RO(locks);
static struct kobj_attribute orphans_attr = __ATTR_RO(orphans);
static struct kobj_attribute waiters_attr = __ATTR_RO(waiters);
static struct kobj_attribute generation_attr = __ATTR_RO(generation);
static struct kobj_attribute holder_attr = __ATTR_RO(holder);
static struct kobj_attribute grace_ms_attr = __ATTR_RW(grace_ms);
static struct kobj_attribute clear_scope_attr = __ATTR_RW(clear_scope);

static struct attribute *file_attrs[] = {
	&conf_locked_attr.attr,
	&state_attr.attr,
	&path_attr.attr,
	&locks_attr.attr,
	&orphans_attr.attr,
	&waiters_attr.attr,
	&generation_attr.attr,
	&holder_attr.attr,
	&grace_ms_attr.attr,
	&clear_scope_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(file);

/*
 * What was written, "NAME" or "NAME PATH" with one trailing newline, cut in two
 * and to be freed.
 */
static char *take_line(const char *buf, size_t count, char **path)
{
	int ret = may_change();
	char *line;

	if (ret)
		return ERR_PTR(ret);
	if (!is_line(buf, count))
		return ERR_PTR(-EINVAL);
	line = kstrdup(buf, GFP_KERNEL);
	if (!line)
		return ERR_PTR(-ENOMEM);
	if (count && line[count - 1] == '\n')
		line[count - 1] = '\0';
	*path = strchr(line, ' ');
	if (*path)
		*(*path)++ = '\0';
	return line;
}

static ssize_t new_lock_store(struct kobject *kobj, struct kobj_attribute *attr,
			      const char *buf, size_t count)
{
	struct aimlock_file_config config = {};
	struct aimlock_file *file;
	char *path, *name = take_line(buf, count, &path);
	int ret;

	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = path ? aimlock_registry_add(name, path, &config, &file) : -EINVAL;
	kfree(name);
	if (ret)
		return ret;
	aimlock_verdict_first_look(file);
	aimlock_registry_put(file);
	return count;
}

static ssize_t delete_lock_store(struct kobject *kobj, struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	char *path, *name = take_line(buf, count, &path);
	int ret;

	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = path ? -EINVAL : aimlock_registry_remove(name);
	kfree(name);
	return ret ? ret : count;
}

static struct kobj_attribute new_lock_attr = __ATTR(new_lock, 0200, NULL, new_lock_store);
static struct kobj_attribute delete_lock_attr = __ATTR(delete_lock, 0200, NULL,
						       delete_lock_store);

static struct attribute *root_attrs[] = {
	&new_lock_attr.attr,
	&delete_lock_attr.attr,
	NULL
};

static const struct attribute_group root_group = {
	.attrs = root_attrs,
};

static void send_change(struct work_struct *work)
{
	struct aimlock_file *file = container_of(to_delayed_work(work), struct aimlock_file,
						 change);
	char state[32];
	char *env[] = { state, NULL };

	snprintf(state, sizeof(state), "LOCK_STATE=%s",
		 aimlock_verdict_state_name(READ_ONCE(file->told)));
	kobject_uevent_env(&file->kobj, KOBJ_CHANGE, env);
	WRITE_ONCE(file->changed, jiffies);
}

/**
 * aimlock_sysfs_setup() - make a new file ready, before anyone can find it
 * @file: the file
 */
void aimlock_sysfs_setup(struct aimlock_file *file)
{
	INIT_DELAYED_WORK(&file->change, send_change);
	file->changed = jiffies - CHANGE_INTERVAL;
}

/**
 * aimlock_sysfs_teardown() - send no more events of a file
 * @file: a file that goes
 */
void aimlock_sysfs_teardown(struct aimlock_file *file)
{
	cancel_delayed_work_sync(&file->change);
}

/* Wake those that poll(2) at once; a uevent follows, not too often. */
static int hear(struct notifier_block *nb, unsigned long reason, void *data)
{
	const struct aimlock_event *event = data;
	struct aimlock_file *file = event->file;
	unsigned long next;

	if (reason != AIMLOCK_REASON_CHANGED)
		return NOTIFY_DONE;
	mutex_lock(&file->lock);
	if (!file->gone) {
		sysfs_notify(&file->kobj, NULL, "conf_locked");
		sysfs_notify(&file->kobj, NULL, "state");
		next = READ_ONCE(file->changed) + CHANGE_INTERVAL;
		schedule_delayed_work(&file->change, time_after(next, jiffies) ?
				      next - jiffies : 0);
	}
	mutex_unlock(&file->lock);
	return NOTIFY_OK;
}

static struct notifier_block listener = {
	.notifier_call = hear,
};

/**
 * aimlock_sysfs_init() - make /sys/locks
 * @ops: what sysfs gives to each file is set in it
 *
 * Return: 0 or a negative errno.
 */
int aimlock_sysfs_init(struct aimlock_file_ops *ops)
{
	int ret;

	locks_kset = kset_create_and_add("locks", NULL, NULL);
	if (!locks_kset)
		return -ENOMEM;
	ret = aimlock_events_listen(&listener);
	if (ret) {
		kset_unregister(locks_kset);
		return ret;
	}
	ops->kset = locks_kset;
	ops->groups = file_groups;
	return 0;
}

/**
 * aimlock_sysfs_open() - let users register files, from here on
 *
 * Return: 0 or a negative errno.
 */
int aimlock_sysfs_open(void)
{
	return sysfs_create_group(&locks_kset->kobj, &root_group);
}

/**
 * aimlock_sysfs_close() - undo aimlock_sysfs_open()
 *
 * Waits for those that are just doing it.
 */
void aimlock_sysfs_close(void)
{
	sysfs_remove_group(&locks_kset->kobj, &root_group);
}

/**
 * aimlock_sysfs_exit() - remove /sys/locks; no file is registered any more
 */
void aimlock_sysfs_exit(void)
{
	aimlock_events_unlisten(&listener);
	kset_unregister(locks_kset);
}
