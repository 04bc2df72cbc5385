/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * aimlock: the generic netlink protocol.  include/netlink/aimlock.yaml is the
 * specification; tests/check keeps this header and the policies in step.
 *
 * Times are CLOCK_BOOTTIME, pids are those of the initial pid namespace unless
 * said otherwise.  No kernel address leaves the module: a lock's id is a keyed
 * hash that is new at each load of the module.
 *
 * Reading is open to all, as /proc/locks is; the holders of a lock are given to
 * those who may read the holder's /proc/PID/fdinfo (own processes, or
 * CAP_SYS_PTRACE).  Changes need CAP_SYS_ADMIN in the initial user namespace.
 *
 * Every refusal carries one sentence (NLMSGERR_ATTR_MSG).
 */
#ifndef _UAPI_LINUX_AIMLOCK_H
#define _UAPI_LINUX_AIMLOCK_H

#define AIMLOCK_FAMILY_NAME	"aimlock"
#define AIMLOCK_FAMILY_VERSION	1

#define AIMLOCK_MCGRP_EVENT	"event"

#define AIMLOCK_NAME_MAX	63	/* bytes, without the closing NUL */
#define AIMLOCK_PATH_MAX	4095	/* bytes, without the closing NUL */
#define AIMLOCK_COMM_MAX	15	/* bytes, without the closing NUL */
#define AIMLOCK_GRACE_MAX	3600000	/* milliseconds */
#define AIMLOCK_TTL_MIN		100	/* milliseconds */
#define AIMLOCK_TTL_MAX		86400000	/* milliseconds */
#define AIMLOCK_FS_TYPE_MAX	63	/* bytes, without the closing NUL */

/* What the locks of a file amount to: the gravest that is present. */
enum aimlock_state {
	AIMLOCK_STATE_MISSING,		/* no regular file lies at the path */
	AIMLOCK_STATE_FREE,
	AIMLOCK_STATE_LIVE,
	AIMLOCK_STATE_INHERITED,
	AIMLOCK_STATE_REMOTE,
	AIMLOCK_STATE_PINNED,
	AIMLOCK_STATE_SUSPECT,
	AIMLOCK_STATE_UNREACHABLE,
	AIMLOCK_STATE_ORPHANED,
	AIMLOCK_STATE_LEASED,
	AIMLOCK_STATE_HELD,
};

/* What is proven of one lock; see aimlock(8), VERDICTS. */
enum aimlock_verdict {
	AIMLOCK_VERDICT_LIVE,		/* the taker reaches it */
	AIMLOCK_VERDICT_INHERITED,	/* only other processes reach it */
	AIMLOCK_VERDICT_REMOTE,		/* a lock manager's: lockd, nfsd, ksmbd, 9p */
	AIMLOCK_VERDICT_PINNED,		/* nothing can use it now, but its taker lives,
					 * or a loop device or swap keeps it
					 */
	AIMLOCK_VERDICT_SUSPECT,	/* about to be said unreachable or orphaned */
	AIMLOCK_VERDICT_UNREACHABLE,	/* taker gone, some part of the kernel keeps it */
	AIMLOCK_VERDICT_ORPHANED,	/* taker gone, only socket queues keep it */
	AIMLOCK_VERDICT_LEASED,		/* this module's, for a lease */
	AIMLOCK_VERDICT_HELD,		/* this module's administrative hold */
};

enum aimlock_lock_kind {
	AIMLOCK_LOCK_KIND_FLOCK,
	AIMLOCK_LOCK_KIND_POSIX,
	AIMLOCK_LOCK_KIND_OFD,
	AIMLOCK_LOCK_KIND_LEASE,
};

enum aimlock_lock_mode {
	AIMLOCK_LOCK_MODE_READ,
	AIMLOCK_LOCK_MODE_WRITE,
	AIMLOCK_LOCK_MODE_UNLOCK,	/* a lease that is being broken */
};

enum aimlock_holder_kind {
	AIMLOCK_HOLDER_KIND_FD,		/* fd FD of process PID */
	AIMLOCK_HOLDER_KIND_MAP,	/* a mapping of process PID */
	AIMLOCK_HOLDER_KIND_TABLE,	/* the file table of process PID (POSIX) */
	AIMLOCK_HOLDER_KIND_IN_FLIGHT,	/* queued in the unix socket FD of process PID,
					 * or in one that is reached through it
					 */
	AIMLOCK_HOLDER_KIND_LOOP,	/* the file backs a loop device */
	AIMLOCK_HOLDER_KIND_SWAP,	/* the file is swap space */
	AIMLOCK_HOLDER_KIND_MANAGER,	/* lockd, nfsd, ksmbd, 9p */
	AIMLOCK_HOLDER_KIND_AIMLOCK,	/* this module */
	AIMLOCK_HOLDER_KIND_IO_URING,	/* an io_uring, fd FD of process PID; found by the
					 * command, never told by the module
					 */
};

