// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole tool, from its arguments (the first line of the input, cut at
 * spaces) and from what the kernel answers (the rest) to what it prints.
 */
#include <locale.h>
#include <string.h>

#include <json-c/json.h>

#include "cli/cli.h"
#include "fuzz.h"

#define MAX_ARGS 12

/* Exits leave what was allocated: that is not what is looked for here. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

static int cut(char *line, char **argv)
{
	int argc = 0;
	char *word;

	argv[argc++] = (char *)"aimlock";
	while (argc < MAX_ARGS && (word = strsep(&line, " ")))
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

static bool asks_for_json(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strncmp(argv[i], "--j", 3) || (argv[i][0] == '-' && strchr(argv[i], 'J')))
			return true;
	return false;
}

static void check_output(int argc, char **argv, int status, const char *out)
{
	if (asks_for_json(argc, argv) && out[0] == '{') {
		struct json_object *top = json_tokener_parse(out);

		ENSURE(top);
		json_object_put(top);
	} else {
		ENSURE(fuzz_is_harmless(out));
	}
	ENSURE(status >= AIMLOCK_EXIT_DONE && status <= AIMLOCK_EXIT_LOCKED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	char *argv[MAX_ARGS + 1], *line, *out, *err;
	int argc, status;

	if (!end)
		return 0;
	line = fuzz_string(data, end - data);
	argc = cut(line, argv);
	fuzz_answer(end + 1, size - (end + 1 - data));
	setenv("LC_ALL", "C.UTF-8", 1);
	status = fuzz_tool(argc, argv, &out, &err);
	check_output(argc, argv, status, out);
	ENSURE(fuzz_is_harmless(err));
	ENSURE(status || !err[0]);
	free(out);
	free(err);
	free(line);
	return 0;
}
