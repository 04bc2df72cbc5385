/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clients of this host's NFS 4 server, as /proc/fs/nfsd/clients tells of them: the
 * server knows which client has a lock, the module does not.
 */
#ifndef AIMLOCK_NFSD_H
#define AIMLOCK_NFSD_H

#include "model.h"

#define AIMLOCK_NFSD_CLIENTS	"/proc/fs/nfsd/clients"

/*
 * Gives each remote lock of nfsd's the clients that have a lock, or for a lease a
 * delegation, on its file: a holder for each.  Of several, any may be the one.
 * Nothing changes where they can't be read: the directory is for root.  0 or -ENOMEM.
 */
int aimlock_nfsd_add_clients(struct aimlock_files *files);

#endif /* AIMLOCK_NFSD_H */
