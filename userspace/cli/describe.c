// SPDX-License-Identifier: GPL-2.0-or-later
/* A lock in words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/nfsd.h"
#include "../lib/text.h"
#include "cli.h"

void aimlock_describe_lock(const struct aimlock_lock *lock)
{
	char *range = aimlock_text_range(lock);

	printf("%s %s %s", aimlock_model_kind_name(lock->kind),
	       aimlock_model_mode_name(lock->mode), range ? range : "?");
	free(range);
	if (lock->taker)
		printf(", taken by %" PRIu32 "%s", lock->taker,
		       lock->taker_exists ? "" : " (gone)");
	printf(", id %016" PRIx64, lock->id);
}

void aimlock_describe_waiter(const struct aimlock_lock *lock,
			     const struct aimlock_waiter *waiter)
{
	const struct aimlock_waiter *behind = aimlock_model_behind(lock, waiter);
	const struct aimlock_lock wanted = { .start = waiter->start, .end = waiter->end };
	char *process = aimlock_text_waiter(waiter), *range = aimlock_text_range(&wanted);
	char *time = waiter->wait_ms < 0 ? NULL : aimlock_text_duration(waiter->wait_ms);

	aimlock_say_text(process ? process : "?");
	printf(", to %s %s", aimlock_model_mode_name(waiter->mode), range ? range : "?");
	if (time)
		printf(", for %s", time);
	if (behind)
		printf(", behind %" PRIu32, behind->pid);
	free(process);
	free(range);
	free(time);
}

static void describe_process(const struct aimlock_holder *holder)
{
	aimlock_say_text(holder->comm);
	printf(" (pid %" PRIu32, holder->pid);
	if (holder->ns_pid && holder->ns_pid != holder->pid)
		printf(", %" PRIu32 " in its own namespace", holder->ns_pid);
	switch (holder->state[0]) {
	case 'T':
	case 't':
		fputs(", stopped", stdout);
		break;
	case 'D':
		fputs(", in uninterruptible sleep", stdout);
		break;
	case 'Z':
		fputs(", zombie", stdout);
		break;
	}
	putchar(')');
}

static void describe_in_flight(const struct aimlock_holder *holder)
{
	fputs("in flight, unread in a unix socket that ", stdout);
	describe_process(holder);
	fputs(" reaches", stdout);
	if (holder->fd >= 0)
		printf(" through its fd %" PRId64, holder->fd);
}

static void describe_client(const struct aimlock_client *client)
{
	fputs(", for the NFS client ", stdout);
	aimlock_say_text(client->address);
	fputs(" (", stdout);
	aimlock_say_text(client->name);
	putchar(')');
	if (!strcmp(client->status, "courtesy"))
		fputs(", whose lease is over", stdout);
	if (client->silent_s >= 0)
		printf(", last heard %" PRId64 " s ago", client->silent_s);
}

static void describe_manager(const struct aimlock_holder *holder)
{
	fputs("a lock manager of the kernel", stdout);
	if (holder->comm[0]) {
		fputs(", ", stdout);
		aimlock_say_text(holder->comm);
	}
	if (holder->client)
		describe_client(holder->client);
}

void aimlock_describe_holder(const struct aimlock_holder *holder)
{
	switch (holder->kind) {
	case AIMLOCK_HOLDER_KIND_FD:
		printf("fd %" PRId64 " of ", holder->fd);
		describe_process(holder);
		break;
	case AIMLOCK_HOLDER_KIND_MAP:
		fputs("a mapping of ", stdout);
		describe_process(holder);
		break;
	case AIMLOCK_HOLDER_KIND_TABLE:
		fputs("the file table of ", stdout);
		describe_process(holder);
		break;
	case AIMLOCK_HOLDER_KIND_IN_FLIGHT:
		describe_in_flight(holder);
		break;
	case AIMLOCK_HOLDER_KIND_LOOP:
		aimlock_say_text(holder->comm);
		printf("%sa loop device that the file backs", holder->comm[0] ? ", " : "");
		break;
	case AIMLOCK_HOLDER_KIND_SWAP:
		fputs("the kernel, as swap space", stdout);
		if (holder->comm[0]) {
			fputs(" (", stdout);
			aimlock_say_text(holder->comm);
			putchar(')');
		}
		break;
	case AIMLOCK_HOLDER_KIND_IO_URING:
		printf("an io_uring where a file of this path is registered, fd %" PRId64 " of ",
		       holder->fd);
		describe_process(holder);
		break;
	case AIMLOCK_HOLDER_KIND_MANAGER:
		describe_manager(holder);
		break;
	case AIMLOCK_HOLDER_KIND_AIMLOCK:
		fputs("the aimlock module", stdout);
		if (holder->pid) {
			fputs(", for ", stdout);
			describe_process(holder);
		}
		break;
	default:
		fputs("something that this aimlock has no word for", stdout);
	}
}

void aimlock_describe_verdict(const struct aimlock_lock *lock)
{
	static const char *const evidence[] = {
		[AIMLOCK_VERDICT_LIVE] = "the process that took it still reaches it",
		[AIMLOCK_VERDICT_INHERITED] = "other processes than the one that took it reach it",
		[AIMLOCK_VERDICT_REMOTE] = "it belongs to a lock manager: lockd, nfsd, ksmbd or 9p",
		[AIMLOCK_VERDICT_PINNED] = "no process can use it now, but what keeps it may want it",
		[AIMLOCK_VERDICT_SUSPECT] = "no process can use it now; "
					    "this must stay so for a while to be said for good",
		[AIMLOCK_VERDICT_UNREACHABLE] = "its taker is gone and no process reaches it; "
						"some part of the kernel keeps it",
		[AIMLOCK_VERDICT_ORPHANED] = "its taker is gone and no process can use it; "
					     "only socket queues keep it",
		[AIMLOCK_VERDICT_LEASED] = "aimlock has it, for a lease",
		[AIMLOCK_VERDICT_HELD] = "aimlock has it: the administrative hold",
	};

	if (lock->verdict < sizeof(evidence) / sizeof(evidence[0]))
		fputs(evidence[lock->verdict], stdout);
	else
		fputs("a verdict that this aimlock has no word for", stdout);
}

/* The command's last argument. */
static void name_argument(const struct aimlock_file *file)
{
	fputs(file->name[0] == '-' ? " -- " : " ", stdout);
	aimlock_say_text(file->name);
}

