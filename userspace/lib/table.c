// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include <libsmartcols.h>

#include "table.h"

/* Which column shows who waits behind whom. */
static size_t tree_column(const struct aimlock_column_list *columns)
{
	size_t i;

	for (i = 0; i < columns->n; i++)
		if (columns->v[i]->flags & AIMLOCK_COLUMN_TREE)
			return i;
	return 0;
}

static int add_columns(struct libscols_table *table, const struct aimlock_table *spec)
{
	const struct aimlock_column_list *columns = &spec->columns;
	size_t i;

	for (i = 0; i < columns->n; i++) {
		const struct aimlock_column *column = columns->v[i];
		int flags = 0;

		if (column->type == AIMLOCK_COLUMN_NUMBER)
			flags |= SCOLS_FL_RIGHT;
		if (column->flags & AIMLOCK_COLUMN_SHRINK)
			flags |= SCOLS_FL_TRUNC;
		if (spec->tree && i == tree_column(columns))
			flags |= SCOLS_FL_TREE;
		if (!scols_table_new_column(table, column->name, 0, flags))
			return -ENOMEM;
	}
	return 0;
}

/* Sets @line, below @parent. */
static int add_row(struct libscols_table *table, const struct aimlock_column_list *columns,
		   const struct aimlock_row *row, struct libscols_line *parent,
		   struct libscols_line **line)
{
	size_t i;

	*line = scols_table_new_line(table, parent);
	if (!*line)
		return -ENOMEM;
	for (i = 0; i < columns->n; i++) {
		char *text;
		int err = aimlock_column_text(columns->v[i], row, &text);

		if (!err && text)
			err = scols_line_refer_data(*line, i, text);
		if (err)
			return err;
	}
	return 0;
}

/* @lines has room for one of each waiter. */
static int add_waiters(struct libscols_table *table, const struct aimlock_table *spec,
		       struct aimlock_row row, struct libscols_line *top,
		       struct libscols_line **lines)
{
	const struct aimlock_lock *lock = row.lock;
	size_t i;
	int err = 0;

	for (i = 0; i < lock->n_waiting && !err; i++) {
		const struct aimlock_waiter *behind;

		row.waiter = &lock->waiting[i];
		behind = aimlock_model_behind(lock, row.waiter);
		err = add_row(table, &spec->columns, &row,
			      behind ? lines[behind - lock->waiting] : top, &lines[i]);
	}
	return err;
}

static int add_lock(struct libscols_table *table, const struct aimlock_table *spec,
		    const struct aimlock_row *row)
{
	struct libscols_line *line, **lines;
	int err = add_row(table, &spec->columns, row, NULL, &line);

	if (err || !spec->tree || !row->lock->n_waiting)
		return err;
	lines = reallocarray(NULL, row->lock->n_waiting, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	err = add_waiters(table, spec, *row, line, lines);
	free(lines);
	return err;
}

static int add_file(struct libscols_table *table, const struct aimlock_table *spec,
		    const struct aimlock_file *file)
{
	struct aimlock_row row = { .file = file };
	struct libscols_line *line;
	size_t i;
	int err = 0;

	if (spec->by_file || !file->locks.n)
		return add_row(table, &spec->columns, &row, NULL, &line);
	for (i = 0; i < file->locks.n && !err; i++) {
		row.lock = &file->locks.v[i];
		err = add_lock(table, spec, &row);
	}
	return err;
}

int aimlock_table_new(const struct aimlock_table *spec, const struct aimlock_files *files,
		      struct libscols_table **table)
{
	size_t i;
	int err;

	*table = scols_new_table();
	if (!*table)
		return -ENOMEM;
	scols_table_enable_noheadings(*table, spec->no_headings);
	scols_table_enable_raw(*table, spec->raw);
	err = add_columns(*table, spec);
	for (i = 0; i < files->n && !err; i++)
		err = add_file(*table, spec, &files->v[i]);
	if (err) {
		scols_unref_table(*table);
		*table = NULL;
	}
	return err;
}
