/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics of the registered files, as text that is both OpenMetrics 1.0 and the
 * older text format of Prometheus, which node_exporter reads.
 */
#ifndef AIMLOCK_METRICS_H
#define AIMLOCK_METRICS_H

#include <stdio.h>

#include "model.h"

/* One sample is made of what its metric is of. */
struct aimlock_metrics {
	bool up;			/* the module answers */
	const char *version;		/* of the module; NULL: not told */
	const struct aimlock_files *files;	/* with their locks */
};

/* Writes all, the closing "# EOF" too. 0, or -ENOMEM; ferror(@out) tells the rest. */
int aimlock_metrics_write(const struct aimlock_metrics *metrics, FILE *out);

#endif /* AIMLOCK_METRICS_H */
