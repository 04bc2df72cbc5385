/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module tells unasked. */
#ifndef AIMLOCK_EVENT_H
#define AIMLOCK_EVENT_H

#include "model.h"
#include "netlink.h"

/*
 * @file is what was told of the file: its name, its generation; with a change its
 * state; but for a clear its path and its settings; with a clear the locks that went.
 */
struct aimlock_event {
	enum aimlock_reason reason;
	bool has_state;
	struct aimlock_file file;
};

/* 0, -EBADMSG or -ENOMEM; to be freed in any case. */
int aimlock_event_read(struct nlmsghdr *hdr, struct aimlock_event *event);
void aimlock_event_free(struct aimlock_event *event);

/* What came of events, without waiting: @told gets each, and ends it by what is not 0,
 * which is returned.  Else 0; -ENOBUFS and -ENODEV as aimlock_netlink_hear(); -errno.
 */
typedef int (*aimlock_event_told)(const struct aimlock_event *event, void *arg);
int aimlock_event_hear(struct aimlock_netlink *events, aimlock_event_told told, void *arg);

/* As the protocol's specification has it; "unknown" for newer ones. */
const char *aimlock_event_name(enum aimlock_reason reason);

#endif /* AIMLOCK_EVENT_H */
