// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../diagnose/diagnose.h"
#include "../lib/text.h"
#include "cli.h"

#define DEADLINE_MS 5000

static const struct aimlock_option options[] = {
	{ 'u', "user", "USER", "ask for this user, not for the caller" },
	{ 'J', "json", NULL, "JSON" },
	{ 'w', "timeout", "SECS", "wait no longer than that for a filesystem; 5" },
	{ .name = NULL },
};

/* The first cause is the one to be mended first. */
static int status_of(const struct aimlock_report *report)
{
	if (!report->n_findings)
		return AIMLOCK_EXIT_DONE;
	return aimlock_causes[report->findings[0].cause].obstacle == AIMLOCK_OBSTACLE_HELD ?
	       AIMLOCK_EXIT_LOCKED : AIMLOCK_EXIT_FAILED;
}

static const char *action_of(const struct aimlock_finding *finding)
{
	return finding->action[0] ? finding->action : aimlock_causes[finding->cause].action;
}

/* --- in words --- */

/* A key of JSON as words, without the unit of a time. */
static void label(const char *key)
{
	size_t len = strlen(key);
	char *name, *c;

	if (len > 3 && !strcmp(key + len - 3, "_ms"))
		len -= 3;
	name = strndup(key, len);
	for (c = name; c && *c; c++)
		if (*c == '_')
			*c = ' ';
	printf("  %-12s ", name ? name : key);
	free(name);
}

static void say_line(const char *name, const char *text)
{
	label(name);
	aimlock_say_text(text);
	putchar('\n');
}

static void say_facts(const struct aimlock_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->n; i++) {
		const struct aimlock_fact *fact = &facts->v[i];
		size_t len = strlen(fact->key);

		label(fact->key);
		if (len > 3 && !strcmp(fact->key + len - 3, "_ms")) {
			char *text = aimlock_text_duration(fact->number);

			puts(text ? text : "?");
			free(text);
		} else if (fact->type == AIMLOCK_FACT_STRING) {
			aimlock_say_text(fact->text[0] ? fact->text : "not known");
			putchar('\n');
		} else if (fact->type == AIMLOCK_FACT_BOOLEAN) {
			puts(fact->number ? "yes" : "no");
		} else {
			printf("%" PRId64 "\n", fact->number);
		}
	}
}

static void say_process(const struct aimlock_process *process)
{
	char *age = process->age_ms < 0 ? NULL : aimlock_text_duration(process->age_ms);

	label("process");
	if (process->pid)
		printf("%" PRIu32 " ", process->pid);
	aimlock_say_text(process->comm);
	if (process->kind[0] && strcmp(process->kind, "fd"))
		printf(", by %s", process->kind);
	if (process->fd >= 0)
		printf(", fd %" PRId64, process->fd);
	if (process->state[0])
		printf(", state %s", process->state);
	if (process->wchan[0]) {
		fputs(" in ", stdout);
		aimlock_say_text(process->wchan);
	}
	if (age)
		printf(", runs for %s", age);
	free(age);
	if (process->unit[0]) {
		fputs(", unit ", stdout);
		aimlock_say_text(process->unit);
	}
	if (process->container[0]) {
		fputs(", container ", stdout);
		aimlock_say_text(process->container);
	}
	putchar('\n');
}

static void say_finding(const struct aimlock_finding *finding)
{
	const struct aimlock_cause *cause = &aimlock_causes[finding->cause];
	size_t i;

	printf("\n%s: ", cause->code);
	aimlock_say_text(finding->subject);
	putchar('\n');
	say_line("because", cause->sentence);
	say_facts(&finding->facts);
	for (i = 0; i < finding->n_processes; i++)
		say_process(&finding->processes[i]);
	say_line("what to do", action_of(finding));
}

static int say(const struct aimlock_report *report)
{
	size_t i;

	aimlock_say_text(report->path);
	printf(": %s\n", report->n_findings ? aimlock_causes[report->findings[0].cause].code :
					      "free to take");
	label("for");
	aimlock_say_text(report->user);
	printf(" (uid %" PRIu32 ")\n", report->uid);
	say_facts(&report->facts);
	for (i = 0; i < report->n_findings; i++)
		say_finding(&report->findings[i]);
	if (report->n_more)
		printf("\n%zu more\n", report->n_more);
	if (report->unjudged)
		puts("\nThis is what /proc tells of the lock; the module has a verdict, where it "
		     "is loaded.");
	return status_of(report);
}

/* --- as JSON; what could not be added is missing, and told at the end --- */

struct document {
	struct json_object *top;
	bool failed;
};

/* Takes @value over. */
static void add(struct document *document, struct json_object *object, const char *key,
		struct json_object *value)
{
	if (json_object_object_add(object, key, value)) {
		json_object_put(value);
		document->failed = true;
	}
}

static void add_string(struct document *document, struct json_object *object, const char *key,
		       const char *text)
{
	char *utf8 = text[0] ? aimlock_text_utf8(text) : NULL;

	document->failed |= text[0] && !utf8;
	add(document, object, key, utf8 ? json_object_new_string(utf8) : NULL);
	free(utf8);
}

