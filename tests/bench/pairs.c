// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pairs KIND FILE SECONDSs: take and release a lock that nobody else wants, as fast as
 * it goes; prints the average and the 99th percentile in nanoseconds.
 *
 * pairs KIND FILE COUNT: prints how far the time stamp counter moves for one pair, the
 * median of COUNT blocks of 100.  Where qemu counts instructions (-icount shift=0) that
 * is their number.
 *
 * Not all kinds are pairs; kinds[] says what each does.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "lib/lease.h"

#define BLOCK		100
#define SAMPLES_MAX	2000000
#define TTL_MS		30000

static const char *file;
static int fd;
static struct aimlock_netlink nl;

static int open_file(void)
{
	int opened = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (opened < 0)
		err(1, "%s", file);
	return opened;
}

static void flock_pair(void)
{
	if (flock(fd, LOCK_EX | LOCK_NB) || flock(fd, LOCK_UN))
		err(1, "flock");
}

static void fcntl_pair(int command)
{
	struct flock fl = { .l_type = F_WRLCK };

	if (fcntl(fd, command, &fl))
		err(1, "lock");
	fl.l_type = F_UNLCK;
	if (fcntl(fd, command, &fl))
		err(1, "unlock");
}

static void posix_pair(void)
{
	fcntl_pair(F_SETLK);
}

static void ofd_pair(void)
{
	fcntl_pair(F_OFD_SETLK);
}

static void open_pair(void)
{
	int opened = open_file();

	if (flock(opened, LOCK_EX | LOCK_NB))
		err(1, "flock");
	close(opened);
}

static void flock_try(void)
{
	if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		errx(1, "flock: nobody has it");
}

static void take_flock(void)
{
	if (flock(open_file(), LOCK_EX | LOCK_NB))
		err(1, "flock");
}

static void open_netlink(void)
{
	if (aimlock_netlink_open(&nl))
		errx(1, "netlink: is the module loaded?");
}

static int ask(struct aimlock_netlink *from, struct aimlock_lease *lease)
{
	struct aimlock_lease_request request = { .fd = fd, .ttl_ms = TTL_MS };

	return aimlock_lease_new(from, &request, lease);
}

static void lease_pair(void)
{
	struct aimlock_lease lease;

	if (ask(&nl, &lease) || aimlock_lease_del(&nl, &lease))
		errx(1, "lease: %s", nl.message);
}

static void lease_try(void)
{
	struct aimlock_lease lease;

	if (ask(&nl, &lease) != -EAGAIN)
		errx(1, "lease-new: nobody has it");
}

/* Of another socket. */
static void take_lease(void)
{
	static struct aimlock_netlink other;
	struct aimlock_lease lease;

	open_netlink();
	if (aimlock_netlink_open(&other) || ask(&other, &lease))
		errx(1, "lease-new: %s", other.message);
}

static void lease_empty(void)
{
	struct aimlock_lease none = { .id = 0 };

	if (aimlock_lease_del(&nl, &none) != -ESTALE)
		errx(1, "lease-del: there is no such lease");
}

static void nothing(void)
{
}

static const struct kind {
	const char *name;
	void (*prepare)(void);
	void (*pair)(void);
} kinds[] = {
	{ "flock", nothing, flock_pair },
	{ "posix", nothing, posix_pair },
	{ "ofd", nothing, ofd_pair },
	{ "open", nothing, open_pair },		/* open, flock, close */
	{ "flock-try", take_flock, flock_try },	/* of what somebody else has */
	{ "lease", open_netlink, lease_pair },
	{ "lease-try", take_lease, lease_try },
	{ "lease-empty", open_netlink, lease_empty },	/* a request that does nothing */
};

static const struct kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	errx(2, "no kind '%s'", name);
}

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	long la = *(const long *)a, lb = *(const long *)b;

	return (la > lb) - (la < lb);
}

static void by_time(const struct kind *kind, long *samples, long ns)
{
	long begin = now_ns(), last = begin, now = begin, n = 0, all = 0;

	while (now - begin < ns) {
		kind->pair();
		now = now_ns();
		if (n < SAMPLES_MAX)
			samples[n++] = now - last;
		all++;
		last = now;
	}
	qsort(samples, n, sizeof(*samples), compare);
	printf("%ld %ld\n", (now - begin) / all, samples[n * 99 / 100]);
}

static void by_count(const struct kind *kind, long *samples, long blocks)
{
	unsigned long long t;
	long i, k;

	for (i = 0; i < blocks; i++) {
		t = __rdtsc();
		for (k = 0; k < BLOCK; k++)
			kind->pair();
		samples[i] = (__rdtsc() - t) / BLOCK;
	}
	qsort(samples, blocks, sizeof(*samples), compare);
	printf("%ld\n", samples[blocks / 2]);
}

int main(int argc, char **argv)
{
	long *samples = calloc(SAMPLES_MAX, sizeof(*samples));
	const struct kind *kind;
	long amount;

	if (argc != 4 || !samples)
		errx(2, "usage: pairs KIND FILE COUNT|SECONDSs");
	kind = find_kind(argv[1]);
	file = argv[2];
	fd = open_file();
	kind->prepare();
	amount = atol(argv[3]);
	if (strchr(argv[3], 's'))
		by_time(kind, samples, amount * 1000000000L);
	else
		by_count(kind, samples, amount < SAMPLES_MAX ? amount : SAMPLES_MAX);
	return 0;
}
