/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Module: what the play asks of aimlock, by sysfs and netlink, and the processes
 * that only look, register or reload.
 */
#ifndef TORTURE_MODULE_H
#define TORTURE_MODULE_H

#include <stdbool.h>

/* One write of @text to /sys/locks/@name/@attribute, or /sys/locks/@attribute.
 * Return: 0 or an errno.
 */
int module_write(const char *name, const char *attribute, const char *text);

int module_add(const char *name, const char *path);
int module_remove(const char *name);

/* It is not loaded, or the name is not registered, just now. */
bool module_is_absence(int error);

/* Register all files; the module is loaded and nobody else does so. */
void module_register(void);

void module_setup(const char *ko, const char *dir);
void module_run_registrar(void);
void module_run_dumper(void);
void module_run_reader(void);
void module_run_reloader(void);
void module_run_holder(void);

#endif
