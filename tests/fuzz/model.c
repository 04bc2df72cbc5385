// SPDX-License-Identifier: GPL-2.0-or-later
/* A reply of the module into the model, on to JSON, and the locks back again. */
#include <errno.h>
#include <string.h>

#include <json-c/json.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "fuzz.h"
#include "lib/event.h"
#include "lib/table.h"

/* In memory of just its size, so that a step beyond is seen. */
static struct nlmsghdr *message_of(const uint8_t *data, size_t size)
{
	size_t fixed = NLMSG_HDRLEN + GENL_HDRLEN;
	struct nlmsghdr *hdr = calloc(1, fixed + size);

	ENSURE(hdr);
	hdr->nlmsg_len = fixed + size;
	hdr->nlmsg_type = 1000;
	memcpy((char *)hdr + fixed, data, size);
	return hdr;
}

static int put_holder(struct nl_msg *msg, const struct aimlock_holder *holder)
{
	struct nlattr *nest = nla_nest_start(msg, AIMLOCK_A_LOCK_HOLDER);
	int err = nest ? 0 : -1;

	err = err ?: nla_put_u32(msg, AIMLOCK_A_HOLDER_KIND, holder->kind);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_HOLDER_PID, holder->pid);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_HOLDER_NS_PID, holder->ns_pid);
	if (holder->fd >= 0)
		err = err ?: nla_put_u32(msg, AIMLOCK_A_HOLDER_FD, holder->fd);
	err = err ?: nla_put_string(msg, AIMLOCK_A_HOLDER_COMM, holder->comm);
	err = err ?: nla_put_string(msg, AIMLOCK_A_HOLDER_STATE, holder->state);
	err = err ?: nla_put_u64(msg, AIMLOCK_A_HOLDER_START_NS, holder->start_ns);
	if (!err)
		nla_nest_end(msg, nest);
	return err;
}

static int put_lock(struct nl_msg *msg, const struct aimlock_lock *lock)
{
	int err = nla_put_string(msg, AIMLOCK_A_LOCK_NAME, lock->name);
	size_t i;

	err = err ?: nla_put_u64(msg, AIMLOCK_A_LOCK_ID, lock->id);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_KIND, lock->kind);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_MODE, lock->mode);
	err = err ?: nla_put_u64(msg, AIMLOCK_A_LOCK_START, lock->start);
	err = err ?: nla_put_u64(msg, AIMLOCK_A_LOCK_END, lock->end);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_VERDICT, lock->verdict);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_TAKER, lock->taker);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_TAKER_EXISTS, lock->taker_exists);
	err = err ?: nla_put_u64(msg, AIMLOCK_A_LOCK_AGE_MS, lock->age_ms);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_WAITERS, lock->waiters);
	if (lock->refs >= 0)
		err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_REFS, lock->refs);
	if (lock->refs_found >= 0)
		err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_REFS_FOUND, lock->refs_found);
	err = err ?: nla_put_u32(msg, AIMLOCK_A_LOCK_SUSPECT_MS, lock->suspect_ms);
	err = err ?: nla_put_u64(msg, AIMLOCK_A_LOCK_GENERATION, lock->generation);
	for (i = 0; i < lock->n_holders && !err; i++)
		err = put_holder(msg, &lock->holders[i]);
	return err;
}

static bool same_holder(const struct aimlock_holder *a, const struct aimlock_holder *b)
{
	return a->kind == b->kind && a->pid == b->pid && a->ns_pid == b->ns_pid &&
	       a->fd == b->fd && a->start_ns == b->start_ns &&
	       !strcmp(a->comm, b->comm) && !strcmp(a->state, b->state);
}

static bool same_lock(const struct aimlock_lock *a, const struct aimlock_lock *b)
{
	size_t i;

	if (a->n_holders != b->n_holders)
		return false;
	for (i = 0; i < a->n_holders; i++)
		if (!same_holder(&a->holders[i], &b->holders[i]))
			return false;
	return !strcmp(a->name, b->name) && a->id == b->id && a->kind == b->kind &&
	       a->mode == b->mode && a->start == b->start && a->end == b->end &&
	       a->verdict == b->verdict && a->taker == b->taker &&
	       a->taker_exists == b->taker_exists && a->age_ms == b->age_ms &&
	       a->waiters == b->waiters && a->refs == b->refs &&
	       a->refs_found == b->refs_found && a->suspect_ms == b->suspect_ms &&
	       a->generation == b->generation;
}

