// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>

#include "cli.h"

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct aimlock_netlink nl;
	int status, i;

	while (aimlock_args_next(verb, argc, argv) != -1)
		;
	status = aimlock_find_module(verb, &nl);
	if (status)
		return status;
	for (i = optind; i < argc; i++) {
		int err = aimlock_client_file_del(&nl, argv[i]);

		if (err)
			status = aimlock_say_error(verb, argv[i], err, nl.message);
	}
	aimlock_netlink_close(&nl);
	return status;
}

const struct aimlock_verb aimlock_cmd_remove = {
	.name = "remove",
	.args = "NAME...",
	.help = "forget registered files; their locks stay as they are",
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
