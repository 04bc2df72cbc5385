// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host.h"

/* Calls for each lock; stops at an error. */
typedef int (*lock_visitor)(struct aimlock_file *file, struct aimlock_lock *lock, void *data);

static int for_each_lock(struct aimlock_files *files, lock_visitor visit, void *data)
{
	size_t i, j;
	int err = 0;

	for (i = 0; i < files->n; i++)
		for (j = 0; j < files->v[i].locks.n && !err; j++)
			err = visit(&files->v[i], &files->v[i].locks.v[j], data);
	return err;
}

/* The first line of a file, without its end; false: there is none. */
static bool read_line(const char *path, char *line, int size)
{
	FILE *in = fopen(path, "re");
	bool read = in && fgets(line, size, in);

	if (in)
		fclose(in);
	if (read)
		line[strcspn(line, "\n")] = '\0';
	return read;
}

/* "\040" for a space, as files in /proc have paths; in place. */
static void unescape(char *path)
{
	char *to = path;

	while (*path) {
		unsigned int c;

		if (path[0] == '\\' && sscanf(path + 1, "%3o", &c) == 1) {
			*to++ = (char)c;
			path += strnlen(path, 4);
		} else {
			*to++ = *path++;
		}
	}
	*to = '\0';
}

/* By what lies there, or by its name where nothing does any more. */
static bool is_at(const struct aimlock_file *file, const char *path)
{
	struct stat st;

	if (file->has_inode && !stat(path, &st) && st.st_ino == file->ino &&
	    major(st.st_dev) == file->dev_major && minor(st.st_dev) == file->dev_minor)
		return true;
	return file->path && !strcmp(file->path, path);
}

/* What a kind of kernel holder is called, and the path of its file. */
struct naming {
	enum aimlock_holder_kind kind;
	const char *name;
	const char *path;
};

static struct aimlock_holder *unnamed(struct aimlock_lock *lock, enum aimlock_holder_kind kind)
{
	struct aimlock_holder *holder, *copy;
	size_t i;

	for (i = 0; i < lock->n_holders; i++)
		if (lock->holders[i].kind == kind)
			break;
	if (i == lock->n_holders)
		return NULL;
	holder = &lock->holders[i];
	if (!holder->comm[0])
		return holder;
	copy = aimlock_model_add_holder(lock);
	if (copy) {
		copy->kind = kind;
		copy->fd = -1;
	}
	return copy;
}

static bool has_kind(const struct aimlock_lock *lock, enum aimlock_holder_kind kind)
{
	size_t i;

	for (i = 0; i < lock->n_holders; i++)
		if (lock->holders[i].kind == kind)
			return true;
	return false;
}

static int name_holder(struct aimlock_file *file, struct aimlock_lock *lock, void *data)
{
	struct naming *naming = data;
	struct aimlock_holder *holder;

	if (!has_kind(lock, naming->kind) || !is_at(file, naming->path))
		return 0;
	holder = unnamed(lock, naming->kind);
	if (!holder)
		return -ENOMEM;
	snprintf(holder->comm, sizeof(holder->comm), "%s", naming->name);
	return 0;
}

static int name_loop_device(struct aimlock_files *files, const char *device)
{
	char path[PATH_MAX], backing[PATH_MAX + 16];
	const struct naming naming = { AIMLOCK_HOLDER_KIND_LOOP, device, backing };

	snprintf(path, sizeof(path), "/sys/block/%s/loop/backing_file", device);
	if (!read_line(path, backing, sizeof(backing)))
		return 0;
	return for_each_lock(files, name_holder, (void *)&naming);
}

static int name_loop_devices(struct aimlock_files *files)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	int err = 0;

	while (dir && !err && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "loop", 4))
			err = name_loop_device(files, entry->d_name);
	if (dir)
		closedir(dir);
	return err;
}

static int name_swap_areas(struct aimlock_files *files)
{
	char line[PATH_MAX + 128], path[PATH_MAX], name[32];
	const struct naming naming = { AIMLOCK_HOLDER_KIND_SWAP, name, path };
	FILE *in = fopen("/proc/swaps", "re");
	int err = 0, priority;

	while (in && !err && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%4095s %*s %*s %*s %d", path, &priority) != 2)
			continue;
		unescape(path);
		snprintf(name, sizeof(name), "swap prio %d", priority);
		err = for_each_lock(files, name_holder, (void *)&naming);
	}
	if (in)
		fclose(in);
	return err;
}

/*
 * A reference of it is in some part of the kernel.  Not asked of a suspect lock: one
 * whose holder ends just now is suspect too, and to look for rings reads all of /proc.
 */
static bool is_kept(const struct aimlock_lock *lock)
{
	return lock->refs > lock->refs_found && lock->refs_found >= 0 &&
	       (lock->verdict == AIMLOCK_VERDICT_PINNED ||
		lock->verdict == AIMLOCK_VERDICT_UNREACHABLE);
}

