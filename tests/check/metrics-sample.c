// SPDX-License-Identifier: GPL-2.0-or-later
/* Metrics of files as no kernel may have them all at once, for tests/check/metrics. */
#include "../../userspace/lib/metrics.h"

static struct aimlock_lock locks[] = {
	{ .kind = AIMLOCK_LOCK_KIND_FLOCK, .mode = AIMLOCK_LOCK_MODE_WRITE,
	  .verdict = AIMLOCK_VERDICT_LIVE, .age_ms = 1234 },
	{ .kind = AIMLOCK_LOCK_KIND_OFD, .mode = AIMLOCK_LOCK_MODE_READ,
	  .verdict = AIMLOCK_VERDICT_ORPHANED, .age_ms = 5 },
	{ .kind = AIMLOCK_LOCK_KIND_OFD, .mode = AIMLOCK_LOCK_MODE_READ,
	  .verdict = AIMLOCK_VERDICT_ORPHANED, .age_ms = 60007 },
	{ .kind = (enum aimlock_lock_kind)999, .mode = (enum aimlock_lock_mode)999,
	  .verdict = (enum aimlock_verdict)999, .age_ms = UINT64_MAX },
};

static struct aimlock_file files[] = {
	{ .name = "plain", .state = AIMLOCK_STATE_ORPHANED, .orphans = 2, .waiters = 3,
	  .generation = 7, .locks = { locks, 3 } },
	{ .name = "quote\" back\\ line\nend \xff", .state = AIMLOCK_STATE_FREE },
	{ .name = "newer", .state = (enum aimlock_state)999, .held = true,
	  .generation = UINT64_MAX, .locks = { locks, 4 } },
};

static const struct aimlock_metrics_ward wards[] = {
	{ .name = "plain", .guarded = true, .check_failed = true, .cleared = 2 },
	{ .name = "newer" },
};

static const struct aimlock_metrics_daemon guardian = {
	.heartbeat_ms = 1790000000042, .wards = wards, .n_wards = 2,
};

int main(void)
{
	const struct aimlock_files all = { files, sizeof(files) / sizeof(files[0]) };
	const struct aimlock_metrics metrics = {
		.up = true, .version = "1.0 \"x\\y\"\n", .files = &all,
		.daemon = &guardian,
	};

	return aimlock_metrics_write(&metrics, stdout) || ferror(stdout);
}
