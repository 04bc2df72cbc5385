// SPDX-License-Identifier: GPL-2.0-or-later
/* Check: reads the module's state back, by netlink and by sysfs. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "errname.h"

#define SYS	"/sys/locks"
#define N_ATTRS	32

int family;

static int sockets[2];		/* root's and the user's */
static int reader;		/* for what is read back */
static char buf[1 << 18] __attribute__((aligned(8)));

__attribute__((format(printf, 1, 2)))
static const char *wrong(const char *format, ...)
{
	static char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return text;
}

/* --- netlink --- */

struct attrs {
	const char *data[N_ATTRS];
	unsigned int len[N_ATTRS];
	unsigned int n[N_ATTRS];
};

static void parse(const char *at, size_t len, struct attrs *attrs)
{
	*attrs = (struct attrs){ 0 };
	while (len >= NLA_HDRLEN) {
		const struct nlattr *nla = (const struct nlattr *)at;
		unsigned int type = nla->nla_type & NLA_TYPE_MASK;
		size_t step = NLA_ALIGN(nla->nla_len);

		if (type < N_ATTRS) {
			attrs->data[type] = at + NLA_HDRLEN;
			attrs->len[type] = nla->nla_len - NLA_HDRLEN;
			attrs->n[type]++;
		}
		at += step;
		len -= step < len ? step : len;
	}
}

static void parse_reply(const struct nlmsghdr *hdr, struct attrs *attrs)
{
	parse((const char *)NLMSG_DATA(hdr) + GENL_HDRLEN,
	      hdr->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, attrs);
}

static uint64_t number(const struct attrs *attrs, int type)
{
	uint64_t value = 0;

	if (!attrs->data[type])
		return UINT64_MAX - 7;
	memcpy(&value, attrs->data[type], attrs->len[type] > 8 ? 8 : attrs->len[type]);
	return value;
}

static const char *text(const struct attrs *attrs, int type)
{
	return attrs->data[type] ? attrs->data[type] : "(none)";
}

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), on = 1;
	int room = 1 << 21;

	if (fd < 0 || setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)))
		err(3, "netlink");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

int netlink_socket(bool of_user)
{
	return sockets[of_user];
}

static void resolve(void)
{
	struct {
		struct nlmsghdr hdr;
		struct genlmsghdr genl;
		struct nlattr nla;
		char name[sizeof(AIMLOCK_FAMILY_NAME)];
	} request = {
		.hdr = { sizeof(request), GENL_ID_CTRL, NLM_F_REQUEST, 0, 0 },
		.genl = { CTRL_CMD_GETFAMILY, 1, 0 },
		.nla = { NLA_HDRLEN + sizeof(request.name), CTRL_ATTR_FAMILY_NAME },
		.name = AIMLOCK_FAMILY_NAME,
	};
	struct attrs attrs;

	if (send(reader, &request, sizeof(request), 0) < 0 ||
	    recv(reader, buf, sizeof(buf), 0) < 0)
		err(3, "the family can't be asked for");
	parse_reply((struct nlmsghdr *)buf, &attrs);
	family = number(&attrs, CTRL_ATTR_FAMILY_ID);
	if (((struct nlmsghdr *)buf)->nlmsg_type != GENL_ID_CTRL)
		errx(3, "the module is not loaded");
}

void netlink_open(void)
{
	reader = open_socket();
	sockets[0] = open_socket();
	if (seteuid(1000))
		err(3, "seteuid");
	sockets[1] = open_socket();
	if (seteuid(0))
		err(3, "seteuid");
	resolve();
}

static void ask(uint8_t cmd, int flags, const char *name)
{
	struct {
		struct nlmsghdr hdr;
		struct genlmsghdr genl;
		struct nlattr nla;
		char name[AIMLOCK_NAME_MAX + 1];
	} request = {
		.hdr = { NLMSG_HDRLEN + GENL_HDRLEN, family, NLM_F_REQUEST | flags, 0, 0 },
		.genl = { cmd, AIMLOCK_FAMILY_VERSION, 0 },
	};

	if (name) {
		strcpy(request.name, name);
		request.nla = (struct nlattr){ NLA_HDRLEN + strlen(name) + 1, 1 };
		request.hdr.nlmsg_len += NLA_ALIGN(request.nla.nla_len);
	}
	if (send(reader, &request, request.hdr.nlmsg_len, 0) < 0)
		err(3, "send");
}

