// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Netlink attributes into structures.  Attributes that are not known or not
 * there leave the field at its "not told" value, so that an older or newer
 * module is read as far as possible.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "model.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct nla_policy file_policy[AIMLOCK_A_FILE_MAX + 1] = {
	[AIMLOCK_A_FILE_NAME]		= { .type = NLA_STRING },
	[AIMLOCK_A_FILE_PATH]		= { .type = NLA_STRING },
	[AIMLOCK_A_FILE_STATE]		= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_LOCKS]		= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_ORPHANS]	= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_WAITERS]	= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_GENERATION]	= { .type = NLA_U64 },
	[AIMLOCK_A_FILE_HOLD]		= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_GRACE_MS]	= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_CLEAR_SCOPE]	= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_HOLDER]		= { .type = NLA_NESTED },
	[AIMLOCK_A_FILE_DEV_MAJOR]	= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_DEV_MINOR]	= { .type = NLA_U32 },
	[AIMLOCK_A_FILE_INO]		= { .type = NLA_U64 },
	[AIMLOCK_A_FILE_TRANSIENT]	= { .type = NLA_FLAG },
};

static struct nla_policy lock_policy[AIMLOCK_A_LOCK_MAX + 1] = {
	[AIMLOCK_A_LOCK_NAME]		= { .type = NLA_STRING },
	[AIMLOCK_A_LOCK_ID]		= { .type = NLA_U64 },
	[AIMLOCK_A_LOCK_KIND]		= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_MODE]		= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_START]		= { .type = NLA_U64 },
	[AIMLOCK_A_LOCK_END]		= { .type = NLA_U64 },
	[AIMLOCK_A_LOCK_VERDICT]	= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_TAKER]		= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_TAKER_EXISTS]	= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_AGE_MS]		= { .type = NLA_U64 },
	[AIMLOCK_A_LOCK_WAITERS]	= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_REFS]		= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_REFS_FOUND]	= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_SUSPECT_MS]	= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_HOLDER]		= { .type = NLA_NESTED },
	[AIMLOCK_A_LOCK_GENERATION]	= { .type = NLA_U64 },
	[AIMLOCK_A_LOCK_CLEARED]	= { .type = NLA_NESTED },
	[AIMLOCK_A_LOCK_REMAINING]	= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_PATH]		= { .type = NLA_STRING },
	[AIMLOCK_A_LOCK_DEV_MAJOR]	= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_DEV_MINOR]	= { .type = NLA_U32 },
	[AIMLOCK_A_LOCK_INO]		= { .type = NLA_U64 },
	[AIMLOCK_A_LOCK_WAITER]		= { .type = NLA_NESTED },
	[AIMLOCK_A_LOCK_CONTINUED]	= { .type = NLA_FLAG },
};

static struct nla_policy holder_policy[AIMLOCK_A_HOLDER_MAX + 1] = {
	[AIMLOCK_A_HOLDER_KIND]		= { .type = NLA_U32 },
	[AIMLOCK_A_HOLDER_PID]		= { .type = NLA_U32 },
	[AIMLOCK_A_HOLDER_NS_PID]	= { .type = NLA_U32 },
	[AIMLOCK_A_HOLDER_FD]		= { .type = NLA_U32 },
	[AIMLOCK_A_HOLDER_COMM]		= { .type = NLA_STRING },
	[AIMLOCK_A_HOLDER_STATE]	= { .type = NLA_STRING },
	[AIMLOCK_A_HOLDER_START_NS]	= { .type = NLA_U64 },
};

