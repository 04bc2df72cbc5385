// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "../lib/table.h"
#include "../lib/text.h"
#include "cli.h"

static const struct aimlock_option options[] = {
	{ 'J', "json", NULL, "JSON, as list --tree --json prints it" },
	{ .name = NULL },
};

static void label(const char *name)
{
	printf("  %-12s", name);
}

static void show_summary(const struct aimlock_file *file)
{
	aimlock_say_text(file->name);
	printf(": %s\n", aimlock_model_state_name(file->state));
	label("path");
	aimlock_say_text(file->path);
	if (file->has_inode)
		printf(" (device %" PRIu32 ":%" PRIu32 ", inode %" PRIu64 ")", file->dev_major,
		       file->dev_minor, file->ino);
	putchar('\n');
	label("generation");
	printf("%" PRIu64 "\n", file->generation);
	label("grace");
	printf("%" PRIu32 " ms\n", file->grace_ms);
	label("clears");
	puts(file->scope == AIMLOCK_CLEAR_SCOPE_UNREACHABLE ? "orphaned and unreachable locks" :
							      "orphaned locks");
	if (file->state == AIMLOCK_STATE_MISSING) {
		label("note");
		puts("no regular file lies at the path now; the name waits for one");
	}
}

static void show_holders(const struct aimlock_lock *lock)
{
	bool by_process = lock->verdict == AIMLOCK_VERDICT_LIVE ||
			  lock->verdict == AIMLOCK_VERDICT_INHERITED;
	size_t i;

	for (i = 0; i < lock->n_holders; i++) {
		label(i ? "" : "reached by");
		aimlock_describe_holder(&lock->holders[i]);
		putchar('\n');
	}
	if (!lock->n_holders) {
		label("reached by");
		puts(by_process ? "processes that you may not see" : "nothing that you may see");
	}
}

/* They are evidence only where the lock belongs to an open file description that
 * processes may reach.
 */
static bool has_references(const struct aimlock_lock *lock)
{
	return lock->refs > 0 && lock->refs_found >= 0 &&
	       lock->kind != AIMLOCK_LOCK_KIND_POSIX &&
	       lock->verdict != AIMLOCK_VERDICT_REMOTE &&
	       lock->verdict != AIMLOCK_VERDICT_LEASED &&
	       lock->verdict != AIMLOCK_VERDICT_HELD;
}

static void show_references(const struct aimlock_lock *lock)
{
	if (!has_references(lock))
		return;
	label("references");
	printf("%" PRId64 " to its open file description, %" PRId64 " found",
	       lock->refs, lock->refs_found);
	if (lock->refs > lock->refs_found)
		printf(": %" PRId64 " in some other part of the kernel",
		       lock->refs - lock->refs_found);
	putchar('\n');
}

static void show_times(const struct aimlock_lock *lock)
{
	char *age = lock->age_ms < 0 ? NULL : aimlock_text_duration(lock->age_ms);
	size_t i;

	label("first seen");
	printf("%s ago", age ? age : "?");
	free(age);
	if (lock->verdict == AIMLOCK_VERDICT_SUSPECT)
		printf(", judged in %" PRIu32 " ms", lock->suspect_ms);
	putchar('\n');
	label("blocks");
	if (lock->waiters)
		printf("%" PRIu32 " waiting request%s\n", lock->waiters,
		       lock->waiters == 1 ? "" : "s");
	else
		puts("nobody");
	for (i = 0; i < lock->n_waiting; i++) {
		label("");
		aimlock_describe_waiter(lock, &lock->waiting[i]);
		putchar('\n');
	}
}

static void show_lock(const struct aimlock_file *file, const struct aimlock_lock *lock)
{
	char *range = aimlock_text_range(lock);

	printf("\n%s: %s %s lock, bytes %s\n", aimlock_model_verdict_name(lock->verdict),
	       aimlock_model_kind_name(lock->kind), aimlock_model_mode_name(lock->mode),
	       range ? range : "?");
	free(range);
	label("because");
	aimlock_describe_verdict(lock);
	putchar('\n');
	if (lock->taker) {
		label("taken by");
		printf("process %" PRIu32 ", %s\n", lock->taker,
		       lock->taker_exists ? "which still exists" : "which is gone");
	}
	show_holders(lock);
	show_references(lock);
	show_times(lock);
	label("id");
	printf("%016" PRIx64 "\n", lock->id);
	label("what to do");
	aimlock_describe_remedy(file, lock);
	putchar('\n');
}

static void show_file(const struct aimlock_file *file)
{
	size_t i;

	show_summary(file);
	for (i = 0; i < file->locks.n; i++)
		show_lock(file, &file->locks.v[i]);
}

static int show(const struct aimlock_verb *verb, struct aimlock_netlink *nl, char **arg,
		bool json)
{
	struct aimlock_files files = { 0 };
	int status = aimlock_find_files(verb, nl, arg, 1, &files);
	size_t i;

	if (!status)
		status = aimlock_find_locks(verb, nl, false, true, &files);
	if (!status && json)
		status = aimlock_print_json(verb, aimlock_table_document(&files, true));
	for (i = 0; !status && !json && i < files.n; i++) {
		if (i)
			putchar('\n');
		show_file(&files.v[i]);
	}
	aimlock_model_free_files(&files);
	return status;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct aimlock_netlink nl;
	bool json = false;
	int code, status;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1)
		json |= code == 'J';
	status = aimlock_find_module(verb, &nl);
	if (status)
		return status;
	status = show(verb, &nl, argv + optind, json);
	aimlock_netlink_close(&nl);
	return status;
}

const struct aimlock_verb aimlock_cmd_show = {
	.name = "show",
	.args = "NAME|PATH",
	.help = "tell what is known of a file's locks, why, and what to do",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
