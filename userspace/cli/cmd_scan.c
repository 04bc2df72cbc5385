// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>

#include "listing.h"

static const struct aimlock_option options[] = {
	AIMLOCK_LISTING_OPTIONS,
	{ .name = NULL },
};

static int scan(const struct aimlock_listing *listing, const char *path)
{
	struct aimlock_files files = { 0 };
	struct aimlock_netlink nl;
	int status;

	status = aimlock_find_module(listing->verb, &nl);
	if (status)
		return status;
	status = aimlock_find_below(listing->verb, &nl, path, listing->table.tree, &files);
	if (!status)
		status = aimlock_listing_print(listing, &files);
	aimlock_model_free_files(&files);
	aimlock_netlink_close(&nl);
	return status;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct aimlock_listing listing = { .verb = verb };
	int code, status;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1)
		aimlock_listing_option(&listing, code);
	status = aimlock_listing_begin(&listing);
	if (!status)
		status = scan(&listing, argv[optind]);
	aimlock_listing_end(&listing);
	return status;
}

const struct aimlock_verb aimlock_cmd_scan = {
	.name = "scan",
	.args = "MOUNT",
	.help = "list every lock of a filesystem, on registered files and others",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.columns = true,
	.run = run,
};
