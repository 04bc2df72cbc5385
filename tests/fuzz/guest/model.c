// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Model: what the module should accept, what it should refuse and with which
 * error, and what it should be like afterwards; written from the protocol and
 * the ABI document, not from the module.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest.h"

#define PAGE	4096

struct reg regs[N_REGS];

struct reg *reg_find(const char *name)
{
	int i;

	for (i = 0; i < N_REGS; i++)
		if (regs[i].used && !strcmp(regs[i].name, name))
			return &regs[i];
	return NULL;
}

int reg_count(void)
{
	int i, n = 0;

	for (i = 0; i < N_REGS; i++)
		n += regs[i].used;
	return n;
}

struct reg *reg_any(void)
{
	int i, n = reg_count();

	if (!n)
		return NULL;
	n = chance(n);
	for (i = 0; !regs[i].used || n--; i++)
		;
	return &regs[i];
}

bool path_is_there(const char *path, dev_t *dev, ino_t *ino)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	*dev = st.st_dev;
	*ino = st.st_ino;
	return true;
}

int holds_on(dev_t dev, ino_t ino)
{
	int i, n = 0;

	for (i = 0; i < N_REGS; i++)
		n += regs[i].used && regs[i].hold && regs[i].hold_dev == dev &&
		     regs[i].hold_ino == ino;
	return n;
}

/* A hold is two locks: it excludes flock, and POSIX and OFD. */
unsigned int locks_on(const struct object *object)
{
	unsigned int slot, n = 0;

	for (slot = 0; slot < N_SLOTS; slot++)
		n += object->locks[slot].on;
	return n + 2 * holds_on(object->dev, object->ino);
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len && len <= AIMLOCK_NAME_MAX && strcmp(name, ".") && strcmp(name, "..") &&
	       strcmp(name, "new_lock") && strcmp(name, "delete_lock") &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-")];
}

