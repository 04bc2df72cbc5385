/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all verbs share: the table of verbs, options, errors, looking files up. */
#ifndef AIMLOCK_CLI_H
#define AIMLOCK_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../lib/client.h"
#include "../lib/event.h"

enum aimlock_exit {
	AIMLOCK_EXIT_DONE	= 0,
	AIMLOCK_EXIT_FAILED	= 1,
	AIMLOCK_EXIT_USAGE	= 2,
	AIMLOCK_EXIT_LOCKED	= 3,
	AIMLOCK_EXIT_LOST	= 4,	/* with-lock: the lease was */
};

/* Codes of options that several verbs have. */
enum {
	AIMLOCK_OPTION_GRACE = 256,
	AIMLOCK_OPTION_SCOPE,
	AIMLOCK_OPTION_OUTPUT_ALL,
	AIMLOCK_OPTION_OWN,	/* the first that a verb may use for itself */
};

struct aimlock_option {
	int code;		/* returned by aimlock_args_next(); a letter is the short option */
	const char *name;	/* without "--" */
	const char *arg;	/* what it takes, or NULL */
	const char *help;
};

struct aimlock_verb {
	const char *name;
	const char *args;			/* as the usage line has them */
	const char *help;			/* one line, lower case */
	const struct aimlock_option *options;	/* ends with one without a name; or NULL */
	int min_args, max_args;			/* -1: any number */
	bool columns;				/* --help lists the columns */
	bool causes;				/* --help lists what diagnose tells apart */
	/* For options that take one of few words: the i-th, after the last one NULL. */
	const char *(*word)(int code, size_t i);
	bool command;				/* what follows the first argument is not ours */
	int (*run)(const struct aimlock_verb *verb, int argc, char **argv);
};

extern const struct aimlock_verb aimlock_cmd_add;
extern const struct aimlock_verb aimlock_cmd_apply;
extern const struct aimlock_verb aimlock_cmd_clear;
extern const struct aimlock_verb aimlock_cmd_diagnose;
extern const struct aimlock_verb aimlock_cmd_hold;
extern const struct aimlock_verb aimlock_cmd_list;
extern const struct aimlock_verb aimlock_cmd_monitor;
extern const struct aimlock_verb aimlock_cmd_metrics;
extern const struct aimlock_verb aimlock_cmd_release;
extern const struct aimlock_verb aimlock_cmd_remove;
extern const struct aimlock_verb aimlock_cmd_scan;
extern const struct aimlock_verb aimlock_cmd_set;
extern const struct aimlock_verb aimlock_cmd_show;
extern const struct aimlock_verb aimlock_cmd_wait;
extern const struct aimlock_verb aimlock_cmd_with_lock;
extern const struct aimlock_verb aimlock_cmd_adopt;

/* args.c: after the last option -1, and optind is at the first argument. Prints
 * --help and exits; wrong usage exits too.
 */
int aimlock_args_next(const struct aimlock_verb *verb, int argc, char **argv);
uint32_t aimlock_args_ms(const struct aimlock_verb *verb, const char *arg);
enum aimlock_clear_scope aimlock_args_scope(const struct aimlock_verb *verb, const char *arg);
uint64_t aimlock_args_id(const struct aimlock_verb *verb, const char *arg);
uint64_t aimlock_args_seconds(const struct aimlock_verb *verb, const char *arg);	/* in ms */

/* help.c */
void aimlock_help_verb(const struct aimlock_verb *verb);
void aimlock_help_all(const struct aimlock_verb *const *verbs, FILE *out);
void aimlock_help_complete(const struct aimlock_verb *const *verbs, const char *verb);

/* say.c: one line to stderr; what comes from outside is made harmless. */
__attribute__((noreturn, format(printf, 2, 3)))
void aimlock_say_usage(const struct aimlock_verb *verb, const char *format, ...);

/* Says why it failed, the kernel's sentence first; @subject may be NULL. The
 * exit status that fits to @err.
 */
int aimlock_say_error(const struct aimlock_verb *verb, const char *subject, int err,
		      const char *sentence);

/* What comes from outside, made harmless; say_text: to stdout. */
void aimlock_say_to(FILE *out, const char *s);
void aimlock_say_text(const char *s);

/* find.c: opens, or says why not and returns an exit status. */
int aimlock_find_module(const struct aimlock_verb *verb, struct aimlock_netlink *nl);
int aimlock_find_events(const struct aimlock_verb *verb, struct aimlock_netlink *nl);

/* The files of these names and paths, or all, sorted. Says what is not there. */
int aimlock_find_files(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		       char *const *args, int n, struct aimlock_files *files);

/* Their locks too, and who waits for them. */
int aimlock_find_locks(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		       bool all, bool waiting, struct aimlock_files *files);

/* Every lock of the filesystem that @path lies on, with its file. */
int aimlock_find_below(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		       const char *path, bool waiting, struct aimlock_files *files);

/* Appends the files of the host that have locks and aren't registered. */
int aimlock_find_others(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
			bool waiting, struct aimlock_files *files);

/* change.c: true if @code is --grace or --scope, which is then read. */
bool aimlock_change_option(const struct aimlock_verb *verb, int code,
			   struct aimlock_settings *settings);
const char *aimlock_change_word(int code, size_t i);

/* Sets, or says why not; the exit status. */
int aimlock_change_file(const struct aimlock_verb *verb, const char *name,
			const struct aimlock_settings *settings);

/* describe.c */

/* "flock write 0-EOF, taken by 123 (gone), id 0123456789abcdef" */
void aimlock_describe_lock(const struct aimlock_lock *lock);

/* "77 busd, to write 0-EOF, for 12.0s, behind 76" */
void aimlock_describe_waiter(const struct aimlock_lock *lock,
			     const struct aimlock_waiter *waiter);

/* "fd 5 of busd (pid 77)" */
void aimlock_describe_holder(const struct aimlock_holder *holder);

/* What the verdict rests on, and what to do about the lock. */
void aimlock_describe_verdict(const struct aimlock_lock *lock);
void aimlock_describe_remedy(const struct aimlock_file *file, const struct aimlock_lock *lock);

/* follow.c: what happens, to two readers.  @changed gets each event, @lost is called
 * where some were lost, and at the start: there all is to be looked at.  They return
 * an exit status to end with, or AIMLOCK_FOLLOW_ON.
 */
#define AIMLOCK_FOLLOW_ON (-1)

struct aimlock_follower {
	const struct aimlock_verb *verb;
	int (*changed)(struct aimlock_follower *follower, const struct aimlock_event *event);
	int (*lost)(struct aimlock_follower *follower, bool first);
	bool has_end;
	uint64_t ms;			/* to the end, if there is one */
	int (*over)(struct aimlock_follower *follower);
	bool until_signal;		/* SIGINT, SIGTERM or a reader that goes end it well */
	struct aimlock_netlink nl;	/* for requests */
};

int aimlock_follow(struct aimlock_follower *follower);

/* print.c: takes @top over. */
struct json_object;
int aimlock_print_json(const struct aimlock_verb *verb, struct json_object *top);
int aimlock_print_json_line(const struct aimlock_verb *verb, struct json_object *top);

#endif /* AIMLOCK_CLI_H */