/* --- one file --- */

static bool reg_inode(const struct reg *reg, dev_t *dev, ino_t *ino)
{
	return path_is_there(reg->path, dev, ino);
}

/* What must be said of the file; a suspect's time may be over or not. */
struct view {
	bool present;
	dev_t dev;
	ino_t ino;
	const struct object *object;
	unsigned int locks, orphans;
	uint32_t state, other_state;
};

static struct view view_of(const struct reg *reg)
{
	struct view view = { .state = AIMLOCK_STATE_MISSING };
	int slot;

	view.present = reg_inode(reg, &view.dev, &view.ino);
	view.object = view.present ? world_object(reg->path) : NULL;
	if (view.present) {
		view.state = AIMLOCK_STATE_FREE;
		view.locks = view.object ? locks_on(view.object) :
					   2u * holds_on(view.dev, view.ino);
		if (holds_on(view.dev, view.ino))
			view.state = AIMLOCK_STATE_HELD;
	}
	for (slot = 0; view.object && slot < N_SLOTS; slot++)
		if (view.object->locks[slot].on &&
		    view.state < AIMLOCK_STATE_LIVE + slot_verdict(slot))
			view.state = AIMLOCK_STATE_LIVE + slot_verdict(slot);
	if (reg->hold)
		view.state = AIMLOCK_STATE_HELD;
	view.orphans = view.object && view.object->locks[ORPHAN].on;
	view.other_state = view.state;
	if (view.orphans && reg->grace && view.state == AIMLOCK_STATE_ORPHANED)
		view.other_state = AIMLOCK_STATE_SUSPECT;
	return view;
}

static const char *compare_number(const struct reg *reg, const char *what, uint64_t is,
				  uint64_t should_be)
{
	if (is == should_be)
		return NULL;
	return wrong("%s: %s is %llu, should be %llu", reg->name, what, (unsigned long long)is,
		     (unsigned long long)should_be);
}

#define COMPARE(what, is, should_be) do { \
	const char *differs = compare_number(reg, what, is, should_be); \
	if (differs) \
		return differs; \
} while (0)

static const char *compare_place(const struct reg *reg, const struct view *view,
				 const struct attrs *attrs)
{
	if (!view->present) {
		if (attrs->n[AIMLOCK_A_FILE_INO])
			return wrong("%s: is missing and has an inode", reg->name);
		return NULL;
	}
	COMPARE("ino", number(attrs, AIMLOCK_A_FILE_INO), view->ino);
	COMPARE("major", number(attrs, AIMLOCK_A_FILE_DEV_MAJOR), major(view->dev));
	COMPARE("minor", number(attrs, AIMLOCK_A_FILE_DEV_MINOR), minor(view->dev));
	return NULL;
}

static const char *compare_file(const struct reg *reg, const struct attrs *attrs)
{
	struct view view = view_of(reg);

	if (strcmp(text(attrs, AIMLOCK_A_FILE_PATH), reg->path))
		return wrong("%s: its path is %s", reg->name, text(attrs, AIMLOCK_A_FILE_PATH));
	if (number(attrs, AIMLOCK_A_FILE_STATE) != view.other_state)
		COMPARE("state", number(attrs, AIMLOCK_A_FILE_STATE), view.state);
	COMPARE("number of locks", number(attrs, AIMLOCK_A_FILE_LOCKS), view.locks);
	if (!reg->grace)
		COMPARE("number of orphans", number(attrs, AIMLOCK_A_FILE_ORPHANS), view.orphans);
	COMPARE("number of waiters", number(attrs, AIMLOCK_A_FILE_WAITERS), 0);
	COMPARE("generation", number(attrs, AIMLOCK_A_FILE_GENERATION), reg->generation);
	COMPARE("hold", number(attrs, AIMLOCK_A_FILE_HOLD), reg->hold);
	COMPARE("grace", number(attrs, AIMLOCK_A_FILE_GRACE_MS), reg->grace);
	COMPARE("scope", number(attrs, AIMLOCK_A_FILE_CLEAR_SCOPE), reg->scope);
	return compare_place(reg, &view, attrs);
}

