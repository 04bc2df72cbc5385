/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grip: one flock, OFD or POSIX lock that this process has, and its word.
 */
#ifndef TORTURE_GRIP_H
#define TORTURE_GRIP_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle.h"

struct grip {
	enum kind kind;
	int fd;
	int probe;		/* another description of the same file */
	unsigned int serial;
	uint64_t start;		/* of a range */
	bool shared;
	struct claim claim;
};

/* Ask the kernel.  Return: 0 or -1, as fcntl(2). */
int grip_lock(const struct grip *grip, bool wait);
void grip_unlock(const struct grip *grip);

/* A description of the file of @grip->fd; whether somebody keeps that from locking. */
bool grip_open_probe(struct grip *grip);
bool grip_excludes(const struct grip *grip);

/* Whether it is still held; what is not was told if nothing excuses it. */
bool grip_check(const struct grip *grip);

void grip_close(struct grip *grip);

#endif
