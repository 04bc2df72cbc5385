/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the module is what the model says.  NULL, or in words what is not so. */
#ifndef AIMLOCK_CHECK_H
#define AIMLOCK_CHECK_H

#include "guest.h"

extern int family;

void netlink_open(void);
int netlink_socket(bool of_user);

/* Receives what must come back for a message. */
const char *check_answer(int sock, const struct outcome *outcome, bool alone);
const char *check_silence(int sock);
const char *check_file(struct reg *reg);
const char *check_locks(struct reg *reg);	/* learns their ids, too */
const char *check_all(void);

#endif /* AIMLOCK_CHECK_H */
