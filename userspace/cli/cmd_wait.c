// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli.h"

enum { UNTIL = AIMLOCK_OPTION_OWN };

static bool is_free(enum aimlock_state state)
{
	return state == AIMLOCK_STATE_FREE || state == AIMLOCK_STATE_MISSING;
}

static bool is_locked(enum aimlock_state state)
{
	return !is_free(state);
}

static bool is_orphaned(enum aimlock_state state)
{
	return state == AIMLOCK_STATE_ORPHANED;
}

static const struct goal {
	const char *name;
	bool (*is_reached)(enum aimlock_state state);
} goals[] = {
	{ "free", is_free },
	{ "locked", is_locked },
	{ "orphaned", is_orphaned },
	{ .name = NULL },
};

static const char *word(int code, size_t i)
{
	return code == UNTIL ? goals[i].name : NULL;
}

static const struct aimlock_option options[] = {
	{ UNTIL, "until", "STATE",
	  "free (the usual; missing counts), locked or orphaned" },
	{ 'w', "timeout", "SECS", "wait no longer than that; exit status 3 then" },
	{ .name = NULL },
};

struct wait {
	struct aimlock_follower follower;
	const char *name;
	const struct goal *goal;
	enum aimlock_state state;	/* the last one that is known */
};

static int reach(struct wait *wait, enum aimlock_state state)
{
	wait->state = state;
	return wait->goal->is_reached(state) ? AIMLOCK_EXIT_DONE : AIMLOCK_FOLLOW_ON;
}

static int look(struct aimlock_follower *follower, bool first)
{
	struct wait *wait = (struct wait *)follower;
	struct aimlock_files files = { 0 };
	int err = aimlock_client_files_get(&follower->nl, wait->name, &files);
	int status;

	(void)first;
	if (!err && !files.n)
		err = -EBADMSG;
	if (err)
		status = aimlock_say_error(follower->verb, wait->name, err, follower->nl.message);
	else
		status = reach(wait, files.v[0].state);
	aimlock_model_free_files(&files);
	return status;
}

static int changed(struct aimlock_follower *follower, const struct aimlock_event *event)
{
	struct wait *wait = (struct wait *)follower;

	if (strcmp(event->file.name, wait->name))
		return AIMLOCK_FOLLOW_ON;
	if (event->reason == AIMLOCK_REASON_REMOVED)
		return aimlock_say_error(follower->verb, wait->name, ENOENT,
					 "it was removed meanwhile");
	return event->has_state ? reach(wait, event->file.state) : AIMLOCK_FOLLOW_ON;
}

static int over(struct aimlock_follower *follower)
{
	struct wait *wait = (struct wait *)follower;

	fputs("aimlock: wait: ", stderr);
	aimlock_say_to(stderr, wait->name);
	fprintf(stderr, ": the time is over and it is %s\n",
		aimlock_model_state_name(wait->state));
	return AIMLOCK_EXIT_LOCKED;
}

static const struct goal *find_goal(const struct aimlock_verb *verb, const char *name)
{
	size_t i;

	for (i = 0; goals[i].name; i++)
		if (!strcmp(goals[i].name, name))
			return &goals[i];
	aimlock_say_usage(verb, "'%s' can't be waited for: free, locked or orphaned", name);
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct wait wait = {
		.follower = { .verb = verb, .changed = changed, .lost = look, .over = over },
		.goal = &goals[0],
	};
	int code;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1) {
		switch (code) {
		case UNTIL:
			wait.goal = find_goal(verb, optarg);
			break;
		case 'w':
			wait.follower.has_end = true;
			wait.follower.ms = aimlock_args_seconds(verb, optarg);
			break;
		}
	}
	wait.name = argv[optind];
	return aimlock_follow(&wait.follower);
}

const struct aimlock_verb aimlock_cmd_wait = {
	.name = "wait",
	.args = "NAME",
	.help = "sleep until a file is free, or locked, or orphaned",
	.options = options,
	.word = word,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
