/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holders: take, check, pass on and drop locks, and die with them.
 */
#ifndef TORTURE_HOLDER_H
#define TORTURE_HOLDER_H

void holder_run_flock(void);
void holder_run_ofd(void);
void holder_run_posix(void);
void holder_run_lease(void);

#endif
