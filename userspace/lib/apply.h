/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the registry what the configuration says. */
#ifndef AIMLOCK_APPLY_H
#define AIMLOCK_APPLY_H

#include "config.h"

enum aimlock_applied {
	AIMLOCK_APPLIED_NOTHING,	/* it was so */
	AIMLOCK_APPLIED_ADDED,
	AIMLOCK_APPLIED_SET,		/* grace or scope */
	AIMLOCK_APPLIED_MOVED,		/* to another path: removed, and added */
};

/* Told of each file; @err: why it could not be done, with the sentence in nl->message. */
typedef void (*aimlock_apply_told)(void *arg, const struct aimlock_config_file *file,
				   enum aimlock_applied applied, int err);

/*
 * Registers the files, or sets what differs; others that are registered stay.  0, or
 * -errno if nothing could be asked; faults of single files are only told.
 */
int aimlock_apply(struct aimlock_netlink *nl, const struct aimlock_config *config,
		  aimlock_apply_told told, void *arg);

#endif /* AIMLOCK_APPLY_H */
