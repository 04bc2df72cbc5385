// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AppArmor denies by path and program, so nobody else can ask it beforehand.  But it
 * says in the kernel's log what it denied.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define MAX_AGE_MS (60 * 60 * 1000)	/* it may have been mended since */

struct denial {
	char profile[256], comm[32], mask[16], operation[32];
	int64_t pid, age_ms;
};

/* KEY="VALUE" or KEY=VALUE */
static bool value(const char *text, const char *key, char *to, size_t size)
{
	const char *from = strstr(text, key);
	size_t len;

	if (!from)
		return false;
	from += strlen(key);
	len = *from == '"' ? strcspn(++from, "\"\n") : strcspn(from, " \n");
	if (len >= size)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

/* PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT */
static int64_t age_of(const char *record)
{
	struct timespec now;
	const char *from = strchr(record, ',');

	from = from ? strchr(from + 1, ',') : NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return from ? now.tv_sec * 1000 + now.tv_nsec / 1000000 - atoll(from + 1) / 1000 : 0;
}

static bool parse(const char *record, const char *path, struct denial *denial)
{
	char name[PATH_MAX], pid[16];

	if (!strstr(record, "apparmor=\"DENIED\"") ||
	    !value(record, " name=", name, sizeof(name)) || strcmp(name, path) ||
	    !value(record, " profile=", denial->profile, sizeof(denial->profile)) ||
	    !value(record, " comm=", denial->comm, sizeof(denial->comm)) ||
	    !value(record, " denied_mask=", denial->mask, sizeof(denial->mask)) ||
	    !value(record, " operation=", denial->operation, sizeof(denial->operation)) ||
	    !value(record, " pid=", pid, sizeof(pid)))
		return false;
	denial->pid = atoll(pid);
	denial->age_ms = age_of(record);
	return denial->age_ms <= MAX_AGE_MS;
}

/* A profile that was unloaded or only complains denies nothing any more. */
static bool is_enforced(const char *profile)
{
	FILE *in = fopen("/sys/kernel/security/apparmor/profiles", "re");
	bool found = !in;
	char line[512], want[300];

	snprintf(want, sizeof(want), "%s (enforce)\n", profile);
	while (in && !found && fgets(line, sizeof(line), in))
		found = !strcmp(line, want);
	if (in)
		fclose(in);
	return found;
}

/* The last one counts. */
static bool read_log(const char *path, struct denial *last)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];
	bool found = false;
	ssize_t n;

	while (fd >= 0 && ((n = read(fd, record, sizeof(record) - 1)) > 0 || errno == EPIPE)) {
		struct denial denial;

		if (n <= 0)
			continue;	/* records that are gone */
		record[n] = '\0';
		if (!parse(record, path, &denial))
			continue;
		*last = denial;
		found = true;
	}
	if (fd >= 0)
		close(fd);
	return found;
}

bool aimlock_probe_denial(struct aimlock_target *target)
{
	struct aimlock_finding *finding;
	struct denial denial;

	if (!read_log(target->file_path, &denial) || !is_enforced(denial.profile))
		return true;
	finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_APPARMOR, target->file_path);
	aimlock_facts_string(&finding->facts, "profile", denial.profile);
	aimlock_facts_string(&finding->facts, "operation", denial.operation);
	aimlock_facts_string(&finding->facts, "denied", denial.mask);
	aimlock_facts_string(&finding->facts, "comm", denial.comm);
	aimlock_facts_number(&finding->facts, "pid", denial.pid);
	aimlock_facts_number(&finding->facts, "age_ms", denial.age_ms);
	aimlock_report_action(finding, "put \"%s rwk,\" into the profile %s and load it: "
			      "apparmor_parser -r", target->file_path, denial.profile);
	return true;
}
