// SPDX-License-Identifier: GPL-2.0-or-later
/* What the verbs that list locks share: which columns, and in what form. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include <libsmartcols.h>

#include "cli.h"
#include "listing.h"

bool aimlock_listing_option(struct aimlock_listing *listing, int code)
{
	switch (code) {
	case 'f':
		listing->table.by_file = true;
		return true;
	case 'J':
		listing->json = true;
		return true;
	case 'n':
		listing->table.no_headings = true;
		return true;
	case 'o':
		listing->columns = optarg;
		return true;
	case AIMLOCK_OPTION_OUTPUT_ALL:
		listing->all_columns = true;
		return true;
	case 'r':
		listing->table.raw = true;
		return true;
	case 't':
		listing->table.tree = true;
		return true;
	}
	return false;
}

/* A row of a file has nothing to say in a column of locks. */
static void check_columns(const struct aimlock_listing *listing)
{
	const struct aimlock_column_list *columns = &listing->table.columns;
	size_t i;

	for (i = 0; listing->table.by_file && i < columns->n; i++)
		if (!(columns->v[i]->flags & AIMLOCK_COLUMN_OF_FILE))
			aimlock_say_usage(listing->verb, "column %s is of locks, not for --files",
					  columns->v[i]->name);
}

static int choose_columns(struct aimlock_listing *listing)
{
	unsigned int usual = listing->table.by_file ? AIMLOCK_COLUMN_BY_FILE :
						      AIMLOCK_COLUMN_BY_LOCK;
	const char *bad;
	size_t len;
	int err;

	if (listing->all_columns)
		usual = listing->table.by_file ? AIMLOCK_COLUMN_OF_FILE : 0;
	err = aimlock_column_select(usual, &listing->table.columns);
	if (!err && listing->columns && !listing->all_columns)
		err = aimlock_column_parse(listing->columns, &listing->table.columns, &bad, &len);
	if (err == -EINVAL)
		aimlock_say_usage(listing->verb, "unknown column '%.*s'", (int)len, bad);
	if (listing->table.by_file && listing->table.tree)
		aimlock_say_usage(listing->verb, "--files and --tree exclude each other");
	if (!err)
		check_columns(listing);
	return err;
}

int aimlock_listing_begin(struct aimlock_listing *listing)
{
	int err;

	listing->document = listing->json && !listing->table.by_file && !listing->columns &&
			    !listing->all_columns;
	if (!listing->columns)
		listing->columns = getenv("AIMLOCK_COLUMNS");
	err = choose_columns(listing);
	return err ? aimlock_say_error(listing->verb, NULL, err, NULL) : AIMLOCK_EXIT_DONE;
}

bool aimlock_listing_has_locks(const struct aimlock_listing *listing)
{
	return listing->document || !listing->table.by_file;
}

static int print_table(const struct aimlock_listing *listing, const struct aimlock_files *files)
{
	struct libscols_table *table;
	int err = aimlock_table_new(&listing->table, files, &table);

	if (!err) {
		err = scols_print_table(table);
		scols_unref_table(table);
	}
	return err ? aimlock_say_error(listing->verb, NULL, err, NULL) : AIMLOCK_EXIT_DONE;
}

int aimlock_listing_print(const struct aimlock_listing *listing,
			  const struct aimlock_files *files)
{
	if (listing->document)
		return aimlock_print_json(listing->verb, aimlock_table_document(files, listing->table.tree));
	if (listing->json)
		return aimlock_print_json(listing->verb,
					  aimlock_table_rows(&listing->table, files));
	return print_table(listing, files);
}

void aimlock_listing_end(struct aimlock_listing *listing)
{
	free(listing->table.columns.v);
}
