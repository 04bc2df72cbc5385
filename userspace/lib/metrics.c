// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All are gauges: stateset and info are types that Prometheus' own format lacks, and
 * it names counters otherwise than OpenMetrics.  The labels are few: no pid, no path.
 * Those of a lock are named after the attributes of OpenTelemetry's
 * system.filesystem.lock.count.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "text.h"

struct family {
	const char *name;
	const char *unit;	/* NULL: none */
	const char *help;
	int (*write)(const struct family *family, const struct aimlock_metrics *metrics,
		     FILE *out);
	uint64_t (*value)(const struct aimlock_file *file);	/* for write_file() */
	uint64_t (*ward)(const struct aimlock_metrics_ward *ward);	/* for write_ward() */
	bool of_daemon;
};

/* It may be printed to a terminal, and whatever the locale has to be UTF-8. */
static char *label_value(const char *s)
{
	char *escaped = aimlock_text_escape(s);
	char *value = escaped ? aimlock_text_utf8(escaped) : NULL;

	free(escaped);
	return value;
}

/* NAME{LABEL="VALUE",...}; labels in pairs, up to a NULL. */
static int write_labels(const struct family *family, const char *const *labels, FILE *out)
{
	const char *between = "{", *c;

	fputs(family->name, out);
	for (; *labels; labels += 2) {
		char *value = label_value(labels[1]);

		if (!value)
			return -ENOMEM;
		fprintf(out, "%s%s=\"", between, labels[0]);
		for (c = value; *c; c++) {
			if (*c == '\\' || *c == '"')
				fputc('\\', out);
			fputc(*c, out);
		}
		fputc('"', out);
		free(value);
		between = ",";
	}
	fputs("} ", out);
	return 0;
}

static int write_count(const struct family *family, const char *const *labels, uint64_t value,
		       FILE *out)
{
	int err = write_labels(family, labels, out);

	fprintf(out, "%" PRIu64 "\n", value);
	return err;
}

static int write_up(const struct family *family, const struct aimlock_metrics *metrics,
		    FILE *out)
{
	fprintf(out, "%s %d\n", family->name, metrics->up);
	return 0;
}

static int write_info(const struct family *family, const struct aimlock_metrics *metrics,
		      FILE *out)
{
	const char *const labels[] = { "version", metrics->version, NULL };

	return metrics->version ? write_count(family, labels, 1, out) : 0;
}

static int write_files(const struct family *family, const struct aimlock_metrics *metrics,
		       FILE *out)
{
	if (metrics->up)
		fprintf(out, "%s %zu\n", family->name, metrics->files->n);
	return 0;
}

static int write_file(const struct family *family, const struct aimlock_metrics *metrics,
		      FILE *out)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < metrics->files->n; i++) {
		const struct aimlock_file *file = &metrics->files->v[i];
		const char *const labels[] = { "file", file->name, NULL };

		err = write_count(family, labels, family->value(file), out);
	}
	return err;
}

static uint64_t orphans(const struct aimlock_file *file)
{
	return file->orphans;
}

static uint64_t waiters(const struct aimlock_file *file)
{
	return file->waiters;
}

static uint64_t generation(const struct aimlock_file *file)
{
	return file->generation;
}

static uint64_t held(const struct aimlock_file *file)
{
	return file->held;
}

/* One of the states is 1, the others are 0. */
static int write_states(const struct family *family, const struct aimlock_metrics *metrics,
			FILE *out)
{
	enum aimlock_state state;
	int err = 0;
	size_t i;

	for (i = 0; i < metrics->files->n; i++) {
		const struct aimlock_file *file = &metrics->files->v[i];

		for (state = 0; !err && state <= AIMLOCK_STATE_HELD; state++) {
			const char *const labels[] = {
				"file", file->name,
				"state", aimlock_model_state_name(state), NULL
			};

			err = write_count(family, labels, file->state == state, out);
		}
	}
	return err;
}

static bool same_sample(const struct aimlock_lock *a, const struct aimlock_lock *b)
{
	return a->kind == b->kind && a->mode == b->mode && a->verdict == b->verdict;
}

static uint64_t count_same(const struct aimlock_locks *locks, const struct aimlock_lock *lock)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < locks->n; i++)
		n += same_sample(&locks->v[i], lock);
	return n;
}

static bool is_first(const struct aimlock_locks *locks, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (same_sample(&locks->v[j], &locks->v[i]))
			return false;
	return true;
}

static int write_locks(const struct family *family, const struct aimlock_metrics *metrics,
		       FILE *out)
{
	int err = 0;
	size_t i, j;

	for (i = 0; i < metrics->files->n; i++) {
		const struct aimlock_file *file = &metrics->files->v[i];

		for (j = 0; !err && j < file->locks.n; j++) {
			const struct aimlock_lock *lock = &file->locks.v[j];
			const char *const labels[] = {
				"file", file->name,
				"mechanism", aimlock_model_kind_name(lock->kind),
				"type", aimlock_model_mode_name(lock->mode),
				"verdict", aimlock_model_verdict_name(lock->verdict), NULL
			};

			if (is_first(&file->locks, j))
				err = write_count(family, labels, count_same(&file->locks, lock),
						  out);
		}
	}
	return err;
}