const char *check_file(struct reg *reg)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)buf;
	struct attrs attrs;

	ask(AIMLOCK_CMD_FILE_GET, 0, reg->name);
	if (recv(reader, buf, sizeof(buf), MSG_DONTWAIT) < 0)
		return wrong("%s: file-get: %s", reg->name, strerror(errno));
	if (hdr->nlmsg_type != family)
		return wrong("%s: file-get: %s", reg->name, strerror(-*(int *)NLMSG_DATA(hdr)));
	parse_reply(hdr, &attrs);
	if (strcmp(text(&attrs, AIMLOCK_A_FILE_NAME), reg->name))
		return wrong("%s: file-get tells of %s", reg->name,
			     text(&attrs, AIMLOCK_A_FILE_NAME));
	return compare_file(reg, &attrs);
}

/* --- its locks --- */

static bool is_slot(const struct attrs *attrs, const struct object *object, int slot)
{
	const struct lock *lock = &object->locks[slot];
	uint64_t start, end, verdict = number(attrs, AIMLOCK_A_LOCK_VERDICT);

	slot_range(slot, &start, &end);
	return lock->on && number(attrs, AIMLOCK_A_LOCK_KIND) == slot_kind(slot) &&
	       number(attrs, AIMLOCK_A_LOCK_MODE) == lock->write &&
	       number(attrs, AIMLOCK_A_LOCK_START) == start &&
	       number(attrs, AIMLOCK_A_LOCK_END) == end &&
	       number(attrs, AIMLOCK_A_LOCK_TAKER) == (uint64_t)lock->taker &&
	       (verdict == slot_verdict(slot) ||
		(slot == ORPHAN && verdict == AIMLOCK_VERDICT_SUSPECT));
}

static bool is_hold(const struct attrs *attrs)
{
	return number(attrs, AIMLOCK_A_LOCK_VERDICT) == AIMLOCK_VERDICT_HELD &&
	       number(attrs, AIMLOCK_A_LOCK_MODE) == AIMLOCK_LOCK_MODE_WRITE &&
	       number(attrs, AIMLOCK_A_LOCK_START) == 0 &&
	       number(attrs, AIMLOCK_A_LOCK_END) == LLONG_MAX;
}

/* @told: which slots were, and in bit N_SLOTS and up how many of a hold */
static const char *match_lock(struct reg *reg, const struct view *view,
			      const struct attrs *attrs, unsigned int *told)
{
	uint64_t id = number(attrs, AIMLOCK_A_LOCK_ID);
	int slot;

	COMPARE("generation of a lock", number(attrs, AIMLOCK_A_LOCK_GENERATION),
		reg->generation);
	for (slot = 0; view->object && slot < N_SLOTS; slot++) {
		if ((*told >> slot & 1) || !is_slot(attrs, view->object, slot))
			continue;
		*told |= 1 << slot;
		/* these two can't be told from each other */
		if (slot > FLOCK_B || !view->object->locks[FLOCK_A].on ||
		    !view->object->locks[FLOCK_B].on)
			model_learn_id(reg, id, view->object, slot);
		return NULL;
	}
	if (!is_hold(attrs))
		return wrong("%s: an unknown lock: kind %d mode %d %llu-%llu verdict %d taker %d",
			     reg->name, (int)number(attrs, AIMLOCK_A_LOCK_KIND),
			     (int)number(attrs, AIMLOCK_A_LOCK_MODE),
			     (unsigned long long)number(attrs, AIMLOCK_A_LOCK_START),
			     (unsigned long long)number(attrs, AIMLOCK_A_LOCK_END),
			     (int)number(attrs, AIMLOCK_A_LOCK_VERDICT),
			     (int)number(attrs, AIMLOCK_A_LOCK_TAKER));
	*told += 1 << N_SLOTS;
	if (view->object)
		model_learn_id(reg, id, view->object, -1);
	return NULL;
}

static unsigned int expected(const struct view *view)
{
	unsigned int slot, want = 0;

	for (slot = 0; view->object && slot < N_SLOTS; slot++)
		want |= view->object->locks[slot].on << slot;
	if (view->present)
		want += 2 * holds_on(view->dev, view->ino) << N_SLOTS;
	return want;
}

