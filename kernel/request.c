// SPDX-License-Identifier: GPL-2.0-only
/*
 * Request: the lock and unlock requests that this module makes, through the
 * filesystem's own methods where it has some.  They may sleep for as long as
 * the filesystem does.
 */
#include "request.h"
#include "compat.h"
#include "inspect.h"
#include "registry.h"

#include <linux/cred.h>
#include <linux/file.h>

static void prepare(struct file_lock *request, struct file *filp, unsigned int flags,
		    unsigned char type)
{
	lock_core *core = core_of(request);

	locks_init_lock(request);
	lk(core, file) = filp;
	lk(core, owner) = filp;
	lk(core, flags) = flags;
	lk(core, type) = type;
	lk(core, pid) = current->tgid;
	request->fl_end = OFFSET_MAX;
}

static int send_flock(struct file *filp, struct file_lock *request, unsigned int cmd)
{
	int ret;

	if (filp->f_op->flock)
		ret = filp->f_op->flock(filp, cmd, request);
	else
		ret = locks_lock_inode_wait(file_inode(filp), request);
	locks_release_private(request);
	return ret;
}

static int send_posix(struct file *filp, struct file_lock *request)
{
	int ret = vfs_lock_file(filp, F_SETLK, request, NULL);

	locks_release_private(request);
	return ret;
}

/* As the kernel: the admin who asks need not own the file. */
static int send_unlease(struct file *filp)
{
	const struct cred *old = override_creds(aimlock_registry_cred());
	void *owner = filp;
	int ret;

	ret = vfs_setlease(filp, F_UNLCK, NULL, &owner);
	revert_creds(old);
	return ret == -EAGAIN ? -ENOENT : ret;
}

/**
 * aimlock_request_unlock() - remove a lock
 * @filp: its open file description, pinned by the caller
 * @lock: the lock; exactly its owner and range are meant
 *
 * Return: 0; -ENOENT if it was gone already; what the filesystem said.
 */
int aimlock_request_unlock(struct file *filp, const struct aimlock_lock *lock)
{
	struct file_lock request;

	switch (lock->kind) {
	case AIMLOCK_LOCK_KIND_LEASE:
		return send_unlease(filp);
	case AIMLOCK_LOCK_KIND_FLOCK:
		prepare(&request, filp, FL_FLOCK | FL_EXISTS, F_UNLCK);
		return send_flock(filp, &request, F_SETLKW);
	case AIMLOCK_LOCK_KIND_OFD:
		prepare(&request, filp, FL_POSIX | FL_EXISTS | FL_OFDLCK, F_UNLCK);
		break;
	case AIMLOCK_LOCK_KIND_POSIX:
		prepare(&request, filp, FL_POSIX | FL_EXISTS, F_UNLCK);
		break;
	}
	lk(core_of(&request), owner) = (void *)lock->owner;
	request.fl_start = lock->start;
	request.fl_end = lock->end;
	return send_posix(filp, &request);
}

/**
 * aimlock_request_release() - unlock a file that is locked as a whole
 * @filp: what aimlock_request_open_locked() gave
 */
void aimlock_request_release(struct file *filp)
{
	struct file_lock request;

	prepare(&request, filp, FL_POSIX | FL_OFDLCK, F_UNLCK);
	send_posix(filp, &request);
	prepare(&request, filp, FL_FLOCK, F_UNLCK);
	send_flock(filp, &request, F_SETLKW);
}

/*
 * Lock the whole of @filp, for writing, against flock, POSIX and OFD users alike, without
 * waiting.  -EAGAIN if it is locked; where it fails nothing is locked.
 */
static int lock_whole(struct file *filp)
{
	struct file_lock request;
	int ret;

	prepare(&request, filp, FL_FLOCK, F_WRLCK);
	ret = send_flock(filp, &request, F_SETLK);
	if (ret)
		return ret;
	prepare(&request, filp, FL_POSIX | FL_OFDLCK, F_WRLCK);
	ret = send_posix(filp, &request);
	if (ret)
		aimlock_request_release(filp);
	return ret;
}

/* Reading is enough: locks of the kernel's own don't ask for the mode. */
static struct file *open_ours(const struct path *path, const struct cred *cred)
{
	struct file *filp = dentry_open(path, O_RDONLY | O_LARGEFILE | O_NONBLOCK, cred);

	return filp == ERR_PTR(-EWOULDBLOCK) ? ERR_PTR(-EBUSY) : filp;
}

