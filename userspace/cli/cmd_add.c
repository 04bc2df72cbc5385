// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>

#include "cli.h"

static const struct aimlock_option options[] = {
	{ AIMLOCK_OPTION_GRACE, "grace", "MS",
	  "milliseconds that a lock stays suspect at least (1000)" },
	{ AIMLOCK_OPTION_SCOPE, "scope", "SCOPE",
	  "what a clear takes: orphaned (default) or unreachable" },
	{ .name = NULL },
};

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct aimlock_settings settings = { 0 };
	struct aimlock_netlink nl;
	int code, status, err;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1)
		aimlock_change_option(verb, code, &settings);
	status = aimlock_find_module(verb, &nl);
	if (status)
		return status;
	err = aimlock_client_file_new(&nl, argv[optind], argv[optind + 1], &settings);
	if (err)
		status = aimlock_say_error(verb, argv[optind], err, nl.message);
	aimlock_netlink_close(&nl);
	return status;
}

const struct aimlock_verb aimlock_cmd_add = {
	.name = "add",
	.args = "NAME PATH",
	.help = "register the file at PATH under NAME",
	.options = options,
	.word = aimlock_change_word,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