static void remedy_by_force(const struct aimlock_file *file, const struct aimlock_lock *lock)
{
	printf("aimlock clear --id %016" PRIx64 " --force", lock->id);
	name_argument(file);
}

/* The answer to a stopped holder is to let it run, not to rob it. */
static bool remedy_for_stopped(const struct aimlock_lock *lock)
{
	size_t i;

	for (i = 0; i < lock->n_holders; i++) {
		const struct aimlock_holder *holder = &lock->holders[i];

		if (!holder->pid || holder->state[0] != 'T')
			continue;
		printf("kill -CONT %" PRIu32 ", which lets the stopped holder run on", holder->pid);
		return true;
	}
	return false;
}

/* Only the manager may take it away, from the client that it has it for. */
static void remedy_for_remote(const struct aimlock_lock *lock)
{
	const struct aimlock_holder *manager = lock->n_holders ? lock->holders : NULL;
	const char *name = manager ? manager->comm : "";

	if (!strcmp(name, "nfsd") && manager->client && lock->n_holders == 1)
		printf("echo expire >" AIMLOCK_NFSD_CLIENTS "/%" PRIu32 "/ctl, which ends all "
		       "that this client has", manager->client->id);
	else if (!strcmp(name, "nfsd"))
		fputs("echo expire >" AIMLOCK_NFSD_CLIENTS "/N/ctl, which ends all that client N "
		      "has; its states tell which it is", stdout);
	else if (!strcmp(name, "lockd"))
		fputs("echo ADDRESS >/proc/fs/nfsd/unlock_ip, with the address of this host that "
		      "the client uses, or echo MOUNTPOINT >/proc/fs/nfsd/unlock_filesystem",
		      stdout);
	else if (!strcmp(name, "ksmbd"))
		fputs("ss -K dst CLIENT sport = :445, which cuts that client off, or ksmbd.control -s, "
		      "which ends the service", stdout);
	else
		fputs("ask its lock manager: unlock_ip, unlock_filesystem or clients/N/ctl of "
		      "/proc/fs/nfsd, ksmbd.control -s, or the client", stdout);
}

/* What lets go of it, where that is known. */
static bool remedy_by_name(const struct aimlock_file *file, const struct aimlock_lock *lock)
{
	size_t i;

	for (i = 0; i < lock->n_holders; i++) {
		const struct aimlock_holder *holder = &lock->holders[i];

		if (!holder->comm[0])
			continue;
		if (holder->kind == AIMLOCK_HOLDER_KIND_LOOP) {
			fputs("losetup -d /dev/", stdout);
			aimlock_say_text(holder->comm);
			return true;
		}
		if (holder->kind == AIMLOCK_HOLDER_KIND_SWAP) {
			fputs("swapoff ", stdout);
			aimlock_say_text(file->path);
			return true;
		}
		if (holder->kind == AIMLOCK_HOLDER_KIND_IO_URING) {
			printf("end process %" PRIu32, holder->pid);
			return true;
		}
	}
	return false;
}

void aimlock_describe_remedy(const struct aimlock_file *file, const struct aimlock_lock *lock)
{
	switch (lock->verdict) {
	case AIMLOCK_VERDICT_ORPHANED:
		fputs("aimlock clear", stdout);
		name_argument(file);
		break;
	case AIMLOCK_VERDICT_UNREACHABLE:
		if (remedy_by_name(file, lock))
			fputs(", or ", stdout);
		fputs("aimlock clear --unreachable", stdout);
		name_argument(file);
		break;
	case AIMLOCK_VERDICT_SUSPECT:
		printf("look again in %" PRIu32 " ms", lock->suspect_ms);
		break;
	case AIMLOCK_VERDICT_HELD:
		fputs("aimlock release", stdout);
		name_argument(file);
		break;
	case AIMLOCK_VERDICT_REMOTE:
		remedy_for_remote(lock);
		break;
	case AIMLOCK_VERDICT_LEASED:
		fputs("wait until the lease ends", stdout);
		break;
	case AIMLOCK_VERDICT_PINNED:
		if (!remedy_by_name(file, lock))
			fputs("free what keeps it (losetup -d, swapoff)", stdout);
		fputs(", or, if you are sure: ", stdout);
		remedy_by_force(file, lock);
		break;
	default:
		if (remedy_for_stopped(lock))
			break;
		fputs("wait, or end the holder; if you are sure: ", stdout);
		remedy_by_force(file, lock);
	}
}
