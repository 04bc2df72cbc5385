/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mount: filesystems that come with registered files and go under them.
 */
#ifndef TORTURE_MOUNT_H
#define TORTURE_MOUNT_H

/* @device has an ext4, or is NULL: then all is tmpfs. */
void mount_setup(const char *dir, const char *device);
void mount_run(void);

/* Whatever is still mounted goes. */
void mount_clean_up(void);

#endif
