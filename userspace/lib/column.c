// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "column.h"
#include "text.h"

static int keep(char *s, char **text)
{
	*text = s;
	return s ? 0 : -ENOMEM;
}

static int string(const char *s, char **text)
{
	return keep(strdup(s), text);
}

static int number(uint64_t value, char **text)
{
	return asprintf(text, "%" PRIu64, value) < 0 ? -ENOMEM : 0;
}

static int count(int64_t value, char **text)
{
	return value < 0 ? 0 : number(value, text);
}

static int yes_no(bool value, char **text)
{
	return string(value ? "yes" : "no", text);
}

static bool is_registered(const struct aimlock_row *row)
{
	return row->file->name[0];
}

static int name_text(const struct aimlock_row *row, char **text)
{
	return is_registered(row) ? string(row->file->name, text) : 0;
}

static int state_text(const struct aimlock_row *row, char **text)
{
	return string(aimlock_model_state_name(row->file->state), text);
}

static int path_text(const struct aimlock_row *row, char **text)
{
	return row->file->path ? string(row->file->path, text) : 0;
}

static int locks_text(const struct aimlock_row *row, char **text)
{
	return number(row->file->n_locks, text);
}

static int orphans_text(const struct aimlock_row *row, char **text)
{
	return number(row->file->orphans, text);
}

static int holder_text(const struct aimlock_row *row, char **text)
{
	if (!row->file->has_holder)
		return 0;
	return keep(aimlock_text_holders(&row->file->holder, 1), text);
}

static int generation_text(const struct aimlock_row *row, char **text)
{
	return is_registered(row) ? number(row->file->generation, text) : 0;
}

static int held_text(const struct aimlock_row *row, char **text)
{
	return is_registered(row) ? yes_no(row->file->held, text) : 0;
}

static int grace_text(const struct aimlock_row *row, char **text)
{
	return is_registered(row) ? number(row->file->grace_ms, text) : 0;
}

static int scope_text(const struct aimlock_row *row, char **text)
{
	return is_registered(row) ? string(aimlock_model_scope_name(row->file->scope), text) : 0;
}

static int device_text(const struct aimlock_row *row, char **text)
{
	if (!row->file->has_inode)
		return 0;
	return asprintf(text, "%u:%u", row->file->dev_major, row->file->dev_minor) < 0 ?
	       -ENOMEM : 0;
}

static int inode_text(const struct aimlock_row *row, char **text)
{
	return row->file->has_inode ? number(row->file->ino, text) : 0;
}

static int id_text(const struct aimlock_row *row, char **text)
{
	if (!row->lock->id)
		return 0;
	return asprintf(text, "%016" PRIx64, row->lock->id) < 0 ? -ENOMEM : 0;
}

static int kind_text(const struct aimlock_row *row, char **text)
{
	return string(aimlock_model_kind_name(row->waiter ? row->waiter->kind : row->lock->kind), text);
}

static int mode_text(const struct aimlock_row *row, char **text)
{
	return string(aimlock_model_mode_name(row->waiter ? row->waiter->mode : row->lock->mode), text);
}

static int start_text(const struct aimlock_row *row, char **text)
{
	return number(row->waiter ? row->waiter->start : row->lock->start, text);
}

static int end_text(const struct aimlock_row *row, char **text)
{
	uint64_t end = row->waiter ? row->waiter->end : row->lock->end;

	if (end < AIMLOCK_END_OF_FILE)
		return number(end, text);
	return string("EOF", text);
}

static int verdict_text(const struct aimlock_row *row, char **text)
{
	if (row->waiter)
		return string("waiting", text);
	return string(aimlock_model_verdict_name(row->lock->verdict), text);
}

static int taker_text(const struct aimlock_row *row, char **text)
{
	return row->lock->taker ? number(row->lock->taker, text) : 0;
}

static int taker_exists_text(const struct aimlock_row *row, char **text)
{
	return row->lock->taker ? yes_no(row->lock->taker_exists, text) : 0;
}

static int holders_text(const struct aimlock_row *row, char **text)
{
	if (row->waiter)
		return keep(aimlock_text_waiter(row->waiter), text);
	if (!row->lock->n_holders)
		return 0;
	return keep(aimlock_text_holders(row->lock->holders, row->lock->n_holders), text);
}

static int waiters_text(const struct aimlock_row *row, char **text)
{
	return number(row->lock ? row->lock->waiters : row->file->waiters, text);
}

static int age_text(const struct aimlock_row *row, char **text)
{
	int64_t ms = row->waiter ? row->waiter->wait_ms : row->lock->age_ms;

	return ms < 0 ? 0 : keep(aimlock_text_duration(ms), text);
}

static int age_ms_text(const struct aimlock_row *row, char **text)
{
	return count(row->waiter ? row->waiter->wait_ms : row->lock->age_ms, text);
}

static int refs_text(const struct aimlock_row *row, char **text)
{
	return count(row->lock->refs, text);
}

static int refs_found_text(const struct aimlock_row *row, char **text)
{
	return count(row->lock->refs_found, text);
}

static int suspect_text(const struct aimlock_row *row, char **text)
{
	return number(row->lock->suspect_ms, text);
}

#define STRING	AIMLOCK_COLUMN_STRING
#define NUMBER	AIMLOCK_COLUMN_NUMBER
#define BOOLEAN	AIMLOCK_COLUMN_BOOLEAN
#define OF_FILE	AIMLOCK_COLUMN_OF_FILE
#define OF_LOCK	AIMLOCK_COLUMN_OF_LOCK
#define BY_FILE	AIMLOCK_COLUMN_BY_FILE
#define BY_LOCK	AIMLOCK_COLUMN_BY_LOCK
#define TABLE	AIMLOCK_COLUMN_TABLE
#define SHRINK	AIMLOCK_COLUMN_SHRINK
#define WAITER	AIMLOCK_COLUMN_OF_WAITER
#define TREE	AIMLOCK_COLUMN_TREE

