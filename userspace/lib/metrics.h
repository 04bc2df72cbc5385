/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics of the registered files, as text that is both OpenMetrics 1.0 and the
 * older text format of Prometheus, which node_exporter reads.
 */
#ifndef AIMLOCK_METRICS_H
#define AIMLOCK_METRICS_H

#include <stdio.h>

#include "model.h"

/* What aimlockd(8) adds of a file that it looks after. */
struct aimlock_metrics_ward {
	const char *name;
	bool guarded;			/* it keeps the file until the check passes */
	bool check_failed;		/* the last one did */
	uint64_t cleared;		/* orphaned locks, or adopted, since it started */
};

struct aimlock_metrics_daemon {
	uint64_t heartbeat_ms;		/* since the epoch */
	const struct aimlock_metrics_ward *wards;
	size_t n_wards;
};

/* One sample is made of what its metric is of. */
struct aimlock_metrics {
	bool up;			/* the module answers */
	const char *version;		/* of the module; NULL: not told */
	const struct aimlock_files *files;	/* with their locks */
	const struct aimlock_metrics_daemon *daemon;	/* or NULL */
};

/* Writes all, the closing "# EOF" too. 0, or -ENOMEM; ferror(@out) tells the rest. */
int aimlock_metrics_write(const struct aimlock_metrics *metrics, FILE *out);

#endif /* AIMLOCK_METRICS_H */
