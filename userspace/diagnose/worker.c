// SPDX-License-Identifier: GPL-2.0-or-later
/* The probes, in a process that may be left behind. */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diagnose.h"
#include "probe.h"

static const struct {
	const char *name;
	aimlock_probe run;
} probes[] = {
	{ "path", aimlock_probe_path },
	{ "mount", aimlock_probe_mount },
	{ "type", aimlock_probe_type },
	{ "permission", aimlock_probe_permission },
	{ "denial", aimlock_probe_denial },
	{ "space", aimlock_probe_space },
	{ "lock", aimlock_probe_lock },
	{ "server", aimlock_probe_server },
	{ "lockfile", aimlock_probe_lockfile },
};

static void work(const struct aimlock_question *question, const struct aimlock_asker *asker,
		 struct aimlock_report *report)
{
	struct aimlock_target target = {
		.report = report, .asker = *asker, .dir = -1, .file = -1,
		.patience_ms = question->deadline_ms / 2,
	};
	bool go_on = true;
	size_t i;

	if (asker->other && initgroups(report->user, asker->gid))
		return;
	for (i = 0; go_on && i < sizeof(probes) / sizeof(probes[0]); i++) {
		snprintf(report->step, sizeof(report->step), "%s", probes[i].name);
		go_on = probes[i].run(&target);
	}
	report->done = true;
}

static int find_user(const char *name, struct aimlock_asker *asker,
		     struct aimlock_report *report)
{
	char *end = NULL;
	struct passwd *pw;

	*asker = (struct aimlock_asker){ .uid = geteuid(), .gid = getegid() };
	if (!name) {
		pw = getpwuid(asker->uid);
	} else {
		pw = getpwnam(name);
		if (!pw && name[0])
			pw = getpwuid(strtoul(name, &end, 10));
		if (!pw || (end && *end))
			return -ENOENT;
	}
	if (pw && name) {
		asker->other = pw->pw_uid != asker->uid;
		asker->uid = pw->pw_uid;
		asker->gid = pw->pw_gid;
	}
	report->uid = asker->uid;
	snprintf(report->user, sizeof(report->user), "%s", pw ? pw->pw_name : "");
	return asker->other && geteuid() ? -EPERM : 0;
}

/* True: it ended in time. */
static bool await(pid_t pid, uint64_t ms)
{
	struct pollfd poll_fd = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int n = poll(&poll_fd, 1, ms < INT_MAX ? (int)ms : INT_MAX);

	close(poll_fd.fd);
	return n > 0;
}

static void no_answer(struct aimlock_report *report)
{
	struct aimlock_finding *finding;
	struct aimlock_mount mount;
	bool found = aimlock_mount_find(0, report->at, &mount);

	finding = aimlock_report_add(report, AIMLOCK_CAUSE_NO_ANSWER,
				     found ? mount.point : report->at);
	aimlock_facts_string(&finding->facts, "probe", report->step);
	aimlock_facts_string(&finding->facts, "at", report->at);
	if (!found)
		return;
	aimlock_facts_string(&finding->facts, "filesystem", mount.type);
	aimlock_facts_string(&finding->facts, "source", mount.source);
	aimlock_report_action(finding, "see to %s that serves %s, or detach it: umount -l %s",
			      strncmp(mount.type, "fuse", 4) ? "the server or disk" :
							       "the process",
			      mount.source, mount.point);
}

int aimlock_diagnose(const struct aimlock_question *question, struct aimlock_report **reportp)
{
	struct aimlock_report *report;
	struct aimlock_asker asker;
	pid_t pid;
	int err;

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (report == MAP_FAILED)
		return -ENOMEM;
	*reportp = report;
	snprintf(report->path, sizeof(report->path), "%s", question->path);
	err = find_user(question->user, &asker, report);
	if (err)
		return err;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		work(question, &asker, report);
		_exit(0);
	}
	if (!await(pid, question->deadline_ms)) {
		kill(pid, SIGKILL);
		/* It may be caught in the kernel for good: it is left to init then. */
		await(pid, 100);
		if (!report->done)
			no_answer(report);
		report->done = true;
	}
	waitpid(pid, NULL, WNOHANG);
	return report->done ? 0 : -EIO;
}

void aimlock_diagnose_free(struct aimlock_report *report)
{
	if (report)
		munmap(report, sizeof(*report));
}
