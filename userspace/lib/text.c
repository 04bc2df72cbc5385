// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "text.h"

#define IN_FLIGHT " (in flight)"	/* the longest that may follow */
/* Two pids, a space, a name or a kind, and what may follow. */
#define FOR_CLIENT " for "
#define CLIENT_SIZE (sizeof(FOR_CLIENT) + sizeof(((struct aimlock_client *)0)->address))
#define HOLDER_SIZE (10 + 1 + 10 + 1 + AIMLOCK_COMM_MAX + sizeof(IN_FLIGHT) + CLIENT_SIZE + \
		     sizeof(", "))

char *aimlock_text_escape(const char *s)
{
	size_t left = strlen(s), len;
	char *escaped = malloc(4 * left + 1), *to = escaped;
	mbstate_t state = { 0 };
	wchar_t wc;

	if (!escaped)
		return NULL;
	for (; left; s += len, left -= len) {
		len = mbrtowc(&wc, s, left, &state);
		if (len <= left && iswprint(wc)) {
			to = mempcpy(to, s, len);
			continue;
		}
		memset(&state, 0, sizeof(state));
		len = 1;
		to += sprintf(to, "\\x%02x", (unsigned char)*s);
	}
	*to = '\0';
	return escaped;
}

/* Bytes of the UTF-8 character at @s (which ends with a NUL), 0 if it is none. */
static size_t utf8_len(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;
	uint32_t c;

	if (*s < 0x80)
		return 1;
	if (*s >= 0xf0 && *s <= 0xf4)
		len = 4;
	else if (*s >= 0xe0 && *s < 0xf0)
		len = 3;
	else if (*s >= 0xc2 && *s < 0xe0)
		len = 2;
	else
		return 0;
	c = *s & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return len;
}

char *aimlock_text_utf8(const char *s)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *valid = malloc(3 * strlen(s) + 1), *to = valid;

	if (!valid)
		return NULL;
	while (*s) {
		size_t len = utf8_len((const unsigned char *)s);

		to = mempcpy(to, len ? s : replacement, len ? len : 3);
		s += len ? len : 1;
	}
	*to = '\0';
	return valid;
}

char *aimlock_text_duration(uint64_t ms)
{
	unsigned long long s = ms / 1000, m = s / 60, h = m / 60;
	char *text;
	int len;

	if (!s)
		len = asprintf(&text, "%llums", (unsigned long long)ms);
	else if (!m)
		len = asprintf(&text, "%llu.%llus", s, (unsigned long long)(ms % 1000 / 100));
	else if (!h)
		len = asprintf(&text, "%llum%02llus", m, s % 60);
	else if (h < 24)
		len = asprintf(&text, "%lluh%02llum", h, m % 60);
	else
		len = asprintf(&text, "%llud%02lluh", h / 24, h % 24);
	return len < 0 ? NULL : text;
}

char *aimlock_text_range(const struct aimlock_lock *lock)
{
	unsigned long long start = lock->start, end = lock->end;
	char *text;
	int len;

	if (lock->end >= AIMLOCK_END_OF_FILE)
		len = asprintf(&text, "%llu-EOF", start);
	else
		len = asprintf(&text, "%llu-%llu", start, end);
	return len < 0 ? NULL : text;
}

/* How, where it isn't plainly. */
static const char *manner_of(const struct aimlock_holder *holder)
{
	if (holder->kind == AIMLOCK_HOLDER_KIND_IN_FLIGHT)
		return IN_FLIGHT;
	return holder->kind == AIMLOCK_HOLDER_KIND_IO_URING ? " (io_uring)" : "";
}

static bool same_entry(const struct aimlock_holder *a, const struct aimlock_holder *b)
{
	return a->pid == b->pid && !strcmp(manner_of(a), manner_of(b));
}

static bool seen_before(const struct aimlock_holder *holders, size_t i)
{
	size_t j;

	if (!holders[i].pid)
		return false;
	for (j = 0; j < i; j++)
		if (same_entry(&holders[j], &holders[i]))
			return true;
	return false;
}

/* The end of what was written. */
static char *write_process(char *to, uint32_t pid, uint32_t ns_pid, const char *comm)
{
	to += sprintf(to, "%u", pid);
	if (ns_pid && ns_pid != pid)
		to += sprintf(to, "/%u", ns_pid);
	if (comm[0])
		to += sprintf(to, " %s", comm);
	return to;
}

char *aimlock_text_waiter(const struct aimlock_waiter *waiter)
{
	char *text = malloc(HOLDER_SIZE);

	if (text)
		write_process(text, waiter->pid, waiter->ns_pid, waiter->comm);
	return text;
}

static char *write_holder(char *to, const struct aimlock_holder *holder)
{
	if (!holder->pid) {
		to = stpcpy(to, holder->comm[0] ? holder->comm :
			    aimlock_model_holder_name(holder->kind));
		if (holder->client)
			to = stpcpy(stpcpy(to, FOR_CLIENT), holder->client->address);
		return to;
	}
	to = write_process(to, holder->pid, holder->ns_pid, holder->comm);
	return stpcpy(to, manner_of(holder));
}

/* Not by a stream in memory: that clears 8 KiB for each. */
char *aimlock_text_holders(const struct aimlock_holder *holders, size_t n)
{
	char *text = malloc(n * HOLDER_SIZE + 1), *to = text;
	size_t i;

	if (!text)
		return NULL;
	*to = '\0';
	for (i = 0; i < n; i++) {
		if (seen_before(holders, i))
			continue;
		if (i)
			to = stpcpy(to, ", ");
		to = write_holder(to, &holders[i]);
	}
	return text;
}
