// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages: "aimlock: VERB: SUBJECT: SENTENCE (ERRNO TEXT)". */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/text.h"
#include "cli.h"

void aimlock_say_to(FILE *out, const char *s)
{
	char *escaped = aimlock_text_escape(s);

	fputs(escaped ? escaped : "(out of memory)", out);
	free(escaped);
}

void aimlock_say_text(const char *s)
{
	aimlock_say_to(stdout, s);
}

void aimlock_say_usage(const struct aimlock_verb *verb, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	fprintf(stderr, "aimlock: %s%s", verb ? verb->name : "", verb ? ": " : "");
	aimlock_say_to(stderr, text ? text : strerror(ENOMEM));
	fprintf(stderr, "\nTry 'aimlock %s%s--help'.\n", verb ? verb->name : "",
		verb ? " " : "");
	free(text);
	exit(AIMLOCK_EXIT_USAGE);
}

/* For what the kernel itself refuses without a sentence. */
static const char *usual_sentence(int err)
{
	switch (err) {
	case EPERM:
		return "this needs CAP_SYS_ADMIN; run it as root";
	case EOPNOTSUPP:
		return "the loaded module does not know this request";
	default:
		return NULL;
	}
}

int aimlock_say_error(const struct aimlock_verb *verb, const char *subject, int err,
		      const char *sentence)
{
	err = abs(err);
	if (!sentence || !sentence[0])
		sentence = usual_sentence(err);
	fprintf(stderr, "aimlock: %s: ", verb->name);
	if (subject) {
		aimlock_say_to(stderr, subject);
		fputs(": ", stderr);
	}
	if (sentence) {
		aimlock_say_to(stderr, sentence);
		fprintf(stderr, " (%s)\n", strerror(err));
	} else {
		fprintf(stderr, "%s\n", strerror(err));
	}
	return err == EBUSY || err == EAGAIN ? AIMLOCK_EXIT_LOCKED : AIMLOCK_EXIT_FAILED;
}
