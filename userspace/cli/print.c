// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <json-c/json.h>

#include "cli.h"

int aimlock_print_json(const struct aimlock_verb *verb, struct json_object *top)
{
	const int style = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			  JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = top ? json_object_to_json_string_ext(top, style) : NULL;

	if (text)
		puts(text);
	json_object_put(top);
	return text ? AIMLOCK_EXIT_DONE : aimlock_say_error(verb, NULL, ENOMEM, NULL);
}
