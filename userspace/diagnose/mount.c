// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/self/mountinfo, which never asks a filesystem; see proc(5) for its fields. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

/* Blanks and the like come as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned int c;

		if (*s == '\\' && sscanf(s + 1, "%3o", &c) == 1) {
			*to++ = (char)c;
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static bool has_option(const char *options, const char *option)
{
	size_t len = strlen(option);

	for (; options; options = strchr(options, ',')) {
		options += *options == ',';
		if (!strncmp(options, option, len) && (!options[len] || options[len] == ','))
			return true;
	}
	return false;
}

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS */
static bool parse(char *line, uint64_t *id, struct aimlock_mount *mount)
{
	char *field[6], *tail = strstr(line, " - "), *save = NULL;
	char *type, *source, *options;
	size_t i;

	if (!tail)
		return false;
	*tail = '\0';
	for (i = 0; i < 6; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return false;
	}
	type = strtok_r(tail + 3, " \n", &save);
	source = strtok_r(NULL, " \n", &save);
	options = strtok_r(NULL, " \n", &save);
	if (!type || !source)
		return false;
	/* A source may be empty. */
	if (!options) {
		options = source;
		source = "";
	}
	*id = strtoull(field[0], NULL, 10);
	if (sscanf(field[2], "%u:%u", &mount->dev_major, &mount->dev_minor) != 2)
		return false;
	unescape(field[4]);
	copy(mount->point, sizeof(mount->point), field[4]);
	mount->readonly = has_option(field[5], "ro");
	copy(mount->type, sizeof(mount->type), type);
	copy(mount->source, sizeof(mount->source), source);
	unescape(mount->source);
	copy(mount->options, sizeof(mount->options), options);
	mount->readonly_filesystem = has_option(options, "ro");
	return true;
}

static bool is_below(const char *path, const char *point)
{
	size_t len = strcmp(point, "/") ? strlen(point) : 0;

	return !strncmp(path, point, len) && (!path[len] || path[len] == '/');
}

bool aimlock_mount_find(uint64_t id, const char *path, struct aimlock_mount *mount)
{
	FILE *in = fopen("/proc/self/mountinfo", "re");
	struct aimlock_mount one;
	bool found = false;
	char *line = NULL;
	uint64_t one_id;
	size_t size = 0;

	if (!in)
		return false;
	/* Of two mounts on one point the later covers the earlier. */
	while (getline(&line, &size, in) > 0) {
		if (!parse(line, &one_id, &one))
			continue;
		if (id ? one_id != id : !is_below(path, one.point) ||
		    (found && strlen(one.point) < strlen(mount->point)))
			continue;
		*mount = one;
		found = true;
	}
	free(line);
	fclose(in);
	return found;
}

void aimlock_mount_facts(const struct aimlock_mount *mount, struct aimlock_facts *facts)
{
	aimlock_facts_string(facts, "mount", mount->point);
	aimlock_facts_string(facts, "filesystem", mount->type);
	aimlock_facts_string(facts, "source", mount->source);
}

/* Options that keep locks to this host, of filesystems that several share. */
static const struct {
	const char *type, *option;
} local_locks[] = {
	{ "nfs", "nolock" },
	{ "nfs", "local_lock=all" },
	{ "nfs", "local_lock=flock" },
	{ "nfs", "local_lock=posix" },
	{ "cifs", "nobrl" },
	{ "smb3", "nobrl" },
	{ "gfs2", "localflocks" },
	{ "ocfs2", "localflocks" },
	{ "lustre", "localflock" },
};

static void check_local_locks(struct aimlock_target *target)
{
	size_t i;

	for (i = 0; i < sizeof(local_locks) / sizeof(local_locks[0]); i++) {
		struct aimlock_finding *finding;

		if (strcmp(target->mount.type, local_locks[i].type) ||
		    !has_option(target->mount.options, local_locks[i].option))
			continue;
		finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_LOCAL_LOCKS,
					     target->mount.point);
		aimlock_facts_string(&finding->facts, "option", local_locks[i].option);
		return;
	}
}

bool aimlock_probe_mount(struct aimlock_target *target)
{
	uint64_t id = target->stat.stx_mask & STATX_MNT_ID ? target->stat.stx_mnt_id : 0;

	target->has_mount = aimlock_mount_find(id, target->file_path, &target->mount);
	if (target->has_mount) {
		aimlock_mount_facts(&target->mount, &target->report->facts);
		check_local_locks(target);
	}
	return true;
}
