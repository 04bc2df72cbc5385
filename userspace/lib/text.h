/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings for people and for JSON.  Returned strings are malloc'ed; NULL: no memory. */
#ifndef AIMLOCK_TEXT_H
#define AIMLOCK_TEXT_H

#include <stdint.h>

#include "model.h"

/* What the terminal must not interpret, as \xHH. */
char *aimlock_text_escape(const char *s);

/* As UTF-8, with U+FFFD for what is none. */
char *aimlock_text_utf8(const char *s);

/* "340ms" "12.0s" "3m20s" "5h02m" "3d04h" */
char *aimlock_text_duration(uint64_t ms);

/* "0-EOF" */
char *aimlock_text_range(const struct aimlock_lock *lock);

/* "80/3 configd" */
char *aimlock_text_waiter(const struct aimlock_waiter *waiter);

/* "77 busd, 80/3 busd (in flight)", "nfsd for 10.0.0.2:890": one entry a process or
 * client, as far as they differ; behind the slash the pid that it has in its own
 * namespace, if that is another.
 */
char *aimlock_text_holders(const struct aimlock_holder *holders, size_t n);

#endif /* AIMLOCK_TEXT_H */
