// SPDX-License-Identifier: GPL-2.0-or-later
/* May the user open the file for reading and writing, or create it? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

/* What the mode alone says to this user. */
static bool mode_allows(const struct aimlock_target *target, unsigned int want)
{
	const struct statx *stat = &target->stat;
	unsigned int mode = stat->stx_mode;

	if (stat->stx_uid == target->asker.uid)
		mode >>= 6;
	else if (aimlock_asker_in_group(&target->asker, stat->stx_gid))
		mode >>= 3;
	return (mode & want) == want;
}

static struct aimlock_finding *add(struct aimlock_target *target, enum aimlock_cause_id cause,
				   const char *subject, int readable)
{
	struct aimlock_finding *finding = aimlock_report_add(target->report, cause, subject);

	if (target->file >= 0)
		aimlock_facts_boolean(&finding->facts, "readable", !readable);
	return finding;
}

static void refused(struct aimlock_target *target, int fd, const char *subject, int readable)
{
	unsigned int want = target->file >= 0 ? R_OK | W_OK : W_OK | X_OK;
	enum aimlock_cause_id cause = target->file >= 0 ? AIMLOCK_CAUSE_FILE_PERMISSION :
							  AIMLOCK_CAUSE_CREATE_PERMISSION;
	struct aimlock_finding *finding;
	char entry[64], mode[8];
	bool listed = aimlock_acl_entry(fd, &target->asker, entry, sizeof(entry));

	if (listed)
		cause = AIMLOCK_CAUSE_ACL;
	else if (mode_allows(target, want))
		cause = AIMLOCK_CAUSE_SECURITY_MODULE;
	finding = add(target, cause, subject, readable);
	if (listed)
		aimlock_facts_string(&finding->facts, "entry", entry);
	snprintf(mode, sizeof(mode), "%04o", target->stat.stx_mode & 07777);
	aimlock_facts_string(&finding->facts, "mode", mode);
	aimlock_facts_number(&finding->facts, "owner", target->stat.stx_uid);
	aimlock_facts_number(&finding->facts, "group", target->stat.stx_gid);
}

static void readonly(struct aimlock_target *target, int readable)
{
	bool whole = !target->has_mount || target->mount.readonly_filesystem;
	struct aimlock_finding *finding;

	finding = add(target, whole ? AIMLOCK_CAUSE_READONLY_FILESYSTEM :
				      AIMLOCK_CAUSE_READONLY_MOUNT,
		      target->has_mount ? target->mount.point : target->file_path, readable);
	if (!target->has_mount)
		return;
	aimlock_facts_string(&finding->facts, "filesystem", target->mount.type);
	aimlock_facts_string(&finding->facts, "source", target->mount.source);
	aimlock_report_action(finding, whole ? "look in the kernel log for an error that made it "
			      "so, then: mount -o remount,rw %s" :
			      "use another path to the file, or: mount -o remount,bind,rw %s",
			      target->mount.point);
}

/* Attributes are no matter of who asks. */
static bool has_attribute(struct aimlock_target *target, const char *subject, int readable)
{
	uint64_t attributes = target->stat.stx_attributes & target->stat.stx_attributes_mask;
	struct aimlock_finding *finding;

	if (attributes & STATX_ATTR_IMMUTABLE) {
		finding = add(target, AIMLOCK_CAUSE_IMMUTABLE, subject, readable);
		aimlock_report_action(finding, "chattr -i %s", subject);
		return true;
	}
	/* In such a directory files can be created. */
	if ((attributes & STATX_ATTR_APPEND) && target->file >= 0) {
		finding = add(target, AIMLOCK_CAUSE_APPEND_ONLY, subject, readable);
		aimlock_report_action(finding, "chattr -a %s", subject);
		return true;
	}
	return false;
}

bool aimlock_probe_permission(struct aimlock_target *target)
{
	int fd = target->file >= 0 ? target->file : target->dir;
	const char *subject = target->file >= 0 ? target->file_path : target->dir_path;
	int readable = aimlock_asker_may(&target->asker, fd, R_OK);
	int err = aimlock_asker_may(&target->asker, fd,
				    target->file >= 0 ? R_OK | W_OK : W_OK | X_OK);

	aimlock_report_at(target->report, subject);
	if (err == -EROFS)
		readonly(target, readable);
	else if (!has_attribute(target, subject, readable) && err)
		refused(target, fd, subject, readable);
	/* A lock that is there is worth knowing all the same; what is missing has none. */
	return true;
}
