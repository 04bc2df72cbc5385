// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>

#include "listing.h"

static const struct aimlock_option options[] = {
	{ 'a', "all", NULL, "every lock of the host, on registered files and others" },
	AIMLOCK_LISTING_OPTIONS,
	{ .name = NULL },
};

struct list {
	struct aimlock_listing listing;
	bool all;
};

static int look(const struct list *list, struct aimlock_netlink *nl, char **args, int n,
		struct aimlock_files *files)
{
	const struct aimlock_verb *verb = list->listing.verb;
	int status, more = AIMLOCK_EXIT_DONE;

	status = aimlock_find_files(verb, nl, args, n, files);
	if (files->n && aimlock_listing_has_locks(&list->listing))
		more = aimlock_find_locks(verb, nl, !n, list->listing.table.tree, files);
	if (more == AIMLOCK_EXIT_DONE && list->all)
		more = aimlock_find_others(verb, nl, list->listing.table.tree, files);
	return more == AIMLOCK_EXIT_DONE ? status : more;
}

static int look_and_print(const struct list *list, char **args, int n)
{
	struct aimlock_files files = { 0 };
	struct aimlock_netlink nl;
	int status, printed;

	status = aimlock_find_module(list->listing.verb, &nl);
	if (status)
		return status;
	status = look(list, &nl, args, n, &files);
	printed = aimlock_listing_print(&list->listing, &files);
	aimlock_model_free_files(&files);
	aimlock_netlink_close(&nl);
	return printed == AIMLOCK_EXIT_DONE ? status : printed;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct list list = { .listing.verb = verb };
	int code, status;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1)
		if (!aimlock_listing_option(&list.listing, code))
			list.all |= code == 'a';
	if (list.all && optind < argc)
		aimlock_say_usage(verb, "--all takes no names");
	status = aimlock_listing_begin(&list.listing);
	if (!status)
		status = look_and_print(&list, argv + optind, argc - optind);
	aimlock_listing_end(&list.listing);
	return status;
}

const struct aimlock_verb aimlock_cmd_list = {
	.name = "list",
	.args = "[NAME|PATH...]",
	.help = "list registered files and the locks on them",
	.options = options,
	.min_args = 0,
	.max_args = -1,
	.columns = true,
	.run = run,
};
