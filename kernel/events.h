/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_EVENTS_H
#define AIMLOCK_EVENTS_H

#include <linux/notifier.h>
#include <linux/aimlock.h>

struct aimlock_file;
struct aimlock_lease;
struct aimlock_set;

/**
 * struct aimlock_event - something this module did, or noticed, to a file
 * @file: the registered file
 * @name: its name
 * @reason: what happened
 * @generation: of the file, afterwards
 * @state: for AIMLOCK_REASON_CHANGED: what it is now
 * @lease: what it happened to, if not to the file as a whole; else NULL
 * @set: for AIMLOCK_REASON_CLEARED and _FORCED: the locks that went are those
 *	 with &aimlock_lock.cleared; else NULL
 */
struct aimlock_event {
	struct aimlock_file *file;
	const char *name;
	enum aimlock_reason reason;
	u64 generation;
	enum aimlock_state state;
	const struct aimlock_lease *lease;
	const struct aimlock_set *set;
};

void aimlock_events_tell(const struct aimlock_event *event);
int aimlock_events_listen(struct notifier_block *nb);
void aimlock_events_unlisten(struct notifier_block *nb);
void aimlock_events_tell_holder(const struct aimlock_event *event);
int aimlock_events_listen_for_holders(struct notifier_block *nb);
void aimlock_events_unlisten_for_holders(struct notifier_block *nb);

#endif /* AIMLOCK_EVENTS_H */
