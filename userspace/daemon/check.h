/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command that tells whether the content of a file is sane. */
#ifndef AIMLOCKD_CHECK_H
#define AIMLOCKD_CHECK_H

#include <stdbool.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include "../lib/config.h"

struct check {
	pid_t pid;		/* of its process group, too; 0: it doesn't run */
	sd_event_source *ended, *late;
	bool killed;		/* it took too long */
	void (*done)(struct check *check, bool passed, const char *why);
};

/* check->done is called when it has ended, not before.  0 or -errno. */
int check_start(struct check *check, sd_event *loop, const struct aimlock_config_file *file);
void check_stop(struct check *check);

#endif /* AIMLOCKD_CHECK_H */
