// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adopt: begin a lease with the lock that nobody can use any more, rather than by
 * taking one when it is gone: in between somebody else could get the file.
 */
#include "adopt.h"
#include "clear.h"
#include "lease.h"

#include <linux/err.h>

/**
 * aimlock_adopt() - take the orphaned lock of a file over
 * @request: what for, with its scope
 *
 * Return: an open file that has the lock, or an error as of aimlock_clear_take_over().
 * Context: as there.
 */
struct file *aimlock_adopt(const struct aimlock_lease_request *request)
{
	struct aimlock_clear clear = {
		.file = request->file,
		.scope = request->scope,
	};
	int ret = aimlock_clear_take_over(&clear);

	return ret ? ERR_PTR(ret) : clear.heir;
}