/* Looking a path up is the kernel's own work: stat(2) is asked. */
static int check_path(const char *path)
{
	struct stat st;

	if (path[0] != '/')
		return -EINVAL;
	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static struct reg *free_reg(void)
{
	int i;

	for (i = 0; i < N_REGS; i++)
		if (!regs[i].used)
			return &regs[i];
	return NULL;
}

static int check_add(const char *name, const char *path)
{
	int error;

	if (!is_name(name))
		return -EINVAL;
	error = check_path(path);
	if (error)
		return error;
	if (reg_find(name))
		return -EEXIST;
	return free_reg() ? 0 : TIMING;		/* the model is full: another input */
}

int model_add(const char *name, const char *path, bool has_grace, uint32_t grace,
	      uint32_t scope)
{
	int error = check_add(name, path);
	struct reg *reg = free_reg();

	if (error)
		return error;
	*reg = (struct reg){ .used = true, .grace = has_grace ? grace : 1000, .scope = scope };
	strcpy(reg->name, name);
	reg->path = strdup(path);
	if (!reg->path)
		err(3, "strdup");
	return 0;
}

/* --- the locks of a file that was listed, by their ids --- */

static struct known {
	struct reg *reg;
	uint64_t id;
	struct object *object;
	int slot;		/* -1: a hold */
} known[64];
static int n_known;

void model_forget_ids(void)
{
	n_known = 0;
}

void model_learn_id(struct reg *reg, uint64_t id, const struct object *object, int slot)
{
	if (n_known < (int)ARRAY_SIZE(known))
		known[n_known++] = (struct known){ reg, id, (struct object *)object, slot };
}

uint64_t model_any_id(struct reg **reg)
{
	const struct known *k;

	if (!n_known)
		return 0;
	k = &known[chance(n_known)];
	*reg = k->reg;
	return k->id;
}

static bool goes_with_name(const struct known *k, const struct reg *reg)
{
	return k->reg == reg;
}

static bool goes_with_hold(const struct known *k, const struct reg *reg)
{
	return k->slot < 0 && k->object->dev == reg->hold_dev && k->object->ino == reg->hold_ino;
}

/* Others stay known: an input may have several messages. */
static void forget(const struct reg *reg, bool (*goes)(const struct known *k, const struct reg *reg))
{
	int i, n = 0;

	for (i = 0; i < n_known; i++)
		if (!goes(&known[i], reg))
			known[n++] = known[i];
	n_known = n;
}

/* --- names and holds --- */

static int check_remove(const char *name)
{
	struct reg *reg = reg_find(name);

	if (!reg)
		return -ENOENT;
	return reg->hold ? -EBUSY : 0;
}

int model_remove(const char *name)
{
	int error = check_remove(name);
	struct reg *reg = reg_find(name);

	if (!error) {
		forget(reg, goes_with_name);
		free(reg->path);
		*reg = (struct reg){ 0 };
	}
	return error;
}

static int check_hold(const struct reg *reg)
{
	struct object *object;
	dev_t dev;
	ino_t ino;

	if (reg->hold)
		return -EBUSY;
	if (!path_is_there(reg->path, &dev, &ino))
		return -ENOENT;
	object = world_object(reg->path);
	return (object && locks_on(object)) || holds_on(dev, ino) ? -EBUSY : 0;
}

int model_hold(struct reg *reg)
{
	int error = check_hold(reg);

	if (!error) {
		path_is_there(reg->path, &reg->hold_dev, &reg->hold_ino);
		reg->hold = true;
		reg->generation++;
	}
	return error;
}

int model_release(struct reg *reg)
{
	if (!reg->hold)
		return -ENOENT;
	reg->hold = false;
	forget(reg, goes_with_hold);
	return 0;
}

/* --- clearing --- */

static bool is_wanted(const struct clearing *clearing, int slot)
{
	return slot == ORPHAN || (clearing->id && clearing->force);
}

static int clear_one(struct reg *reg, struct clearing *clearing, struct object *object)
{
	const struct known *k = known;

	while (k < known + n_known && (k->reg != reg || k->id != clearing->id))
		k++;
	if (clearing->generation != reg->generation || !object || k == known + n_known ||
	    k->object != object || (k->slot >= 0 && !object->locks[k->slot].on))
		return -ESTALE;
	if (k->slot < 0 || !is_wanted(clearing, k->slot))
		return -EBUSY;
	clearing->cleared = 1;
	if (!clearing->dry_run)
		object->locks[k->slot].on = false;
	return 0;
}

static void clear_all(struct clearing *clearing, struct object *object)
{
	int slot;

	for (slot = 0; slot < N_SLOTS; slot++) {
		if (!object->locks[slot].on || !is_wanted(clearing, slot))
			continue;
		clearing->cleared++;
		if (!clearing->dry_run)
			object->locks[slot].on = false;
	}
}

int model_clear(struct reg *reg, struct clearing *clearing)
{
	struct object *object = world_object(reg->path);
	unsigned int all;
	int error = 0;
	dev_t dev;
	ino_t ino;

	if (object && object->locks[ORPHAN].on && reg->grace)
		return TIMING;
	if (clearing->id)
		error = clear_one(reg, clearing, object);
	if (error)
		return error;
	if (clearing->release && reg->hold)
		model_release(reg);
	if (!object)
		all = path_is_there(reg->path, &dev, &ino) ? 2 * holds_on(dev, ino) : 0;
	else
		all = locks_on(object);
	if (object && !clearing->id)
		clear_all(clearing, object);
	clearing->remaining = all - (clearing->dry_run || clearing->id ? clearing->cleared : 0);
	if (object && !clearing->dry_run)
		clearing->remaining = locks_on(object);
	if (clearing->cleared && !clearing->dry_run)
		reg->generation++;
	if (!clearing->id && clearing->remaining && (clearing->release || !clearing->cleared))
		return -EBUSY;
	return 0;
}

/* --- messages --- */

static const struct attribute *attribute_of(const struct operation *op, int type)
{
	return op->asked >> type & 1 ? &op->set[type - 1] : NULL;
}

static int check_string(const struct attribute *attribute, const uint8_t *data, size_t len)
{
	size_t looked_at = len;

	if (attribute->has_limit && looked_at > attribute->limit + 1)
		looked_at = attribute->limit + 1;
	if (!looked_at || !memchr(data, '\0', looked_at))
		return -EINVAL;
	if (!data[len - 1])
		len--;
	return attribute->has_limit && len > attribute->limit ? -ERANGE : 0;
}

static int check_number(const struct attribute *attribute, const uint8_t *data, size_t len)
{
	size_t want = attribute->kind == U32 ? 4 : 8;
	uint64_t value = 0;

	if (len != want)
		return -EINVAL;
	memcpy(&value, data, want);
	return attribute->has_limit && value > attribute->limit ? -ERANGE : 0;
}

/* As strict as the kernel is with policies that ask for strictness. */
static int check_attribute(const struct operation *op, const struct nlattr *nla)
{
	const uint8_t *data = (const uint8_t *)nla + NLA_HDRLEN;
	int type = nla->nla_type & NLA_TYPE_MASK;
	const struct attribute *attribute;
	size_t len = nla->nla_len - NLA_HDRLEN;

	if (!type || type > op->n)
		return -EINVAL;
	attribute = attribute_of(op, type);
	if (!attribute)
		return -EINVAL;
	if (attribute->kind == U32 || attribute->kind == U64) {
		if (len != (attribute->kind == U32 ? 4 : 8) || (nla->nla_type & NLA_F_NESTED))
			return -EINVAL;
		return check_number(attribute, data, len);
	}
	if (nla->nla_type & NLA_F_NESTED)
		return -EINVAL;
	if (attribute->kind == STRING)
		return check_string(attribute, data, len);
	return attribute->kind == FLAG && len ? -ERANGE : 0;
}

static int parse(const struct operation *op, const uint8_t *buf, size_t len,
		 const struct nlattr **tb)
{
	while (len >= NLA_HDRLEN) {
		const struct nlattr *nla = (const struct nlattr *)buf;
		size_t step = NLA_ALIGN(nla->nla_len);
		int error;

		if (nla->nla_len < NLA_HDRLEN || nla->nla_len > len)
			break;
		error = check_attribute(op, nla);
		if (error)
			return error;
		tb[nla->nla_type & NLA_TYPE_MASK] = nla;
		buf += step;
		len -= step < len ? step : len;
	}
	return len ? -EINVAL : 0;
}

static const char *string(const struct nlattr *nla)
{
	return (const char *)nla + NLA_HDRLEN;
}

static uint64_t number(const struct nlattr *nla)
{
	uint64_t value = 0;

	if (nla)
		memcpy(&value, (const char *)nla + NLA_HDRLEN, nla->nla_len - NLA_HDRLEN);
	return value;
}

static int file_new(const struct nlattr **tb, bool commit)
{
	if (!tb[AIMLOCK_A_FILE_NAME] || !tb[AIMLOCK_A_FILE_PATH])
		return -EINVAL;
	if (!commit)
		return check_add(string(tb[AIMLOCK_A_FILE_NAME]), string(tb[AIMLOCK_A_FILE_PATH]));
	return model_add(string(tb[AIMLOCK_A_FILE_NAME]), string(tb[AIMLOCK_A_FILE_PATH]),
			 tb[AIMLOCK_A_FILE_GRACE_MS], number(tb[AIMLOCK_A_FILE_GRACE_MS]),
			 number(tb[AIMLOCK_A_FILE_CLEAR_SCOPE]));
}

static int file_set(struct reg *reg, const struct nlattr **tb, bool commit)
{
	bool configure = tb[AIMLOCK_A_FILE_GRACE_MS] || tb[AIMLOCK_A_FILE_CLEAR_SCOPE];
	bool hold = tb[AIMLOCK_A_FILE_HOLD];

	if (configure == hold)
		return -EINVAL;
	if (hold && number(tb[AIMLOCK_A_FILE_HOLD]))
		return commit ? model_hold(reg) : check_hold(reg);
	if (hold)
		return commit ? model_release(reg) : reg->hold ? 0 : -ENOENT;
	if (commit && tb[AIMLOCK_A_FILE_GRACE_MS])
		reg->grace = number(tb[AIMLOCK_A_FILE_GRACE_MS]);
	if (commit && tb[AIMLOCK_A_FILE_CLEAR_SCOPE])
		reg->scope = number(tb[AIMLOCK_A_FILE_CLEAR_SCOPE]);
	return 0;
}

/* Runs it on copies where nothing may change. */
static int try_clear(struct reg *reg, struct clearing *clearing, bool commit)
{
	struct object before[N_OBJECTS];
	struct reg reg_before = *reg;
	int error;

	memcpy(before, objects, sizeof(before));
	error = model_clear(reg, clearing);
	if (!commit) {
		memcpy(objects, before, sizeof(before));
		*reg = reg_before;
	}
	return error;
}

static int lock_clear(const struct nlattr **tb, struct outcome *outcome, bool commit)
{
	bool id = tb[AIMLOCK_A_LOCK_ID];

	if (!tb[AIMLOCK_A_LOCK_NAME] || id != !!tb[AIMLOCK_A_LOCK_GENERATION] ||
	    (id && tb[AIMLOCK_A_LOCK_SCOPE]) || (tb[AIMLOCK_A_LOCK_FORCE] && !id) ||
	    (id && !number(tb[AIMLOCK_A_LOCK_ID])))
		return -EINVAL;
	outcome->reg = reg_find(string(tb[AIMLOCK_A_LOCK_NAME]));
	if (!outcome->reg)
		return -ENOENT;
	outcome->clearing = (struct clearing){
		.id = number(tb[AIMLOCK_A_LOCK_ID]),
		.generation = number(tb[AIMLOCK_A_LOCK_GENERATION]),
		.force = tb[AIMLOCK_A_LOCK_FORCE],
		.dry_run = tb[AIMLOCK_A_LOCK_DRY_RUN],
	};
	outcome->answer = A_CLEARED;
	return try_clear(outcome->reg, &outcome->clearing, commit);
}

static int do_file(const struct operation *op, const struct nlattr **tb,
		   struct outcome *outcome, bool commit)
{
	const struct nlattr *name = tb[AIMLOCK_A_FILE_NAME];

	if (!name)
		return -EINVAL;
	outcome->reg = reg_find(string(name));
	if (!outcome->reg)
		return -ENOENT;
	if (op->cmd == AIMLOCK_CMD_FILE_SET)
		return file_set(outcome->reg, tb, commit);
	if (op->cmd == AIMLOCK_CMD_FILE_GET) {
		outcome->answer = A_FILE;
		return 0;
	}
	return commit ? model_remove(string(name)) : check_remove(string(name));
}

static int run(const struct operation *op, const struct nlattr **tb, bool privileged,
	       struct outcome *outcome, bool commit)
{
	if (!privileged && op->cmd != AIMLOCK_CMD_FILE_GET)
		return -EPERM;
	if (op->cmd == AIMLOCK_CMD_FILE_NEW)
		return file_new(tb, commit);
	if (op->cmd == AIMLOCK_CMD_LOCK_CLEAR)
		return lock_clear(tb, outcome, commit);
	return do_file(op, tb, outcome, commit);
}

/* Which descriptors are open is known of the first and of none only. */
static int scan_fd(uint32_t fd)
{
	if (fd <= STDERR_FILENO)
		return fcntl(fd, F_GETFD) < 0 ? -EBADF : 0;
	return fd >= 1024 ? -EBADF : TIMING;
}

/* A type by chance would start modprobe(8). */
static int check_range(const struct nlattr **tb, bool privileged)
{
	const struct nlattr *fd = tb[AIMLOCK_A_LOCK_FD], *type = tb[AIMLOCK_A_LOCK_FS_TYPE];

	if (!!tb[AIMLOCK_A_LOCK_NAME] + !!fd + !!type > 1)
		return -EINVAL;
	if (fd)
		return scan_fd(number(fd));
	return !type ? 0 : privileged ? TIMING : -EPERM;
}

static int dump(const struct operation *op, const struct nlattr **tb, bool privileged,
		struct outcome *outcome)
{
	const struct nlattr *name = tb[1];	/* of either set */

	if (name) {
		outcome->reg = reg_find(string(name));
		if (!outcome->reg)
			return -ENOENT;
	}
	outcome->answer = ALL_FILES;
	if (op->cmd == AIMLOCK_CMD_FILE_GET)
		return 0;
	outcome->answer = ALL_LOCKS;
	return check_range(tb, privileged);
}

/* 6.1 began to look at what is reserved in the header. */
static bool kernel_is_strict(void)
{
	static int strict = -1;
	struct utsname name;
	int major, minor;

	if (strict < 0) {
		if (uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2)
			err(3, "uname");
		strict = major > 6 || (major == 6 && minor >= 1);
	}
	return strict;
}

static int check_header(const struct nlmsghdr *hdr, const struct genlmsghdr *genl)
{
	uint16_t flags = hdr->nlmsg_flags;

	if (!kernel_is_strict())
		return 0;
	if ((flags & NLM_F_DUMP) == NLM_F_DUMP)
		flags &= ~NLM_F_DUMP;
	if (genl->reserved || (flags & ~(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO)))
		return -EINVAL;
	return 0;
}

static int handle(const struct nlmsghdr *hdr, bool privileged, int family,
		  struct outcome *outcome, bool commit)
{
	const struct genlmsghdr *genl = NLMSG_DATA(hdr);
	bool wants_dump = (hdr->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	const struct nlattr *tb[64] = { NULL };
	const struct operation *op;
	int error;

	if (hdr->nlmsg_type != family)
		return -ENOENT;
	if (hdr->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN || check_header(hdr, genl))
		return -EINVAL;
	op = protocol_find(genl->cmd);
	if (!op || !(wants_dump ? op->can_dump : op->can_do))
		return -EOPNOTSUPP;
	error = parse(op, (const uint8_t *)genl + GENL_HDRLEN,
		      hdr->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, tb);
	if (error)
		return error;
	if (wants_dump)
		return dump(op, tb, privileged, outcome);
	outcome->sentence = true;
	return run(op, tb, privileged, outcome, commit);
}

struct outcome model_message(const uint8_t *buf, size_t len, bool privileged, int family,
			     bool commit)
{
	const struct nlmsghdr *hdr = (const struct nlmsghdr *)buf;
	struct outcome outcome = { 0 };

	if (hdr->nlmsg_type >= NLMSG_MIN_TYPE && (hdr->nlmsg_flags & NLM_F_REQUEST))
		outcome.error = handle(hdr, privileged, family, &outcome, commit);
	if (outcome.error)
		outcome.answer = NO_ANSWER;
	outcome.told = outcome.error || (hdr->nlmsg_flags & NLM_F_ACK);
	/* a dump ends in a message of its own */
	if (outcome.answer == ALL_FILES || outcome.answer == ALL_LOCKS)
		outcome.told = false;
	return outcome;
}

/* --- sysfs --- */

static bool is_line(const char *text, size_t len)
{
	return len < PAGE && !memchr(text, '\0', len);
}

/* One closing newline is no part of it. */
static char *line_of(const char *text, size_t len)
{
	char *line = strndup(text, len);

	if (!line)
		err(3, "strndup");
	if (len && line[len - 1] == '\n')
		line[len - 1] = '\0';
	return line;
}

static int write_new_lock(char *line, bool commit)
{
	char *path = strchr(line, ' ');

	if (!path)
		return -EINVAL;
	*path++ = '\0';
	return commit ? model_add(line, path, false, 0, 0) : check_add(line, path);
}

static int write_delete_lock(const char *line, bool commit)
{
	if (strchr(line, ' '))
		return -EINVAL;
	return commit ? model_remove(line) : check_remove(line);
}

static int write_conf_locked(struct reg *reg, const char *line, bool commit)
{
	struct clearing clearing = { .release = true };

	if (!strcmp(line, "1"))
		return commit ? model_hold(reg) : check_hold(reg);
	return strcmp(line, "0") ? -EINVAL : try_clear(reg, &clearing, commit);
}

static int write_grace(struct reg *reg, const char *line, bool commit)
{
	const char *digits = line + (line[0] == '+');
	size_t zeros = strspn(digits, "0");

	if (!*digits || digits[strspn(digits, "0123456789")] || strlen(digits + zeros) > 7 ||
	    atoi(digits) > AIMLOCK_GRACE_MAX)
		return -EINVAL;
	if (commit)
		reg->grace = atoi(digits);
	return 0;
}

static int write_scope(struct reg *reg, const char *line, bool commit)
{
	bool unreachable = !strcmp(line, "unreachable");

	if (!unreachable && strcmp(line, "orphaned"))
		return -EINVAL;
	if (commit)
		reg->scope = unreachable;
	return 0;
}

static int write_line(const char *where, char *line, bool commit)
{
	const char *slash = strchr(where, '/');
	char name[AIMLOCK_NAME_MAX + 1];
	struct reg *reg;

	if (!strcmp(where, "new_lock"))
		return write_new_lock(line, commit);
	if (!strcmp(where, "delete_lock"))
		return write_delete_lock(line, commit);
	snprintf(name, sizeof(name), "%.*s", (int)(slash - where), where);
	reg = reg_find(name);
	if (!reg)
		return -ENOENT;
	if (!strcmp(slash, "/conf_locked"))
		return write_conf_locked(reg, line, commit);
	if (!strcmp(slash, "/grace_ms"))
		return write_grace(reg, line, commit);
	return strcmp(slash, "/clear_scope") ? -EACCES : write_scope(reg, line, commit);
}

int model_write(const char *where, const char *text, size_t len, bool privileged, bool commit)
{
	char *line;
	int error;

	if (!len)
		return 0;
	if (!privileged)
		return -EPERM;
	if (!is_line(text, len))
		return -EINVAL;
	line = line_of(text, len);
	error = write_line(where, line, commit);
	free(line);
	return error;
}
