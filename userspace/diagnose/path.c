// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk: one component at a time, each opened by O_PATH, which reads nothing and
 * wakes no lease.  It ends at the file, at the place where it is missing, or where
 * the way is barred.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

#define MAX_LINKS 40	/* as the kernel */

struct walk {
	struct aimlock_target *target;
	char rest[PATH_MAX];		/* what is still to be walked */
	char here[PATH_MAX];		/* what was, without symbolic links */
	int links;
	size_t beyond;			/* bytes of the rest that don't come from the link */
};

static int look(int fd, struct statx *stat)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		     STATX_BASIC_STATS | STATX_MNT_ID, stat) ? -errno : 0;
}

/* Takes the first component off the rest; false: there is none. */
static bool next(struct walk *walk, char name[NAME_MAX + 2], bool *last)
{
	char *from = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(from, "/");
	size_t gap = strspn(from + len, "/");

	if (!len)
		return false;
	snprintf(name, NAME_MAX + 2, "%.*s", (int)len, from);
	*last = !from[len + gap];
	memmove(walk->rest, from + len, strlen(from + len) + 1);
	return true;
}

static bool join(char to[PATH_MAX], const char *dir, const char *name)
{
	return snprintf(to, PATH_MAX, "%s%s%s", strcmp(dir, "/") ? dir : "", name[0] ? "/" : "",
			name) < PATH_MAX;
}

static size_t left(const struct walk *walk)
{
	return strlen(walk->rest + strspn(walk->rest, "/"));
}

/* The component that was taken last comes from a symbolic link. */
static bool is_linked(const struct walk *walk)
{
	return walk->target->link[0] && left(walk) >= walk->beyond;
}

static int error(struct walk *walk, const char *subject, int err)
{
	struct aimlock_finding *finding;

	finding = aimlock_report_add(walk->target->report, AIMLOCK_CAUSE_PATH_ERROR, subject);
	aimlock_facts_string(&finding->facts, "error", strerror(-err));
	return err;
}

static void owner(struct aimlock_facts *facts, const struct statx *stat)
{
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", stat->stx_mode & 07777);
	aimlock_facts_string(facts, "mode", mode);
	aimlock_facts_number(facts, "owner", stat->stx_uid);
	aimlock_facts_number(facts, "group", stat->stx_gid);
}

/* The directory that was reached may not be searched. */
static int barred(struct walk *walk)
{
	struct aimlock_target *target = walk->target;
	const char *subject = walk->here[0] ? walk->here : "/";
	struct aimlock_finding *finding;
	struct statx stat;
	char entry[64];

	finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_DIRECTORY_PERMISSION, subject);
	if (!look(target->dir, &stat))
		owner(&finding->facts, &stat);
	if (aimlock_acl_entry(target->dir, &target->asker, entry, sizeof(entry)))
		aimlock_facts_string(&finding->facts, "acl", entry);
	return -EACCES;
}

/* The target of the link comes before what is left. */
static int follow(struct walk *walk, int fd, const char *path)
{
	char link[PATH_MAX], rest[PATH_MAX];
	ssize_t len = readlinkat(fd, "", link, sizeof(link) - 1);

	if (len < 0)
		return error(walk, path, -errno);
	link[len] = '\0';
	if (++walk->links > MAX_LINKS) {
		aimlock_report_add(walk->target->report, AIMLOCK_CAUSE_SYMLINK_LOOP, path);
		return -ELOOP;
	}
	if (!join(rest, link, walk->rest + strspn(walk->rest, "/")))
		return error(walk, path, -ENAMETOOLONG);
	/* Of links in links the first is the one to tell of. */
	if (!is_linked(walk)) {
		snprintf(walk->target->link, PATH_MAX, "%s", path);
		walk->beyond = left(walk);
	}
	memcpy(walk->rest, rest, sizeof(rest));
	if (link[0] != '/')
		return 0;
	close(walk->target->dir);
	walk->target->dir = open("/", O_PATH | O_CLOEXEC);
	walk->here[0] = '\0';
	return walk->target->dir < 0 ? error(walk, "/", -errno) : 0;
}

