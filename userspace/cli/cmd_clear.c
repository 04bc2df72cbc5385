// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clears what is proven, says what went and what is left.  While a lock is
 * suspect the module answers EAGAIN; it is asked again until the grace is over.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>

#include "cli.h"
#include "grace.h"

enum { ALL = 'a', DRY_RUN = AIMLOCK_OPTION_OWN, UNREACHABLE, ID, FORCE };

static const struct aimlock_option options[] = {
	{ ALL, "all", NULL, "on every registered file that has such locks" },
	{ DRY_RUN, "dry-run", NULL, "only say what would be cleared" },
	{ UNREACHABLE, "unreachable", NULL, "clear unreachable locks too, once" },
	{ ID, "id", "ID", "clear just the lock with this id, as list and show print it" },
	{ FORCE, "force", NULL, "with --id: clear it though it is not orphaned" },
	{ .name = NULL },
};

struct clear {
	const struct aimlock_verb *verb;
	struct aimlock_netlink nl;
	struct aimlock_clear_request request;
	bool all;
	bool several;			/* files: say which */
	struct aimlock_files before;	/* one file with its locks */
};

static void read_options(struct clear *clear, int argc, char **argv)
{
	struct aimlock_clear_request *request = &clear->request;
	int code;

	while ((code = aimlock_args_next(clear->verb, argc, argv)) != -1) {
		switch (code) {
		case ALL:
			clear->all = true;
			break;
		case DRY_RUN:
			request->dry_run = true;
			break;
		case UNREACHABLE:
			request->has_scope = true;
			request->scope = AIMLOCK_CLEAR_SCOPE_UNREACHABLE;
			break;
		case ID:
			request->has_id = true;
			request->id = aimlock_args_id(clear->verb, optarg);
			break;
		case FORCE:
			request->force = true;
			break;
		}
	}
	if (request->force && !request->has_id)
		aimlock_say_usage(clear->verb, "--force is for one lock: give its --id");
	if (request->has_scope && request->has_id)
		aimlock_say_usage(clear->verb, "--unreachable and --id exclude each other");
	if (clear->all ? optind < argc : optind == argc)
		aimlock_say_usage(clear->verb, "give either names or --all");
	clear->several = clear->all || argc - optind > 1;
	if (clear->several && request->has_id)
		aimlock_say_usage(clear->verb, "--id is for one file");
}

/* The file and its locks as they are before anything goes. */
static int look(struct clear *clear, char **name)
{
	int status = aimlock_find_files(clear->verb, &clear->nl, name, 1, &clear->before);

	if (!status)
		status = aimlock_find_locks(clear->verb, &clear->nl, false, false, &clear->before);
	if (!status && clear->before.n != 1)
		status = aimlock_say_error(clear->verb, *name, EINVAL,
					   "several names have this path; give one of them");
	return status;
}

static int choose(struct clear *clear)
{
	const struct aimlock_file *file = &clear->before.v[0];

	/* The name, if a path was given. */
	clear->request.name = file->name;
	clear->request.generation = file->generation;
	if (!clear->request.has_id || aimlock_model_find(&file->locks, clear->request.id))
		return AIMLOCK_EXIT_DONE;
	return aimlock_say_error(clear->verb, file->name, ESTALE,
				 "no lock on this file has that id");
}

static int ask(struct clear *clear, struct aimlock_cleared *cleared)
{
	struct aimlock_grace grace;
	int err;

	aimlock_grace_begin(&grace, clear->before.v[0].grace_ms);
	do
		err = aimlock_client_lock_clear(&clear->nl, &clear->request, cleared);
	while (err == -EAGAIN && aimlock_grace_left(&grace));
	return err;
}

static void print_cleared(const struct clear *clear, const struct aimlock_cleared *cleared)
{
	const char *what = clear->request.dry_run ? "would clear" : "cleared";
	size_t i;

	for (i = 0; i < cleared->locks.n; i++) {
		printf("%s: %s ", what,
		       aimlock_model_verdict_name(cleared->locks.v[i].verdict));
		aimlock_describe_lock(&cleared->locks.v[i]);
		putchar('\n');
	}
	if (!cleared->locks.n && !cleared->remaining) {
		aimlock_say_text(clear->request.name);
		puts(": nothing to clear");
	}
}

static void print_remaining(const struct aimlock_file *file, const struct aimlock_lock *lock)
{
	size_t i;

	printf("remains: %s ", aimlock_model_verdict_name(lock->verdict));
	aimlock_describe_lock(lock);
	putchar('\n');
	for (i = 0; i < lock->n_holders; i++) {
		fputs("  reached by ", stdout);
		aimlock_describe_holder(&lock->holders[i]);
		putchar('\n');
	}
	fputs("  what to do: ", stdout);
	aimlock_describe_remedy(file, lock);
	putchar('\n');
}

