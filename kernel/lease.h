/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_LEASE_H
#define AIMLOCK_LEASE_H

#include "inspect.h"

#include <linux/list.h>
#include <linux/types.h>

struct aimlock_file;

/**
 * struct aimlock_lease - somebody's lease of a file, or their place in its queue
 * @id: never used again while others follow
 * @portid: netlink socket of the holder: the lease ends with it
 * @file: a reference
 * @granted: it is the holder's; else it waits
 * @ended: why it ends; AIMLOCK_REASON_LEASED while it doesn't
 * @ttl_ms: how long it lasts without being renewed
 * @expires: when it ends then, in jiffies
 * @deadline: the same in CLOCK_BOOTTIME, to be told
 * @generation: the fencing token that came with it
 * @holder: who asked for it: AIMLOCK_HOLDER_KIND_AIMLOCK, with a process
 * @node: in the queue of the file, the holder first; or in its guards or leases_ended
 * @by_port: in the table of sockets
 * @asleep: it was queued, so its holder is to be told when it is granted
 * @told: everybody was told that it is granted, or is about to be
 * @adopted: it began with somebody else's lock
 * @guards: until it is granted it waits in the list of guards
 * @insists: a guard whose turn is next, whether or not a holder was lost
 * @keeps: it keeps the file and the module
 */
struct aimlock_lease {
	u32 id;
	u32 portid;
	struct aimlock_file *file;
	bool granted;
	enum aimlock_reason ended;
	u32 ttl_ms;
	unsigned long expires;
	u64 deadline;
	u64 generation;
	struct aimlock_holder holder;
	struct list_head node;
	struct hlist_node by_port;
	bool asleep;
	bool told;
	bool adopted;
	bool guards;
	bool insists;
	bool keeps;
};

/**
 * struct aimlock_lease_request - what lease-new asks for
 * @file: the file
 * @authority: an open file of the caller's; none for a guard
 * @portid: netlink socket of the caller
 * @ttl_ms: from AIMLOCK_TTL_MIN to AIMLOCK_TTL_MAX
 * @wait: queue for it if it can't be had now
 * @adopt: where the file is locked: takes a lock of it over, or NULL; called with
 *	   &aimlock_file.clearing held.  Returns an open file for
 *	   aimlock_request_release() and fput(), or an error
 * @scope: for @adopt: which verdicts may be taken over
 * @guards: wait before all others, for the loss of a holder
 * @insists: or for the end of the lock that there is now
 */
struct aimlock_lease_request {
	struct aimlock_file *file;
	struct file *authority;
	u32 portid;
	u32 ttl_ms;
	bool wait;
	struct file *(*adopt)(const struct aimlock_lease_request *request);
	enum aimlock_clear_scope scope;
	bool guards;
	bool insists;
};

int aimlock_lease_new(const struct aimlock_lease_request *request, struct aimlock_lease *copy);
int aimlock_lease_renew(u32 id, u32 portid, u32 ttl_ms, struct aimlock_lease *copy);
int aimlock_lease_del(u32 id, u32 portid);
bool aimlock_lease_next(unsigned long *id, struct aimlock_lease *copy);
void aimlock_lease_put_copy(struct aimlock_lease *copy);
u64 aimlock_lease_left_ms(const struct aimlock_lease *lease);

bool aimlock_lease_holder(struct aimlock_file *file, struct aimlock_holder *holder);

void aimlock_lease_setup(struct aimlock_file *file);
void aimlock_lease_teardown(struct aimlock_file *file);
int aimlock_lease_init(void);
void aimlock_lease_exit(void);

#endif /* AIMLOCK_LEASE_H */
