// SPDX-License-Identifier: GPL-2.0-or-later
/* The locks on the file: the module's verdicts, or where it isn't loaded, /proc. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/look.h"
#include "probe.h"

static const enum aimlock_cause_id causes[] = {
	[AIMLOCK_VERDICT_LIVE] = AIMLOCK_CAUSE_HELD,
	[AIMLOCK_VERDICT_INHERITED] = AIMLOCK_CAUSE_INHERITED,
	[AIMLOCK_VERDICT_REMOTE] = AIMLOCK_CAUSE_REMOTE,
	[AIMLOCK_VERDICT_PINNED] = AIMLOCK_CAUSE_PINNED,
	[AIMLOCK_VERDICT_SUSPECT] = AIMLOCK_CAUSE_SUSPECT,
	[AIMLOCK_VERDICT_UNREACHABLE] = AIMLOCK_CAUSE_UNREACHABLE,
	[AIMLOCK_VERDICT_ORPHANED] = AIMLOCK_CAUSE_ORPHANED,
	[AIMLOCK_VERDICT_LEASED] = AIMLOCK_CAUSE_LEASED,
	[AIMLOCK_VERDICT_HELD] = AIMLOCK_CAUSE_HOLD,
};

#define N_CAUSES (sizeof(causes) / sizeof(causes[0]))

static void add_process(struct aimlock_finding *finding, const struct aimlock_holder *holder)
{
	struct aimlock_process *process;

	if (holder->pid && aimlock_process_is_own(holder->pid))
		return;
	if (finding->n_processes == AIMLOCK_PROCESSES_MAX)
		return;
	process = &finding->processes[finding->n_processes++];
	if (!holder->pid || !aimlock_process_read(holder->pid, process)) {
		*process = (struct aimlock_process){ .pid = holder->pid, .age_ms = -1 };
		snprintf(process->comm, sizeof(process->comm), "%s", holder->comm);
	}
	snprintf(process->kind, sizeof(process->kind), "%s",
		 aimlock_model_holder_name(holder->kind));
	process->fd = holder->fd;
}

/* Others' holders aren't told to everybody; who took it is. */
static void add_taker(struct aimlock_finding *finding, const struct aimlock_lock *lock)
{
	if (aimlock_process_read(lock->taker, &finding->processes[0]))
		finding->n_processes = 1;
}

/* A stopped holder is to be continued, whoever took the lock. */
static void look_at_processes(struct aimlock_finding *finding)
{
	size_t i;

	if (finding->cause != AIMLOCK_CAUSE_HELD && finding->cause != AIMLOCK_CAUSE_INHERITED)
		return;
	if (aimlock_report_stopped(finding))
		return;
	for (i = 0; i < finding->n_processes; i++)
		if (finding->processes[i].state[0] == 'Z')
			finding->cause = AIMLOCK_CAUSE_HELD_ZOMBIE;
}

/* Only registered files are cleared. */
static void advise_to_register(const struct aimlock_target *target,
			       struct aimlock_finding *finding, const char *clear)
{
	aimlock_report_action(finding, "aimlock add NAME %s, then %s NAME", target->file_path,
			      clear);
}

static void advise(const struct aimlock_target *target, struct aimlock_finding *finding,
		   const struct aimlock_lock *lock)
{
	const char *dashes = lock->name[0] == '-' ? "-- " : "";
	bool unreachable = finding->cause == AIMLOCK_CAUSE_UNREACHABLE;
	const char *clear = unreachable ? "aimlock clear --unreachable" : "aimlock clear";

	switch (finding->cause) {
	case AIMLOCK_CAUSE_ORPHANED:
	case AIMLOCK_CAUSE_UNREACHABLE:
		if (lock->name[0])
			aimlock_report_action(finding, "%s %s%s", clear, dashes, lock->name);
		else
			advise_to_register(target, finding, clear);
		break;
	case AIMLOCK_CAUSE_HOLD:
		aimlock_report_action(finding, "aimlock release %s%s", dashes, lock->name);
		break;
	case AIMLOCK_CAUSE_SUSPECT:
		aimlock_report_action(finding, "look again in %" PRIu32 " ms", lock->suspect_ms);
		break;
	default:
		break;
	}
}

