/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and their locks as a libsmartcols table or as JSON. */
#ifndef AIMLOCK_TABLE_H
#define AIMLOCK_TABLE_H

#include "column.h"

struct json_object;
struct libscols_table;

struct aimlock_table {
	struct aimlock_column_list columns;
	bool by_file;			/* a row a file, else a row a lock */
	bool tree;			/* rows for who waits, below those of locks */
	bool no_headings;
	bool raw;
};

/* -ENOMEM, or 0 and a table to print and scols_unref_table(). */
int aimlock_table_new(const struct aimlock_table *spec, const struct aimlock_files *files,
		      struct libscols_table **table);

/* The rows of that table, an object each; NULL: no memory. */
struct json_object *aimlock_table_rows(const struct aimlock_table *spec,
				       const struct aimlock_files *files);

/* Everything: files, in them locks, in them holders and, if @waiting, who waits; NULL:
 * no memory.
 */
struct json_object *aimlock_table_document(const struct aimlock_files *files, bool waiting);

/* One line of a stream of events; @file is NULL for what concerns all; NULL: no memory. */
struct json_object *aimlock_table_event(const char *time, const char *event,
					const struct aimlock_file *file, bool has_state);

#endif /* AIMLOCK_TABLE_H */