/* What "clear" takes without an id. */
enum aimlock_clear_scope {
	AIMLOCK_CLEAR_SCOPE_ORPHANED,
	AIMLOCK_CLEAR_SCOPE_UNREACHABLE,	/* orphaned ones and unreachable ones */
};

/* When a guard gets the file, before all who wait for a lease of it. */
enum aimlock_guard {
	AIMLOCK_GUARD_LOST,		/* when a lease was closed, or expired */
	AIMLOCK_GUARD_NEXT,		/* as soon as nothing locks it */
};

/* Why an event was sent. */
enum aimlock_reason {
	AIMLOCK_REASON_ADDED,
	AIMLOCK_REASON_REMOVED,
	AIMLOCK_REASON_REPLACED,	/* another file lies at the path now */
	AIMLOCK_REASON_MISSING,		/* no file lies at the path any more */
	AIMLOCK_REASON_HELD,
	AIMLOCK_REASON_RELEASED,
	AIMLOCK_REASON_CLEARED,		/* by verdict */
	AIMLOCK_REASON_FORCED,		/* by id and force */
	AIMLOCK_REASON_CONFIGURED,	/* grace or scope was set */
	AIMLOCK_REASON_CHANGED,		/* STATE is another one than was told last */
	AIMLOCK_REASON_LEASED,		/* a lease was granted */
	AIMLOCK_REASON_RETURNED,	/* a lease ended: its holder gave it back, */
	AIMLOCK_REASON_CLOSED,		/* its socket closed, as at any death, */
	AIMLOCK_REASON_EXPIRED,		/* or it was not renewed in time */
	AIMLOCK_REASON_ADOPTED,		/* a lease began with an orphaned lock */
};

/* Attributes of a registered file. */
enum aimlock_attr_file {
	AIMLOCK_A_FILE_NAME = 1,	/* string */
	AIMLOCK_A_FILE_PATH,		/* string, absolute */
	AIMLOCK_A_FILE_STATE,		/* u32, enum aimlock_state */
	AIMLOCK_A_FILE_LOCKS,		/* u32, locks on the file now */
	AIMLOCK_A_FILE_ORPHANS,		/* u32, of them orphaned */
	AIMLOCK_A_FILE_WAITERS,		/* u32, requests blocked by them */
	AIMLOCK_A_FILE_GENERATION,	/* u64, the fencing token */
	AIMLOCK_A_FILE_HOLD,		/* u32, 1: the administrative hold is on */
	AIMLOCK_A_FILE_GRACE_MS,	/* u32 */
	AIMLOCK_A_FILE_CLEAR_SCOPE,	/* u32, enum aimlock_clear_scope */
	AIMLOCK_A_FILE_HOLDER,		/* nest, holder attributes: the first one */
	AIMLOCK_A_FILE_REASON,		/* u32, enum aimlock_reason, events only */
	AIMLOCK_A_FILE_DEV_MAJOR,	/* u32, of the filesystem, if not missing */
	AIMLOCK_A_FILE_DEV_MINOR,	/* u32 */
	AIMLOCK_A_FILE_INO,		/* u64 */
	AIMLOCK_A_FILE_PAD,
	AIMLOCK_A_FILE_TRANSIENT,	/* flag, registered for its leases only */

	__AIMLOCK_A_FILE_MAX,
	AIMLOCK_A_FILE_MAX = __AIMLOCK_A_FILE_MAX - 1,
};

