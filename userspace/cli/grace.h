/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is suspect still is asked for again until its time of grace is over. */
#ifndef AIMLOCK_GRACE_H
#define AIMLOCK_GRACE_H

#include <stdbool.h>
#include <stdint.h>

struct aimlock_grace {
	uint64_t end;		/* of patience, CLOCK_BOOTTIME in ms */
};

void aimlock_grace_begin(struct aimlock_grace *grace, uint32_t grace_ms);

/* Sleeps for a moment; false, at once, when patience has an end. */
bool aimlock_grace_left(const struct aimlock_grace *grace);

#endif /* AIMLOCK_GRACE_H */
