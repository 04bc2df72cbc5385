/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon says: to the journal with a MESSAGE_ID for each kind, or where no
 * journal runs to standard error, a line each.
 */
#ifndef AIMLOCKD_MESSAGE_H
#define AIMLOCKD_MESSAGE_H

enum message {
	MESSAGE_STARTED,
	MESSAGE_STOPPED,
	MESSAGE_RELOADED,
	MESSAGE_CONFIG_FAULT,
	MESSAGE_CONFIG_KEPT,
	MESSAGE_MODULE_ABSENT,
	MESSAGE_MODULE_FOUND,
	MESSAGE_MODULE_FAULT,
	MESSAGE_EVENTS_LOST,
	MESSAGE_FILE_ADDED,
	MESSAGE_FILE_CHANGED,
	MESSAGE_FILE_REMOVED,
	MESSAGE_FILE_FAULT,
	MESSAGE_ORPHAN_FOUND,
	MESSAGE_ORPHAN_CLEARED,
	MESSAGE_ORPHAN_ADOPTED,
	MESSAGE_ORPHAN_KEPT,
	MESSAGE_UNREACHABLE_FOUND,
	MESSAGE_HOLDER_LOST,
	MESSAGE_GUARD_TAKEN,
	MESSAGE_GUARD_RESUMED,
	MESSAGE_GUARD_FAULT,
	MESSAGE_CHECK_PASSED,
	MESSAGE_CHECK_FAILED,
	MESSAGE_METRICS_FAULT,
	MESSAGE_COUNT,
};

struct message_kind {
	const char *name;
	int priority;		/* of syslog(3) */
	const char *id;
	const char *help;
};

extern const struct message_kind message_kinds[MESSAGE_COUNT];

const char *message_priority_name(int priority);

/* @file: its name, or NULL. */
__attribute__((format(printf, 3, 4)))
void message_send(enum message message, const char *file, const char *format, ...);

#endif /* AIMLOCKD_MESSAGE_H */
