// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <json-c/json.h>

#include "cli.h"

static int print(const struct aimlock_verb *verb, struct json_object *top, int style)
{
	const char *text = top ? json_object_to_json_string_ext(top, style) : NULL;

	if (text)
		puts(text);
	json_object_put(top);
	return text ? AIMLOCK_EXIT_DONE : aimlock_say_error(verb, NULL, ENOMEM, NULL);
}

int aimlock_print_json(const struct aimlock_verb *verb, struct json_object *top)
{
	return print(verb, top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
				JSON_C_TO_STRING_NOSLASHESCAPE);
}

int aimlock_print_json_line(const struct aimlock_verb *verb, struct json_object *top)
{
	return print(verb, top, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
