// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pairs flock|posix|ofd FILE SECONDSs: take and release a lock that nobody else wants,
 * as fast as it goes; prints the average and the 99th percentile in nanoseconds.
 *
 * pairs flock|posix|ofd FILE COUNT: prints how far the time stamp counter moves for
 * one pair, the median of COUNT blocks of 100.  Where qemu counts instructions
 * (-icount shift=0) that is their number.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <x86intrin.h>

#define BLOCK		100
#define SAMPLES_MAX	2000000

static bool is_flock;
static int command, fd;

static void pair(void)
{
	struct flock fl = { .l_type = F_WRLCK };

	if (is_flock ? flock(fd, LOCK_EX | LOCK_NB) : fcntl(fd, command, &fl))
		err(1, "lock");
	fl.l_type = F_UNLCK;
	if (is_flock ? flock(fd, LOCK_UN) : fcntl(fd, command, &fl))
		err(1, "unlock");
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

static void by_time(long *samples, long ns)
{
	long begin = now_ns(), last = begin, now = begin, n = 0, all = 0;

	while (now - begin < ns) {
		pair();
		now = now_ns();
		if (n < SAMPLES_MAX)
			samples[n++] = now - last;
		all++;
		last = now;
	}
	qsort(samples, n, sizeof(*samples), compare);
	printf("%ld %ld\n", (now - begin) / all, samples[n * 99 / 100]);
}

static void by_count(long *samples, long blocks)
{
	unsigned long long t;
	long i, k;

	for (i = 0; i < blocks; i++) {
		t = __rdtsc();
		for (k = 0; k < BLOCK; k++)
			pair();
		samples[i] = (__rdtsc() - t) / BLOCK;
	}
	qsort(samples, blocks, sizeof(*samples), compare);
	printf("%ld\n", samples[blocks / 2]);
}

int main(int argc, char **argv)
{
	long *samples = calloc(SAMPLES_MAX, sizeof(*samples));
	long amount;

	if (argc != 4 || !samples)
		errx(2, "usage: pairs flock|posix|ofd FILE COUNT|SECONDSs");
	is_flock = !strcmp(argv[1], "flock");
	command = !strcmp(argv[1], "ofd") ? F_OFD_SETLK : F_SETLK;
	fd = open(argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		err(1, "%s", argv[2]);
	amount = atol(argv[3]);
	if (strchr(argv[3], 's'))
		by_time(samples, amount * 1000000000L);
	else
		by_count(samples, amount < SAMPLES_MAX ? amount : SAMPLES_MAX);
	return 0;
}
