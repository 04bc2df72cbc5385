// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

void aimlock_report_at(struct aimlock_report *report, const char *path)
{
	copy(report->at, sizeof(report->at), path);
}

struct aimlock_finding *aimlock_report_add(struct aimlock_report *report,
					   enum aimlock_cause_id cause, const char *subject)
{
	struct aimlock_finding *finding;

	if (report->n_findings == ARRAY_SIZE(report->findings)) {
		report->n_more++;
		report->n_findings--;
	}
	finding = &report->findings[report->n_findings];
	memset(finding, 0, sizeof(*finding));
	finding->cause = cause;
	copy(finding->subject, sizeof(finding->subject), subject);
	report->n_findings++;
	return finding;
}

static struct aimlock_fact *add(struct aimlock_facts *facts, const char *key,
				enum aimlock_fact_type type)
{
	struct aimlock_fact *fact;

	if (facts->n == ARRAY_SIZE(facts->v))
		facts->n--;
	fact = &facts->v[facts->n++];
	*fact = (struct aimlock_fact){ .key = key, .type = type };
	return fact;
}

void aimlock_facts_string(struct aimlock_facts *facts, const char *key, const char *text)
{
	struct aimlock_fact *fact = add(facts, key, AIMLOCK_FACT_STRING);

	copy(fact->text, sizeof(fact->text), text);
}

void aimlock_facts_number(struct aimlock_facts *facts, const char *key, int64_t number)
{
	add(facts, key, AIMLOCK_FACT_NUMBER)->number = number;
}

void aimlock_facts_boolean(struct aimlock_facts *facts, const char *key, bool yes)
{
	add(facts, key, AIMLOCK_FACT_BOOLEAN)->number = yes;
}

void aimlock_report_action(struct aimlock_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->action, sizeof(finding->action), format, args);
	va_end(args);
}

bool aimlock_report_stopped(struct aimlock_finding *finding)
{
	size_t i;

	for (i = 0; i < finding->n_processes; i++) {
		const struct aimlock_process *process = &finding->processes[i];

		if (process->state[0] != 'T')
			continue;
		finding->cause = AIMLOCK_CAUSE_HELD_STOPPED;
		aimlock_report_action(finding, "continue it: kill -CONT %" PRIu32, process->pid);
		return true;
	}
	return false;
}