static struct nla_policy waiter_policy[AIMLOCK_A_WAITER_MAX + 1] = {
	[AIMLOCK_A_WAITER_PID]		= { .type = NLA_U32 },
	[AIMLOCK_A_WAITER_DEPTH]	= { .type = NLA_U32 },
	[AIMLOCK_A_WAITER_KIND]		= { .type = NLA_U32 },
	[AIMLOCK_A_WAITER_MODE]		= { .type = NLA_U32 },
	[AIMLOCK_A_WAITER_START]	= { .type = NLA_U64 },
	[AIMLOCK_A_WAITER_END]		= { .type = NLA_U64 },
	[AIMLOCK_A_WAITER_WAIT_MS]	= { .type = NLA_U64 },
	[AIMLOCK_A_WAITER_NS_PID]	= { .type = NLA_U32 },
	[AIMLOCK_A_WAITER_COMM]		= { .type = NLA_STRING },
	[AIMLOCK_A_WAITER_STATE]	= { .type = NLA_STRING },
	[AIMLOCK_A_WAITER_START_NS]	= { .type = NLA_U64 },
};

static uint32_t u32_or(struct nlattr *attr, uint32_t otherwise)
{
	return attr ? nla_get_u32(attr) : otherwise;
}

static uint64_t u64_or(struct nlattr *attr, uint64_t otherwise)
{
	return attr ? nla_get_u64(attr) : otherwise;
}

static int64_t u64_or_unknown(struct nlattr *attr)
{
	return attr ? (int64_t)nla_get_u64(attr) : -1;
}

static int64_t count_or_unknown(struct nlattr *attr)
{
	return attr ? (int64_t)nla_get_u32(attr) : -1;
}

static void copy_string(char *to, size_t size, struct nlattr *attr)
{
	if (attr)
		nla_strlcpy(to, attr, size);
	else
		to[0] = '\0';
}

/* One zeroed element more at the end of an array, or NULL. */
static void *grow(void **array, size_t *n, size_t size)
{
	char *v = *array;

	/* The room doubles, at each power of two. */
	if ((*n & (*n - 1)) == 0) {
		v = reallocarray(v, *n ? *n * 2 : 1, size);
		if (!v)
			return NULL;
		*array = v;
	}
	v += *n * size;
	memset(v, 0, size);
	(*n)++;
	return v;
}

static struct aimlock_file *add_file(struct aimlock_files *files)
{
	void *v = files->v;
	struct aimlock_file *file = grow(&v, &files->n, sizeof(*file));

	files->v = v;
	return file;
}

static struct aimlock_lock *add_lock(struct aimlock_locks *locks)
{
	void *v = locks->v;
	struct aimlock_lock *lock = grow(&v, &locks->n, sizeof(*lock));

	locks->v = v;
	return lock;
}

struct aimlock_holder *aimlock_model_add_holder(struct aimlock_lock *lock)
{
	void *v = lock->holders;
	struct aimlock_holder *holder = grow(&v, &lock->n_holders, sizeof(*holder));

	lock->holders = v;
	return holder;
}

static struct aimlock_waiter *add_waiter(struct aimlock_lock *lock)
{
	void *v = lock->waiting;
	struct aimlock_waiter *waiter = grow(&v, &lock->n_waiting, sizeof(*waiter));

	lock->waiting = v;
	return waiter;
}

static int read_holder(struct nlattr *nest, struct aimlock_holder *holder)
{
	struct nlattr *tb[AIMLOCK_A_HOLDER_MAX + 1];

	if (nla_parse_nested(tb, AIMLOCK_A_HOLDER_MAX, nest, holder_policy) < 0)
		return -EBADMSG;
	holder->kind = u32_or(tb[AIMLOCK_A_HOLDER_KIND], UINT32_MAX);
	holder->pid = u32_or(tb[AIMLOCK_A_HOLDER_PID], 0);
	holder->ns_pid = u32_or(tb[AIMLOCK_A_HOLDER_NS_PID], 0);
	holder->fd = count_or_unknown(tb[AIMLOCK_A_HOLDER_FD]);
	holder->start_ns = u64_or(tb[AIMLOCK_A_HOLDER_START_NS], 0);
	copy_string(holder->comm, sizeof(holder->comm), tb[AIMLOCK_A_HOLDER_COMM]);
	copy_string(holder->state, sizeof(holder->state), tb[AIMLOCK_A_HOLDER_STATE]);
	return 0;
}

