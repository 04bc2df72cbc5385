// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who has a lock, as far as it can be told without the module: /proc/locks has the pid
 * that took it, /proc/PID/fdinfo the open files that have it now.
 */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

/* NUMBER: [-> ]KIND CLASS MODE PID MAJOR:MINOR:INODE START END; device in hexadecimal */
bool aimlock_proclocks_parse(const char *text, struct aimlock_proclock *lock)
{
	const char *from = strchr(text, ':');
	char end[32];

	if (!from)
		return false;
	lock->number = strtoull(text, NULL, 10);
	from += 1 + strspn(from + 1, " ");
	lock->waiting = !strncmp(from, "->", 2);
	if (lock->waiting)
		from += 2;
	if (sscanf(from, "%15s %*s %15s %" SCNd64 " %x:%x:%lu %" SCNu64 " %31s", lock->kind,
		   lock->mode, &lock->pid, &lock->dev_major, &lock->dev_minor, &lock->ino,
		   &lock->start, end) != 8)
		return false;
	lock->to_end = !strcmp(end, "EOF");
	lock->end = strtoull(end, NULL, 10);
	return true;
}

static bool is_on(const struct aimlock_proclock *lock, const struct aimlock_target *target)
{
	return lock->dev_major == target->mount.dev_major &&
	       lock->dev_minor == target->mount.dev_minor && lock->ino == target->stat.stx_ino;
}

static bool same(const struct aimlock_proclock *a, const struct aimlock_proclock *b)
{
	return a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       a->ino == b->ino && !strcmp(a->kind, b->kind) && !strcmp(a->mode, b->mode) &&
	       a->pid == b->pid && a->start == b->start && a->to_end == b->to_end &&
	       a->end == b->end;
}

/* Is that lock one of this descriptor? */
static bool fd_has(const char *path, const struct aimlock_proclock *want)
{
	FILE *in = fopen(path, "re");
	bool found = false;
	char text[256];

	while (in && !found && fgets(text, sizeof(text), in)) {
		struct aimlock_proclock lock;

		found = !strncmp(text, "lock:", 5) && aimlock_proclocks_parse(text + 5, &lock) &&
			same(&lock, want);
	}
	if (in)
		fclose(in);
	return found;
}

static bool process_has(uint32_t pid, const struct aimlock_proclock *want,
			struct aimlock_process *process)
{
	bool found = false;
	struct dirent *entry;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fdinfo", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fdinfo/%s", pid, entry->d_name);
		if (!isdigit((unsigned char)entry->d_name[0]) || !fd_has(path, want))
			continue;
		if (!aimlock_process_read(pid, process))
			break;
		strcpy(process->kind, "fd");
		process->fd = strtol(entry->d_name, NULL, 10);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

size_t aimlock_proclocks_holders(const struct aimlock_proclock *lock,
				 struct aimlock_process *processes, size_t max)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	while (dir && n < max && (entry = readdir(dir))) {
		uint32_t pid = strtoul(entry->d_name, NULL, 10);

		if (pid && !aimlock_process_is_own(pid))
			n += process_has(pid, lock, &processes[n]);
	}
	if (dir)
		closedir(dir);
	return n;
}

static bool is_manager(const char *comm)
{
	return !strcmp(comm, "lockd") || !strcmp(comm, "nfsd") || !strncmp(comm, "ksmbd", 5);
}

/* The first that is so; what nothing has may be an orphan, and only the module knows. */
static void judge(const struct aimlock_proclock *line, struct aimlock_finding *finding)
{
	struct aimlock_process taker;
	bool exists = line->pid > 0 && aimlock_process_read(line->pid, &taker);
	size_t i;

	finding->cause = AIMLOCK_CAUSE_HELD_UNKNOWN;
	if (exists && (is_manager(taker.comm) || taker.state[0] == 'Z')) {
		finding->cause = is_manager(taker.comm) ? AIMLOCK_CAUSE_REMOTE :
							  AIMLOCK_CAUSE_HELD_ZOMBIE;
		finding->processes[0] = taker;
		finding->n_processes = 1;
		return;
	}
	/* Other users' descriptors can't be seen; the number is all there is. */
	if (!finding->n_processes && exists && geteuid())
		finding->processes[finding->n_processes++] = taker;
	if (aimlock_report_stopped(finding))
		return;
	for (i = 0; i < finding->n_processes; i++) {
		const struct aimlock_process *process = &finding->processes[i];

		/* Who took an OFD lock is told nowhere. */
		if (line->pid < 0 || process->pid == line->pid)
			finding->cause = AIMLOCK_CAUSE_HELD;
		else if (finding->cause == AIMLOCK_CAUSE_HELD_UNKNOWN)
			finding->cause = AIMLOCK_CAUSE_INHERITED;
	}
}

static const char *lower(char *word)
{
	char *c;

	for (c = word; *c; c++)
		*c = tolower((unsigned char)*c);
	return strcmp(word, "ofdlck") ? word : "ofd";
}

static struct aimlock_facts *add_lock(struct aimlock_target *target, struct aimlock_proclock *line)
{
	struct aimlock_finding *finding;

	finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_HELD_UNKNOWN,
				     target->file_path);
	finding->n_processes = aimlock_proclocks_holders(line, finding->processes,
							 AIMLOCK_PROCESSES_MAX);
	judge(line, finding);
	if (finding->cause == AIMLOCK_CAUSE_HELD_UNKNOWN)
		aimlock_report_action(finding,
				      "have it judged: modprobe aimlock; aimlock diagnose %s",
				      target->report->path);
	target->leased |= !strcmp(line->kind, "LEASE") || !strcmp(line->kind, "DELEG");
	aimlock_facts_string(&finding->facts, "verdict", "");
	aimlock_facts_string(&finding->facts, "kind", lower(line->kind));
	aimlock_facts_string(&finding->facts, "mode", lower(line->mode));
	aimlock_facts_number(&finding->facts, "start", line->start);
	if (!line->to_end)
		aimlock_facts_number(&finding->facts, "end", line->end);
	if (line->pid > 0)
		aimlock_facts_number(&finding->facts, "taker", line->pid);
	aimlock_waits_look(finding);
	aimlock_facts_number(&finding->facts, "waiters", 0);
	target->n_locks++;
	target->report->unjudged = true;
	return &finding->facts;
}

/* What waits stands behind the lock that blocks it. */
void aimlock_proclocks_probe(struct aimlock_target *target)
{
	FILE *in = target->has_mount ? fopen("/proc/locks", "re") : NULL;
	struct aimlock_facts *facts = NULL;
	char text[256];

	while (in && fgets(text, sizeof(text), in)) {
		struct aimlock_proclock line;

		if (!aimlock_proclocks_parse(text, &line) || !is_on(&line, target))
			continue;
		if (!line.waiting)
			facts = add_lock(target, &line);
		else if (facts)
			facts->v[facts->n - 1].number++;
	}
	if (in)
		fclose(in);
}
