/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs that list locks share: which columns, and in what form. */
#ifndef AIMLOCK_LISTING_H
#define AIMLOCK_LISTING_H

#include "../lib/table.h"
#include "cli.h"

/* For the verb's table of options. */
#define AIMLOCK_LISTING_OPTIONS \
	{ 'f', "files", NULL, "one row a file, not one row a lock" }, \
	{ 'J', "json", NULL, "JSON: files with their locks and holders; with -o: rows" }, \
	{ 'n', "noheadings", NULL, "no column headings" }, \
	{ 'o', "output", "COL,...", "these columns; +COL,...: after the usual ones" }, \
	{ AIMLOCK_OPTION_OUTPUT_ALL, "output-all", NULL, "all columns" }, \
	{ 'r', "raw", NULL, "raw output, for scripts" }, \
	{ 't', "tree", NULL, "who waits for a lock, below it; in JSON too" }

struct aimlock_listing {
	const struct aimlock_verb *verb;
	struct aimlock_table table;
	const char *columns;	/* -o, or AIMLOCK_COLUMNS */
	bool all_columns;
	bool json;
	bool document;		/* JSON of everything, not of the table's rows */
};

/* True if @code is one of these options, which is then read. */
bool aimlock_listing_option(struct aimlock_listing *listing, int code);

/* After the options: the exit status; wrong usage exits. */
int aimlock_listing_begin(struct aimlock_listing *listing);

/* Does it say something of locks? */
bool aimlock_listing_has_locks(const struct aimlock_listing *listing);

/* The exit status. */
int aimlock_listing_print(const struct aimlock_listing *listing,
			  const struct aimlock_files *files);

void aimlock_listing_end(struct aimlock_listing *listing);

#endif /* AIMLOCK_LISTING_H */
