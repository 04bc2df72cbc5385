/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What user space knows of that part of the kernel that holds a lock: which loop
 * device, whose io_uring, which swap area.
 */
#ifndef AIMLOCK_HOST_H
#define AIMLOCK_HOST_H

#include "model.h"

/*
 * Names the loop devices and swap areas among the holders of the locks, and adds the
 * io_urings in which a file is registered whose lock has references that were not
 * found: by its path, as far as the caller may read it.  -ENOMEM, or 0.
 */
int aimlock_host_name_holders(struct aimlock_files *files);

#endif /* AIMLOCK_HOST_H */
