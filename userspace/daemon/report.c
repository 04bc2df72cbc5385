// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "../lib/look.h"
#include "../lib/metrics.h"
#include "../lib/replace.h"
#include "ward.h"

/* To be freed. */
static struct aimlock_metrics_ward *wards_of(const struct daemon *daemon)
{
	struct aimlock_metrics_ward *wards = calloc(daemon->n_wards + 1, sizeof(*wards));
	size_t i;

	for (i = 0; wards && i < daemon->n_wards; i++) {
		const struct ward *ward = daemon->wards[i];

		wards[i].name = ward->config->name;
		wards[i].guarded = guard_has(&ward->guard);
		wards[i].check_failed = ward->guard.failed;
		wards[i].cleared = ward->cleared;
	}
	return wards;
}

static int write_metrics(const void *metrics, FILE *out)
{
	return aimlock_metrics_write(metrics, out);
}

/* Hands the metrics of now to @use. */
static int make(struct daemon *daemon,
		int (*use)(void *arg, const struct aimlock_metrics *metrics), void *arg)
{
	struct aimlock_metrics_ward *wards = wards_of(daemon);
	const struct aimlock_metrics_daemon of_daemon = {
		.heartbeat_ms = daemon->beat_ms, .wards = wards, .n_wards = daemon->n_wards,
	};
	struct aimlock_files files = { 0 };
	char version[64];
	struct aimlock_metrics metrics = { .files = &files, .daemon = &of_daemon };
	int err;

	if (!wards)
		return -ENOMEM;
	metrics.up = daemon->link.up && !aimlock_look_all(&daemon->link.nl, &files);
	aimlock_model_drop_transient(&files);
	if (metrics.up && aimlock_look_version(version, sizeof(version)))
		metrics.version = version;
	err = use(arg, &metrics);
	aimlock_model_free_files(&files);
	free(wards);
	return err;
}

static int save(void *path, const struct aimlock_metrics *metrics)
{
	return aimlock_replace(path, write_metrics, metrics);
}

int report_save(struct daemon *daemon)
{
	return make(daemon, save, daemon->config.metrics_file);
}

struct text {
	char **text;
	size_t *len;
};

static int print(void *arg, const struct aimlock_metrics *metrics)
{
	const struct text *text = arg;
	FILE *out = open_memstream(text->text, text->len);
	int err;

	if (!out)
		return -ENOMEM;
	err = aimlock_metrics_write(metrics, out);
	if (fclose(out) && !err)
		err = -ENOMEM;
	if (err)
		free(*text->text);
	return err;
}

int report_make(struct daemon *daemon, char **text, size_t *len)
{
	struct text out = { .text = text, .len = len };

	return make(daemon, print, &out);
}
