// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include <libsmartcols.h>

#include "../lib/table.h"
#include "cli.h"

enum { OUTPUT_ALL = AIMLOCK_OPTION_OWN };

static const struct aimlock_option options[] = {
	{ 'f', "files", NULL, "one row a file, not one row a lock" },
	{ 'J', "json", NULL, "JSON: files with their locks and holders; with -o: rows" },
	{ 'n', "noheadings", NULL, "no column headings" },
	{ 'o', "output", "COL,...", "these columns; +COL,...: after the usual ones" },
	{ OUTPUT_ALL, "output-all", NULL, "all columns" },
	{ 'r', "raw", NULL, "raw output, for scripts" },
	{ .name = NULL },
};

struct list {
	const struct aimlock_verb *verb;
	struct aimlock_table table;
	const char *columns;	/* -o, or AIMLOCK_COLUMNS */
	bool all_columns;
	bool json;
};

static void read_options(struct list *list, int argc, char **argv)
{
	int code;

	while ((code = aimlock_args_next(list->verb, argc, argv)) != -1) {
		switch (code) {
		case 'f':
			list->table.by_file = true;
			break;
		case 'J':
			list->json = true;
			break;
		case 'n':
			list->table.no_headings = true;
			break;
		case 'o':
			list->columns = optarg;
			break;
		case OUTPUT_ALL:
			list->all_columns = true;
			break;
		case 'r':
			list->table.raw = true;
			break;
		}
	}
}

/* A row of a file has nothing to say in a column of locks. */
static void check_columns(const struct list *list)
{
	const struct aimlock_column_list *columns = &list->table.columns;
	size_t i;

	for (i = 0; list->table.by_file && i < columns->n; i++)
		if (!(columns->v[i]->flags & AIMLOCK_COLUMN_OF_FILE))
			aimlock_say_usage(list->verb, "column %s is of locks, not for --files",
					  columns->v[i]->name);
}

static int choose_columns(struct list *list)
{
	unsigned int usual = list->table.by_file ? AIMLOCK_COLUMN_BY_FILE :
						   AIMLOCK_COLUMN_BY_LOCK;
	const char *bad;
	size_t len;
	int err;

	if (list->all_columns)
		usual = list->table.by_file ? AIMLOCK_COLUMN_OF_FILE : 0;
	err = aimlock_column_select(usual, &list->table.columns);
	if (!err && list->columns && !list->all_columns)
		err = aimlock_column_parse(list->columns, &list->table.columns, &bad, &len);
	if (err == -EINVAL)
		aimlock_say_usage(list->verb, "unknown column '%.*s'", (int)len, bad);
	if (!err)
		check_columns(list);
	return err;
}

static int print_table(const struct list *list, const struct aimlock_files *files)
{
	struct libscols_table *table;
	int err = aimlock_table_new(&list->table, files, &table);

	if (!err) {
		err = scols_print_table(table);
		scols_unref_table(table);
	}
	return err ? aimlock_say_error(list->verb, NULL, err, NULL) : AIMLOCK_EXIT_DONE;
}

static int print(const struct list *list, bool document, const struct aimlock_files *files)
{
	if (document)
		return aimlock_print_json(list->verb, aimlock_table_document(files));
	if (list->json)
		return aimlock_print_json(list->verb, aimlock_table_rows(&list->table, files));
	return print_table(list, files);
}

static int look_and_print(const struct list *list, bool document, char **args, int n)
{
	struct aimlock_files files = { 0 };
	struct aimlock_netlink nl;
	int status, printed;

	status = aimlock_find_module(list->verb, &nl);
	if (status)
		return status;
	status = aimlock_find_files(list->verb, &nl, args, n, &files);
	if (files.n && (document || !list->table.by_file)) {
		int found = aimlock_find_locks(list->verb, &nl, !n, &files);

		if (found != AIMLOCK_EXIT_DONE)
			status = found;
	}
	printed = print(list, document, &files);
	aimlock_model_free_files(&files);
	aimlock_netlink_close(&nl);
	return printed == AIMLOCK_EXIT_DONE ? status : printed;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct list list = { .verb = verb };
	bool document;
	int status, err;

	read_options(&list, argc, argv);
	document = list.json && !list.table.by_file && !list.columns && !list.all_columns;
	if (!list.columns)
		list.columns = getenv("AIMLOCK_COLUMNS");
	err = choose_columns(&list);
	if (err)
		status = aimlock_say_error(verb, NULL, err, NULL);
	else
		status = look_and_print(&list, document, argv + optind, argc - optind);
	free(list.table.columns.v);
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
