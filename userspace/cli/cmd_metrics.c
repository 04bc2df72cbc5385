// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>

#include "../lib/look.h"
#include "../lib/metrics.h"
#include "../lib/replace.h"
#include "cli.h"

static const struct aimlock_option options[] = {
	{ 'o', "output", "FILE", "replace FILE by it in one step, not to standard output" },
	{ .name = NULL },
};

static int write_metrics(const void *metrics, FILE *out)
{
	return aimlock_metrics_write(metrics, out);
}

static int write_out(const struct aimlock_verb *verb, const char *path,
		     const struct aimlock_metrics *metrics)
{
	int err;

	if (path) {
		err = aimlock_replace(path, write_metrics, metrics);
		return err ? aimlock_say_error(verb, path, err, "the metrics can't be written") :
			     AIMLOCK_EXIT_DONE;
	}
	err = aimlock_metrics_write(metrics, stdout);
	return err ? aimlock_say_error(verb, NULL, err, NULL) : AIMLOCK_EXIT_DONE;
}

static int look_and_write(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
			  const char *path)
{
	struct aimlock_files files = { 0 };
	char version[64];
	struct aimlock_metrics metrics = {
		.up = true,
		.version = aimlock_look_version(version, sizeof(version)) ? version : NULL,
		.files = &files,
	};
	int status = aimlock_find_files(verb, nl, NULL, 0, &files);

	if (!status)
		status = aimlock_find_locks(verb, nl, true, false, &files);
	aimlock_model_drop_transient(&files);
	if (!status)
		status = write_out(verb, path, &metrics);
	aimlock_model_free_files(&files);
	return status;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	static const struct aimlock_files none;
	static const struct aimlock_metrics down = { .files = &none };
	struct aimlock_netlink nl;
	const char *path = NULL;
	int status;

	while (aimlock_args_next(verb, argc, argv) != -1)
		path = optarg;
	status = aimlock_find_module(verb, &nl);
	if (status) {
		/* So that whoever reads it learns of that, and sees no old values. */
		write_out(verb, path, &down);
		return status;
	}
	status = look_and_write(verb, &nl, path);
	aimlock_netlink_close(&nl);
	return status;
}

const struct aimlock_verb aimlock_cmd_metrics = {
	.name = "metrics",
	.args = "",
	.help = "print metrics of the registered files for Prometheus",
	.options = options,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