static void add_lock(struct aimlock_target *target, const struct aimlock_lock *lock)
{
	struct aimlock_finding *finding;
	char id[17];
	size_t i;

	finding = aimlock_report_add(target->report, lock->verdict < N_CAUSES ?
				     causes[lock->verdict] : AIMLOCK_CAUSE_HELD_UNKNOWN,
				     target->file_path);
	for (i = 0; i < lock->n_holders; i++)
		add_process(finding, &lock->holders[i]);
	if (!finding->n_processes && lock->taker && lock->taker_exists)
		add_taker(finding, lock);
	look_at_processes(finding);
	advise(target, finding, lock);
	if (lock->name[0]) {
		aimlock_facts_string(&finding->facts, "name", lock->name);
		snprintf(id, sizeof(id), "%016" PRIx64, lock->id);
		aimlock_facts_string(&finding->facts, "id", id);
	}
	aimlock_facts_string(&finding->facts, "verdict",
			     aimlock_model_verdict_name(lock->verdict));
	aimlock_facts_string(&finding->facts, "kind", aimlock_model_kind_name(lock->kind));
	aimlock_facts_string(&finding->facts, "mode", aimlock_model_mode_name(lock->mode));
	aimlock_facts_number(&finding->facts, "start", lock->start);
	if (lock->end < AIMLOCK_END_OF_FILE)
		aimlock_facts_number(&finding->facts, "end", lock->end);
	if (lock->taker) {
		aimlock_facts_number(&finding->facts, "taker", lock->taker);
		aimlock_facts_boolean(&finding->facts, "taker_exists", lock->taker_exists);
	}
	if (lock->age_ms >= 0)
		aimlock_facts_number(&finding->facts, "age_ms", lock->age_ms);
	aimlock_facts_number(&finding->facts, "waiters", lock->waiters);
	aimlock_waits_look(finding);
	target->leased |= lock->kind == AIMLOCK_LOCK_KIND_LEASE;
	target->n_locks++;
}

static bool is_it(const struct aimlock_target *target, const struct aimlock_file *file)
{
	return file->has_inode && target->has_mount &&
	       file->dev_major == target->mount.dev_major &&
	       file->dev_minor == target->mount.dev_minor && file->ino == target->stat.stx_ino;
}

/* The name under which it is registered, or an empty one. */
static int find_name(struct aimlock_netlink *nl, const struct aimlock_target *target,
		     char name[AIMLOCK_NAME_MAX + 1])
{
	struct aimlock_files files = { 0 };
	int err = aimlock_client_files_get(nl, NULL, &files);
	size_t i;

	name[0] = '\0';
	for (i = 0; !err && i < files.n && !name[0]; i++)
		if (is_it(target, &files.v[i]))
			strcpy(name, files.v[i].name);
	aimlock_model_free_files(&files);
	return err;
}

static int ask(struct aimlock_netlink *nl, struct aimlock_target *target, bool *registered)
{
	struct aimlock_locks locks = { 0 };
	char name[AIMLOCK_NAME_MAX + 1];
	int err = find_name(nl, target, name);
	size_t i;

	if (err || !name[0])
		return err;
	err = aimlock_client_locks_get(nl, name, false, &locks);
	if (!err) {
		*registered = true;
		aimlock_facts_string(&target->report->facts, "name", name);
	}
	for (i = 0; !err && i < locks.n; i++)
		add_lock(target, &locks.v[i]);
	aimlock_model_free_locks(&locks);
	return err;
}

/* Of all locks of the filesystem those on the file; NULL: there are none. */
static int scan(struct aimlock_netlink *nl, const struct aimlock_target *target,
		struct aimlock_files *files, struct aimlock_file **found)
{
	const struct aimlock_range range = { .fd = target->file };
	struct aimlock_locks locks = { 0 };
	int err = aimlock_client_scan(nl, &range, false, &locks);
	size_t i;

	if (!err)
		err = aimlock_model_group(files, &locks);
	aimlock_model_free_locks(&locks);
	*found = NULL;
	for (i = 0; !err && i < files->n; i++)
		if (is_it(target, &files->v[i]))
			*found = &files->v[i];
	return err;
}

/* Nobody looked at such a lock before: its grace begins now, and may end in time. */
static int scan_in_time(struct aimlock_netlink *nl, const struct aimlock_target *target,
			struct aimlock_files *files, struct aimlock_file **found)
{
	int err = scan(nl, target, files, found);
	uint32_t ms = err || !*found ? 0 : aimlock_look_suspect_ms(&(*found)->locks);

	if (!ms || ms > target->patience_ms)
		return err;
	aimlock_look_wait(ms);
	aimlock_model_free_files(files);
	return scan(nl, target, files, found);
}

static int ask_of_unregistered(struct aimlock_netlink *nl, struct aimlock_target *target)
{
	struct aimlock_files files = { 0 };
	struct aimlock_file *found;
	int err;
	size_t i;

	if (target->file < 0)
		return 0;
	err = scan_in_time(nl, target, &files, &found);
	for (i = 0; !err && found && i < found->locks.n; i++)
		add_lock(target, &found->locks.v[i]);
	aimlock_model_free_files(&files);
	return err;
}

bool aimlock_probe_lock(struct aimlock_target *target)
{
	struct aimlock_netlink nl;
	bool registered = false;
	int err = aimlock_netlink_open(&nl);

	if (!err) {
		err = ask(&nl, target, &registered);
		if (!registered)
			err = ask_of_unregistered(&nl, target);
		aimlock_netlink_close(&nl);
	}
	aimlock_facts_boolean(&target->report->facts, "registered", registered);
	if (err)
		aimlock_proclocks_probe(target);
	return true;
}
