/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Post: unix sockets in which locked descriptions travel.  Some are read by the
 * holders; in the depots they lie until the drainer comes, or for ever.
 */
#ifndef TORTURE_POST_H
#define TORTURE_POST_H

#include <stdbool.h>

#include "grip.h"

#define POSTS	6
#define DEPOTS	4

void post_open(void);
void post_close(void);

/* The grip is gone then; if not, it is as it was, or lost. */
bool post_send(struct grip *grip, bool to_depot);
bool post_send_lease(struct claim *claim, unsigned int serial, int fd);

/* False: there was nothing, or what was there is no lock any more. */
bool post_receive(struct grip *grip, int post);

/* A process that reads the depots, slowly, and drops what it finds. */
void post_run_drainer(void);

#endif