static int read_holders(struct nlattr *head, int len, struct aimlock_lock *lock)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_attr(attr, head, len, rest) {
		struct aimlock_holder *holder;
		int err;

		if (nla_type(attr) != AIMLOCK_A_LOCK_HOLDER)
			continue;
		holder = aimlock_model_add_holder(lock);
		if (!holder)
			return -ENOMEM;
		err = read_holder(attr, holder);
		if (err)
			return err;
	}
	return 0;
}

static int read_waiter(struct nlattr *nest, struct aimlock_lock *lock)
{
	struct nlattr *tb[AIMLOCK_A_WAITER_MAX + 1];
	struct aimlock_waiter *waiter;

	if (nla_parse_nested(tb, AIMLOCK_A_WAITER_MAX, nest, waiter_policy) < 0)
		return -EBADMSG;
	waiter = add_waiter(lock);
	if (!waiter)
		return -ENOMEM;
	waiter->pid = u32_or(tb[AIMLOCK_A_WAITER_PID], 0);
	waiter->ns_pid = u32_or(tb[AIMLOCK_A_WAITER_NS_PID], 0);
	waiter->kind = u32_or(tb[AIMLOCK_A_WAITER_KIND], UINT32_MAX);
	waiter->mode = u32_or(tb[AIMLOCK_A_WAITER_MODE], UINT32_MAX);
	waiter->start = u64_or(tb[AIMLOCK_A_WAITER_START], 0);
	waiter->end = u64_or(tb[AIMLOCK_A_WAITER_END], AIMLOCK_END_OF_FILE);
	waiter->wait_ms = u64_or_unknown(tb[AIMLOCK_A_WAITER_WAIT_MS]);
	waiter->depth = u32_or(tb[AIMLOCK_A_WAITER_DEPTH], 1);
	waiter->start_ns = u64_or(tb[AIMLOCK_A_WAITER_START_NS], 0);
	copy_string(waiter->comm, sizeof(waiter->comm), tb[AIMLOCK_A_WAITER_COMM]);
	copy_string(waiter->state, sizeof(waiter->state), tb[AIMLOCK_A_WAITER_STATE]);
	return 0;
}

static int read_waiters(struct nlattr *head, int len, struct aimlock_lock *lock)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_attr(attr, head, len, rest) {
		int err = nla_type(attr) == AIMLOCK_A_LOCK_WAITER ? read_waiter(attr, lock) : 0;

		if (err)
			return err;
	}
	return 0;
}

