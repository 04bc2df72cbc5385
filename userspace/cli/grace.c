// SPDX-License-Identifier: GPL-2.0-or-later
#include <time.h>

#include "grace.h"

#define RETRY_MS	100
#define PATIENCE_MS	2000	/* beyond twice the grace, which the module takes at most */

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000;
}

void aimlock_grace_begin(struct aimlock_grace *grace, uint32_t grace_ms)
{
	grace->end = now_ms() + 2 * (uint64_t)grace_ms + PATIENCE_MS;
}

bool aimlock_grace_left(const struct aimlock_grace *grace)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000 };

	if (now_ms() >= grace->end)
		return false;
	nanosleep(&pause, NULL);
	return true;
}
