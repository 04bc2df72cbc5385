/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: the paths of the play and what lies there.  A file's size is its
 * serial number, by which the oracle knows it: it can be asked without opening
 * the file, and follows the inode through renames and into sockets.
 */
#ifndef TORTURE_FILES_H
#define TORTURE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define SHARED_FILES	24
#define CALM_FILES	4	/* the last of them: rarely locked, for holds */
#define LEASE_FILES	8
#define MOUNTED_FILES	2
#define FILES		(SHARED_FILES + LEASE_FILES + MOUNTED_FILES)
#define LOCKED_FILES	(SHARED_FILES + MOUNTED_FILES)

/* The names under which file @i is registered: its own, and the one for holds. */
const char *files_name(int i);
const char *files_hold_name(int i);
const char *files_path(int i);
const char *files_mountpoint(void);

/* One to lock; one for leases; any, on a mount or not. */
int files_pick(void);
int files_pick_lease(void);
int files_pick_any(void);

void files_setup(const char *dir);
bool files_make(int i);			/* new, by rename over what is there */
void files_remove(int i);
bool files_make_at(const char *path);	/* the same for a path of one's own */

unsigned int files_serial(int fd);	/* 0: none of the play's */
unsigned int files_serial_at(const char *path);

/* A process that does so without end. */
void files_run_renamer(void);

#endif
