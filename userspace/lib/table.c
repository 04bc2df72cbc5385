// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include <libsmartcols.h>

#include "table.h"

static int add_columns(struct libscols_table *table, const struct aimlock_column_list *columns)
{
	size_t i;

	for (i = 0; i < columns->n; i++) {
		const struct aimlock_column *column = columns->v[i];
		int flags = 0;

		if (column->type == AIMLOCK_COLUMN_NUMBER)
			flags |= SCOLS_FL_RIGHT;
		if (column->flags & AIMLOCK_COLUMN_SHRINK)
			flags |= SCOLS_FL_TRUNC;
		if (!scols_table_new_column(table, column->name, 0, flags))
			return -ENOMEM;
	}
	return 0;
}

static int add_row(struct libscols_table *table, const struct aimlock_column_list *columns,
		   const struct aimlock_row *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	size_t i;

	if (!line)
		return -ENOMEM;
	for (i = 0; i < columns->n; i++) {
		char *text;
		int err = aimlock_column_text(columns->v[i], row, &text);

		if (!err && text)
			err = scols_line_refer_data(line, i, text);
		if (err)
			return err;
	}
	return 0;
}

static int add_file(struct libscols_table *table, const struct aimlock_table *spec,
		    const struct aimlock_file *file)
{
	struct aimlock_row row = { .file = file };
	size_t i;
	int err = 0;

	if (spec->by_file || !file->locks.n)
		return add_row(table, &spec->columns, &row);
	for (i = 0; i < file->locks.n && !err; i++) {
		row.lock = &file->locks.v[i];
		err = add_row(table, &spec->columns, &row);
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
	err = add_columns(*table, &spec->columns);
	for (i = 0; i < files->n && !err; i++)
		err = add_file(*table, spec, &files->v[i]);
	if (err) {
		scols_unref_table(*table);
		*table = NULL;
	}
	return err;
}
