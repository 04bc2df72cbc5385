// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * torture [--seconds N] [--slow N] [--posix N] [--others N] [--device EXT4] [--sabotage]
 *	MODULE DIR
 *
 * Many processes lock the files in DIR in every way, pass the locks on, are
 * interrupted and killed, while others clear, hold, list, register and rename, mount
 * and unmount, and reload MODULE, which is loaded at the start.  An oracle (see
 * oracle.h) checks that whoever holds a lock excludes the others.  Prints a line
 * NAME=COUNT for each thing that happened; status 1 if something was that must never
 * be, in lines "violation: ...".  On a kernel that is N times slower than usual what is
 * left for the clearers to find is left for so much longer, with --slow N.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clearer.h"
#include "files.h"
#include "holder.h"
#include "module.h"
#include "mount.h"
#include "post.h"
#include "sabotage.h"
#include "world.h"

#define ACTORS		2048
#define END_SECONDS	300	/* for all to end by themselves */
#define REPORT_SECONDS	60
#define REAP_MOST	32
#define LONGEST		3	/* times the seconds that are asked for */

struct role {
	const char *name;
	void (*run)(void);
	bool mortal;		/* may be killed, and is started again */
	int count;
};

static struct role roles[] = {
	{ "flock holder", holder_run_flock, true },
	{ "OFD holder", holder_run_ofd, true },
	{ "POSIX holder", holder_run_posix, true },
	{ "lease holder", holder_run_lease, true },
	{ "dry clearer", clearer_run_dry, false, 1 },
	{ "clearer of orphans", clearer_run_orphaned, false, 1 },
	{ "forced clearer", clearer_run_forced, false, 1 },
	{ "clearer by id", clearer_run_by_id, false, 1 },
	{ "dumper", module_run_dumper, true, 2 },
	{ "reader", module_run_reader, true, 2 },
	{ "registrar", module_run_registrar, false, 2 },
	{ "reloader", module_run_reloader, false, 1 },
	{ "admin with holds", module_run_holder, false, 1 },
	{ "renamer", files_run_renamer, false, 1 },
	{ "mounter", mount_run, false, 1 },
	{ "drainer", post_run_drainer, false, 1 },
	{ "saboteur", sabotage_run, false, 0 },
};

#define ROLES	(sizeof(roles) / sizeof(roles[0]))

static struct actor {
	const struct role *role;
	pid_t pid;		/* 0: ended */
} actors[ACTORS];

static int n_actors;
static int gate[2];		/* a pipe: open once nobody can write to it */
static int seconds = 60, slow = 1;
static const char *device;

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void start(struct actor *actor)
{
	actor->pid = spawn(0);
	if (actor->pid < 0)
		err(2, "clone");
	if (actor->pid)
		return;
	setpriority(PRIO_PROCESS, 0, actor->role->mortal ? 0 : -10);
	close(gate[1]);
	while (read(gate[0], &(char){ 0 }, 1) < 0)
		;
	close(gate[0]);
	actor->role->run();
	exit(0);
}

static struct actor *find(pid_t pid)
{
	int i;

	for (i = 0; i < n_actors; i++)
		if (actors[i].pid == pid)
			return &actors[i];
	return NULL;
}

/* Heirs have no place among the actors: their role ends with what they inherited. */
static void bury(pid_t pid, int status)
{
	struct actor *actor = find(pid);
	bool may_be_killed = !actor || actor->role->mortal;

	if (actor)
		actor->pid = 0;
	if ((WIFSIGNALED(status) && (WTERMSIG(status) != SIGKILL || !may_be_killed)) ||
	    (WIFEXITED(status) && WEXITSTATUS(status)))
		violation("a %s ended with the wait status %#x",
			  actor ? actor->role->name : "heir", status);
	if (actor && !world->over)
		start(actor);
}

/* A few at once; false: no child is left. */
static bool reap(void)
{
	pid_t pid = 0;
	int status, n;

	for (n = 0; n < REAP_MOST && (pid = waitpid(-1, &status, WNOHANG)) > 0; n++)
		bury(pid, status);
	return pid >= 0;
}

static void kill_somebody(void)
{
	struct actor *actor = &actors[below(n_actors)];

	if (!actor->role->mortal || !actor->pid)
		return;
	if (below(4) == 0) {
		kill(actor->pid, SIGALRM);
		return;
	}
	kill(actor->pid, SIGKILL);
	world->n.killed++;
}

/* On a busy host the rare things take longer to come. */
static bool has_all_happened(void)
{
	const struct counters *n = &world->n;

	return n->adopted && n->orphans_gone && n->salvaged && n->victims && n->lease_breaks &&
	       n->cleared && n->forced && n->holds && n->dumps && n->reloads && n->unmounts &&
	       n->detached;
}

