// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON by json-c: libsmartcols has no lists in lists.  Keys are the column
 * names in lower case with '_' for what is no letter.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "table.h"
#include "text.h"

/* Takes @value over; NULL is JSON's null. */
static int add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!json_object_object_add(object, key, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int add_string(struct json_object *object, const char *key, const char *s)
{
	char *utf8 = aimlock_text_utf8(s);
	struct json_object *value = utf8 ? json_object_new_string(utf8) : NULL;

	free(utf8);
	return value ? add(object, key, value) : -ENOMEM;
}

static int add_string_or_null(struct json_object *object, const char *key, const char *s)
{
	return s[0] ? add_string(object, key, s) : add(object, key, NULL);
}

static int add_number(struct json_object *object, const char *key, uint64_t number)
{
	struct json_object *value = json_object_new_uint64(number);

	return value ? add(object, key, value) : -ENOMEM;
}

static int add_boolean(struct json_object *object, const char *key, bool yes)
{
	struct json_object *value = json_object_new_boolean(yes);

	return value ? add(object, key, value) : -ENOMEM;
}

/* 0 stands for "none". */
static int add_positive(struct json_object *object, const char *key, uint64_t number)
{
	return number ? add_number(object, key, number) : add(object, key, NULL);
}

static struct json_object *add_array(struct json_object *object, const char *key)
{
	struct json_object *array = json_object_new_array();

	return array && !add(object, key, array) ? array : NULL;
}

static struct json_object *append_object(struct json_object *array)
{
	struct json_object *object = json_object_new_object();

	if (!object || !json_object_array_add(array, object))
		return object;
	json_object_put(object);
	return NULL;
}

static void key_of(const struct aimlock_column *column, char key[32])
{
	size_t i;

	for (i = 0; i < 31 && column->name[i]; i++)
		key[i] = isalpha((unsigned char)column->name[i]) ?
			 tolower((unsigned char)column->name[i]) : '_';
	key[i] = '\0';
}

static int add_text(struct json_object *object, const char *key,
		    enum aimlock_column_type type, const char *text)
{
	switch (type) {
	case AIMLOCK_COLUMN_BOOLEAN:
		return add_boolean(object, key, !strcmp(text, "yes"));
	case AIMLOCK_COLUMN_NUMBER:
		if (!isdigit((unsigned char)text[0]))	/* "EOF" */
			return add(object, key, NULL);
		return add_number(object, key, strtoumax(text, NULL, 10));
	case AIMLOCK_COLUMN_STRING:
		break;
	}
	return add_string(object, key, text);
}

static int add_cell(struct json_object *object, const struct aimlock_column *column,
		    const struct aimlock_row *row)
{
	char key[32], *text;
	int err = aimlock_column_text(column, row, &text);

	if (err)
		return err;
	key_of(column, key);
	err = text ? add_text(object, key, column->type, text) : add(object, key, NULL);
	free(text);
	return err;
}

static int add_client(struct json_object *holder, const struct aimlock_client *client)
{
	struct json_object *object;
	int err;

	if (!client)
		return add(holder, "client", NULL);
	object = json_object_new_object();
	if (!object)
		return -ENOMEM;
	err = add(holder, "client", object);
	if (!err)
		err = add_number(object, "id", client->id);
	if (!err)
		err = add_string(object, "address", client->address);
	if (!err)
		err = add_string(object, "name", client->name);
	if (!err)
		err = client->status[0] ? add_string(object, "status", client->status) :
		      add(object, "status", NULL);
	if (!err)
		err = client->silent_s < 0 ? add(object, "silent_s", NULL) :
		      add_number(object, "silent_s", client->silent_s);
	return err;
}

static int add_holder(struct json_object *array, const struct aimlock_holder *holder)
{
	struct json_object *object = append_object(array);
	int err;

	if (!object)
		return -ENOMEM;
	err = add_string(object, "kind", aimlock_model_holder_name(holder->kind));
	if (!err)
		err = add_positive(object, "pid", holder->pid);
	if (!err)
		err = add_positive(object, "ns_pid", holder->ns_pid);
	if (!err)
		err = holder->fd < 0 ? add(object, "fd", NULL) :
		      add_number(object, "fd", holder->fd);
	if (!err)
		err = add_string_or_null(object, "comm", holder->comm);
	if (!err)
		err = add_string_or_null(object, "state", holder->state);
	if (!err)
		err = add_positive(object, "start_ns", holder->start_ns);
	if (!err)
		err = add_client(object, holder->client);
	return err;
}

static int add_waiter(struct json_object *array, const struct aimlock_lock *lock,
		      const struct aimlock_waiter *waiter)
{
	const struct aimlock_waiter *behind = aimlock_model_behind(lock, waiter);
	struct json_object *object = append_object(array);
	int err;

	if (!object)
		return -ENOMEM;
	err = add_positive(object, "pid", waiter->pid);
	if (!err)
		err = add_positive(object, "ns_pid", waiter->ns_pid);
	if (!err)
		err = add_string_or_null(object, "comm", waiter->comm);
	if (!err)
		err = add_string_or_null(object, "state", waiter->state);
	if (!err)
		err = add_positive(object, "start_ns", waiter->start_ns);
	if (!err)
		err = add_string(object, "kind", aimlock_model_kind_name(waiter->kind));
	if (!err)
		err = add_string(object, "mode", aimlock_model_mode_name(waiter->mode));
	if (!err)
		err = add_number(object, "start", waiter->start);
	if (!err)
		err = waiter->end < AIMLOCK_END_OF_FILE ?
		      add_number(object, "end", waiter->end) : add(object, "end", NULL);
	if (!err)
		err = waiter->wait_ms < 0 ? add(object, "wait_ms", NULL) :
		      add_number(object, "wait_ms", waiter->wait_ms);
	if (!err)
		err = add_positive(object, "behind", behind ? behind->pid : 0);
	if (!err)
		err = add_number(object, "depth", waiter->depth);
	return err;
}

static int add_waiters(struct json_object *object, const struct aimlock_lock *lock)
{
	struct json_object *array = add_array(object, "waiting");
	int err = array ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < lock->n_waiting && !err; i++)
		err = add_waiter(array, lock, &lock->waiting[i]);
	return err;
}

