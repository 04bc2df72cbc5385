/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the module tells, as C structures: files with their locks, locks with
 * their holders.  Nothing here prints or exits; functions that can fail return
 * 0 or -errno.
 */
#ifndef AIMLOCK_MODEL_H
#define AIMLOCK_MODEL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/aimlock.h>

#define AIMLOCK_END_OF_FILE	((uint64_t)LLONG_MAX)	/* a range's last byte */

struct nlattr;
struct nlmsghdr;

/* A client of the NFS 4 server; see nfsd.h. */
struct aimlock_client {
	uint32_t id;			/* in /proc/fs/nfsd/clients */
	char address[64];		/* with its port */
	char name[128];			/* as it calls itself; the kernel has escaped it */
	char status[16];		/* "confirmed", "courtesy", ...; or empty: not told */
	int64_t silent_s;		/* since it last renewed its lease; -1: not told */
};

struct aimlock_holder {
	enum aimlock_holder_kind kind;
	uint32_t pid;			/* 0: no process */
	uint32_t ns_pid;		/* 0: not told */
	int64_t fd;			/* -1: none */
	char comm[AIMLOCK_COMM_MAX + 1];
	char state[2];
	uint64_t start_ns;
	struct aimlock_client *client;	/* of a manager, on whose behalf; NULL: not known */
};

struct aimlock_waiter {
	uint32_t pid;
	uint32_t ns_pid;		/* 0: not told */
	char comm[AIMLOCK_COMM_MAX + 1];
	char state[2];
	uint64_t start_ns;
	enum aimlock_lock_kind kind;	/* what is asked for */
	enum aimlock_lock_mode mode;
	uint64_t start;
	uint64_t end;			/* AIMLOCK_END_OF_FILE: to the end */
	int64_t wait_ms;		/* -1: not told */
	uint32_t depth;			/* 1: waits for the lock, else behind another */
};

struct aimlock_lock {
	char name[AIMLOCK_NAME_MAX + 1];	/* empty: its file isn't registered */
	uint64_t id;
	enum aimlock_lock_kind kind;
	enum aimlock_lock_mode mode;
	uint64_t start;
	uint64_t end;			/* AIMLOCK_END_OF_FILE: to the end */
	enum aimlock_verdict verdict;
	uint32_t taker;			/* 0: none was recorded */
	bool taker_exists;
	int64_t age_ms;			/* -1: not told */
	uint32_t waiters;
	int64_t refs;			/* -1: not told */
	int64_t refs_found;		/* -1: not told */
	uint32_t suspect_ms;
	uint64_t generation;		/* of the file */
	char *path;			/* of the file; NULL: not told */
	bool has_inode;
	uint32_t dev_major, dev_minor;
	uint64_t ino;
	struct aimlock_holder *holders;
	size_t n_holders;
	struct aimlock_waiter *waiting;	/* each one behind that which it waits behind */
	size_t n_waiting;		/* how many were told of */
};

struct aimlock_locks {
	struct aimlock_lock *v;
	size_t n;
};

struct aimlock_file {
	char name[AIMLOCK_NAME_MAX + 1];	/* empty: it isn't registered */
	char *path;			/* NULL: not told */
	enum aimlock_state state;
	uint32_t n_locks, orphans, waiters;
	uint64_t generation;
	bool held;
	uint32_t grace_ms;
	enum aimlock_clear_scope scope;
	bool has_holder;
	struct aimlock_holder holder;
	bool has_inode;
	uint32_t dev_major, dev_minor;
	uint64_t ino;
	bool transient;			/* registered for its leases only */
	struct aimlock_locks locks;	/* filled by aimlock_model_assign() or _group() */
};

struct aimlock_files {
	struct aimlock_file *v;
	size_t n;
};

/* What LOCK_CLEAR did, or with DRY_RUN would do. */
struct aimlock_cleared {
	struct aimlock_locks locks;
	uint32_t remaining;
	uint64_t generation;
};

int aimlock_model_read_file(struct nlmsghdr *hdr, struct aimlock_files *files);
int aimlock_model_read_lock(struct nlmsghdr *hdr, struct aimlock_locks *locks);
int aimlock_model_read_cleared(struct nlmsghdr *hdr, struct aimlock_cleared *out);

/* One more holder of @lock, all zero; NULL: no memory. */
struct aimlock_holder *aimlock_model_add_holder(struct aimlock_lock *lock);

/* Those that are registered for their leases only. */
void aimlock_model_drop_transient(struct aimlock_files *files);

/* Appends @file to @files and leaves an empty one behind. */
int aimlock_model_move_file(struct aimlock_files *files, struct aimlock_file *file);

/* Sorts files by name, as aimlock_model_assign() wants them, and drops doubles. */
void aimlock_model_sort(struct aimlock_files *files);

/* Hands each lock to its file; locks of other files are dropped. Empties @locks. */
int aimlock_model_assign(struct aimlock_files *files, struct aimlock_locks *locks);

/* Appends a file for each one that has locks, and hands them to it.  Empties @locks. */
int aimlock_model_group(struct aimlock_files *files, struct aimlock_locks *locks);

/* @file gets what @known, of the same name, has beside its locks.  Frees @known. */
void aimlock_model_complete(struct aimlock_file *file, struct aimlock_file *known);

/* One more, all zero, or NULL. */
struct aimlock_holder *aimlock_model_add_holder(struct aimlock_lock *lock);

/* Behind which waiter that one waits; NULL: only behind the lock. */
const struct aimlock_waiter *aimlock_model_behind(const struct aimlock_lock *lock,
						  const struct aimlock_waiter *waiter);

const struct aimlock_lock *aimlock_model_find(const struct aimlock_locks *locks, uint64_t id);

void aimlock_model_free_files(struct aimlock_files *files);
void aimlock_model_free_locks(struct aimlock_locks *locks);
void aimlock_model_free_cleared(struct aimlock_cleared *cleared);

/* Names as the protocol's specification has them; "unknown" for newer values. */
const char *aimlock_model_state_name(enum aimlock_state state);
const char *aimlock_model_verdict_name(enum aimlock_verdict verdict);
const char *aimlock_model_kind_name(enum aimlock_lock_kind kind);
const char *aimlock_model_mode_name(enum aimlock_lock_mode mode);
const char *aimlock_model_holder_name(enum aimlock_holder_kind kind);
const char *aimlock_model_scope_name(enum aimlock_clear_scope scope);

/* 0, or -EINVAL if @name is no scope. */
int aimlock_model_scope_value(const char *name, enum aimlock_clear_scope *scope);

#endif /* AIMLOCK_MODEL_H */
