// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whom the holders of a lock wait for, by what /proc/locks tells: a lock, and behind it
 * who waits for it.  Of OFD locks it doesn't tell who that is.
 */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

#define DEPTH_MAX 16

struct wait {
	struct aimlock_proclock lock;
	int64_t pid;
};

struct waits {
	struct wait *v;
	size_t n;
};

/* Each one waits for the next one, the last one for one of them. */
struct chain {
	struct {
		struct aimlock_process process;
		const struct wait *wait;
	} v[DEPTH_MAX];
	size_t n;
	char text[512];			/* the first circle, in words */
};

static void add_wait(struct waits *waits, const struct aimlock_proclock *lock, int64_t pid)
{
	struct wait *v = realloc(waits->v, (waits->n + 1) * sizeof(*v));

	if (!v)
		return;
	waits->v = v;
	v[waits->n++] = (struct wait){ .lock = *lock, .pid = pid };
}

static void read_waits(struct waits *waits)
{
	struct aimlock_proclock line, lock = { 0 };
	FILE *in = fopen("/proc/locks", "re");
	char text[256];

	while (in && fgets(text, sizeof(text), in)) {
		if (!aimlock_proclocks_parse(text, &line))
			continue;
		if (!line.waiting)
			lock = line;
		else if (line.number == lock.number && line.pid > 0)
			add_wait(waits, &lock, line.pid);
	}
	if (in)
		fclose(in);
}

static const struct wait *wait_of(const struct waits *waits, uint32_t pid)
{
	size_t i;

	for (i = 0; i < waits->n; i++)
		if (waits->v[i].pid == pid)
			return &waits->v[i];
	return NULL;
}

static bool is_file_of(const char *path, const struct aimlock_proclock *lock)
{
	struct statx stat;

	/* a filesystem that doesn't answer isn't asked */
	return !statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &stat) &&
	       stat.stx_ino == lock->ino && stat.stx_dev_major == lock->dev_major &&
	       stat.stx_dev_minor == lock->dev_minor;
}

/* Who waits for a lock has its file open. */
static void name_file(const struct wait *wait, char *name, size_t size)
{
	struct dirent *entry;
	ssize_t n = -1;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/fd", wait->pid);
	dir = opendir(path);
	while (dir && n < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%" PRId64 "/fd/%s", wait->pid, entry->d_name);
		if (isdigit((unsigned char)entry->d_name[0]) && is_file_of(path, &wait->lock))
			n = readlink(path, name, size - 1);
	}
	if (dir)
		closedir(dir);
	if (n >= 0)
		name[n] = '\0';
	else
		snprintf(name, size, "inode %lu of device %u:%u", wait->lock.ino,
			 wait->lock.dev_major, wait->lock.dev_minor);
}

static void tell(char *text, size_t size, const struct aimlock_process *process,
		 const struct wait *wait)
{
	size_t len = strlen(text);
	char name[256];

	name_file(wait, name, sizeof(name));
	snprintf(text + len, size - len, "%s%s (%" PRIu32 ") waits for %s", len ? ", " : "",
		 process->comm, process->pid, name);
}

static bool is_in(const struct chain *chain, uint32_t pid)
{
	size_t i;

	for (i = 0; i < chain->n; i++)
		if (chain->v[i].process.pid == pid)
			return true;
	return false;
}

static void tell_circle(struct chain *chain)
{
	size_t i;

	if (chain->text[0])
		return;
	for (i = 0; i < chain->n; i++)
		tell(chain->text, sizeof(chain->text), &chain->v[i].process, chain->v[i].wait);
}

static bool is_stuck(const struct waits *waits, const struct aimlock_process *process,
		     struct chain *chain);

/* Others' descriptors can't be seen by everybody; who took the lock is all there is then. */
static size_t find_holders(const struct aimlock_proclock *lock,
			   struct aimlock_process *processes, size_t max)
{
	size_t n = aimlock_proclocks_holders(lock, processes, max);

	if (!n && lock->pid > 0)
		n = aimlock_process_read(lock->pid, processes);
	return n;
}

/* Not if one of those who could let the lock go is free to. */
static bool are_stuck(const struct waits *waits, const struct aimlock_process *processes,
		      size_t n, struct chain *chain)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_stuck(waits, &processes[i], chain))
			return false;
	return n;
}

/* It waits, and those for whom it does are stuck, or wait for it. */
static bool is_stuck(const struct waits *waits, const struct aimlock_process *process,
		     struct chain *chain)
{
	struct aimlock_process holders[AIMLOCK_PROCESSES_MAX];
	const struct wait *wait = wait_of(waits, process->pid);
	bool stuck;
	size_t n;

	if (is_in(chain, process->pid)) {
		tell_circle(chain);
		return true;
	}
	if (!wait || chain->n == DEPTH_MAX)
		return false;
	chain->v[chain->n].process = *process;
	chain->v[chain->n++].wait = wait;
	n = find_holders(&wait->lock, holders, AIMLOCK_PROCESSES_MAX);
	stuck = are_stuck(waits, holders, n, chain);
	chain->n--;
	return stuck;
}

static void look(const struct waits *waits, struct aimlock_finding *finding)
{
	struct chain chain = { .n = 0 };
	size_t i;

	if (are_stuck(waits, finding->processes, finding->n_processes, &chain)) {
		finding->cause = AIMLOCK_CAUSE_DEADLOCK;
		aimlock_facts_string(&finding->facts, "waits_for", chain.text);
		return;
	}
	chain.text[0] = '\0';
	for (i = 0; i < finding->n_processes; i++) {
		const struct wait *wait = wait_of(waits, finding->processes[i].pid);

		if (wait)
			tell(chain.text, sizeof(chain.text), &finding->processes[i], wait);
	}
	if (chain.text[0])
		aimlock_facts_string(&finding->facts, "waits_for", chain.text);
}

void aimlock_waits_look(struct aimlock_finding *finding)
{
	struct waits waits = { 0 };

	if (finding->cause != AIMLOCK_CAUSE_HELD && finding->cause != AIMLOCK_CAUSE_INHERITED)
		return;
	read_waits(&waits);
	if (waits.n)
		look(&waits, finding);
	free(waits.v);
}