/* Not by a format for fractions: that has the locale's point. */
static void write_seconds(uint64_t ms, FILE *out)
{
	fprintf(out, "%" PRIu64 ".%03" PRIu64 "\n", ms / 1000, ms % 1000);
}

static int write_oldest(const struct family *family, const struct aimlock_metrics *metrics,
			bool orphaned, FILE *out)
{
	int err = 0;
	size_t i, j;

	for (i = 0; !err && i < metrics->files->n; i++) {
		const struct aimlock_file *file = &metrics->files->v[i];
		const char *const labels[] = { "file", file->name, NULL };
		uint64_t oldest = 0;

		for (j = 0; j < file->locks.n; j++) {
			const struct aimlock_lock *lock = &file->locks.v[j];

			if (orphaned && lock->verdict != AIMLOCK_VERDICT_ORPHANED)
				continue;
			if (lock->age_ms > (int64_t)oldest)
				oldest = lock->age_ms;
		}
		err = write_labels(family, labels, out);
		write_seconds(oldest, out);
	}
	return err;
}

static int write_oldest_lock(const struct family *family,
			     const struct aimlock_metrics *metrics, FILE *out)
{
	return write_oldest(family, metrics, false, out);
}

static int write_oldest_orphan(const struct family *family,
			       const struct aimlock_metrics *metrics, FILE *out)
{
	return write_oldest(family, metrics, true, out);
}

static int write_heartbeat(const struct family *family, const struct aimlock_metrics *metrics,
			   FILE *out)
{
	fprintf(out, "%s ", family->name);
	write_seconds(metrics->daemon->heartbeat_ms, out);
	return 0;
}

static int write_ward(const struct family *family, const struct aimlock_metrics *metrics,
		      FILE *out)
{
	const struct aimlock_metrics_daemon *daemon = metrics->daemon;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < daemon->n_wards; i++) {
		const char *const labels[] = { "file", daemon->wards[i].name, NULL };

		err = write_count(family, labels, family->ward(&daemon->wards[i]), out);
	}
	return err;
}

static uint64_t guarded(const struct aimlock_metrics_ward *ward)
{
	return ward->guarded;
}

static uint64_t check_failed(const struct aimlock_metrics_ward *ward)
{
	return ward->check_failed;
}

static uint64_t cleared(const struct aimlock_metrics_ward *ward)
{
	return ward->cleared;
}

static const struct family families[] = {
	{ "aimlock_up", NULL, "1 if the aimlock module answers, else 0.", .write = write_up },
	{ "aimlock_module_info", NULL, "The version of the loaded module.", .write = write_info },
	{ "aimlock_files", NULL, "Number of registered files.", .write = write_files },
	{ "aimlock_file_state", NULL,
	  "1 for the state that the file is in, 0 for the others.", .write = write_states },
	{ "aimlock_locks", NULL, "Number of locks on the file.", .write = write_locks },
	{ "aimlock_orphans", NULL, "Number of orphaned locks on the file.",
	  .write = write_file, .value = orphans },
	{ "aimlock_waiters", NULL, "Number of requests that locks on the file block.",
	  .write = write_file, .value = waiters },
	{ "aimlock_held", NULL, "1 while the administrative hold is on, else 0.",
	  .write = write_file, .value = held },
	{ "aimlock_generation", NULL,
	  "The fencing token: one more with each hold and each clear.",
	  .write = write_file, .value = generation },
	{ "aimlock_oldest_lock_age_seconds", "seconds",
	  "Time since the oldest lock on the file was first seen, 0 without any.",
	  .write = write_oldest_lock },
	{ "aimlock_oldest_orphan_age_seconds", "seconds",
	  "Time since the oldest orphaned lock on the file was first seen, 0 without any.",
	  .write = write_oldest_orphan },
	{ "aimlockd_heartbeat_timestamp_seconds", "seconds",
	  "When aimlockd last found itself well, since 1970.",
	  .write = write_heartbeat, .of_daemon = true },
	{ "aimlockd_guarded", NULL,
	  "1 while aimlockd keeps the file until its check passes, else 0.",
	  .write = write_ward, .ward = guarded, .of_daemon = true },
	{ "aimlockd_check_failed", NULL, "1 if the last check of the file failed, else 0.",
	  .write = write_ward, .ward = check_failed, .of_daemon = true },
	{ "aimlockd_orphans_cleared", NULL,
	  "Number of orphaned locks that aimlockd has cleared or adopted since it started.",
	  .write = write_ward, .ward = cleared, .of_daemon = true },
};

static int write_family(const struct family *family, const struct aimlock_metrics *metrics,
			FILE *out)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", family->name, family->help,
		family->name);
	if (family->unit)
		fprintf(out, "# UNIT %s %s\n", family->name, family->unit);
	return family->write(family, metrics, out);
}

int aimlock_metrics_write(const struct aimlock_metrics *metrics, FILE *out)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < sizeof(families) / sizeof(families[0]); i++)
		if (metrics->daemon || !families[i].of_daemon)
			err = write_family(&families[i], metrics, out);
	fputs("# EOF\n", out);
	return err;
}
