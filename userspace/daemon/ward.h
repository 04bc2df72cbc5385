/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that the daemon looks after: its policy, and its guard. */
#ifndef AIMLOCKD_WARD_H
#define AIMLOCKD_WARD_H

#include "daemon.h"
#include "guard.h"

struct ward {
	struct daemon *daemon;
	const struct aimlock_config_file *config;
	bool registered;
	bool faulty;			/* why not was said already */
	bool fresh;			/* nothing is known of what happened before */
	enum aimlock_state state;	/* as it was seen last */
	bool kept;			/* why an orphan was, was said already */
	uint64_t cleared;		/* orphans, since the start; adopted ones too */
	sd_event_source *again;		/* to act on what was suspect still */
	struct guard guard;
};

/* The wards of a new configuration, which is taken over; what stays configured keeps
 * its guard.  0 or -ENOMEM, with nothing changed.
 */
int wards_configure(struct daemon *daemon, struct aimlock_config *config);
void wards_free(struct daemon *daemon);
struct ward *wards_find(struct daemon *daemon, const char *name);

/* It came to be in this state: the policy. */
void ward_see(struct ward *ward, enum aimlock_state state);

/* Tries again what could not be done. */
void ward_insist(struct ward *ward);

/* An event told of it. */
void ward_hear(struct ward *ward, const struct aimlock_event *event);

#endif /* AIMLOCKD_WARD_H */
