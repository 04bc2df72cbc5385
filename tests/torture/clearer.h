/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clearers: a dry one, one for orphans, one with force and one without, by id.
 */
#ifndef TORTURE_CLEARER_H
#define TORTURE_CLEARER_H

void clearer_run_dry(void);
void clearer_run_orphaned(void);
void clearer_run_forced(void);
void clearer_run_by_id(void);

#endif