const char *check_locks(struct reg *reg)
{
	struct view view = view_of(reg);
	unsigned int told = 0, len, want = expected(&view);
	const char *found;
	struct attrs attrs;

	model_forget_ids();
	ask(AIMLOCK_CMD_LOCK_GET, NLM_F_DUMP, reg->name);
	for (;;) {
		int got = recv(reader, buf, sizeof(buf), 0);
		struct nlmsghdr *hdr = (struct nlmsghdr *)buf;

		if (got < 0)
			return wrong("%s: lock-get: %s", reg->name, strerror(errno));
		for (len = got; NLMSG_OK(hdr, len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_DONE || hdr->nlmsg_type == NLMSG_ERROR) {
				COMPARE("end of lock-get", -*(int *)NLMSG_DATA(hdr), 0);
				COMPARE("set of locks", told, want);
				return NULL;
			}
			parse_reply(hdr, &attrs);
			found = match_lock(reg, &view, &attrs, &told);
			if (found)
				return found;
		}
	}
}

/* --- answers --- */

static const char *error_of(int error)
{
	return error ? strerrorname_np(-error) : "success";
}

static bool has_sentence(const struct nlmsghdr *hdr)
{
	struct attrs attrs;
	size_t fixed = NLMSG_HDRLEN + sizeof(struct nlmsgerr);

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS) || hdr->nlmsg_len < fixed)
		return false;
	parse((const char *)hdr + fixed, hdr->nlmsg_len - fixed, &attrs);
	return attrs.len[NLMSGERR_ATTR_MSG] > 1;
}

static const char *check_error(int sock, const struct outcome *outcome)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)buf;
	int error;

	if (recv(sock, buf, sizeof(buf), MSG_DONTWAIT) < 0)
		return wrong("nothing came where %s should", error_of(outcome->error));
	if (hdr->nlmsg_type != NLMSG_ERROR)
		return wrong("an answer came where %s should", error_of(outcome->error));
	error = *(int *)NLMSG_DATA(hdr);
	if (error != outcome->error)
		return wrong("it gave %s, should give %s", error_of(error),
			     error_of(outcome->error));
	if (error && outcome->sentence && !has_sentence(hdr))
		return wrong("%s has no sentence", error_of(error));
	return NULL;
}

static const char *check_dump(int sock, const struct outcome *outcome)
{
	unsigned int len, n = 0, want;
	struct nlmsghdr *hdr = NULL;

	for (;;) {
		int got = recv(sock, buf, sizeof(buf), MSG_DONTWAIT);

		if (got < 0)
			return wrong("a dump ended with %s", strerror(errno));
		hdr = (struct nlmsghdr *)buf;
		for (len = got; NLMSG_OK(hdr, len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_DONE)
				goto done;
			if (hdr->nlmsg_type == NLMSG_ERROR)
				return wrong("a dump gave %s", error_of(*(int *)NLMSG_DATA(hdr)));
			n++;
		}
	}
done:
	if (*(int *)NLMSG_DATA(hdr))
		return wrong("a dump ended with %s", error_of(*(int *)NLMSG_DATA(hdr)));
	want = outcome->reg ? 1 : reg_count();
	if (outcome->answer == ALL_FILES && n != want)
		return wrong("a dump told of %u files, not %u", n, want);
	return NULL;
}

static const char *check_cleared(const struct outcome *outcome, const struct attrs *attrs)
{
	const struct reg *reg = outcome->reg;

	COMPARE("number of cleared locks", attrs->n[AIMLOCK_A_LOCK_CLEARED],
		outcome->clearing.cleared);
	COMPARE("number of remaining locks", number(attrs, AIMLOCK_A_LOCK_REMAINING),
		outcome->clearing.remaining);
	COMPARE("generation after clearing", number(attrs, AIMLOCK_A_LOCK_GENERATION),
		reg->generation);
	return NULL;
}

static const char *check_reply(int sock, const struct outcome *outcome, bool alone)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)buf;
	struct attrs attrs;

	if (recv(sock, buf, sizeof(buf), MSG_DONTWAIT) < 0)
		return wrong("no answer came");
	if (hdr->nlmsg_type == NLMSG_ERROR)
		return wrong("%s came in place of an answer",
			     error_of(*(int *)NLMSG_DATA(hdr)));
	if (!alone)		/* a later message may have changed what the model knows */
		return NULL;
	parse_reply(hdr, &attrs);
	return outcome->answer == A_FILE ? compare_file(outcome->reg, &attrs) :
					   check_cleared(outcome, &attrs);
}