/* Attributes of a lock, and of the operations on locks. */
enum aimlock_attr_lock {
	AIMLOCK_A_LOCK_NAME = 1,	/* string, the registered file */
	AIMLOCK_A_LOCK_ID,		/* u64, keyed hash */
	AIMLOCK_A_LOCK_KIND,		/* u32, enum aimlock_lock_kind */
	AIMLOCK_A_LOCK_MODE,		/* u32, enum aimlock_lock_mode */
	AIMLOCK_A_LOCK_START,		/* u64, first byte */
	AIMLOCK_A_LOCK_END,		/* u64, last byte; OFFSET_MAX: to the end */
	AIMLOCK_A_LOCK_VERDICT,		/* u32, enum aimlock_verdict */
	AIMLOCK_A_LOCK_TAKER,		/* u32, pid recorded at acquisition, 0 if none */
	AIMLOCK_A_LOCK_TAKER_EXISTS,	/* u32, 0: that process is gone, by identity */
	AIMLOCK_A_LOCK_AGE_MS,		/* u64, since it was first seen */
	AIMLOCK_A_LOCK_WAITERS,		/* u32, requests blocked by it */
	AIMLOCK_A_LOCK_REFS,		/* u32, references to its open file description */
	AIMLOCK_A_LOCK_REFS_FOUND,	/* u32, of them found in fds, maps and queues */
	AIMLOCK_A_LOCK_SUSPECT_MS,	/* u32, left of grace for a suspect lock */
	AIMLOCK_A_LOCK_HOLDER,		/* nest, holder attributes, any number */
	AIMLOCK_A_LOCK_HOLDERS,		/* flag, in lock-get: give holders too */
	AIMLOCK_A_LOCK_GENERATION,	/* u64, of the file */
	AIMLOCK_A_LOCK_SCOPE,		/* u32, enum aimlock_clear_scope, in lock-clear */
	AIMLOCK_A_LOCK_DRY_RUN,		/* flag, in lock-clear: judge only */
	AIMLOCK_A_LOCK_FORCE,		/* flag, in lock-clear with an id */
	AIMLOCK_A_LOCK_CLEARED,		/* nest, lock attributes, any number: went */
	AIMLOCK_A_LOCK_REMAINING,	/* u32, locks judged and still there */
	AIMLOCK_A_LOCK_REASON,		/* u32, enum aimlock_reason, events only */
	AIMLOCK_A_LOCK_FD,		/* u32, in lock-get: an open file of the caller */
	AIMLOCK_A_LOCK_FS_TYPE,		/* string, any number, in lock-get */
	AIMLOCK_A_LOCK_PATH,		/* string, of the file, if you may see it */
	AIMLOCK_A_LOCK_DEV_MAJOR,	/* u32, of the filesystem */
	AIMLOCK_A_LOCK_DEV_MINOR,	/* u32 */
	AIMLOCK_A_LOCK_INO,		/* u64 */
	AIMLOCK_A_LOCK_WAITING,		/* flag, in lock-get: give waiters too */
	AIMLOCK_A_LOCK_WAITER,		/* nest, waiter attributes, any number */
	AIMLOCK_A_LOCK_CONTINUED,	/* flag, more waiters of the lock before */
	AIMLOCK_A_LOCK_PAD,

	__AIMLOCK_A_LOCK_MAX,
	AIMLOCK_A_LOCK_MAX = __AIMLOCK_A_LOCK_MAX - 1,
};

/* Attributes of a holder. */
enum aimlock_attr_holder {
	AIMLOCK_A_HOLDER_KIND = 1,	/* u32, enum aimlock_holder_kind */
	AIMLOCK_A_HOLDER_PID,		/* u32 */
	AIMLOCK_A_HOLDER_NS_PID,	/* u32, in the process's own pid namespace */
	AIMLOCK_A_HOLDER_FD,		/* u32 */
	AIMLOCK_A_HOLDER_COMM,		/* string */
	AIMLOCK_A_HOLDER_STATE,		/* string, one letter as ps(1) has it */
	AIMLOCK_A_HOLDER_START_NS,	/* u64, when the process started */
	AIMLOCK_A_HOLDER_PAD,

	__AIMLOCK_A_HOLDER_MAX,
	AIMLOCK_A_HOLDER_MAX = __AIMLOCK_A_HOLDER_MAX - 1,
};

/* Attributes of a lease, and of the operations on leases. */
enum aimlock_attr_lease {
	AIMLOCK_A_LEASE_NAME = 1,	/* string, the registered file */
	AIMLOCK_A_LEASE_ID,		/* u32, on the socket that asked for it */
	AIMLOCK_A_LEASE_FD,		/* u32, in lease-new: that file, open for writing */
	AIMLOCK_A_LEASE_TTL_MS,		/* u32, how long it lasts without renewal */
	AIMLOCK_A_LEASE_WAIT,		/* flag, in lease-new: queue for it */
	AIMLOCK_A_LEASE_GRANTED,	/* u32, 0: it waits */
	AIMLOCK_A_LEASE_LEFT_MS,	/* u64, until it ends */
	AIMLOCK_A_LEASE_GENERATION,	/* u64, the fencing token that came with it */
	AIMLOCK_A_LEASE_HOLDER,		/* nest, holder attributes: who asked for it */
	AIMLOCK_A_LEASE_REASON,		/* u32, enum aimlock_reason, events only */
	AIMLOCK_A_LEASE_PAD,
	AIMLOCK_A_LEASE_ADOPT,		/* u32, enum aimlock_clear_scope, lease-new only */
	AIMLOCK_A_LEASE_GUARD,		/* u32, enum aimlock_guard, lease-new only */

