/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leases.  One belongs to the netlink socket that asked for it, and ends with it.
 * Functions return 0 or -errno, with the kernel's sentence in nl->message.
 */
#ifndef AIMLOCK_LEASE_H
#define AIMLOCK_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/aimlock.h>

#include "netlink.h"

struct aimlock_lease {
	char name[AIMLOCK_NAME_MAX + 1];
	uint32_t id;
	uint32_t ttl_ms;
	bool granted;
	bool ended;			/* told by an event, with the reason */
	enum aimlock_reason reason;
	uint64_t generation;		/* the fencing token, once it is granted */
};

struct aimlock_lease_request {
	const char *name;		/* or NULL: whatever file @fd is */
	int fd;				/* the file, open for writing */
	uint32_t ttl_ms;
	bool wait;			/* queue for it if it can't be had now */
	bool adopt;			/* or take over what locks it, if that is in scope */
	enum aimlock_clear_scope scope;
	bool guards;			/* or a place before all who wait; @fd is not used */
	enum aimlock_guard guard;
};

/*
 * With wait it may come back without being granted, and a guard always does;
 * aimlock_lease_hear() tells then.
 */
int aimlock_lease_new(struct aimlock_netlink *nl, const struct aimlock_lease_request *request,
		      struct aimlock_lease *lease);
int aimlock_lease_renew(struct aimlock_netlink *nl, struct aimlock_lease *lease);
int aimlock_lease_del(struct aimlock_netlink *nl, const struct aimlock_lease *lease);

/* Reads what was told of @lease, without waiting. */
int aimlock_lease_hear(struct aimlock_netlink *nl, struct aimlock_lease *lease);

#endif /* AIMLOCK_LEASE_H */
