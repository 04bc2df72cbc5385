// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that are locks by convention: what counts is that they exist, or who is
 * recorded in them.  By its name it is told which kind a file is; only such a file is
 * opened, and only for reading.
 */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "probe.h"

#define TEXT_MAX (64 * 1024)

/* Whom the file names. */
struct record {
	int64_t pid;			/* 0: nobody */
	char host[256];			/* empty: not told */
	char boot[64];			/* its boot_id; empty: not told */
};

struct convention {
	const char *pattern;		/* for fnmatch(3); with a slash of the path, else of its end */
	const char *name;
	/* False: the text is not of that kind.  NULL: the text says nothing. */
	bool (*read)(const char *text, struct record *record);
	bool by_lock;			/* what counts is the kernel's lock, not the file */
};

static bool read_pid(const char *text, struct record *record)
{
	char *end;

	text += strspn(text, " \t\n");
	if (!isdigit((unsigned char)*text))
		return false;
	record->pid = strtoll(text, &end, 10);
	return record->pid > 0 && record->pid <= INT32_MAX && strspn(end, " \t\r\n\f0123456789-:/._"
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(end);
}

static bool is_key(const char *key, const char *const *names)
{
	for (; *names; names++)
		if (!strcasecmp(key, *names))
			return true;
	return false;
}

static void read_string(struct json_object *value, char *to, size_t size)
{
	snprintf(to, size, "%s", json_object_get_string(value));
}

/* Borg's roster names [HOST, PID, THREAD], with "HOST@NUMBER". */
static void read_triple(struct json_object *array, struct record *record)
{
	struct json_object *host = json_object_array_get_idx(array, 0);
	struct json_object *pid = json_object_array_get_idx(array, 1);

	if (record->pid || json_object_array_length(array) != 3 ||
	    !json_object_is_type(host, json_type_string) ||
	    !json_object_is_type(pid, json_type_int))
		return;
	read_string(host, record->host, sizeof(record->host));
	record->host[strcspn(record->host, "@")] = '\0';
	record->pid = json_object_get_int64(pid);
}

static void read_value(struct json_object *value, struct record *record, int depth)
{
	static const char *const pids[] = { "pid", "process_id", "processid", NULL };
	static const char *const hosts[] = { "host", "hostname", "host_name", "node", NULL };
	static const char *const boots[] = { "boot_id", "bootid", "boot", NULL };

	if (depth > 8)
		return;
	if (json_object_is_type(value, json_type_array)) {
		read_triple(value, record);
		for (size_t i = 0; i < json_object_array_length(value); i++)
			read_value(json_object_array_get_idx(value, i), record, depth + 1);
		return;
	}
	if (!json_object_is_type(value, json_type_object))
		return;
	json_object_object_foreach(value, key, member) {
		if (is_key(key, pids) && !record->pid)
			record->pid = json_object_get_int64(member);
		else if (is_key(key, hosts) && json_object_is_type(member, json_type_string))
			read_string(member, record->host, sizeof(record->host));
		else if (is_key(key, boots) && json_object_is_type(member, json_type_string))
			read_string(member, record->boot, sizeof(record->boot));
		else
			read_value(member, record, depth + 1);
	}
}

static bool read_document(const char *text, struct record *record)
{
	struct json_object *top = json_tokener_parse(text);

	if (!json_object_is_type(top, json_type_object) &&
	    !json_object_is_type(top, json_type_array)) {
		json_object_put(top);
		return false;
	}
	read_value(top, record, 0);
	json_object_put(top);
	return true;
}

/* JSON that names nobody may be anything: many tools call a list of versions a lock. */
static bool read_json(const char *text, struct record *record)
{
	return read_document(text, record) && record->pid > 0;
}

/* The first that fits to name and text. */
static const struct convention conventions[] = {
	{ "*/var/lib/dpkg/lock*", "dpkg", NULL, true },
	{ "*/var/lib/apt/lists/lock", "apt", NULL, true },
	{ "*/var/cache/apt/archives/lock", "apt", NULL, true },
	{ "*.git/*.lock", "git", NULL, false },
	{ "status.lock", "kudu", read_document, false },
	{ "*lock*", "json", read_json, false },
	{ "*.pid", "pid", read_pid, false },
	{ "*lock*", "pid", read_pid, false },
	{ "LCK..*", "pid", read_pid, false },
};

static bool read_text(const struct aimlock_target *target, char *text, size_t size)
{
	char path[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", target->file);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOATIME | O_CLOEXEC);
	if (fd < 0 && errno == EPERM)	/* it is another user's */
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

static const struct convention *recognise(const struct aimlock_target *target,
					  struct record *record)
{
	char *text = NULL;
	bool has_text = false;
	size_t i;

	for (i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++) {
		const struct convention *convention = &conventions[i];

		const char *subject = strchr(convention->pattern, '/') ? target->file_path :
				      strrchr(target->file_path, '/') + 1;

		if (fnmatch(convention->pattern, subject, FNM_CASEFOLD))
			continue;
		if (convention->read && !text) {
			text = malloc(TEXT_MAX);
			/* To open it would break a lease that somebody has on it. */
			has_text = text && !target->leased &&
				   read_text(target, text, TEXT_MAX);
		}
		*record = (struct record){ 0 };
		if (convention->read ? has_text && convention->read(text, record) : true)
			break;
	}
	free(text);
	return i < sizeof(conventions) / sizeof(conventions[0]) ? &conventions[i] : NULL;
}

static bool is_this_host(const char *host)
{
	char name[256];
	size_t len;

	if (!host[0] || !strcasecmp(host, "localhost") || gethostname(name, sizeof(name)))
		return true;
	/* One of the two may have its domain. */
	len = strcspn(name, ".");
	return strcspn(host, ".") == len && !strncasecmp(host, name, len);
}

static bool is_this_boot(const char *boot)
{
	FILE *in = boot[0] ? fopen("/proc/sys/kernel/random/boot_id", "re") : NULL;
	char id[64] = "";

	if (!in)
		return true;
	if (fgets(id, sizeof(id), in))
		id[strcspn(id, "\n")] = '\0';
	fclose(in);
	return !id[0] || !strcasecmp(id, boot);
}

/* A process that started after the file was written has but the number of that one. */
static const char *why_gone(const struct aimlock_target *target, const struct record *record)
{
	struct timespec real, boot;
	uint64_t start_ns;
	int64_t written_ns;

	if (!is_this_boot(record->boot))
		return "the host was booted since";
	if (!aimlock_process_start(record->pid, &start_ns))
		return "there is no process of that number";
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	written_ns = (target->stat.stx_mtime.tv_sec - real.tv_sec + boot.tv_sec) * 1000000000LL +
		     target->stat.stx_mtime.tv_nsec - real.tv_nsec + boot.tv_nsec;
	if (written_ns < 0)
		return "the file was written before the host was booted";
	/* Starts are counted in ticks, file times too. */
	if ((int64_t)start_ns > written_ns + 1000000000LL)
		return "the process of that number started after the file was written";
	return NULL;
}

static int64_t age_of(const struct statx *stat)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - stat->stx_mtime.tv_sec) * 1000 +
	       (now.tv_nsec - (int64_t)stat->stx_mtime.tv_nsec) / 1000000;
}

static void judge(struct aimlock_target *target, const struct convention *convention,
		  const struct record *record)
{
	const char *gone = NULL;
	enum aimlock_cause_id cause = AIMLOCK_CAUSE_LOCK_FILE_EXISTS;
	struct aimlock_finding *finding;

	if (record->pid && !is_this_host(record->host)) {
		cause = AIMLOCK_CAUSE_LOCK_FILE_FOREIGN;
	} else if (record->pid) {
		gone = why_gone(target, record);
		cause = gone ? AIMLOCK_CAUSE_LOCK_FILE_STALE : AIMLOCK_CAUSE_LOCK_FILE;
	}
	/* A kernel lock on it counts for more than what somebody wrote into it. */
	if (gone && target->n_locks)
		return;
	finding = aimlock_report_add(target->report, cause, target->file_path);
	aimlock_facts_string(&finding->facts, "convention", convention->name);
	if (record->pid)
		aimlock_facts_number(&finding->facts, "pid", record->pid);
	if (record->host[0])
		aimlock_facts_string(&finding->facts, "host", record->host);
	if (record->boot[0])
		aimlock_facts_string(&finding->facts, "boot_id", record->boot);
	if (gone)
		aimlock_facts_string(&finding->facts, "why", gone);
	aimlock_facts_number(&finding->facts, "age_ms", age_of(&target->stat));
	if (cause == AIMLOCK_CAUSE_LOCK_FILE &&
	    aimlock_process_read(record->pid, &finding->processes[0]))
		finding->n_processes = 1;
}

bool aimlock_probe_lockfile(struct aimlock_target *target)
{
	const struct convention *convention;
	struct record record;

	convention = recognise(target, &record);
	if (!convention)
		return true;
	aimlock_facts_string(&target->report->facts, "convention", convention->name);
	aimlock_facts_boolean(&target->report->facts, "lock_counts", convention->by_lock);
	if (!convention->by_lock)
		judge(target, convention, &record);
	return true;
}