struct ring {
	uint32_t pid;
	uint32_t fd;
	char comm[AIMLOCK_COMM_MAX + 1];
};

/* A file that is registered in it. */
struct ring_file {
	const struct ring *ring;
	const char *path;
};

/* Older kernels tell the last part of the path only. */
static bool is_named(const struct aimlock_file *file, const char *path)
{
	const char *name = file->path ? strrchr(file->path, '/') : NULL;

	return name && !strcmp(path[0] == '/' ? file->path : name + 1, path);
}

static bool has_ring(const struct aimlock_lock *lock, const struct ring *ring)
{
	size_t i;

	for (i = 0; i < lock->n_holders; i++)
		if (lock->holders[i].kind == AIMLOCK_HOLDER_KIND_IO_URING &&
		    lock->holders[i].pid == ring->pid && lock->holders[i].fd == ring->fd)
			return true;
	return false;
}

static int add_ring(struct aimlock_file *file, struct aimlock_lock *lock, void *data)
{
	const struct ring_file *registered = data;
	const struct ring *ring = registered->ring;
	struct aimlock_holder *holder;

	if (!is_kept(lock) || !is_named(file, registered->path) || has_ring(lock, ring))
		return 0;
	holder = aimlock_model_add_holder(lock);
	if (!holder)
		return -ENOMEM;
	holder->kind = AIMLOCK_HOLDER_KIND_IO_URING;
	holder->pid = ring->pid;
	holder->fd = ring->fd;
	memcpy(holder->comm, ring->comm, sizeof(holder->comm));
	return 0;
}

/* "    0: PATH", below "UserFiles:". */
static int read_ring(struct aimlock_files *files, const struct ring *ring, FILE *in)
{
	char line[PATH_MAX + 32];
	bool listed = false;
	int err = 0;

	while (!err && fgets(line, sizeof(line), in)) {
		struct ring_file registered = { ring, NULL };
		int skip = 0;

		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "UserFiles:", 10)) {
			listed = true;
			continue;
		}
		if (sscanf(line, " %*u: %n", &skip) < 0 || !skip) {
			listed = false;
			continue;
		}
		if (!listed)
			continue;
		unescape(line + skip);
		registered.path = line + skip;
		err = for_each_lock(files, add_ring, &registered);
	}
	return err;
}

static int look_at_ring(struct aimlock_files *files, const char *pid, const char *fd)
{
	struct ring ring = { strtoul(pid, NULL, 10), strtoul(fd, NULL, 10), "" };
	char path[96];
	FILE *in;
	int err;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	read_line(path, ring.comm, sizeof(ring.comm));
	snprintf(path, sizeof(path), "/proc/%.20s/fdinfo/%.20s", pid, fd);
	in = fopen(path, "re");
	if (!in)
		return 0;
	err = read_ring(files, &ring, in);
	fclose(in);
	return err;
}

static bool is_ring(DIR *fds, const char *fd)
{
	static const char ring[] = "anon_inode:[io_uring]";
	char target[sizeof(ring)];

	return readlinkat(dirfd(fds), fd, target, sizeof(target)) == sizeof(ring) - 1 &&
	       !memcmp(target, ring, sizeof(ring) - 1);
}

static int look_at_process(struct aimlock_files *files, const char *pid)
{
	struct dirent *entry;
	char path[64];
	int err = 0;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	fds = opendir(path);
	while (fds && !err && (entry = readdir(fds)))
		if (is_ring(fds, entry->d_name))
			err = look_at_ring(files, pid, entry->d_name);
	if (fds)
		closedir(fds);
	return err;
}

static int find_rings(struct aimlock_files *files)
{
	struct dirent *entry;
	int err = 0;
	DIR *proc;

	proc = opendir("/proc");
	while (proc && !err && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			err = look_at_process(files, entry->d_name);
	if (proc)
		closedir(proc);
	return err;
}

/* What is to be asked for at all: each costs time. */
struct needs {
	bool loops, swap, rings;
};

static struct needs needs_of(const struct aimlock_files *files)
{
	struct needs needs = { 0 };
	size_t i, j;

	for (i = 0; i < files->n; i++) {
		for (j = 0; j < files->v[i].locks.n; j++) {
			const struct aimlock_lock *lock = &files->v[i].locks.v[j];

			needs.loops |= has_kind(lock, AIMLOCK_HOLDER_KIND_LOOP);
			needs.swap |= has_kind(lock, AIMLOCK_HOLDER_KIND_SWAP);
			needs.rings |= is_kept(lock);
		}
	}
	return needs;
}

int aimlock_host_name_holders(struct aimlock_files *files)
{
	struct needs needs = needs_of(files);
	int err = 0;

	if (needs.loops)
		err = name_loop_devices(files);
	if (!err && needs.swap)
		err = name_swap_areas(files);
	if (!err && needs.rings)
		err = find_rings(files);
	return err;
}