/* Below 0: not told. */
static void add_number(struct document *document, struct json_object *object, const char *key,
		       int64_t number)
{
	add(document, object, key, number < 0 ? NULL : json_object_new_int64(number));
}

static struct json_object *facts_json(struct document *document,
				      const struct aimlock_facts *facts)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < facts->n; i++) {
		const struct aimlock_fact *fact = &facts->v[i];

		if (fact->type == AIMLOCK_FACT_STRING)
			add_string(document, object, fact->key, fact->text);
		else if (fact->type == AIMLOCK_FACT_BOOLEAN)
			add(document, object, fact->key, json_object_new_boolean(fact->number));
		else
			add_number(document, object, fact->key, fact->number);
	}
	return object;
}

static struct json_object *process_json(struct document *document,
					const struct aimlock_process *process)
{
	struct json_object *object = json_object_new_object();

	add_number(document, object, "pid", process->pid ? (int64_t)process->pid : -1);
	add_string(document, object, "comm", process->comm);
	add_string(document, object, "kind", process->kind);
	add_number(document, object, "fd", process->fd);
	add_string(document, object, "state", process->state);
	add_number(document, object, "threads", process->threads ? (int64_t)process->threads : -1);
	add_string(document, object, "wchan", process->wchan);
	add_number(document, object, "age_ms", process->age_ms);
	add_string(document, object, "unit", process->unit);
	add_string(document, object, "container", process->container);
	add_string(document, object, "cgroup", process->cgroup);
	return object;
}

static struct json_object *finding_json(struct document *document,
					const struct aimlock_finding *finding)
{
	const struct aimlock_cause *cause = &aimlock_causes[finding->cause];
	struct json_object *object = json_object_new_object();
	struct json_object *processes = json_object_new_array();
	size_t i;

	add_string(document, object, "code", cause->code);
	add_string(document, object, "subject", finding->subject);
	add_string(document, object, "sentence", cause->sentence);
	add_string(document, object, "action", action_of(finding));
	add(document, object, "evidence", facts_json(document, &finding->facts));
	for (i = 0; i < finding->n_processes; i++)
		json_object_array_add(processes, process_json(document, &finding->processes[i]));
	add(document, object, "processes", processes);
	return object;
}

static int print_json(const struct aimlock_verb *verb, const struct aimlock_report *report)
{
	struct document document = { .top = json_object_new_object() };
	struct json_object *causes = json_object_new_array();
	int status;
	size_t i;

	add_string(&document, document.top, "path", report->path);
	add_string(&document, document.top, "user", report->user);
	add_number(&document, document.top, "uid", report->uid);
	add(&document, document.top, "free", json_object_new_boolean(!report->n_findings));
	add(&document, document.top, "file", facts_json(&document, &report->facts));
	for (i = 0; i < report->n_findings; i++)
		json_object_array_add(causes, finding_json(&document, &report->findings[i]));
	add(&document, document.top, "causes", causes);
	add_number(&document, document.top, "more", report->n_more);
	if (document.failed) {
		json_object_put(document.top);
		return aimlock_say_error(verb, NULL, ENOMEM, NULL);
	}
	status = aimlock_print_json(verb, document.top);
	return status ? status : status_of(report);
}

/* Absolute, but otherwise as it was given: what its links lead to is a matter of the walk. */
static int make_absolute(const char *path, char absolute[PATH_MAX])
{
	char here[PATH_MAX];

	if (!path[0])
		return ENOENT;
	if (path[0] != '/' && !getcwd(here, sizeof(here)))
		return errno;
	if (snprintf(absolute, PATH_MAX, "%s%s%s", path[0] == '/' ? "" : here,
		     path[0] == '/' ? "" : "/", path) >= PATH_MAX)
		return ENAMETOOLONG;
	return 0;
}

static int diagnose(const struct aimlock_verb *verb, const struct aimlock_question *question,
		    bool json)
{
	struct aimlock_report *report = NULL;
	int err = aimlock_diagnose(question, &report);
	int status = AIMLOCK_EXIT_FAILED;

	/* None of these says anything of the lock. */
	if (err == -ENOENT)
		aimlock_say_error(verb, question->user, err, "there is no such user");
	else if (err == -EPERM)
		aimlock_say_error(verb, question->user, err, "only root may ask for another user");
	else if (err)
		aimlock_say_error(verb, question->path, err, "it can't be looked at");
	else
		status = json ? print_json(verb, report) : say(report);
	aimlock_diagnose_free(report);
	return status;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	struct aimlock_question question = { .deadline_ms = DEADLINE_MS };
	char path[PATH_MAX];
	bool json = false;
	int code, err;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1) {
		switch (code) {
		case 'u':
			question.user = optarg;
			break;
		case 'J':
			json = true;
			break;
		case 'w':
			question.deadline_ms = aimlock_args_seconds(verb, optarg);
			break;
		}
	}
	err = make_absolute(argv[optind], path);
	if (err)
		return aimlock_say_error(verb, argv[optind], err, NULL);
	question.path = path;
	return diagnose(verb, &question, json);
}

const struct aimlock_verb aimlock_cmd_diagnose = {
	.name = "diagnose",
	.args = "PATH",
	.help = "tell why a lock on a path can't be had, and what to do",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.causes = true,
	.run = run,
};
