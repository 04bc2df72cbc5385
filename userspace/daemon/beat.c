// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "message.h"
#include "ward.h"

#define BEAT_US		(UINT64_C(5) * 1000000)	/* at least so often */
#define CHORES_MS	10000

/* A name that nobody has: what comes back is that there is none. */
#define NOBODY		"aimlockd.heartbeat"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000;
}

/* The loop runs, or nobody would ask; the module answers, or is waited for. */
static bool is_well(struct daemon *daemon)
{
	struct aimlock_files files = { 0 };
	int err;

	if (!daemon->link.up)
		return daemon->link.again;
	err = aimlock_client_files_get(&daemon->link.nl, NOBODY, &files);
	aimlock_model_free_files(&files);
	return !err || err == -ENOENT;
}

static void save_metrics(struct daemon *daemon)
{
	static int last;
	int err = daemon->config.metrics_file ? report_save(daemon) : 0;

	if (err && err != last)
		message_send(MESSAGE_METRICS_FAULT, NULL, "%s can't be written (%s)",
			     daemon->config.metrics_file, strerror(-err));
	last = err;
}

/* What could not be done at first. */
static void try_again(struct daemon *daemon)
{
	bool all = true;
	size_t i;

	for (i = 0; i < daemon->n_wards; i++) {
		all &= daemon->wards[i]->registered;
		ward_insist(daemon->wards[i]);
	}
	if (!all)
		link_sync(daemon, false);
}

static uint64_t interval(void)
{
	uint64_t limit;

	if (sd_watchdog_enabled(0, &limit) > 0 && limit / 3 < BEAT_US)
		return limit / 3;
	return BEAT_US;
}

static int beat(sd_event_source *source, uint64_t usec, void *arg)
{
	struct daemon *daemon = arg;

	(void)usec;
	if (is_well(daemon)) {
		daemon->beat_ms = now_ms();
		sd_notify(0, "WATCHDOG=1");
	}
	if (now_ms() - daemon->saved_ms >= CHORES_MS) {
		daemon->saved_ms = now_ms();
		try_again(daemon);
		save_metrics(daemon);
	}
	sd_event_source_set_time_relative(source, interval());
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int beat_start(struct daemon *daemon)
{
	return sd_event_add_time_relative(daemon->loop, &daemon->beat, CLOCK_BOOTTIME, 0, 0, beat,
					  daemon);
}

void beat_stop(struct daemon *daemon)
{
	daemon->beat = sd_event_source_unref(daemon->beat);
}
