// SPDX-License-Identifier: GPL-2.0-or-later
/* Help and completion, from the tables that the code itself uses. */
#include <ctype.h>
#include <string.h>

#include "../diagnose/cause.h"
#include "../lib/column.h"
#include "cli.h"

static const struct aimlock_option help_option = {
	'h', "help", NULL, "this help"
};

static bool has_letter(const struct aimlock_option *option)
{
	return option->code <= UINT8_MAX && isalpha(option->code);
}

static void print_option(const struct aimlock_option *option)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s%s%s", option->name, option->arg ? " " : "",
		 option->arg ? option->arg : "");
	if (has_letter(option))
		printf("  -%c, %-20s %s\n", option->code, text, option->help);
	else
		printf("      %-20s %s\n", text, option->help);
}

static void print_columns(void)
{
	const struct aimlock_column *column;

	puts("\nColumns:");
	for (column = aimlock_columns; column->name; column++)
		printf("  %-14s %s\n", column->name, column->help);
	puts("\nThe usual columns may change; scripts should use -o, or --json.");
}

static void print_causes(void)
{
	int id;

	puts("\nCauses:");
	for (id = 0; id < AIMLOCK_CAUSE_COUNT; id++)
		printf("  %-20s %s\n", aimlock_causes[id].code, aimlock_causes[id].sentence);
}

void aimlock_help_verb(const struct aimlock_verb *verb)
{
	const struct aimlock_option *option = verb->options;

	printf("Usage: aimlock %s [OPTION...] %s\n\n%c%s.\n\nOptions:\n", verb->name, verb->args,
	       toupper((unsigned char)verb->help[0]), verb->help + 1);
	for (; option && option->name; option++)
		print_option(option);
	print_option(&help_option);
	if (verb->columns)
		print_columns();
	if (verb->causes)
		print_causes();
}

void aimlock_help_all(const struct aimlock_verb *const *verbs, FILE *out)
{
	fputs("Usage: aimlock VERB [ARGUMENT...]\n\n"
	      "Shows who holds file locks, proves which are orphaned, and clears just those.\n\n"
	      "Verbs:\n", out);
	for (; *verbs; verbs++)
		fprintf(out, "  %-8s %-16s %s\n", (*verbs)->name, (*verbs)->args, (*verbs)->help);
	fputs("  help     [VERB]           this help, or that of a verb\n\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused because locked, or the\n"
	      "time that wait was given is over.\n"
	      "See aimlock(8).\n", out);
}

static void complete_option(const struct aimlock_option *option)
{
	printf("option --%s%s%s\n", option->name, option->arg ? " " : "",
	       option->arg ? option->arg : "");
	if (has_letter(option))
		printf("option -%c%s%s\n", option->code, option->arg ? " " : "",
		       option->arg ? option->arg : "");
}

static void complete_words(const struct aimlock_verb *verb, const struct aimlock_option *option)
{
	const char *word;
	size_t i;

	for (i = 0; verb->word && (word = verb->word(option->code, i)); i++) {
		printf("word --%s %s\n", option->name, word);
		if (has_letter(option))
			printf("word -%c %s\n", option->code, word);
	}
}

static void complete_verb(const struct aimlock_verb *verb)
{
	const struct aimlock_option *option = verb->options;
	const struct aimlock_column *column = aimlock_columns;

	printf("args %s\n", verb->args);
	for (; option && option->name; option++) {
		complete_option(option);
		complete_words(verb, option);
	}
	complete_option(&help_option);
	for (; verb->columns && column->name; column++)
		printf("column %s\n", column->name);
}

/* Lines for the shell's completion: all verbs, or what one takes. */
void aimlock_help_complete(const struct aimlock_verb *const *verbs, const char *verb)
{
	for (; *verbs; verbs++) {
		if (!verb)
			printf("verb %s\n", (*verbs)->name);
		else if (!strcmp(verb, (*verbs)->name))
			complete_verb(*verbs);
	}
	if (!verb)
		puts("verb help");
}