static int missing(struct walk *walk, const char *path, bool last)
{
	struct aimlock_target *target = walk->target;
	struct aimlock_finding *finding;

	if (is_linked(walk)) {
		finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_DANGLING_SYMLINK,
					     target->link);
		aimlock_facts_string(&finding->facts, "target", path);
		return -ENOENT;
	}
	if (!last) {
		aimlock_report_add(target->report, AIMLOCK_CAUSE_MISSING_DIRECTORY, path);
		return -ENOENT;
	}
	snprintf(target->file_path, PATH_MAX, "%s", path);
	return 0;
}

static int enter(struct walk *walk, int fd, const char *path)
{
	close(walk->target->dir);
	walk->target->dir = fd;
	memmove(walk->here, path, strlen(path) + 1);
	return 0;
}

/* 1: it was the last one, and is there or could be. */
static int step(struct walk *walk, const char *name, bool last)
{
	struct aimlock_target *target = walk->target;
	struct statx stat;
	char path[PATH_MAX];
	int fd, err;

	if (!strcmp(name, ".."))
		snprintf(path, sizeof(path), "%.*s",
			 (int)(strrchr(walk->here, '/') ? strrchr(walk->here, '/') - walk->here : 0),
			 walk->here);
	else if (!join(path, walk->here, strcmp(name, ".") ? name : ""))
		return error(walk, walk->here, -ENAMETOOLONG);
	aimlock_report_at(target->report, path);
	aimlock_asker_enter(&target->asker);
	fd = openat(target->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	err = fd < 0 ? -errno : 0;
	aimlock_asker_leave(&target->asker);
	if (err == -EACCES)
		return barred(walk);
	if (err == -ENOENT) {
		err = missing(walk, path, last);
		return err ? err : 1;
	}
	if (!err)
		err = look(fd, &stat);
	if (err)
		return error(walk, path, err);
	if (S_ISLNK(stat.stx_mode)) {
		err = follow(walk, fd, path);
		close(fd);
		return err;
	}
	if (S_ISDIR(stat.stx_mode) && !last)
		return enter(walk, fd, path);
	if (!last) {
		aimlock_report_add(target->report, AIMLOCK_CAUSE_NOT_A_DIRECTORY, path);
		return -ENOTDIR;
	}
	target->file = fd;
	snprintf(target->file_path, PATH_MAX, "%s", path[0] ? path : "/");
	return 1;
}

bool aimlock_probe_path(struct aimlock_target *target)
{
	struct walk walk = { .target = target };
	char name[NAME_MAX + 2];
	bool last;
	int err = 0;

	target->dir = open("/", O_PATH | O_CLOEXEC);
	if (target->dir < 0)
		return false;
	snprintf(walk.rest, sizeof(walk.rest), "%s", target->report->path);
	while (!err && next(&walk, name, &last))
		err = step(&walk, name, last);
	if (err < 0)
		return false;
	/* The path was that of a directory all the time. */
	if (!err) {
		target->file = fcntl(target->dir, F_DUPFD_CLOEXEC, 0);
		snprintf(target->file_path, PATH_MAX, "%s", walk.here[0] ? walk.here : "/");
	}
	snprintf(target->dir_path, PATH_MAX, "%s", walk.here[0] ? walk.here : "/");
	aimlock_facts_boolean(&target->report->facts, "exists", target->file >= 0);
	err = look(target->file >= 0 ? target->file : target->dir, &target->stat);
	if (err) {
		error(&walk, target->file_path, err);
		return false;
	}
	if (target->file >= 0)
		owner(&target->report->facts, &target->stat);
	return true;
}

bool aimlock_probe_type(struct aimlock_target *target)
{
	static const char *const names[] = {
		[S_IFIFO >> 12] = "fifo", [S_IFCHR >> 12] = "character device",
		[S_IFDIR >> 12] = "directory", [S_IFBLK >> 12] = "block device",
		[S_IFSOCK >> 12] = "socket",
	};
	unsigned int type = (target->stat.stx_mode & S_IFMT) >> 12;
	struct aimlock_finding *finding;

	if (target->file < 0 || S_ISREG(target->stat.stx_mode))
		return true;
	finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_NOT_REGULAR,
				     target->file_path);
	if (type < sizeof(names) / sizeof(names[0]) && names[type])
		aimlock_facts_string(&finding->facts, "type", names[type]);
	return false;
}
