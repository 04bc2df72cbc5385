// SPDX-License-Identifier: GPL-2.0-or-later
/* aimlockd: looks after the files of its configuration; see aimlockd(8). */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "../lib/text.h"
#include "message.h"
#include "ward.h"

#define EXIT_USAGE 2

/* --- usage --- */

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check-config", no_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void print_keys(bool of_daemon)
{
	const struct aimlock_config_key *key;

	for (key = aimlock_config_keys; key->name; key++)
		if (key->of_daemon == of_daemon)
			printf("  %-15s %s\n", key->name, key->help);
}

static void print_help(void)
{
	size_t i;

	puts("Usage: aimlockd [OPTION]...\n"
	     "Look after the files of the configuration: register them, act on orphaned locks,\n"
	     "guard what a lost holder has left, tell metrics.\n\n"
	     "  -c, --config DIR      read DIR/*.conf (" AIMLOCK_CONFIG_DIR ")\n"
	     "  -n, --check-config    say what is wrong with it, and end\n"
	     "  -h, --help            print this\n"
	     "  -V, --version         print the version\n\n"
	     "Keys of a file, after [NAME]:");
	print_keys(false);
	puts("\nKeys of the daemon, before the first [NAME]:");
	print_keys(true);
	puts("\nMessages:");
	for (i = 0; i < MESSAGE_COUNT; i++)
		printf("  %-17s %s (%s, %s)\n", message_kinds[i].name, message_kinds[i].help,
		       message_priority_name(message_kinds[i].priority), message_kinds[i].id);
}

/* --- the configuration --- */

static void complain_to_terminal(void *arg, const char *where, const char *what)
{
	char *line = NULL, *escaped;

	(void)arg;
	if (asprintf(&line, "%s: %s", where, what) < 0)
		line = NULL;
	escaped = line ? aimlock_text_escape(line) : NULL;
	fprintf(stderr, "aimlockd: %s\n", escaped ? escaped : strerror(ENOMEM));
	free(escaped);
	free(line);
}

static void complain_to_journal(void *arg, const char *where, const char *what)
{
	(void)arg;
	message_send(MESSAGE_CONFIG_FAULT, NULL, "%s: %s", where, what);
}

static int read_config(struct aimlock_config *config, const char *dir,
		       aimlock_config_complain complain)
{
	int err = aimlock_config_read(config, dir, complain, NULL);

	if (err && err != -EINVAL)
		complain(NULL, dir, strerror(-err));
	return err;
}

static int check_config(const char *dir)
{
	struct aimlock_config config;
	int err = read_config(&config, dir, complain_to_terminal);

	aimlock_config_free(&config);
	return err ? EX_CONFIG : EXIT_SUCCESS;
}

/* --- the life of the daemon --- */

static bool same_address(const struct aimlock_config *a, const struct aimlock_config *b)
{
	return !memcmp(&a->metrics_listen, &b->metrics_listen, sizeof(a->metrics_listen));
}

static void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   now.tv_sec * UINT64_C(1000000) + now.tv_nsec / 1000);
}

static void take_config(struct daemon *daemon, struct aimlock_config *config)
{
	bool moved = !same_address(&daemon->config, config);
	size_t i;

	if (wards_configure(daemon, config)) {
		message_send(MESSAGE_CONFIG_KEPT, NULL, "there is no memory for a new one");
		return;
	}
	if (moved) {
		http_stop(daemon);
		http_start(daemon);
	}
	link_sync(daemon, false);
	for (i = 0; i < daemon->n_wards; i++)
		guard_retry(&daemon->wards[i]->guard);
	message_send(MESSAGE_RELOADED, NULL, "the configuration was read anew: %zu files",
		     daemon->n_wards);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct daemon *daemon = arg;
	struct aimlock_config config;

	(void)source;
	(void)info;
	notify_reloading();
	if (read_config(&config, daemon->dir, complain_to_journal))
		message_send(MESSAGE_CONFIG_KEPT, NULL,
			     "the configuration is faulty; the one before stays in force");
	else
		take_config(daemon, &config);
	aimlock_config_free(&config);
	sd_notify(0, "READY=1");
	return 0;
}

/* All before the loop begins, so that none is lost. */
static int catch_signals(struct daemon *daemon)
{
	sigset_t ours;
	int err;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &ours, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	/* without a handler they end the loop */
	err = sd_event_add_signal(daemon->loop, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(daemon->loop, NULL, SIGINT, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(daemon->loop, NULL, SIGHUP, on_hangup, daemon);
	return err < 0 ? err : 0;
}

static void forget_socket(const char *name, int fd)
{
	sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
	close(fd);
}

/* "NAME@ID": a guard's socket that the service manager has kept. */
static void resume(struct daemon *daemon, char *name, int fd)
{
	char *at = strrchr(name, '@');
	struct ward *ward = NULL;

	if (at) {
		*at = '\0';
		ward = wards_find(daemon, name);
		*at = '@';
	}
	if (ward && ward->config->guard && daemon->link.up)
		guard_resume(&ward->guard, fd, strtoul(at + 1, NULL, 10));
	else
		forget_socket(name, fd);
}

static void resume_guards(struct daemon *daemon)
{
	char **names;
	int n = sd_listen_fds_with_names(1, &names), i;

	for (i = 0; i < n; i++) {
		resume(daemon, names[i], SD_LISTEN_FDS_START + i);
		free(names[i]);
	}
	if (n > 0)
		free(names);
}

static int live(struct daemon *daemon)
{
	int err;

	link_start(daemon);
	resume_guards(daemon);
	link_sync(daemon, true);
	err = http_start(daemon);
	if (!err)
		err = beat_start(daemon);
	if (err < 0)
		return err;
	message_send(MESSAGE_STARTED, NULL, "aimlockd " AIMLOCK_VERSION " looks after %zu files",
		     daemon->n_wards);
	sd_notify(0, "READY=1");
	err = sd_event_loop(daemon->loop);
	sd_notify(0, "STOPPING=1");
	if (err >= 0)
		message_send(MESSAGE_STOPPED, NULL, "aimlockd ends");
	return err;
}

static int run(struct daemon *daemon)
{
	struct aimlock_config config;
	int err;

	if (read_config(&config, daemon->dir, complain_to_journal)) {
		aimlock_config_free(&config);
		return EX_CONFIG;
	}
	err = wards_configure(daemon, &config);
	if (!err)
		err = sd_event_default(&daemon->loop);
	if (err >= 0)
		err = catch_signals(daemon);
	if (!err)
		err = live(daemon);
	beat_stop(daemon);
	http_stop(daemon);
	wards_free(daemon);
	link_stop(daemon);
	sd_event_unref(daemon->loop);
	if (err < 0)
		fprintf(stderr, "aimlockd: %s\n", strerror(-err));
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct daemon daemon = { .dir = AIMLOCK_CONFIG_DIR };
	bool check = false;
	int code;

	setlocale(LC_ALL, "");
	while ((code = getopt_long(argc, argv, "c:nhV", options, NULL)) != -1) {
		switch (code) {
		case 'c':
			daemon.dir = optarg;
			break;
		case 'n':
			check = true;
			break;
		case 'h':
			print_help();
			return EXIT_SUCCESS;
		case 'V':
			puts("aimlockd " AIMLOCK_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs("Try 'aimlockd --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fputs("aimlockd: too many arguments\nTry 'aimlockd --help'.\n", stderr);
		return EXIT_USAGE;
	}
	return check ? check_config(daemon.dir) : run(&daemon);
}
