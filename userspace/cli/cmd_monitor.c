// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "../lib/table.h"
#include "cli.h"

static const struct aimlock_option options[] = {
	{ 'J', "json", NULL, "an object of JSON on each line" },
	{ .name = NULL },
};

struct monitor {
	struct aimlock_follower follower;
	bool json;
	char **names;	/* of these files only, or of all if there are none */
	int n;
};

/* "2026-11-25T09:41:07.123+01:00" */
static const char *time_text(void)
{
	static char text[40];
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &tm))
		return "?";
	len = strftime(text, sizeof(text), "%FT%T", &tm);
	len += snprintf(text + len, sizeof(text) - len, ".%03ld", now.tv_nsec / 1000000);
	len += strftime(text + len, sizeof(text) - len, "%z", &tm);
	/* +0100 to +01:00 */
	if (len + 1 < sizeof(text)) {
		memmove(text + len - 1, text + len - 2, 3);
		text[len - 2] = ':';
	}
	return text;
}

static void print_path(const struct aimlock_file *file)
{
	putchar(' ');
	aimlock_say_text(file->path);
}

static void print_details(const struct aimlock_event *event)
{
	const struct aimlock_file *file = &event->file;

	switch (event->reason) {
	case AIMLOCK_REASON_ADDED:
	case AIMLOCK_REASON_REPLACED:
	case AIMLOCK_REASON_MISSING:
		if (file->path)
			print_path(file);
		break;
	case AIMLOCK_REASON_CLEARED:
	case AIMLOCK_REASON_FORCED:
		printf(" %zu lock%s", file->locks.n, file->locks.n == 1 ? "" : "s");
		break;
	case AIMLOCK_REASON_CONFIGURED:
		printf(" grace %" PRIu32 " scope %s", file->grace_ms,
		       aimlock_model_scope_name(file->scope));
		break;
	default:
		if (event->has_state)
			printf(" %s", aimlock_model_state_name(file->state));
	}
}

static int print_event(struct monitor *monitor, const char *name, const struct aimlock_event *event)
{
	int status;

	if (monitor->json) {
		status = aimlock_print_json_line(monitor->follower.verb,
						 aimlock_table_event(time_text(), name,
								     &event->file,
								     event->has_state));
		return status ? status : AIMLOCK_FOLLOW_ON;
	}
	printf("%s ", time_text());
	aimlock_say_text(event->file.name);
	printf(" %s", name);
	print_details(event);
	putchar('\n');
	return AIMLOCK_FOLLOW_ON;
}

static bool is_asked_for(const struct monitor *monitor, const char *name)
{
	int i;

	for (i = 0; i < monitor->n; i++)
		if (!strcmp(name, monitor->names[i]))
			return true;
	return !monitor->n;
}

static int changed(struct aimlock_follower *follower, const struct aimlock_event *event)
{
	struct monitor *monitor = (struct monitor *)follower;

	if (!is_asked_for(monitor, event->file.name))
		return AIMLOCK_FOLLOW_ON;
	return print_event(monitor, aimlock_event_name(event->reason), event);
}

static int print_overrun(struct monitor *monitor)
{
	fprintf(stderr, "aimlock: monitor: events were lost, all files are listed anew (%s)\n",
		strerror(ENOBUFS));
	if (monitor->json)
		return aimlock_print_json_line(monitor->follower.verb,
					       aimlock_table_event(time_text(), "overrun", NULL,
								   false));
	printf("%s * overrun\n", time_text());
	return AIMLOCK_EXIT_DONE;
}

static int print_files(struct monitor *monitor, const struct aimlock_files *files)
{
	int status = AIMLOCK_FOLLOW_ON;
	size_t i;

	for (i = 0; i < files->n && status == AIMLOCK_FOLLOW_ON; i++) {
		struct aimlock_event event = {
			.reason = UINT32_MAX,
			.has_state = true,
			.file = files->v[i],
		};

		if (is_asked_for(monitor, files->v[i].name))
			status = print_event(monitor, "listed", &event);
	}
	return status;
}

/* A name that was asked for must be there at the start; later it may come and go. */
static int list(struct aimlock_follower *follower, bool first)
{
	struct monitor *monitor = (struct monitor *)follower;
	struct aimlock_files files = { 0 };
	int status = AIMLOCK_EXIT_DONE;

	if (!first)
		status = print_overrun(monitor);
	if (!status)
		status = aimlock_find_files(follower->verb, &follower->nl, monitor->names,
					    first ? monitor->n : 0, &files);
	if (!status)
		status = print_files(monitor, &files);
	aimlock_model_free_files(&files);
	return status;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct monitor monitor = {
		.follower = { .verb = verb, .changed = changed, .lost = list, .until_signal = true },
	};
	int code;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1)
		monitor.json |= code == 'J';
	monitor.names = argv + optind;
	monitor.n = argc - optind;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return aimlock_follow(&monitor.follower);
}

const struct aimlock_verb aimlock_cmd_monitor = {
	.name = "monitor",
	.args = "[NAME...]",
	.help = "print what happens to registered files, as it happens",
	.options = options,
	.min_args = 0,
	.max_args = -1,
	.run = run,
};
