/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generic netlink requests to the module, with the kernel's own sentence for a
 * refusal.  Functions return 0 or -errno and print nothing.
 */
#ifndef AIMLOCK_NETLINK_H
#define AIMLOCK_NETLINK_H

#include <stdint.h>

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

/* Reads one reply; an error ends the request. */
typedef int (*aimlock_netlink_reader)(struct nlmsghdr *hdr, void *arg);

struct aimlock_netlink {
	struct nl_sock *sock;
	int family;
	char message[256];	/* why the last request failed; empty: not told */
	/* An event that comes while an answer is waited for; NULL: it is passed over. */
	aimlock_netlink_reader unasked;
	void *unasked_arg;
};

/* -ENOENT: the family is not there, so the module is not loaded. */
int aimlock_netlink_open(struct aimlock_netlink *nl);

/* Goes on with a socket that another process has opened so.  Takes @fd over. */
int aimlock_netlink_inherit(struct aimlock_netlink *nl, int fd);
void aimlock_netlink_close(struct aimlock_netlink *nl);

/* A request to fill; @flags as NLM_F_DUMP, or 0.  NULL: no memory. */
struct nl_msg *aimlock_netlink_request(struct aimlock_netlink *nl, uint8_t cmd, int flags);

/* Sends @msg, frees it, and waits until the request is over.  -EINTR: the list
 * of a dump changed meanwhile; what was read may be incomplete.
 */
int aimlock_netlink_call(struct aimlock_netlink *nl, struct nl_msg *msg,
			 aimlock_netlink_reader read, void *arg);

/* As aimlock_netlink_open(), for events instead of requests. */
int aimlock_netlink_listen(struct aimlock_netlink *nl);

/* So that aimlock_netlink_hear() may be used on it, too; requests of one answer still
 * work, the kernel has it ready.
 */
int aimlock_netlink_unblock(struct aimlock_netlink *nl);

/* To poll(2) for what aimlock_netlink_hear() reads. */
int aimlock_netlink_fd(const struct aimlock_netlink *nl);

/* Reads the events that are there, without waiting.  -ENOBUFS: some were lost, and
 * those that came before are dropped; all is to be looked at anew.  -ENODEV: the
 * module is gone.
 */
int aimlock_netlink_hear(struct aimlock_netlink *nl, aimlock_netlink_reader read, void *arg);

#endif /* AIMLOCK_NETLINK_H */