	__AIMLOCK_A_LEASE_MAX,
	AIMLOCK_A_LEASE_MAX = __AIMLOCK_A_LEASE_MAX - 1,
};

/* Attributes of a request that a lock blocks. */
enum aimlock_attr_waiter {
	AIMLOCK_A_WAITER_PID = 1,	/* u32 */
	AIMLOCK_A_WAITER_DEPTH,		/* u32, 1: behind the lock; else behind the last
					 * waiter before it whose depth is one less
					 */
	AIMLOCK_A_WAITER_KIND,		/* u32, enum aimlock_lock_kind */
	AIMLOCK_A_WAITER_MODE,		/* u32, enum aimlock_lock_mode */
	AIMLOCK_A_WAITER_START,		/* u64, first byte */
	AIMLOCK_A_WAITER_END,		/* u64, last byte; OFFSET_MAX: to the end */
	AIMLOCK_A_WAITER_WAIT_MS,	/* u64, since the thread has run */
	AIMLOCK_A_WAITER_NS_PID,	/* u32, in the process's own pid namespace */
	AIMLOCK_A_WAITER_COMM,		/* string */
	AIMLOCK_A_WAITER_STATE,		/* string, one letter as ps(1) has it */
	AIMLOCK_A_WAITER_START_NS,	/* u64, when the process started */
	AIMLOCK_A_WAITER_PAD,

	__AIMLOCK_A_WAITER_MAX,
	AIMLOCK_A_WAITER_MAX = __AIMLOCK_A_WAITER_MAX - 1,
};

/*
 * FILE_NEW	do	NAME PATH [GRACE_MS] [CLEAR_SCOPE]
 * FILE_DEL	do	NAME				EBUSY while held
 * FILE_GET	do	NAME -> a file
 *		dump	-> every registered file
 * FILE_SET	do	NAME [HOLD] [GRACE_MS] [CLEAR_SCOPE]
 *				HOLD 1: EBUSY if locked; HOLD 0: ENOENT if not held
 * LOCK_GET	dump	[NAME] [HOLDERS] [WAITING] -> the locks of one file, or of all
 *		dump	FD [HOLDERS] [WAITING] -> all locks on the filesystem that this open file
 *				lies on, of registered files and others
 *		dump	FS_TYPE... [HOLDERS] [WAITING] -> all locks on filesystems of
 *				these types
 * LOCK_CLEAR	do	NAME [SCOPE] [DRY_RUN] -> CLEARED... REMAINING GENERATION
 *			NAME ID GENERATION [FORCE] [DRY_RUN]
 *				EAGAIN: a lock is still suspect, ask again when its
 *				SUSPECT_MS is over; EBUSY: locks remain and none was
 *				cleared; ESTALE: id or generation don't match any more
 * LEASE_NEW	do	NAME FD TTL_MS [WAIT] -> a lease, GRANTED or not
 *				EAGAIN: not to be had now; a lease ends with the socket
 *			NAME GUARD TTL_MS -> a place before all who wait
 * LEASE_RENEW	do	ID [TTL_MS] -> the lease	ESTALE: it is over
 * LEASE_DEL	do	ID				ESTALE: it is over
 * LEASE_GET	dump	-> every lease, and who waits for one
 */
enum aimlock_cmd {
	AIMLOCK_CMD_FILE_NEW = 1,
	AIMLOCK_CMD_FILE_DEL,
	AIMLOCK_CMD_FILE_GET,
	AIMLOCK_CMD_FILE_SET,
	AIMLOCK_CMD_LOCK_GET,
	AIMLOCK_CMD_LOCK_CLEAR,
	AIMLOCK_CMD_FILE_NEW_NTF,
	AIMLOCK_CMD_FILE_DEL_NTF,
	AIMLOCK_CMD_FILE_CHANGE_NTF,
	AIMLOCK_CMD_LOCK_CLEAR_NTF,
	AIMLOCK_CMD_LEASE_NEW,
	AIMLOCK_CMD_LEASE_RENEW,
	AIMLOCK_CMD_LEASE_DEL,
	AIMLOCK_CMD_LEASE_GET,
	AIMLOCK_CMD_LEASE_NTF,

	__AIMLOCK_CMD_MAX,
	AIMLOCK_CMD_MAX = __AIMLOCK_CMD_MAX - 1,
};

#endif /* _UAPI_LINUX_AIMLOCK_H */
