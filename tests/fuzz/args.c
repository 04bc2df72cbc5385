// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and scopes of the command line, against a second opinion. */
#include <string.h>

#include "cli/cli.h"
#include "fuzz.h"

static bool only(const char *s, const char *digits)
{
	return *s && !s[strspn(s, digits)];
}

static const char *without_zeros(const char *s)
{
	return s + strspn(s, "0");
}

static bool is_ms(const char *s)
{
	const char *rest = without_zeros(s);

	if (!only(s, "0123456789"))
		return false;
	return strlen(rest) < 7 || (strlen(rest) == 7 && strcmp(rest, "3600000") <= 0);
}

static bool is_id(const char *s)
{
	const char *rest = !strncasecmp(s, "0x", 2) ? s + 2 : s;

	return only(rest, "0123456789abcdefABCDEF") && *without_zeros(rest) &&
	       strlen(without_zeros(rest)) <= 16;
}

static bool is_scope(const char *s)
{
	return !strcmp(s, "orphaned") || !strcmp(s, "unreachable");
}

static void check(const char *s)
{
	char text[32];
	uint64_t value;

	if (!setjmp(fuzz_left)) {
		value = aimlock_args_ms(&aimlock_cmd_add, s);
		ENSURE(is_ms(s));
		snprintf(text, sizeof(text), "%ju", (uintmax_t)value);
		ENSURE(!strcmp(value ? text : "", without_zeros(s)));
	} else {
		ENSURE(fuzz_status == AIMLOCK_EXIT_USAGE && !is_ms(s));
	}
	if (!setjmp(fuzz_left)) {
		value = aimlock_args_id(&aimlock_cmd_clear, s);
		ENSURE(is_id(s));
		snprintf(text, sizeof(text), "%jx", (uintmax_t)value);
		ENSURE(!strcasecmp(text, without_zeros(strncasecmp(s, "0x", 2) ? s : s + 2)));
	} else {
		ENSURE(fuzz_status == AIMLOCK_EXIT_USAGE && !is_id(s));
	}
	if (!setjmp(fuzz_left)) {
		aimlock_args_scope(&aimlock_cmd_set, s);
		ENSURE(is_scope(s));
	} else {
		ENSURE(fuzz_status == AIMLOCK_EXIT_USAGE && !is_scope(s));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size);

	fuzz_may_exit = true;
	check(s);
	fuzz_may_exit = false;
	free(s);
	return 0;
}
