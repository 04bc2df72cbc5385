/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table of columns: headers, -o, --help, completion and the names and
 * types of JSON all come from it.
 */
#ifndef AIMLOCK_COLUMN_H
#define AIMLOCK_COLUMN_H

#include "model.h"

enum aimlock_column_type {
	AIMLOCK_COLUMN_STRING,
	AIMLOCK_COLUMN_NUMBER,
	AIMLOCK_COLUMN_BOOLEAN,
};

enum aimlock_column_flags {
	AIMLOCK_COLUMN_OF_FILE	= 1 << 0,	/* says something of a file */
	AIMLOCK_COLUMN_OF_LOCK	= 1 << 1,	/* says something of a lock */
	AIMLOCK_COLUMN_BY_FILE	= 1 << 2,	/* shown by default, one row a file */
	AIMLOCK_COLUMN_BY_LOCK	= 1 << 3,	/* shown by default, one row a lock */
	AIMLOCK_COLUMN_TABLE	= 1 << 4,	/* left out of the nested JSON */
	AIMLOCK_COLUMN_SHRINK	= 1 << 5,	/* may be cut to fit the terminal */
	AIMLOCK_COLUMN_OF_WAITER = 1 << 6,	/* says something of who waits for a lock */
	AIMLOCK_COLUMN_TREE	= 1 << 7,	/* shows who waits behind whom */
};

/* @lock is NULL in a row for a file, @waiter in one for a lock. */
struct aimlock_row {
	const struct aimlock_file *file;
	const struct aimlock_lock *lock;
	const struct aimlock_waiter *waiter;
};

struct aimlock_column {
	const char *name;
	enum aimlock_column_type type;
	unsigned int flags;
	const char *help;
	/* 0 and a malloc'ed text, or NULL for what is not known; or -ENOMEM. */
	int (*text)(const struct aimlock_row *row, char **text);
};

struct aimlock_column_list {
	const struct aimlock_column **v;
	size_t n;
};

/* All columns; ends with one without a name. */
extern const struct aimlock_column aimlock_columns[];

const struct aimlock_column *aimlock_column_find(const char *name, size_t len);

/* The columns with one of these flags, or all with 0; free() list->v. */
int aimlock_column_select(unsigned int flags, struct aimlock_column_list *list);

/* Reads "COL,COL" in place of, or "+COL,COL" after the list.  -EINVAL: *bad is
 * what is no column, *bad_len bytes long.
 */
int aimlock_column_parse(const char *spec, struct aimlock_column_list *list,
			 const char **bad, size_t *bad_len);

/* The cell; nothing for a column that has nothing to say in such a row. */
int aimlock_column_text(const struct aimlock_column *column, const struct aimlock_row *row,
			char **text);

#endif /* AIMLOCK_COLUMN_H */