static int read_lock(struct nlattr *head, int len, struct aimlock_locks *locks)
{
	struct nlattr *tb[AIMLOCK_A_LOCK_MAX + 1];
	struct aimlock_lock *lock;
	int err;

	if (nla_parse(tb, AIMLOCK_A_LOCK_MAX, head, len, lock_policy) < 0)
		return -EBADMSG;
	if (tb[AIMLOCK_A_LOCK_CONTINUED])
		return locks->n ? read_waiters(head, len, &locks->v[locks->n - 1]) : -EBADMSG;
	lock = add_lock(locks);
	if (!lock)
		return -ENOMEM;
	copy_string(lock->name, sizeof(lock->name), tb[AIMLOCK_A_LOCK_NAME]);
	lock->id = u64_or(tb[AIMLOCK_A_LOCK_ID], 0);
	lock->kind = u32_or(tb[AIMLOCK_A_LOCK_KIND], UINT32_MAX);
	lock->mode = u32_or(tb[AIMLOCK_A_LOCK_MODE], UINT32_MAX);
	lock->start = u64_or(tb[AIMLOCK_A_LOCK_START], 0);
	lock->end = u64_or(tb[AIMLOCK_A_LOCK_END], AIMLOCK_END_OF_FILE);
	lock->verdict = u32_or(tb[AIMLOCK_A_LOCK_VERDICT], UINT32_MAX);
	lock->taker = u32_or(tb[AIMLOCK_A_LOCK_TAKER], 0);
	lock->taker_exists = u32_or(tb[AIMLOCK_A_LOCK_TAKER_EXISTS], 0);
	lock->age_ms = u64_or_unknown(tb[AIMLOCK_A_LOCK_AGE_MS]);
	lock->waiters = u32_or(tb[AIMLOCK_A_LOCK_WAITERS], 0);
	lock->refs = count_or_unknown(tb[AIMLOCK_A_LOCK_REFS]);
	lock->refs_found = count_or_unknown(tb[AIMLOCK_A_LOCK_REFS_FOUND]);
	lock->suspect_ms = u32_or(tb[AIMLOCK_A_LOCK_SUSPECT_MS], 0);
	lock->generation = u64_or(tb[AIMLOCK_A_LOCK_GENERATION], 0);
	lock->has_inode = tb[AIMLOCK_A_LOCK_INO];
	lock->dev_major = u32_or(tb[AIMLOCK_A_LOCK_DEV_MAJOR], 0);
	lock->dev_minor = u32_or(tb[AIMLOCK_A_LOCK_DEV_MINOR], 0);
	lock->ino = u64_or(tb[AIMLOCK_A_LOCK_INO], 0);
	if (tb[AIMLOCK_A_LOCK_PATH]) {
		lock->path = nla_strdup(tb[AIMLOCK_A_LOCK_PATH]);
		if (!lock->path)
			return -ENOMEM;
	}
	err = read_waiters(head, len, lock);
	return err ? err : read_holders(head, len, lock);
}

int aimlock_model_read_lock(struct nlmsghdr *hdr, struct aimlock_locks *locks)
{
	struct genlmsghdr *genl = genlmsg_hdr(hdr);

	return read_lock(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), locks);
}

int aimlock_model_read_file(struct nlmsghdr *hdr, struct aimlock_files *files)
{
	struct nlattr *tb[AIMLOCK_A_FILE_MAX + 1];
	struct aimlock_file *file;

	if (genlmsg_parse(hdr, 0, tb, AIMLOCK_A_FILE_MAX, file_policy) < 0)
		return -EBADMSG;
	if (!tb[AIMLOCK_A_FILE_NAME] || !tb[AIMLOCK_A_FILE_PATH])
		return -EBADMSG;
	file = add_file(files);
	if (!file)
		return -ENOMEM;
	copy_string(file->name, sizeof(file->name), tb[AIMLOCK_A_FILE_NAME]);
	file->path = nla_strdup(tb[AIMLOCK_A_FILE_PATH]);
	if (!file->path)
		return -ENOMEM;
	file->state = u32_or(tb[AIMLOCK_A_FILE_STATE], UINT32_MAX);
	file->n_locks = u32_or(tb[AIMLOCK_A_FILE_LOCKS], 0);
	file->orphans = u32_or(tb[AIMLOCK_A_FILE_ORPHANS], 0);
	file->waiters = u32_or(tb[AIMLOCK_A_FILE_WAITERS], 0);
	file->generation = u64_or(tb[AIMLOCK_A_FILE_GENERATION], 0);
	file->held = u32_or(tb[AIMLOCK_A_FILE_HOLD], 0);
	file->grace_ms = u32_or(tb[AIMLOCK_A_FILE_GRACE_MS], 0);
	file->scope = u32_or(tb[AIMLOCK_A_FILE_CLEAR_SCOPE], UINT32_MAX);
	file->has_inode = tb[AIMLOCK_A_FILE_INO];
	file->dev_major = u32_or(tb[AIMLOCK_A_FILE_DEV_MAJOR], 0);
	file->dev_minor = u32_or(tb[AIMLOCK_A_FILE_DEV_MINOR], 0);
	file->ino = u64_or(tb[AIMLOCK_A_FILE_INO], 0);
	file->transient = tb[AIMLOCK_A_FILE_TRANSIENT];
	file->has_holder = tb[AIMLOCK_A_FILE_HOLDER];
	if (file->has_holder)
		return read_holder(tb[AIMLOCK_A_FILE_HOLDER], &file->holder);
	return 0;
}

