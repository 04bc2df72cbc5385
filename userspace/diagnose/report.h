/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was found.  It has no pointers but to constants, since the worker that fills
 * it shares it with its parent, who may have to read it half done.
 */
#ifndef AIMLOCK_REPORT_H
#define AIMLOCK_REPORT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cause.h"

enum aimlock_fact_type {
	AIMLOCK_FACT_STRING,
	AIMLOCK_FACT_NUMBER,
	AIMLOCK_FACT_BOOLEAN,
};

struct aimlock_fact {
	const char *key;		/* a word of JSON, never freed */
	enum aimlock_fact_type type;
	int64_t number;
	char text[512];
};

struct aimlock_facts {
	struct aimlock_fact v[16];
	size_t n;
};

struct aimlock_process {
	uint32_t pid;
	char kind[16];			/* how it reaches the lock, as holders have it */
	int64_t fd;			/* -1: none */
	char comm[32];
	char state[2];
	uint32_t threads;		/* that have not ended, or the first, ended one */
	int64_t age_ms;			/* -1: not told */
	char unit[128];			/* of systemd; empty: none */
	char container[80];		/* its id; empty: none */
	char cgroup[256];
	char wchan[64];
};

#define AIMLOCK_PROCESSES_MAX	16	/* of a finding */

struct aimlock_finding {
	enum aimlock_cause_id cause;
	char subject[PATH_MAX];
	char action[PATH_MAX + 128];	/* empty: that of the cause */
	struct aimlock_facts facts;
	struct aimlock_process processes[AIMLOCK_PROCESSES_MAX];
	size_t n_processes;		/* of them */
};

struct aimlock_report {
	char path[PATH_MAX];		/* asked for, absolute */
	char user[64];
	uint32_t uid;
	char step[32];			/* the probe at work */
	char at[PATH_MAX];		/* and what it looks at */
	bool done;			/* all probes are through */
	struct aimlock_facts facts;	/* of the file, whatever the causes */
	struct aimlock_finding findings[12];
	size_t n_findings;
	size_t n_more;			/* that found no room */
	bool unjudged;			/* locks were found, but without the module */
};

/* What the worker is about to look at, in case it never comes back. */
void aimlock_report_at(struct aimlock_report *report, const char *path);

/* A new finding, the last one again if there is no more room. */
struct aimlock_finding *aimlock_report_add(struct aimlock_report *report,
					   enum aimlock_cause_id cause, const char *subject);

void aimlock_facts_string(struct aimlock_facts *facts, const char *key, const char *text);
void aimlock_facts_number(struct aimlock_facts *facts, const char *key, int64_t number);
void aimlock_facts_boolean(struct aimlock_facts *facts, const char *key, bool yes);

__attribute__((format(printf, 2, 3)))
void aimlock_report_action(struct aimlock_finding *finding, const char *format, ...);

/* One of its processes is stopped: then that is the cause.  False: none is. */
bool aimlock_report_stopped(struct aimlock_finding *finding);

#endif /* AIMLOCK_REPORT_H */