const struct aimlock_column aimlock_columns[] = {
	{ "NAME", STRING, OF_FILE | BY_FILE | BY_LOCK,
	  "name that the file is registered under", name_text },
	{ "STATE", STRING, OF_FILE | BY_FILE | BY_LOCK,
	  "missing, free, held, or the gravest verdict on its locks", state_text },
	{ "LOCKS", NUMBER, OF_FILE | BY_FILE | TABLE,
	  "number of locks on the file", locks_text },
	{ "ORPHANS", NUMBER, OF_FILE | BY_FILE,
	  "number of orphaned ones among them", orphans_text },
	{ "GENERATION", NUMBER, OF_FILE,
	  "fencing token: one more with each hold and each clear", generation_text },
	{ "HELD", BOOLEAN, OF_FILE,
	  "the administrative hold is on", held_text },
	{ "GRACE-MS", NUMBER, OF_FILE,
	  "milliseconds that a lock stays suspect at least", grace_text },
	{ "SCOPE", STRING, OF_FILE,
	  "what a clear takes: orphaned locks, or unreachable ones too", scope_text },
	{ "MAJ:MIN", STRING, OF_FILE,
	  "device number of the filesystem", device_text },
	{ "INODE", NUMBER, OF_FILE,
	  "inode number of the file", inode_text },
	{ "ID", STRING, OF_LOCK,
	  "id of the lock, for clear --id", id_text },
	{ "KIND", STRING, OF_LOCK | BY_LOCK | WAITER,
	  "flock, posix, ofd or lease", kind_text },
	{ "MODE", STRING, OF_LOCK | BY_LOCK | WAITER,
	  "read or write; unlock: a lease that is being broken", mode_text },
	{ "START", NUMBER, OF_LOCK | BY_LOCK | WAITER,
	  "first byte of the range", start_text },
	{ "END", NUMBER, OF_LOCK | BY_LOCK | WAITER,
	  "last byte of the range; EOF, in JSON null: to the end", end_text },
	{ "VERDICT", STRING, OF_LOCK | BY_LOCK | WAITER,
	  "what is proven of the lock; waiting: a request for it", verdict_text },
	{ "TAKER", NUMBER, OF_LOCK | BY_LOCK,
	  "pid recorded when the lock was taken", taker_text },
	{ "TAKER-EXISTS", BOOLEAN, OF_LOCK,
	  "that very process still exists", taker_exists_text },
	{ "HOLDERS", STRING, OF_LOCK | BY_LOCK | TABLE | WAITER | TREE,
	  "what reaches the lock, if you may see it; PID/PID-IN-ITS-NAMESPACE", holders_text },
	{ "HOLDER", STRING, OF_FILE | BY_FILE | TABLE,
	  "the first holder of a lock on the file", holder_text },
	{ "WAITERS", NUMBER, OF_FILE | OF_LOCK | BY_FILE | BY_LOCK,
	  "number of requests that the lock, or any on the file, blocks", waiters_text },
	{ "AGE", STRING, OF_LOCK | BY_LOCK | TABLE | WAITER,
	  "time since the lock was first seen, or that a request has waited", age_text },
	{ "AGE-MS", NUMBER, OF_LOCK | WAITER,
	  "the same in milliseconds", age_ms_text },
	{ "REFS", NUMBER, OF_LOCK,
	  "references to the open file description", refs_text },
	{ "REFS-FOUND", NUMBER, OF_LOCK,
	  "number of these that were found", refs_found_text },
	{ "SUSPECT-MS", NUMBER, OF_LOCK,
	  "milliseconds left until a suspect lock is judged", suspect_text },
	{ "PATH", STRING, OF_FILE | BY_FILE | BY_LOCK | SHRINK,
	  "path that was registered, or of the file as /proc has it", path_text },
	{ .name = NULL },
};

const struct aimlock_column *aimlock_column_find(const char *name, size_t len)
{
	const struct aimlock_column *column;

	for (column = aimlock_columns; column->name; column++)
		if (strlen(column->name) == len && !strncasecmp(column->name, name, len))
			return column;
	return NULL;
}

static int append(struct aimlock_column_list *list, const struct aimlock_column *column)
{
	const struct aimlock_column **v = reallocarray(list->v, list->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v[list->n++] = column;
	list->v = v;
	return 0;
}

int aimlock_column_select(unsigned int flags, struct aimlock_column_list *list)
{
	const struct aimlock_column *column;
	int err = 0;

	for (column = aimlock_columns; column->name && !err; column++)
		if (!flags || (column->flags & flags))
			err = append(list, column);
	return err;
}

int aimlock_column_parse(const char *spec, struct aimlock_column_list *list,
			 const char **bad, size_t *bad_len)
{
	size_t len;
	int err;

	if (*spec == '+')
		spec++;
	else
		list->n = 0;
	for (;; spec += len + 1) {
		const struct aimlock_column *column;

		len = strcspn(spec, ",");
		column = aimlock_column_find(spec, len);
		if (!column) {
			*bad = spec;
			*bad_len = len;
			return -EINVAL;
		}
		err = append(list, column);
		if (err || !spec[len])
			return err;
	}
}

int aimlock_column_text(const struct aimlock_column *column, const struct aimlock_row *row,
			char **text)
{
	*text = NULL;
	if (row->waiter ? !(column->flags & WAITER) : !row->lock && !(column->flags & OF_FILE))
		return 0;
	return column->text(row, text);
}