int aimlock_model_read_cleared(struct nlmsghdr *hdr, struct aimlock_cleared *out)
{
	struct genlmsghdr *genl = genlmsg_hdr(hdr);
	struct nlattr *tb[AIMLOCK_A_LOCK_MAX + 1], *attr;
	int rest;

	if (genlmsg_parse(hdr, 0, tb, AIMLOCK_A_LOCK_MAX, lock_policy) < 0)
		return -EBADMSG;
	out->remaining = u32_or(tb[AIMLOCK_A_LOCK_REMAINING], 0);
	out->generation = u64_or(tb[AIMLOCK_A_LOCK_GENERATION], 0);
	nla_for_each_attr(attr, genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), rest) {
		int err;

		if (nla_type(attr) != AIMLOCK_A_LOCK_CLEARED)
			continue;
		err = read_lock(nla_data(attr), nla_len(attr), &out->locks);
		if (err)
			return err;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct aimlock_file *fa = a, *fb = b;

	return strcmp(fa->name, fb->name);
}

static int compare_to_name(const void *name, const void *file)
{
	return strcmp(name, ((const struct aimlock_file *)file)->name);
}

static void free_file(struct aimlock_file *file)
{
	aimlock_model_free_locks(&file->locks);
	free(file->path);
}

void aimlock_model_sort(struct aimlock_files *files)
{
	size_t from, to = 0;

	if (!files->n)
		return;
	qsort(files->v, files->n, sizeof(*files->v), compare_names);
	for (from = 1; from < files->n; from++) {
		if (compare_names(&files->v[from], &files->v[to]))
			files->v[++to] = files->v[from];
		else
			free_file(&files->v[from]);
	}
	files->n = to + 1;
}

void aimlock_model_drop_transient(struct aimlock_files *files)
{
	size_t from, to = 0;

	for (from = 0; from < files->n; from++) {
		if (files->v[from].transient)
			free_file(&files->v[from]);
		else
			files->v[to++] = files->v[from];
	}
	files->n = to;
}

int aimlock_model_move_file(struct aimlock_files *files, struct aimlock_file *file)
{
	struct aimlock_file *moved = add_file(files);

	if (!moved)
		return -ENOMEM;
	*moved = *file;
	*file = (struct aimlock_file){ 0 };
	return 0;
}

/* Empties @lock. */
static int move_lock(struct aimlock_file *file, struct aimlock_lock *lock)
{
	struct aimlock_lock *moved = add_lock(&file->locks);

	if (!moved)
		return -ENOMEM;
	*moved = *lock;
	*lock = (struct aimlock_lock){ 0 };
	return 0;
}

int aimlock_model_assign(struct aimlock_files *files, struct aimlock_locks *locks)
{
	size_t i;

	for (i = 0; i < locks->n; i++) {
		struct aimlock_lock *lock = &locks->v[i];
		struct aimlock_file *file = NULL;
		int err;

		if (files->n)
			file = bsearch(lock->name, files->v, files->n, sizeof(*files->v),
				       compare_to_name);
		err = file ? move_lock(file, lock) : 0;
		if (err)
			return err;
	}
	aimlock_model_free_locks(locks);
	return 0;
}

static bool is_of(const struct aimlock_lock *lock, const struct aimlock_file *file)
{
	return lock->dev_major == file->dev_major && lock->dev_minor == file->dev_minor &&
	       lock->ino == file->ino && !strcmp(lock->name, file->name);
}

/* Locks of a file follow each other. */
static struct aimlock_file *file_of(struct aimlock_files *files, struct aimlock_lock *lock)
{
	struct aimlock_file *file;

