// SPDX-License-Identifier: GPL-2.0-or-later
/* A verb's table of options as getopt_long(3) wants it. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define MAX_OPTIONS 16

static void fill(const struct aimlock_verb *verb, struct option *longs, char *shorts)
{
	const struct aimlock_option *option = verb->options;
	size_t n = 0;

	for (; option && option->name && n < MAX_OPTIONS; option++) {
		longs[n++] = (struct option){ option->name,
					      option->arg ? required_argument : no_argument,
					      NULL, option->code };
		if (option->code > UINT8_MAX)
			continue;
		*shorts++ = (char)option->code;
		if (option->arg)
			*shorts++ = ':';
	}
	longs[n++] = (struct option){ "help", no_argument, NULL, 'h' };
	longs[n] = (struct option){ 0 };
	strcpy(shorts, "h");
}

static void check_count(const struct aimlock_verb *verb, int n)
{
	if (n < verb->min_args)
		aimlock_say_usage(verb, "an argument is missing: %s", verb->args);
	if (verb->max_args >= 0 && n > verb->max_args)
		aimlock_say_usage(verb, "too many arguments");
}

int aimlock_args_next(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct option longs[MAX_OPTIONS + 2];
	char shorts[2 * MAX_OPTIONS + 4] = "+:";
	int code;

	fill(verb, longs, shorts + 2);
	opterr = 0;
	code = getopt_long(argc, argv, verb->command ? shorts : shorts + 1, longs, NULL);
	switch (code) {
	case 'h':
		aimlock_help_verb(verb);
		exit(AIMLOCK_EXIT_DONE);
	case ':':
		aimlock_say_usage(verb, "option %s needs an argument", argv[optind - 1]);
	case '?':
		if (optopt && optopt <= UINT8_MAX && isprint(optopt))
			aimlock_say_usage(verb, "unknown option -%c", optopt);
		aimlock_say_usage(verb, "unknown or misused option %s", argv[optind - 1]);
	case -1:
		check_count(verb, argc - optind);
	}
	return code;
}

uint32_t aimlock_args_ms(const struct aimlock_verb *verb, const char *arg)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(arg, &end, 10);
	if (!isdigit((unsigned char)arg[0]) || *end || errno || value > AIMLOCK_GRACE_MAX)
		aimlock_say_usage(verb, "'%s' is not a number of milliseconds from 0 to %d",
				  arg, AIMLOCK_GRACE_MAX);
	return value;
}

enum aimlock_clear_scope aimlock_args_scope(const struct aimlock_verb *verb, const char *arg)
{
	enum aimlock_clear_scope scope;

	if (aimlock_model_scope_value(arg, &scope))
		aimlock_say_usage(verb, "'%s' is no scope: orphaned or unreachable", arg);
	return scope;
}

uint64_t aimlock_args_id(const struct aimlock_verb *verb, const char *arg)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(arg, &end, 16);
	if (!isxdigit((unsigned char)arg[0]) || *end || errno || !value)
		aimlock_say_usage(verb, "'%s' is no id; list and show print them", arg);
	return value;
}

/* As flock(1) takes it: with a fraction, in every locale. */
uint64_t aimlock_args_seconds(const struct aimlock_verb *verb, const char *arg)
{
	const char *rest = arg;
	uint64_t ms = 0;
	int scale;

	while (isdigit((unsigned char)*rest) && ms < UINT32_MAX)
		ms = 10 * ms + (*rest++ - '0');
	ms *= 1000;
	if (rest != arg && *rest == '.') {
		rest++;
		for (scale = 100; isdigit((unsigned char)*rest); scale /= 10)
			ms += scale * (*rest++ - '0');
	}
	if (rest == arg || *rest)
		aimlock_say_usage(verb, "'%s' is not a number of seconds", arg);
	return ms;
}
