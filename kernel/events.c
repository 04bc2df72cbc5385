// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: what was done to a file is told here, once, and passed on to whoever
 * listens (sysfs, netlink).  Asks nobody; leaves the audit record itself.
 */
#include "events.h"

#include <linux/audit.h>

static BLOCKING_NOTIFIER_HEAD(listeners);
static BLOCKING_NOTIFIER_HEAD(listeners_for_holders);

static const char *audit_op(enum aimlock_reason reason)
{
	switch (reason) {
	case AIMLOCK_REASON_HELD:
		return "hold";
	case AIMLOCK_REASON_RELEASED:
		return "release";
	case AIMLOCK_REASON_CLEARED:
		return "clear";
	case AIMLOCK_REASON_FORCED:
		return "force";
	case AIMLOCK_REASON_ADOPTED:
		return "adopt";
	default:
		return NULL;
	}
}

static void leave_audit_record(const struct aimlock_event *event, const char *op)
{
	struct audit_buffer *ab;

	ab = audit_log_start(audit_context(), GFP_KERNEL, AUDIT_KERNEL_OTHER);
	if (!ab)
		return;
	/* A name has no character that would need escaping. */
	audit_log_format(ab, "module=aimlock op=%s file=\"%s\" generation=%llu",
			 op, event->name, event->generation);
	audit_log_task_info(ab);
	audit_log_end(ab);
}

/**
 * aimlock_events_tell() - pass an event on
 * @event: what happened; only read, and only during the call
 *
 * Context: process context, in the task that did it; the caller holds a
 * reference to the file and none of its locks.
 */
void aimlock_events_tell(const struct aimlock_event *event)
{
	const char *op = audit_op(event->reason);

	if (op)
		leave_audit_record(event, op);
	blocking_notifier_call_chain(&listeners, event->reason, (void *)event);
}

/**
 * aimlock_events_listen() - have a function called with each event
 * @nb: its call gets the reason and the const struct aimlock_event
 *
 * Return: 0, or a negative errno.
 */
int aimlock_events_listen(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&listeners, nb);
}

/**
 * aimlock_events_unlisten() - undo aimlock_events_listen()
 * @nb: what was given to it
 *
 * No call is under way any more when this returns.
 */
void aimlock_events_unlisten(struct notifier_block *nb)
{
	blocking_notifier_chain_unregister(&listeners, nb);
}

/**
 * aimlock_events_tell_holder() - pass on what the holder of a lease waits for
 * @event: what happened to its lease; only read, and only during the call
 *
 * Everybody is told by aimlock_events_tell() as well, later.
 *
 * Context: process context; the caller holds a reference to the file and none of its
 * locks.
 */
void aimlock_events_tell_holder(const struct aimlock_event *event)
{
	blocking_notifier_call_chain(&listeners_for_holders, event->reason, (void *)event);
}

/**
 * aimlock_events_listen_for_holders() - have a function called to tell a holder
 * @nb: its call gets the reason and the const struct aimlock_event
 *
 * Return: 0, or a negative errno.
 */
int aimlock_events_listen_for_holders(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&listeners_for_holders, nb);
}

/**
 * aimlock_events_unlisten_for_holders() - undo aimlock_events_listen_for_holders()
 * @nb: what was given to it
 *
 * No call is under way any more when this returns.
 */
void aimlock_events_unlisten_for_holders(struct notifier_block *nb)
{
	blocking_notifier_chain_unregister(&listeners_for_holders, nb);
}
