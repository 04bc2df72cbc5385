// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* In the order of --help. */
static const struct aimlock_verb *const verbs[] = {
	&aimlock_cmd_add,
	&aimlock_cmd_remove,
	&aimlock_cmd_set,
	&aimlock_cmd_list,
	&aimlock_cmd_scan,
	&aimlock_cmd_show,
	&aimlock_cmd_clear,
	&aimlock_cmd_hold,
	&aimlock_cmd_release,
	&aimlock_cmd_wait,
	&aimlock_cmd_monitor,
	&aimlock_cmd_diagnose,
	&aimlock_cmd_metrics,
	&aimlock_cmd_with_lock,
	&aimlock_cmd_adopt,
	&aimlock_cmd_apply,
	NULL,
};

static const struct aimlock_verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; verbs[i]; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	aimlock_say_usage(NULL, "'%s' is no verb", name);
}

static bool is_any(const char *arg, const char *a, const char *b, const char *c)
{
	return !strcmp(arg, a) || !strcmp(arg, b) || (c && !strcmp(arg, c));
}

static int run(int argc, char **argv)
{
	const struct aimlock_verb *verb;

	if (argc < 2) {
		aimlock_help_all(verbs, stderr);
		return AIMLOCK_EXIT_USAGE;
	}
	if (is_any(argv[1], "--help", "-h", "help")) {
		if (argc > 2)
			aimlock_help_verb(find_verb(argv[2]));
		else
			aimlock_help_all(verbs, stdout);
		return AIMLOCK_EXIT_DONE;
	}
	if (is_any(argv[1], "--version", "-V", NULL)) {
		puts("aimlock " AIMLOCK_VERSION);
		return AIMLOCK_EXIT_DONE;
	}
	if (!strcmp(argv[1], "--complete")) {
		aimlock_help_complete(verbs, argv[2]);
		return AIMLOCK_EXIT_DONE;
	}
	verb = find_verb(argv[1]);
	return verb->run(verb, argc - 1, argv + 1);
}

/* Output that got lost is a failure, but for a reader that has gone. */
static int finish(int status)
{
	errno = 0;
	if ((!fflush(stdout) && !ferror(stdout)) || errno == EPIPE)
		return status;
	fprintf(stderr, "aimlock: the output can't be written (%s)\n",
		strerror(errno ? errno : EIO));
	return status ? status : AIMLOCK_EXIT_FAILED;
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	return finish(run(argc, argv));
}