/* @ret: of locking @filp, which nobody else has. */
static struct file *unless_failed(struct file *filp, int ret)
{
	if (!ret)
		return filp;
	fput(filp);
	return ERR_PTR(ret == -EAGAIN ? -EBUSY : ret);
}

/**
 * aimlock_request_open_locked() - open a file, and lock all of it
 * @path: the file
 * @cred: the rights to open it by; what is opened is known by them as our own
 *
 * A file that is locked isn't even opened.
 *
 * Return: an open file, for aimlock_request_release() and fput(); -EBUSY if the file
 * is locked; what opening or locking gave.
 */
struct file *aimlock_request_open_locked(const struct path *path, const struct cred *cred)
{
	struct file *filp;

	if (aimlock_inspect_has_locks(d_backing_inode(path->dentry)))
		return ERR_PTR(-EBUSY);
	filp = open_ours(path, cred);
	return IS_ERR(filp) ? filp : unless_failed(filp, lock_whole(filp));
}

/**
 * aimlock_request_open_heir() - open a file, to take a lock of it over
 * @path: the file
 * @cred: as for aimlock_request_open_locked()
 * @lock: a flock or OFD lock, the only one of the file
 *
 * What kind @lock isn't of, the file is locked by.
 *
 * Return: an open file for aimlock_request_pass_on(), and then for
 * aimlock_request_release() and fput(), even where the first fails; -EBUSY if others
 * have locks of that kind; what opening or locking gave.
 */
struct file *aimlock_request_open_heir(const struct path *path, const struct cred *cred,
				       const struct aimlock_lock *lock)
{
	struct file *filp = open_ours(path, cred);
	struct file_lock request;

	if (IS_ERR(filp))
		return filp;
	if (lock->kind == AIMLOCK_LOCK_KIND_OFD) {
		prepare(&request, filp, FL_FLOCK, F_WRLCK);
		return unless_failed(filp, send_flock(filp, &request, F_SETLK));
	}
	prepare(&request, filp, FL_POSIX | FL_OFDLCK, F_WRLCK);
	return unless_failed(filp, send_posix(filp, &request));
}

/* Then nobody reads from /proc/locks what was true before any more. */
static void await_readers(struct file *filp)
{
	struct file_lock request;

	prepare(&request, filp, FL_FLOCK | FL_ACCESS, F_WRLCK);
	send_flock(filp, &request, F_SETLK);
}

/* With flc_lock held: for all others nothing changes but that it may be more. */
static void change_owner(lock_core *core, struct file *filp)
{
	lk(core, file) = filp;
	lk(core, owner) = filp;
	lk(core, pid) = lk(core, flags) & FL_OFDLCK ? -1 : current->tgid;
	lk(core, type) = F_WRLCK;
	lock_of(core)->fl_start = 0;
	lock_of(core)->fl_end = OFFSET_MAX;
}

/**
 * aimlock_request_pass_on() - make a lock of another description ours, as it stands
 * @lock: the lock, as it was judged
 * @from: its description, pinned by the caller
 * @to: what aimlock_request_open_heir() gave
 *
 * The record in the kernel's list stays where it is, with those that it blocks, so there
 * is no instant at which somebody else could get the file.  Afterwards it is for all of
 * the file, for writing, and what is done with the old description doesn't matter to it.
 * Only for filesystems that have no lock methods: others know more of a lock than that.
 *
 * Return: 0; -EBUSY if it isn't the only one of its kind; -ENOENT if it is gone.
 */
int aimlock_request_pass_on(const struct aimlock_lock *lock, struct file *from, struct file *to)
{
	struct file_lock_context *ctx = locks_inode_context(file_inode(from));
	struct list_head *list;
	lock_core *core;
	int ret = -ENOENT;

	list = lock->kind == AIMLOCK_LOCK_KIND_FLOCK ? &ctx->flc_flock : &ctx->flc_posix;
	spin_lock(&ctx->flc_lock);
	core = list_first_entry_or_null(list, lock_core, lk_list_member);
	if (core && !list_is_singular(list)) {
		ret = -EBUSY;
	} else if (core && lk(core, file) == from && lk(core, owner) == (void *)lock->owner) {
		change_owner(core, to);
		ret = 0;
	}
	spin_unlock(&ctx->flc_lock);
	if (!ret)
		await_readers(to);
	return ret;
}