const char *check_answer(int sock, const struct outcome *outcome, bool alone)
{
	const char *found = NULL;

	if (outcome->answer == ALL_FILES || outcome->answer == ALL_LOCKS)
		return check_dump(sock, outcome);
	if (outcome->answer != NO_ANSWER)
		found = check_reply(sock, outcome, alone);
	if (!found && outcome->told)
		found = check_error(sock, outcome);
	return found;
}

const char *check_silence(int sock)
{
	if (recv(sock, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		return wrong("more came back than should");
	return errno == EAGAIN ? NULL : wrong("recv: %s", strerror(errno));
}

/* --- sysfs --- */

static const char *read_value(const char *name, const char *what)
{
	static char value[8192];
	ssize_t len;
	int fd;

	snprintf(value, sizeof(value), SYS "/%s/%s", name, what);
	fd = open(value, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, value, sizeof(value) - 1);
	if (len < 0)
		snprintf(value, sizeof(value), "(%s)", strerror(errno));
	else
		value[len - (len && value[len - 1] == '\n')] = '\0';
	if (fd >= 0)
		close(fd);
	return value;
}

static const char *state_name(uint32_t state)
{
	static const char * const names[] = {
		"missing", "free", "live", "inherited", "remote", "pinned", "suspect",
		"unreachable", "orphaned", "leased", "held",
	};

	return names[state];
}

static const char *check_sysfs(const struct reg *reg)
{
	struct view view = view_of(reg);
	const char *value = read_value(reg->name, "state");
	bool any = view.locks || reg->hold;

	if (strcmp(value, state_name(view.state)) && strcmp(value, state_name(view.other_state)))
		return wrong("%s: state says %s, should say %s", reg->name, value,
			     state_name(view.state));
	COMPARE("conf_locked", strtoull(read_value(reg->name, "conf_locked"), NULL, 10), any);
	COMPARE("locks", strtoull(read_value(reg->name, "locks"), NULL, 10), view.locks);
	COMPARE("waiters", strtoull(read_value(reg->name, "waiters"), NULL, 10), 0);
	COMPARE("generation", strtoull(read_value(reg->name, "generation"), NULL, 10),
		reg->generation);
	COMPARE("grace_ms", strtoull(read_value(reg->name, "grace_ms"), NULL, 10), reg->grace);
	value = read_value(reg->name, "clear_scope");
	if (strcmp(value, reg->scope ? "unreachable" : "orphaned"))
		return wrong("%s: clear_scope says %s", reg->name, value);
	value = read_value(reg->name, "path");
	if (strlen(value) < strlen(reg->path) || strncmp(value, TOP "/", strlen(TOP) + 1))
		return wrong("%s: path says %s", reg->name, value);
	return NULL;
}

static const char *check_directory(void)
{
	int n = 0, want = reg_count();
	DIR *dir = opendir(SYS);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		n += entry->d_type == DT_DIR && entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	/* names that begin with a dot */
	for (int i = 0; i < N_REGS; i++)
		want -= regs[i].used && regs[i].name[0] == '.';
	return n == want ? NULL : wrong(SYS " has %d files, should have %d", n, want);
}

/* What the kernel itself says: the locks of our files, one a line. */
static const char *check_kernel(void)
{
	unsigned int n[N_OBJECTS] = { 0 }, major, minor, i;
	FILE *locks = fopen("/proc/locks", "re");
	unsigned long ino;
	char line[256];

	while (locks && fgets(line, sizeof(line), locks)) {
		if (sscanf(line, "%*d: %*s %*s %*s %*d %x:%x:%lu", &major, &minor, &ino) != 3)
			continue;
		for (i = 0; i < N_OBJECTS; i++)
			n[i] += objects[i].exists && objects[i].ino == ino &&
				objects[i].dev == makedev(major, minor);
	}
	if (locks)
		fclose(locks);
	for (i = 0; i < N_OBJECTS; i++)
		if (objects[i].exists && n[i] != locks_on(&objects[i]))
			return wrong("/proc/locks has %u locks of f%u, should have %u", n[i], i,
				     locks_on(&objects[i]));
	return NULL;
}

const char *check_all(void)
{
	const char *found = check_directory();
	int i;

	if (!found)
		found = check_kernel();
	for (i = 0; i < N_REGS && !found; i++) {
		if (!regs[i].used)
			continue;
		found = check_file(&regs[i]);
		if (!found)
			found = check_locks(&regs[i]);
		if (!found)
			found = check_sysfs(&regs[i]);
	}
	return found;
}
