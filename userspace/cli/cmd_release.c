// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>

#include "cli.h"

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct aimlock_settings settings = { .has_hold = true, .hold = false };

	while (aimlock_args_next(verb, argc, argv) != -1)
		;
	return aimlock_change_file(verb, argv[optind], &settings);
}

const struct aimlock_verb aimlock_cmd_release = {
	.name = "release",
	.args = "NAME",
	.help = "give the administrative hold back",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
