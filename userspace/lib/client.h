/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations of the protocol.  All return 0 or -errno, with the kernel's
 * sentence in nl->message; none prints.
 */
#ifndef AIMLOCK_CLIENT_H
#define AIMLOCK_CLIENT_H

#include "model.h"
#include "netlink.h"

/* What FILE_NEW and FILE_SET may set. */
struct aimlock_settings {
	bool has_hold, hold;
	bool has_grace;
	uint32_t grace_ms;
	bool has_scope;
	enum aimlock_clear_scope scope;
};

struct aimlock_clear_request {
	const char *name;
	bool has_scope;
	enum aimlock_clear_scope scope;
	bool has_id;
	uint64_t id, generation;	/* as they were shown */
	bool force;
	bool dry_run;
};

int aimlock_client_file_new(struct aimlock_netlink *nl, const char *name, const char *path,
			    const struct aimlock_settings *settings);
int aimlock_client_file_del(struct aimlock_netlink *nl, const char *name);
int aimlock_client_file_set(struct aimlock_netlink *nl, const char *name,
			    const struct aimlock_settings *settings);

/* Appends the file of that name; with NULL, replaces all by every file. */
int aimlock_client_files_get(struct aimlock_netlink *nl, const char *name,
			     struct aimlock_files *files);

/* The locks of one file, or with NULL those of all, with their holders, and with who
 * waits for them.
 */
int aimlock_client_locks_get(struct aimlock_netlink *nl, const char *name, bool waiting,
			     struct aimlock_locks *locks);

/* Which filesystems to look at. */
struct aimlock_range {
	int fd;			/* an open file that lies on the only one; -1: none */
	char **types;		/* else all of these types */
	size_t n_types;
};

/* Every lock there, with its holders, the locks of a file together. */
int aimlock_client_scan(struct aimlock_netlink *nl, const struct aimlock_range *range,
			bool waiting, struct aimlock_locks *locks);

int aimlock_client_lock_clear(struct aimlock_netlink *nl,
			      const struct aimlock_clear_request *request,
			      struct aimlock_cleared *cleared);

#endif /* AIMLOCK_CLIENT_H */
