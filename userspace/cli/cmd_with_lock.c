// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command under a lease, with-lock, or one that begins with an orphaned lock, adopt.
 * The lease belongs to this process, which renews it while the command runs: it ends
 * with either.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "../lib/lease.h"
#include "cli.h"
#include "command.h"
#include "grace.h"

#define TTL_MS		30000
#define TERM_MS		5000	/* from SIGTERM to SIGKILL */
#define STALE_TRIES	100	/* of a file that is replaced while it is opened */

enum { TTL = AIMLOCK_OPTION_OWN, ON_LOST, UNREACHABLE };

#define RENEWAL_OPTIONS \
	{ TTL, "ttl", "SECS", "how long the lease outlives its last renewal (30)" }, \
	{ ON_LOST, "on-lost", "ACTION", "when it is lost: term the command, or warn only" }

static const struct aimlock_option options[] = {
	{ 'n', "nonblock", NULL, "fail rather than wait" },
	{ 'w', "timeout", "SECS", "wait no longer than that" },
	{ 'E', "conflict-exit-code", "CODE", "exit status then, and with -n (1)" },
	RENEWAL_OPTIONS,
	{ 'x', "exclusive", NULL, "as always" },
	{ 's', "shared", NULL, "refused: a lease is exclusive" },
	{ .name = NULL },
};

static const struct aimlock_option adopt_options[] = {
	{ UNREACHABLE, "unreachable", NULL, "adopt an unreachable lock too" },
	{ 'E', "conflict-exit-code", "CODE", "exit status if there is none to adopt (1)" },
	RENEWAL_OPTIONS,
	{ .name = NULL },
};

static const int passed_on[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP,
};

struct with_lock {
	const struct aimlock_verb *verb;
	bool nonblock, has_end, warn_only;
	uint64_t wait_ms;
	struct aimlock_lease_request request;
	int conflict;

	struct aimlock_netlink nl;
	struct aimlock_lease lease;
	const char *name, *path;
	uint32_t grace_ms;

	struct aimlock_command command;
	int signals, timer;
	uint64_t renewed;		/* when it was, CLOCK_BOOTTIME */
	bool lost, killed;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000;
}

/* --- to get it --- */

static void say(const struct with_lock *with, const char *what, const char *why)
{
	fprintf(stderr, "aimlock: %s: ", with->verb->name);
	aimlock_say_to(stderr, with->name);
	fprintf(stderr, ": %s%s\n", what, why);
}

static int conflict(const struct with_lock *with, const char *why)
{
	if (with->conflict != AIMLOCK_EXIT_FAILED)
		return with->conflict;
	say(with, "", why);
	return AIMLOCK_EXIT_FAILED;
}