	if (files->n && is_of(lock, &files->v[files->n - 1]))
		return &files->v[files->n - 1];
	file = add_file(files);
	if (!file)
		return NULL;
	memcpy(file->name, lock->name, sizeof(file->name));
	file->scope = UINT32_MAX;
	file->state = AIMLOCK_STATE_FREE;
	file->generation = lock->generation;
	file->has_inode = lock->has_inode;
	file->dev_major = lock->dev_major;
	file->dev_minor = lock->dev_minor;
	file->ino = lock->ino;
	return file;
}

/* States from live on and verdicts are in the same order. */
static void sum_up(struct aimlock_file *file, const struct aimlock_lock *lock)
{
	uint32_t state = AIMLOCK_STATE_LIVE + lock->verdict;

	if (state > file->state)
		file->state = state;
	file->n_locks++;
	file->orphans += lock->verdict == AIMLOCK_VERDICT_ORPHANED;
	file->waiters += lock->waiters;
	if (!file->has_holder && lock->n_holders) {
		file->has_holder = true;
		file->holder = lock->holders[0];
	}
}

int aimlock_model_group(struct aimlock_files *files, struct aimlock_locks *locks)
{
	size_t i;

	for (i = 0; i < locks->n; i++) {
		struct aimlock_lock *lock = &locks->v[i];
		struct aimlock_file *file = file_of(files, lock);

		if (!file)
			return -ENOMEM;
		sum_up(file, lock);
		/* the first that may be seen */
		if (!file->path) {
			file->path = lock->path;
			lock->path = NULL;
		}
		if (move_lock(file, lock))
			return -ENOMEM;
	}
	aimlock_model_free_locks(locks);
	return 0;
}

void aimlock_model_complete(struct aimlock_file *file, struct aimlock_file *known)
{
	struct aimlock_locks locks = file->locks;

	file->locks = known->locks;
	known->locks = locks;
	free_file(file);
	*file = *known;
	*known = (struct aimlock_file){ 0 };
}

const struct aimlock_waiter *aimlock_model_behind(const struct aimlock_lock *lock,
						  const struct aimlock_waiter *waiter)
{
	const struct aimlock_waiter *other;

	for (other = waiter; other-- > lock->waiting;)
		if (other->depth < waiter->depth)
			return other;
	return NULL;
}

const struct aimlock_lock *aimlock_model_find(const struct aimlock_locks *locks, uint64_t id)
{
	size_t i;

	for (i = 0; i < locks->n; i++)
		if (locks->v[i].id == id)
			return &locks->v[i];
	return NULL;
}

static void free_holders(struct aimlock_lock *lock)
{
	size_t i;

	for (i = 0; i < lock->n_holders; i++)
		free(lock->holders[i].client);
	free(lock->holders);
}

void aimlock_model_free_locks(struct aimlock_locks *locks)
{
	size_t i;

	for (i = 0; i < locks->n; i++) {
		free_holders(&locks->v[i]);
		free(locks->v[i].path);
		free(locks->v[i].waiting);
	}
	free(locks->v);
	*locks = (struct aimlock_locks){ 0 };
}

void aimlock_model_free_files(struct aimlock_files *files)
{
	size_t i;

	for (i = 0; i < files->n; i++)
		free_file(&files->v[i]);
	free(files->v);
	*files = (struct aimlock_files){ 0 };
}

void aimlock_model_free_cleared(struct aimlock_cleared *cleared)
{
	aimlock_model_free_locks(&cleared->locks);
	*cleared = (struct aimlock_cleared){ 0 };
}

static const char *const state_names[] = {
	[AIMLOCK_STATE_MISSING]		= "missing",
	[AIMLOCK_STATE_FREE]		= "free",
	[AIMLOCK_STATE_LIVE]		= "live",
	[AIMLOCK_STATE_INHERITED]	= "inherited",
	[AIMLOCK_STATE_REMOTE]		= "remote",
	[AIMLOCK_STATE_PINNED]		= "pinned",
	[AIMLOCK_STATE_SUSPECT]		= "suspect",
	[AIMLOCK_STATE_UNREACHABLE]	= "unreachable",
	[AIMLOCK_STATE_ORPHANED]	= "orphaned",
	[AIMLOCK_STATE_LEASED]		= "leased",
	[AIMLOCK_STATE_HELD]		= "held",
};

