/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sabotage: a process that unlocks what others hold, and tells nobody.  The
 * oracle has to notice.
 */
#ifndef TORTURE_SABOTAGE_H
#define TORTURE_SABOTAGE_H

void sabotage_run(void);

#endif