static bool is_time_over(time_t begin)
{
	time_t passed = now() - begin;

	return passed >= LONGEST * seconds || (passed >= seconds && has_all_happened());
}

static void play(void)
{
	time_t begin = now(), told = begin;

	while (!is_time_over(begin) && !world->n.violations) {
		nap(30000);
		kill_somebody();
		reap();
		if (now() < told + REPORT_SECONDS)
			continue;
		told = now();
		printf("after %ld s: locks=%ld checks=%ld orphans=%ld cleared=%ld reloads=%ld\n",
		       (long)(told - begin), world->n.flock + world->n.ofd + world->n.posix,
		       (long)world->n.checks, (long)world->n.orphaned, (long)world->n.cleared,
		       (long)world->n.reloads);
		fflush(stdout);
	}
	world->over = true;
}

static void tell_stuck(const struct actor *actor)
{
	char path[64], where[512] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stack", actor->pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, where, sizeof(where) - 1) < 0)
		where[0] = '\0';
	violation("a %s doesn't end", actor->role->name);
	printf("stuck: %s %d\n%s\n", actor->role->name, actor->pid, where);
	close(fd);
}

/* All end by themselves; who doesn't is told, and killed. */
static void end(void)
{
	time_t begin = now();
	bool left;
	int i;

	for (i = 0; i < n_actors; i++)
		if (actors[i].pid)
			kill(actors[i].pid, SIGALRM);	/* who rests wakes up */
	while ((left = reap()) && now() < begin + END_SECONDS)
		usleep(10000);
	if (!left)
		return;
	for (i = 0; i < n_actors; i++) {
		if (!actors[i].pid)
			continue;
		tell_stuck(&actors[i]);
		kill(actors[i].pid, SIGKILL);
	}
	begin = now();
	while ((left = reap()) && now() < begin + END_SECONDS)
		usleep(10000);
	if (left)
		violation("processes survive SIGKILL");
}

static void set_limit(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(2, "%s", path);
	close(fd);
}

/* No pid comes twice, and no lease goes because its holder gets no CPU. */
static void set_limits(void)
{
	set_limit("/proc/sys/kernel/pid_max", "4194304");
	set_limit("/proc/sys/fs/lease-break-time", "3600");
}

static void ring(int signal)
{
}

/* For all, from their first instant on. */
static void set_signals(void)
{
	struct sigaction action = { .sa_handler = ring };

	sigaction(SIGALRM, &action, NULL);
	signal(SIGIO, SIG_IGN);	/* a lease is being broken */
}

static void cast(void)
{
	size_t i;
	int n;

	for (i = 0; i < ROLES; i++)
		for (n = 0; n < roles[i].count; n++) {
			if (n_actors == ACTORS)
				errx(2, "there is room for %d processes", ACTORS);
			actors[n_actors++].role = &roles[i];
		}
}

static unsigned int n_holders(void)
{
	return roles[0].count + roles[1].count + roles[2].count + roles[3].count;
}

static void read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "slow", required_argument, NULL, 'l' },
		{ "posix", required_argument, NULL, 'p' },
		{ "others", required_argument, NULL, 'o' },
		{ "device", required_argument, NULL, 'd' },
		{ "sabotage", no_argument, NULL, 'x' },
		{ NULL },
	};
	int posix = 96, others = 32, opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 's')
			seconds = atoi(optarg);
		else if (opt == 'l')
			slow = atoi(optarg);
		else if (opt == 'p')
			posix = atoi(optarg);
		else if (opt == 'o')
			others = atoi(optarg);
		else if (opt == 'd')
			device = optarg;
		else if (opt == 'x')
			roles[ROLES - 1].count = 1;
		else
			exit(2);
	}
	roles[0].count = others * 3 / 8;
	roles[1].count = others * 3 / 8;
	roles[2].count = posix;
	roles[3].count = others / 4;
}

int main(int argc, char **argv)
{
	int i;

	read_options(argc, argv);
	if (optind + 2 != argc)
		errx(2, "usage: torture [OPTION]... MODULE DIR");
	world_make();
	/* the more there are, the longer each pauses */
	world->pause_us = n_holders() * 5000;
	world->drain_us = slow * 500000;
	setpriority(PRIO_PROCESS, 0, -20);
	set_limits();
	set_signals();
	files_setup(argv[optind + 1]);
	mount_setup(argv[optind + 1], device);
	module_setup(argv[optind], argv[optind + 1]);
	post_open();
	cast();
	if (pipe2(gate, O_CLOEXEC))
		err(2, "pipe");
	for (i = 0; i < n_actors; i++)
		start(&actors[i]);
	close(gate[1]);
	gate[1] = -1;
	play();
	end();
	post_close();
	mount_clean_up();
	world_print();
	return world->n.violations != 0;
}