static void check_again(const struct aimlock_lock *lock)
{
	struct nl_msg *msg = nlmsg_alloc_size(512 + 128 * lock->n_holders);
	struct aimlock_locks again = { 0 };

	ENSURE(msg && genlmsg_put(msg, 0, 0, 1000, 0, 0, AIMLOCK_CMD_LOCK_GET, 1));
	if (!put_lock(msg, lock)) {
		ENSURE(!aimlock_model_read_lock(nlmsg_hdr(msg), &again));
		ENSURE(again.n == 1 && same_lock(lock, &again.v[0]));
	}
	aimlock_model_free_locks(&again);
	nlmsg_free(msg);
}

static void check_locks(const struct aimlock_locks *locks)
{
	size_t i;

	for (i = 0; i < locks->n; i++) {
		ENSURE(strlen(locks->v[i].name) <= AIMLOCK_NAME_MAX);
		check_again(&locks->v[i]);
	}
}

static void check_json(struct json_object *top)
{
	const char *text = json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN);
	struct json_object *again = json_tokener_parse(text);

	ENSURE(again && json_object_equal(top, again));
	json_object_put(again);
	json_object_put(top);
}

/* Files come first in the input, then their locks. */
static void show(struct aimlock_files *files, struct aimlock_locks *locks)
{
	struct aimlock_table all = { .tree = true };
	size_t i, n = locks->n, assigned = 0;

	aimlock_model_sort(files);
	for (i = 1; i < files->n; i++)
		ENSURE(strcmp(files->v[i - 1].name, files->v[i].name) < 0);
	ENSURE(!aimlock_model_assign(files, locks));
	ENSURE(!locks->n);
	for (i = 0; i < files->n; i++)
		assigned += files->v[i].locks.n;
	ENSURE(assigned <= n);
	check_json(aimlock_table_document(files, true));
	ENSURE(!aimlock_column_select(0, &all.columns));
	check_json(aimlock_table_rows(&all, files));
	free(all.columns.v);
}

static int tell(struct nlmsghdr *hdr, uint8_t cmd)
{
	struct aimlock_event event;
	int err;

	((struct genlmsghdr *)nlmsg_data(hdr))->cmd = cmd;
	err = aimlock_event_read(hdr, &event);
	if (!err) {
		ENSURE(strlen(event.file.name) <= AIMLOCK_NAME_MAX);
		check_locks(&event.file.locks);
		check_json(aimlock_table_event("now", aimlock_event_name(event.reason),
					       &event.file, event.has_state));
	}
	aimlock_event_free(&event);
	return err;
}

/* Messages, each behind what it is and its length: 'f'ile, 'l'ock or 'c'leared, or
 * the event of a 'C'hange or a c'L'ear.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aimlock_cleared cleared = { 0 };
	struct aimlock_files files = { 0 };
	struct aimlock_locks locks = { 0 };
	int err = 0;

	while (!err && size > 3) {
		size_t len = data[1] | data[2] << 8;
		struct nlmsghdr *hdr;

		if (len > size - 3)
			len = size - 3;
		hdr = message_of(data + 3, len);
		if (data[0] == 'f')
			err = aimlock_model_read_file(hdr, &files);
		else if (data[0] == 'l')
			err = aimlock_model_read_lock(hdr, &locks);
		else if (data[0] == 'C')
			err = tell(hdr, AIMLOCK_CMD_FILE_CHANGE_NTF);
		else if (data[0] == 'L')
			err = tell(hdr, AIMLOCK_CMD_LOCK_CLEAR_NTF);
		else
			err = aimlock_model_read_cleared(hdr, &cleared);
		free(hdr);
		ENSURE(!err || err == -EBADMSG);
		data += 3 + len;
		size -= 3 + len;
	}
	check_locks(&locks);
	check_locks(&cleared.locks);
	if (!err)
		show(&files, &locks);
	aimlock_model_free_cleared(&cleared);
	aimlock_model_free_locks(&locks);
	aimlock_model_free_files(&files);
	return 0;
}