static bool was_cleared(const struct aimlock_cleared *cleared, uint64_t id)
{
	return aimlock_model_find(&cleared->locks, id);
}

/* What was there before and still is, and why: locks that came since don't count. */
static void explain_remaining(struct clear *clear, const struct aimlock_cleared *cleared)
{
	const struct aimlock_locks *before = &clear->before.v[0].locks;
	char *const name[] = { clear->before.v[0].name };
	struct aimlock_files now = { 0 };
	size_t i;

	if (aimlock_find_files(clear->verb, &clear->nl, name, 1, &now) ||
	    aimlock_find_locks(clear->verb, &clear->nl, false, false, &now))
		goto free;
	for (i = 0; i < now.v[0].locks.n; i++) {
		const struct aimlock_lock *lock = &now.v[0].locks.v[i];

		if (clear->request.has_id && lock->id != clear->request.id)
			continue;
		if (aimlock_model_find(before, lock->id) && !was_cleared(cleared, lock->id))
			print_remaining(&now.v[0], lock);
	}
free:
	aimlock_model_free_files(&now);
}

/* Refused with force, too: then only what else can be done helps. */
static bool is_remote(const struct clear *clear)
{
	const struct aimlock_lock *lock = NULL;

	if (clear->request.has_id)
		lock = aimlock_model_find(&clear->before.v[0].locks, clear->request.id);
	return lock && lock->verdict == AIMLOCK_VERDICT_REMOTE;
}

static int clear_and_tell(struct clear *clear)
{
	struct aimlock_cleared cleared = { 0 };
	int err = ask(clear, &cleared);
	int status = AIMLOCK_EXIT_DONE;

	if (!err && clear->several) {
		aimlock_say_text(clear->request.name);
		puts(":");
	}
	if (!err)
		print_cleared(clear, &cleared);
	else
		status = aimlock_say_error(clear->verb, clear->request.name, err,
					   clear->nl.message);
	/* By id the others don't matter. */
	if (!err && cleared.remaining && !clear->request.has_id)
		status = AIMLOCK_EXIT_LOCKED;
	if (status == AIMLOCK_EXIT_LOCKED || (err == -EPERM && is_remote(clear)))
		explain_remaining(clear, &cleared);
	aimlock_model_free_cleared(&cleared);
	return status;
}

static int clear_file(struct clear *clear, char *name)
{
	int status = look(clear, &name);

	if (!status)
		status = choose(clear);
	if (!status)
		status = clear_and_tell(clear);
	aimlock_model_free_files(&clear->before);
	return status;
}

/* Is there a lock that the clear takes, or may take after the grace? */
static bool is_in_scope(const struct clear *clear, const struct aimlock_file *file)
{
	bool unreachable = clear->request.has_scope ||
			   file->scope == AIMLOCK_CLEAR_SCOPE_UNREACHABLE;
	size_t i;

	for (i = 0; i < file->locks.n; i++) {
		enum aimlock_verdict verdict = file->locks.v[i].verdict;

		if (verdict == AIMLOCK_VERDICT_ORPHANED || verdict == AIMLOCK_VERDICT_SUSPECT ||
		    (unreachable && verdict == AIMLOCK_VERDICT_UNREACHABLE))
			return true;
	}
	return false;
}

/* The graver of two: failed, then locked, then done. */
static int worse(int a, int b)
{
	if (a == AIMLOCK_EXIT_FAILED || b == AIMLOCK_EXIT_DONE)
		return a;
	return b;
}

static int clear_all(struct clear *clear)
{
	struct aimlock_files files = { 0 };
	int status = aimlock_find_files(clear->verb, &clear->nl, NULL, 0, &files);
	size_t i;

	if (!status && files.n)
		status = aimlock_find_locks(clear->verb, &clear->nl, true, false, &files);
	for (i = 0; i < files.n; i++)
		if (is_in_scope(clear, &files.v[i]))
			status = worse(status, clear_file(clear, files.v[i].name));
	aimlock_model_free_files(&files);
	return status;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct clear clear = { .verb = verb };
	int status;

	read_options(&clear, argc, argv);
	status = aimlock_find_module(verb, &clear.nl);
	if (status)
		return status;
	if (clear.all)
		status = clear_all(&clear);
	for (; optind < argc; optind++)
		status = worse(status, clear_file(&clear, argv[optind]));
	aimlock_netlink_close(&clear.nl);
	return status;
}

const struct aimlock_verb aimlock_cmd_clear = {
	.name = "clear",
	.args = "NAME|PATH...",
	.help = "clear locks that are proven orphaned, and say which went",
	.options = options,
	.min_args = 0,
	.max_args = -1,
	.run = run,
};
