// SPDX-License-Identifier: GPL-2.0-or-later
/* A process in /proc: state, age, the unit and the container that it is of. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static bool read_file(uint32_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	FILE *in;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	in = fopen(path, "re");
	if (!in)
		return false;
	n = fread(text, 1, size - 1, in);
	fclose(in);
	text[n] = '\0';
	return true;
}

/* The name may have brackets and blanks; what follows is STATE and numbers. */
static char *after_name(char *stat)
{
	char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end + 2 : NULL;
}

/* The @n-th number behind the state. */
static uint64_t number(const char *fields, int n)
{
	while (n-- && fields) {
		fields = strchr(fields, ' ');
		fields += fields != NULL;
	}
	return fields ? strtoull(fields, NULL, 10) : 0;
}

static uint32_t threads_of(const char *fields)
{
	return number(fields, 17);
}

static uint64_t start_of(const char *fields)
{
	return number(fields, 19) * (1000000000 / sysconf(_SC_CLK_TCK));
}

/* Not so if only its first thread ended. */
static bool has_ended(const char *fields)
{
	return (fields[0] == 'Z' || fields[0] == 'X') && threads_of(fields) <= 1;
}

bool aimlock_process_start(uint32_t pid, uint64_t *start_ns)
{
	char stat[1024], *fields;

	if (!read_file(pid, "stat", stat, sizeof(stat)) || !(fields = after_name(stat)) ||
	    has_ended(fields))
		return false;
	*start_ns = start_of(fields);
	return true;
}

bool aimlock_process_is_own(uint32_t pid)
{
	return pid == (uint32_t)getpid() || pid == (uint32_t)getppid();
}

static int64_t age_of(uint64_t start_ns)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (now.tv_sec * 1000000000LL + now.tv_nsec - (int64_t)start_ns) / 1000000;
}

/* 64 hexadecimal digits, or what is after "lxc.payload." */
static void read_container(const char *cgroup, char *id, size_t size)
{
	const char *at = strstr(cgroup, "lxc.payload.");
	size_t len;

	id[0] = '\0';
	if (at) {
		at += strlen("lxc.payload.");
		snprintf(id, size, "%.*s", (int)strcspn(at, "/"), at);
		return;
	}
	for (at = cgroup; *at; at += len ? len : 1) {
		for (len = 0; isxdigit((unsigned char)at[len]); len++)
			;
		if (len == 64) {
			snprintf(id, size, "%.64s", at);
			return;
		}
	}
}

/* The innermost component that is a unit's name. */
static void read_unit(const char *cgroup, char *unit, size_t size)
{
	static const char *const kinds[] = { ".service", ".scope", ".slice" };
	const char *from, *end = cgroup + strlen(cgroup);

	for (unit[0] = '\0'; end > cgroup && !unit[0]; end = from) {
		for (from = end; from > cgroup && *from != '/'; from--)
			;
		snprintf(unit, size, "%.*s", (int)(end - from - (*from == '/')),
			 from + (*from == '/'));
		for (size_t i = 0; i < 3; i++) {
			size_t len = strlen(unit), kind = strlen(kinds[i]);

			if (len > kind && !strcmp(unit + len - kind, kinds[i]))
				return;
		}
		unit[0] = '\0';
	}
}

/* The line of the unified hierarchy, "0::PATH", else the first one. */
static void read_cgroup(uint32_t pid, struct aimlock_process *process)
{
	char text[4096], *path;

	if (!read_file(pid, "cgroup", text, sizeof(text)))
		return;
	path = strstr(text, "0::");
	path = path ? path + 3 : strrchr(text, ':');
	if (!path)
		return;
	path += *path == ':';
	path[strcspn(path, "\n")] = '\0';
	snprintf(process->cgroup, sizeof(process->cgroup), "%s", path);
	read_unit(path, process->unit, sizeof(process->unit));
	read_container(path, process->container, sizeof(process->container));
}

bool aimlock_process_read(uint32_t pid, struct aimlock_process *process)
{
	char stat[1024], wchan[64] = "", *fields;

	*process = (struct aimlock_process){ .pid = pid, .fd = -1, .age_ms = -1 };
	if (!read_file(pid, "stat", stat, sizeof(stat)) || !(fields = after_name(stat)) ||
	    has_ended(fields))
		return false;
	process->threads = threads_of(fields);
	process->state[0] = fields[0];
	process->age_ms = age_of(start_of(fields));
	fields[-2] = '\0';
	snprintf(process->comm, sizeof(process->comm), "%s",
		 strchr(stat, '(') ? strchr(stat, '(') + 1 : "");
	read_cgroup(pid, process);
	if (read_file(pid, "wchan", wchan, sizeof(wchan)) && strcmp(wchan, "0"))
		snprintf(process->wchan, sizeof(process->wchan), "%s", wchan);
	return true;
}
