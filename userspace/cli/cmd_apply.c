// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>

#include "../lib/apply.h"
#include "cli.h"

struct apply {
	const struct aimlock_verb *verb;
	struct aimlock_netlink nl;
	int status;
};

static void complain(void *arg, const char *where, const char *what)
{
	struct apply *apply = arg;

	aimlock_say_error(apply->verb, where, EINVAL, what);
}

static void told(void *arg, const struct aimlock_config_file *file,
		 enum aimlock_applied applied, int err)
{
	static const char *const done[] = {
		[AIMLOCK_APPLIED_ADDED]	= "added",
		[AIMLOCK_APPLIED_SET]	= "set",
		[AIMLOCK_APPLIED_MOVED]	= "moved",
	};
	struct apply *apply = arg;

	if (err) {
		apply->status = aimlock_say_error(apply->verb, file->name, err,
						  apply->nl.message);
	} else if (applied != AIMLOCK_APPLIED_NOTHING) {
		printf("%s ", done[applied]);
		aimlock_say_text(file->name);
		putchar(' ');
		aimlock_say_text(file->path);
		putchar('\n');
	}
}

static int apply_config(struct apply *apply, const struct aimlock_config *config)
{
	int err, status = aimlock_find_module(apply->verb, &apply->nl);

	if (status)
		return status;
	err = aimlock_apply(&apply->nl, config, told, apply);
	if (err)
		apply->status = aimlock_say_error(apply->verb, NULL, err, apply->nl.message);
	aimlock_netlink_close(&apply->nl);
	return apply->status;
}

/* With a fault in it, none of the configuration is applied. */
static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct apply apply = { .verb = verb };
	struct aimlock_config config;
	const char *dir = AIMLOCK_CONFIG_DIR;
	int err, status;

	while (aimlock_args_next(verb, argc, argv) != -1)
		;
	if (argv[optind])
		dir = argv[optind];
	err = aimlock_config_read(&config, dir, complain, &apply);
	if (!err)
		status = apply_config(&apply, &config);
	else if (err == -EINVAL)
		status = AIMLOCK_EXIT_FAILED;
	else
		status = aimlock_say_error(verb, dir, err, "the configuration can't be read");
	aimlock_config_free(&config);
	return status;
}

const struct aimlock_verb aimlock_cmd_apply = {
	.name = "apply",
	.args = "[DIR]",
	.help = "register the files of the configuration, /etc/aimlock/*.conf",
	.min_args = 0,
	.max_args = 1,
	.run = run,
};
