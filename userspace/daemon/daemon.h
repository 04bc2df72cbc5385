/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all of the daemon shares: one loop, one connection to the module, the files. */
#ifndef AIMLOCKD_DAEMON_H
#define AIMLOCKD_DAEMON_H

#include <systemd/sd-event.h>

#include "../lib/config.h"
#include "../lib/event.h"

struct ward;

/* The connection to the module, or the wait for it; link.c. */
struct link {
	bool up;
	struct aimlock_netlink events, nl;	/* nl: for requests */
	sd_event_source *heard;
	sd_event_source *again;
};

struct http;

struct daemon {
	sd_event *loop;
	const char *dir;		/* of the configuration */
	struct aimlock_config config;
	struct ward **wards;		/* one a configured file, in the same order */
	size_t n_wards;
	struct link link;
	struct http *http;		/* NULL: metrics are not served */
	sd_event_source *beat;
	uint64_t beat_ms;		/* when all was well, since the epoch */
	uint64_t saved_ms;		/* when the file of metrics was written */
};

/* link.c */
int link_start(struct daemon *daemon);
void link_stop(struct daemon *daemon);

/* Registers what is not, and looks at all files anew.  @lost: nothing is known of what
 * happened to them before.
 */
void link_sync(struct daemon *daemon, bool lost);

/* Deals with the events that are there already. */
void link_hear(struct daemon *daemon);

/* beat.c: watchdog, heartbeat, and the file of metrics */
int beat_start(struct daemon *daemon);
void beat_stop(struct daemon *daemon);

/* report.c: the metrics as text, malloc'ed; 0 or -errno */
int report_make(struct daemon *daemon, char **text, size_t *len);
int report_save(struct daemon *daemon);

/* http.c; without an address in the configuration it does nothing */
int http_start(struct daemon *daemon);
void http_stop(struct daemon *daemon);

#endif /* AIMLOCKD_DAEMON_H */