static int open_file(const struct with_lock *with)
{
	int fd = open(with->path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static int ask(struct with_lock *with)
{
	int err;

	with->request.wait = !with->nonblock && !with->request.adopt;
	with->request.fd = open_file(with);
	if (with->request.fd < 0)
		return with->request.fd;
	err = aimlock_lease_new(&with->nl, &with->request, &with->lease);
	close(with->request.fd);
	return err;
}

/* 0; -ETIMEDOUT; what reading gave. */
static int await_grant(struct with_lock *with, uint64_t end)
{
	struct pollfd fd = { .fd = aimlock_netlink_fd(&with->nl), .events = POLLIN };
	int ms = -1, n, err = 0;

	while (!err && !with->lease.granted && !with->lease.ended) {
		if (with->has_end) {
			uint64_t now = now_ms();

			if (now >= end)
				return -ETIMEDOUT;
			ms = end - now < INT32_MAX ? (int)(end - now) : INT32_MAX;
		}
		n = poll(&fd, 1, ms);
		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n > 0)
			err = aimlock_lease_hear(&with->nl, &with->lease);
	}
	return err;
}

static int get(struct with_lock *with)
{
	uint64_t end = now_ms() + with->wait_ms;
	int tries, err;

	for (tries = 0; tries < STALE_TRIES; tries++) {
		err = ask(with);
		if (!err)
			err = await_grant(with, end);
		if (!err && with->lease.granted && !with->lease.ended)
			return 0;
		/* another file lies there now: that one, then */
		if (!err && with->lease.reason == AIMLOCK_REASON_REPLACED)
			err = -ESTALE;
		if (err && err != -ESTALE)
			return err;
	}
	return -ESTALE;
}

/* A free file is leased as always. */
static int adopt(struct with_lock *with)
{
	struct aimlock_grace grace;
	int err;

	aimlock_grace_begin(&grace, with->grace_ms);
	do
		err = ask(with);
	while (err == -EAGAIN && aimlock_grace_left(&grace));
	return err;
}

static int acquire(struct with_lock *with)
{
	int err = with->request.adopt ? adopt(with) : get(with);

	if (!err) {
		with->renewed = now_ms();
		return AIMLOCK_EXIT_DONE;
	}
	if (err == -EAGAIN || err == -EBUSY)
		return conflict(with, with->nl.message);
	if (err == -ETIMEDOUT)
		return conflict(with, "the time is over, and it could not be had");
	return aimlock_say_error(with->verb, with->name, err, with->nl.message);
}

/* --- to keep it --- */

static void set_timer(const struct with_lock *with, uint64_t ms)
{
	struct itimerspec when = {
		.it_value = { ms / 1000, ms % 1000 * 1000000 },
		.it_interval = { ms / 1000, ms % 1000 * 1000000 },
	};

	timerfd_settime(with->timer, 0, &when, NULL);
}

static void lose(struct with_lock *with, const char *why)
{
	if (with->lost)
		return;
	with->lost = true;
	say(with, "the lease was lost: ", why);
	if (with->warn_only) {
		set_timer(with, 0);
		return;
	}
	aimlock_command_signal(&with->command, SIGTERM);
	set_timer(with, TERM_MS);
}

static void renew(struct with_lock *with)
{
	int err = aimlock_lease_renew(&with->nl, &with->lease);

	if (!err)
		with->renewed = now_ms();
	else if (err == -ESTALE)
		lose(with, "it was not renewed in time");
	else if (now_ms() - with->renewed > with->request.ttl_ms)
		lose(with, with->nl.message[0] ? with->nl.message : strerror(-err));
}

static void on_timer(struct with_lock *with)
{
	uint64_t times;

	if (read(with->timer, &times, sizeof(times)) < 0)
		return;
	if (!with->lost) {
		renew(with);
	} else if (!with->killed) {
		with->killed = true;
		aimlock_command_signal(&with->command, SIGKILL);
	}
}

static void on_news(struct with_lock *with)
{
	int err = aimlock_lease_hear(&with->nl, &with->lease);

	if (err == -ENOBUFS)
		renew(with);
	else if (with->lease.ended)
		lose(with, "it was not renewed in time");
}

/* Before the command goes on it must be known whether it may. */
static void stop_too(struct with_lock *with)
{
	aimlock_command_stop_too(&with->command);
	if (!with->lost)
		renew(with);
	aimlock_command_continue(&with->command);
}

/* Whether the command has ended. */
static bool on_child(struct with_lock *with)
{
	enum aimlock_command_news news = aimlock_command_hear(&with->command);

	if (news == AIMLOCK_COMMAND_STOPPED)
		stop_too(with);
	return news == AIMLOCK_COMMAND_ENDED;
}

/* Whether the command has ended. */
static bool on_signal(struct with_lock *with)
{
	struct signalfd_siginfo info;

	if (read(with->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGCHLD)
		return on_child(with);
	aimlock_command_signal(&with->command, (int)info.ssi_signo);
	return false;
}

static void keep(struct with_lock *with)
{
	struct pollfd fds[] = {
		{ .fd = with->signals, .events = POLLIN },
		{ .fd = with->timer, .events = POLLIN },
		{ .fd = aimlock_netlink_fd(&with->nl), .events = POLLIN },
	};

	set_timer(with, with->request.ttl_ms / 3);
	for (;;) {
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents && on_signal(with))
			return;
		if (fds[1].revents)
			on_timer(with);
		if (fds[2].revents && !with->lost)
			on_news(with);
		if (with->lost)
			fds[2].fd = -1;
	}
}

static int prepare(struct with_lock *with, sigset_t *usual)
{
	sigset_t ours;
	size_t i;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	for (i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		sigaddset(&ours, passed_on[i]);
	sigprocmask(SIG_BLOCK, &ours, usual);
	with->signals = signalfd(-1, &ours, SFD_CLOEXEC);
	with->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return with->signals < 0 || with->timer < 0 ? -errno : 0;
}

static void tell_command(const struct with_lock *with)
{
	char token[24];

	snprintf(token, sizeof(token), "%" PRIu64, with->lease.generation);
	setenv("AIMLOCK_NAME", with->lease.name, 1);
	setenv("AIMLOCK_TOKEN", token, 1);
}

static int run_command(struct with_lock *with, char **argv)
{
	sigset_t usual;
	int err = prepare(with, &usual);

	tell_command(with);
	if (!err)
		err = aimlock_command_start(&with->command, argv, &usual);
	if (err)
		return aimlock_say_error(with->verb, argv[0], err, NULL);
	keep(with);
	if (with->lost && !with->warn_only)
		return AIMLOCK_EXIT_LOST;
	if (!with->lost)
		aimlock_lease_del(&with->nl, &with->lease);
	return with->command.status;
}

/* --- the verb --- */

static int exit_code(const struct aimlock_verb *verb, const char *arg)
{
	unsigned long code;
	char *end;

	code = strtoul(arg, &end, 10);
	if (*arg < '0' || *arg > '9' || *end || code > 255)
		aimlock_say_usage(verb, "'%s' is no exit status from 0 to 255", arg);
	return (int)code;
}

static uint32_t ttl_of(const struct aimlock_verb *verb, const char *arg)
{
	uint64_t ms = aimlock_args_seconds(verb, arg);

	if (ms < AIMLOCK_TTL_MIN || ms > AIMLOCK_TTL_MAX)
		aimlock_say_usage(verb, "'%s' is no time to live from 0.1 to 86400 seconds", arg);
	return ms;
}

static const char *word(int code, size_t i)
{
	static const char *const actions[] = { "term", "warn" };

	return code == ON_LOST && i < 2 ? actions[i] : NULL;
}

static bool only_warns(const struct aimlock_verb *verb, const char *arg)
{
	if (strcmp(arg, "term") && strcmp(arg, "warn"))
		aimlock_say_usage(verb, "'%s' can't be done: term or warn", arg);
	return !strcmp(arg, "warn");
}

static void read_option(struct with_lock *with, int code)
{
	switch (code) {
	case 'n':
		with->nonblock = true;
		break;
	case 'w':
		with->has_end = true;
		with->wait_ms = aimlock_args_seconds(with->verb, optarg);
		break;
	case 'E':
		with->conflict = exit_code(with->verb, optarg);
		break;
	case TTL:
		with->request.ttl_ms = ttl_of(with->verb, optarg);
		break;
	case ON_LOST:
		with->warn_only = only_warns(with->verb, optarg);
		break;
	case UNREACHABLE:
		with->request.scope = AIMLOCK_CLEAR_SCOPE_UNREACHABLE;
		break;
	case 's':
		aimlock_say_usage(with->verb, "a lease is exclusive: -s can't be had, flock(1) has it");
	}
}

static int hold_file(struct with_lock *with, char **command)
{
	int status = acquire(with);

	return status ? status : run_command(with, command);
}

static int with_name(struct with_lock *with, char **argv)
{
	struct aimlock_files files = { 0 };
	int status = aimlock_find_files(with->verb, &with->nl, argv, 1, &files);

	if (!status) {
		with->name = files.v[0].name;
		with->path = files.v[0].path;
		with->grace_ms = files.v[0].grace_ms;
		with->request.name = with->name;
		status = hold_file(with, argv + 1);
	}
	aimlock_model_free_files(&files);
	return status;
}

/* Registered or not: the module knows. */
static int with_path(struct with_lock *with, char **argv)
{
	with->name = argv[0];
	with->path = argv[0];
	return hold_file(with, argv + 1);
}

static int with_file(struct with_lock *with, char **argv)
{
	if (strchr(argv[0], '/') && !with->request.adopt)
		return with_path(with, argv);
	return with_name(with, argv);
}

static int run_with(const struct aimlock_verb *verb, int argc, char **argv, bool adopt)
{
	struct with_lock with = {
		.verb = verb,
		.request = { .ttl_ms = TTL_MS, .adopt = adopt },
		.conflict = AIMLOCK_EXIT_FAILED,
		.command.verb = verb->name,
	};
	int code, status;

	while ((code = aimlock_args_next(verb, argc, argv)) != -1)
		read_option(&with, code);
	/* "--" is for the shell's reader, as with env(1): NAME -- COMMAND */
	if (!strcmp(argv[optind + 1], "--")) {
		argv[optind + 1] = argv[optind];
		optind++;
	}
	if (!argv[optind + 1])
		aimlock_say_usage(verb, "an argument is missing: %s", verb->args);
	status = aimlock_find_module(verb, &with.nl);
	if (status)
		return status;
	aimlock_netlink_unblock(&with.nl);
	status = with_file(&with, argv + optind);
	aimlock_netlink_close(&with.nl);
	return status;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	return run_with(verb, argc, argv, false);
}

static int run_adopt(const struct aimlock_verb *verb, int argc, char **argv)
{
	return run_with(verb, argc, argv, true);
}

const struct aimlock_verb aimlock_cmd_with_lock = {
	.name = "with-lock",
	.args = "NAME|PATH -- COMMAND...",
	.help = "run a command under a lease, which can't be orphaned",
	.options = options,
	.min_args = 2,
	.max_args = -1,
	.command = true,
	.word = word,
	.run = run,
};

const struct aimlock_verb aimlock_cmd_adopt = {
	.name = "adopt",
	.args = "NAME -- COMMAND...",
	.help = "run a command under the orphaned lock itself, without a gap",
	.options = adopt_options,
	.min_args = 2,
	.max_args = -1,
	.command = true,
	.word = word,
	.run = run_adopt,
};
