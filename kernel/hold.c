// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hold: the administrative hold, a lock of the module's own on the whole file.
 *
 * It lies on the inode that the path led to when it was taken, through an open
 * file (&aimlock_file.hold) that keeps the module loaded.
 */
#include "hold.h"
#include "registry.h"
#include "request.h"

#include <linux/file.h>
#include <linux/module.h>

/* With the clearing lock held, so file->hold is not set behind our back. */
static int take(struct aimlock_file *file, u64 *generation)
{
	struct file *filp;
	struct path path;
	int ret;

	if (READ_ONCE(file->hold))
		return -EBUSY;
	ret = aimlock_registry_resolve(file, &path);
	if (ret)
		return ret;
	filp = aimlock_request_open_locked(&path, aimlock_registry_cred());
	path_put(&path);
	if (IS_ERR(filp))
		return PTR_ERR(filp);

	mutex_lock(&file->lock);
	if (file->gone || !try_module_get(THIS_MODULE)) {
		ret = -ENODEV;
	} else {
		WRITE_ONCE(file->hold, filp);
		*generation = ++file->generation;
	}
	mutex_unlock(&file->lock);
	if (ret) {
		aimlock_request_release(filp);
		fput(filp);
		return ret;
	}
	aimlock_registry_use(file);
	return 0;
}

/**
 * aimlock_hold_take() - take the administrative hold
 * @file: the file
 *
 * Return: 0; -EBUSY if the file is locked or held; -ENOENT if no file lies at
 * the path; -ENODEV while the file or the module goes; -EINTR; what opening or locking it gave.
 * Context: process context; the caller has checked CAP_SYS_ADMIN.
 */
int aimlock_hold_take(struct aimlock_file *file)
{
	u64 generation;
	int ret;

	if (mutex_lock_killable(&file->clearing))
		return -EINTR;
	ret = take(file, &generation);
	mutex_unlock(&file->clearing);
	if (!ret)
		aimlock_registry_tell(file, AIMLOCK_REASON_HELD, generation);
	return ret;
}

/**
 * aimlock_hold_drop_locked() - give the administrative hold back
 * @file: the file; its clearing lock is held
 *
 * Return: was it held?  Then aimlock_hold_dropped() is to follow.
 */
bool aimlock_hold_drop_locked(struct aimlock_file *file)
{
	struct file *filp;

	lockdep_assert_held(&file->clearing);
	mutex_lock(&file->lock);
	filp = file->hold;
	WRITE_ONCE(file->hold, NULL);
	mutex_unlock(&file->lock);
	if (!filp)
		return false;
	aimlock_request_release(filp);
	fput(filp);
	return true;
}

/**
 * aimlock_hold_dropped() - tell of it
 * @file: the file; none of its locks is held
 */
void aimlock_hold_dropped(struct aimlock_file *file)
{
	aimlock_registry_tell(file, AIMLOCK_REASON_RELEASED, aimlock_registry_generation(file));
	aimlock_registry_unuse(file);
	module_put(THIS_MODULE);
}

/**
 * aimlock_hold_drop() - give the administrative hold back, and tell of it
 * @file: the file
 *
 * Return: 0; -ENOENT if it was not held; -EINTR.
 */
int aimlock_hold_drop(struct aimlock_file *file)
{
	bool dropped;

	if (mutex_lock_killable(&file->clearing))
		return -EINTR;
	dropped = aimlock_hold_drop_locked(file);
	mutex_unlock(&file->clearing);
	if (!dropped)
		return -ENOENT;
	aimlock_hold_dropped(file);
	return 0;
}
