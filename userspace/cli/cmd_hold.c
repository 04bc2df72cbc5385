// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>

#include "cli.h"

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct aimlock_settings settings = { .has_hold = true, .hold = true };

	while (aimlock_args_next(verb, argc, argv) != -1)
		;
	return aimlock_change_file(verb, argv[optind], &settings);
}

const struct aimlock_verb aimlock_cmd_hold = {
	.name = "hold",
	.args = "NAME",
	.help = "take the administrative hold: nobody else gets a lock",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
