// SPDX-License-Identifier: GPL-2.0-or-later
/* Room for a new file; one that is there needs none for its locks. */
#include <errno.h>
#include <stdio.h>
#include <sys/quota.h>
#include <sys/statvfs.h>

#include "probe.h"

static void check_room(struct aimlock_target *target)
{
	struct statvfs fs;
	uint64_t blocks, inodes;
	struct aimlock_finding *finding;

	if (fstatvfs(target->dir, &fs))
		return;
	/* Some is kept for root. */
	blocks = target->asker.uid ? fs.f_bavail : fs.f_bfree;
	inodes = target->asker.uid ? fs.f_favail : fs.f_ffree;
	if (fs.f_blocks && !blocks) {
		finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_NO_SPACE,
					     target->mount.point);
		aimlock_facts_number(&finding->facts, "bytes", (int64_t)fs.f_blocks * fs.f_frsize);
		aimlock_facts_number(&finding->facts, "free_bytes", 0);
	}
	/* Filesystems that make inodes as they need them count none. */
	if (fs.f_files && !inodes) {
		finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_NO_INODES,
					     target->mount.point);
		aimlock_facts_number(&finding->facts, "inodes", fs.f_files);
		aimlock_facts_number(&finding->facts, "free_inodes", 0);
	}
}

/* One of its own may be asked for by each user. */
static void check_quota(struct aimlock_target *target)
{
	struct aimlock_finding *finding;
	struct dqblk quota;
	bool inodes, blocks;

	if (quotactl(QCMD(Q_GETQUOTA, USRQUOTA), target->mount.source, target->asker.uid,
		     (void *)&quota))
		return;
	inodes = quota.dqb_ihardlimit && quota.dqb_curinodes >= quota.dqb_ihardlimit;
	blocks = quota.dqb_bhardlimit && quota.dqb_curspace >= quota.dqb_bhardlimit * 1024;
	if (!inodes && !blocks)
		return;
	finding = aimlock_report_add(target->report, AIMLOCK_CAUSE_QUOTA, target->mount.point);
	aimlock_facts_number(&finding->facts, "uid", target->asker.uid);
	if (inodes) {
		aimlock_facts_number(&finding->facts, "inodes", quota.dqb_curinodes);
		aimlock_facts_number(&finding->facts, "inodes_limit", quota.dqb_ihardlimit);
	}
	if (blocks) {
		aimlock_facts_number(&finding->facts, "bytes", quota.dqb_curspace);
		aimlock_facts_number(&finding->facts, "bytes_limit",
				     quota.dqb_bhardlimit * 1024);
	}
}

bool aimlock_probe_space(struct aimlock_target *target)
{
	if (target->file >= 0)
		return true;
	if (target->has_mount) {
		check_room(target);
		check_quota(target);
	}
	/* What follows is of files that are there. */
	return false;
}