/* The cells of all columns that say something of a file, or of a lock. */
static int add_cells(struct json_object *object, unsigned int of, const struct aimlock_row *row)
{
	const struct aimlock_column *column;
	int err = 0;

	for (column = aimlock_columns; column->name && !err; column++)
		if ((column->flags & of) && !(column->flags & AIMLOCK_COLUMN_TABLE))
			err = add_cell(object, column, row);
	return err;
}

static int add_lock(struct json_object *array, const struct aimlock_row *row, bool waiting)
{
	struct json_object *object = append_object(array), *holders;
	size_t i;
	int err;

	if (!object)
		return -ENOMEM;
	err = add_cells(object, AIMLOCK_COLUMN_OF_LOCK, row);
	if (err)
		return err;
	holders = add_array(object, "holders");
	if (!holders)
		return -ENOMEM;
	for (i = 0; i < row->lock->n_holders && !err; i++)
		err = add_holder(holders, &row->lock->holders[i]);
	if (!err && waiting)
		err = add_waiters(object, row->lock);
	return err;
}

static int add_locks(struct json_object *object, const struct aimlock_file *file, bool waiting)
{
	struct json_object *locks = add_array(object, "locks");
	struct aimlock_row row = { .file = file };
	size_t i;
	int err = locks ? 0 : -ENOMEM;

	for (i = 0; i < file->locks.n && !err; i++) {
		row.lock = &file->locks.v[i];
		err = add_lock(locks, &row, waiting);
	}
	return err;
}

static int add_file(struct json_object *array, const struct aimlock_file *file, bool waiting)
{
	struct json_object *object = append_object(array);
	struct aimlock_row row = { .file = file };
	int err;

	if (!object)
		return -ENOMEM;
	err = add_cells(object, AIMLOCK_COLUMN_OF_FILE, &row);
	return err ? err : add_locks(object, file, waiting);
}

struct json_object *aimlock_table_document(const struct aimlock_files *files, bool waiting)
{
	struct json_object *top = json_object_new_object();
	struct json_object *array = top ? add_array(top, "files") : NULL;
	int err = array ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < files->n && !err; i++)
		err = add_file(array, &files->v[i], waiting);
	if (!err)
		return top;
	json_object_put(top);
	return NULL;
}

static int add_row(struct json_object *array, const struct aimlock_column_list *columns,
		   const struct aimlock_row *row)
{
	struct json_object *object = append_object(array);
	int err = object ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < columns->n && !err; i++)
		err = add_cell(object, columns->v[i], row);
	return err;
}

/* A row for the lock, and one for each that waits for it. */
static int add_lock_rows(struct json_object *array, const struct aimlock_table *spec,
			 struct aimlock_row row)
{
	int err = add_row(array, &spec->columns, &row);
	size_t i;

	for (i = 0; spec->tree && i < row.lock->n_waiting && !err; i++) {
		row.waiter = &row.lock->waiting[i];
		err = add_row(array, &spec->columns, &row);
	}
	return err;
}

static int add_rows(struct json_object *array, const struct aimlock_table *spec,
		    const struct aimlock_file *file)
{
	struct aimlock_row row = { .file = file };
	size_t i;
	int err = 0;

	if (spec->by_file || !file->locks.n)
		return add_row(array, &spec->columns, &row);
	for (i = 0; i < file->locks.n && !err; i++) {
		row.lock = &file->locks.v[i];
		err = add_lock_rows(array, spec, row);
	}
	return err;
}

struct json_object *aimlock_table_rows(const struct aimlock_table *spec,
				       const struct aimlock_files *files)
{
	struct json_object *top = json_object_new_object();
	struct json_object *array = NULL;
	int err;
	size_t i;

	if (top)
		array = add_array(top, spec->by_file ? "files" : "locks");
	err = array ? 0 : -ENOMEM;
	for (i = 0; i < files->n && !err; i++)
		err = add_rows(array, spec, &files->v[i]);
	if (!err)
		return top;
	json_object_put(top);
	return NULL;
}

static int add_event(struct json_object *object, const char *time, const char *event,
		     const struct aimlock_file *file, bool has_state)
{
	int err = add_string(object, "time", time);

	if (!err)
		err = add_string(object, "event", event);
	if (err || !file)
		return err;
	err = add_string(object, "name", file->name);
	if (!err)
		err = file->path ? add_string(object, "path", file->path) :
		      add(object, "path", NULL);
	if (!err)
		err = has_state ? add_string(object, "state", aimlock_model_state_name(file->state)) :
		      add(object, "state", NULL);
	if (!err)
		err = add_number(object, "generation", file->generation);
	return err ? err : add_locks(object, file, false);
}

struct json_object *aimlock_table_event(const char *time, const char *event,
					const struct aimlock_file *file, bool has_state)
{
	struct json_object *object = json_object_new_object();

	if (!object || !add_event(object, time, event, file, has_state))
		return object;
	json_object_put(object);
	return NULL;
}
