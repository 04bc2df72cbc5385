// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>

#include "cli.h"

static const struct aimlock_option options[] = {
	{ AIMLOCK_OPTION_GRACE, "grace", "MS",
	  "milliseconds that a lock stays suspect at least" },
	{ AIMLOCK_OPTION_SCOPE, "scope", "SCOPE",
	  "what a clear takes: orphaned or unreachable" },
	{ .name = NULL },
};

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct aimlock_settings settings = { 0 };
	int code;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1)
		aimlock_change_option(verb, code, &settings);
	if (!settings.has_grace && !settings.has_scope)
		aimlock_say_usage(verb, "nothing to set: give --grace or --scope");
	return aimlock_change_file(verb, argv[optind], &settings);
}

const struct aimlock_verb aimlock_cmd_set = {
	.name = "set",
	.args = "NAME",
	.help = "change the grace or the scope of a file",
	.options = options,
	.word = aimlock_change_word,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