static const char *const verdict_names[] = {
	[AIMLOCK_VERDICT_LIVE]		= "live",
	[AIMLOCK_VERDICT_INHERITED]	= "inherited",
	[AIMLOCK_VERDICT_REMOTE]	= "remote",
	[AIMLOCK_VERDICT_PINNED]	= "pinned",
	[AIMLOCK_VERDICT_SUSPECT]	= "suspect",
	[AIMLOCK_VERDICT_UNREACHABLE]	= "unreachable",
	[AIMLOCK_VERDICT_ORPHANED]	= "orphaned",
	[AIMLOCK_VERDICT_LEASED]	= "leased",
	[AIMLOCK_VERDICT_HELD]		= "held",
};

static const char *const kind_names[] = {
	[AIMLOCK_LOCK_KIND_FLOCK]	= "flock",
	[AIMLOCK_LOCK_KIND_POSIX]	= "posix",
	[AIMLOCK_LOCK_KIND_OFD]		= "ofd",
	[AIMLOCK_LOCK_KIND_LEASE]	= "lease",
};

static const char *const mode_names[] = {
	[AIMLOCK_LOCK_MODE_READ]	= "read",
	[AIMLOCK_LOCK_MODE_WRITE]	= "write",
	[AIMLOCK_LOCK_MODE_UNLOCK]	= "unlock",
};

static const char *const holder_names[] = {
	[AIMLOCK_HOLDER_KIND_FD]	= "fd",
	[AIMLOCK_HOLDER_KIND_MAP]	= "map",
	[AIMLOCK_HOLDER_KIND_TABLE]	= "table",
	[AIMLOCK_HOLDER_KIND_IN_FLIGHT]	= "in-flight",
	[AIMLOCK_HOLDER_KIND_LOOP]	= "loop",
	[AIMLOCK_HOLDER_KIND_SWAP]	= "swap",
	[AIMLOCK_HOLDER_KIND_MANAGER]	= "manager",
	[AIMLOCK_HOLDER_KIND_AIMLOCK]	= "aimlock",
	[AIMLOCK_HOLDER_KIND_IO_URING]	= "io-uring",
};

static const char *const scope_names[] = {
	[AIMLOCK_CLEAR_SCOPE_ORPHANED]		= "orphaned",
	[AIMLOCK_CLEAR_SCOPE_UNREACHABLE]	= "unreachable",
};

static const char *name_of(const char *const *names, size_t n, uint32_t value)
{
	return value < n ? names[value] : "unknown";
}

const char *aimlock_model_state_name(enum aimlock_state state)
{
	return name_of(state_names, ARRAY_SIZE(state_names), state);
}

const char *aimlock_model_verdict_name(enum aimlock_verdict verdict)
{
	return name_of(verdict_names, ARRAY_SIZE(verdict_names), verdict);
}

const char *aimlock_model_kind_name(enum aimlock_lock_kind kind)
{
	return name_of(kind_names, ARRAY_SIZE(kind_names), kind);
}

const char *aimlock_model_mode_name(enum aimlock_lock_mode mode)
{
	return name_of(mode_names, ARRAY_SIZE(mode_names), mode);
}

const char *aimlock_model_holder_name(enum aimlock_holder_kind kind)
{
	return name_of(holder_names, ARRAY_SIZE(holder_names), kind);
}

const char *aimlock_model_scope_name(enum aimlock_clear_scope scope)
{
	return name_of(scope_names, ARRAY_SIZE(scope_names), scope);
}

int aimlock_model_scope_value(const char *name, enum aimlock_clear_scope *scope)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scope_names); i++) {
		if (!strcmp(name, scope_names[i])) {
			*scope = i;
			return 0;
		}
	}
	return -EINVAL;
}
