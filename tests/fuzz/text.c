// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes made fit for a terminal, and for JSON. */
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "fuzz.h"
#include "lib/text.h"

/* glibc decodes five and six bytes too, which have not been UTF-8 since RFC 3629. */
static bool is_utf8(const char *s)
{
	size_t left = strlen(s), len;
	mbstate_t state = { 0 };
	wchar_t wc;

	for (; left; s += len, left -= len) {
		len = mbrtowc(&wc, s, left, &state);
		if (len > left || wc > 0x10ffff)
			return false;
	}
	return true;
}

/* Without a backslash of its own the text can be had back. */
static void check_escaped(const char *s, const char *escaped)
{
	unsigned int byte;

	for (; *escaped; s++) {
		if (*escaped == '\\') {
			ENSURE(sscanf(escaped, "\\x%2x", &byte) == 1);
			ENSURE(byte == (unsigned char)*s);
			escaped += 4;
		} else {
			ENSURE(*escaped++ == *s);
		}
	}
	ENSURE(!*s);
}

static void check_escape(const char *s)
{
	char *escaped = aimlock_text_escape(s);

	ENSURE(escaped && fuzz_is_harmless(escaped) && !strchr(escaped, '\n'));
	if (!strchr(s, '\\'))
		check_escaped(s, escaped);
	free(escaped);
}

static void check_utf8(const char *s)
{
	char *valid = aimlock_text_utf8(s), *again = aimlock_text_utf8(valid);

	ENSURE(valid && again && is_utf8(valid) && !strcmp(valid, again));
	ENSURE(!is_utf8(s) || !strcmp(valid, s));
	free(valid);
	free(again);
}

static void check_duration(uint64_t ms)
{
	char *text = aimlock_text_duration(ms);

	ENSURE(text && text[0] >= '0' && text[0] <= '9');
	ENSURE(!text[strspn(text, "0123456789.mshd")]);
	free(text);
}

static void check_range(uint64_t start, uint64_t end)
{
	struct aimlock_lock lock = { .start = start, .end = end };
	char *text = aimlock_text_range(&lock), *dash;
	uint64_t last = AIMLOCK_END_OF_FILE;

	ENSURE(text && strtoull(text, &dash, 10) == start && *dash == '-');
	if (strcmp(dash + 1, "EOF"))
		last = strtoull(dash + 1, NULL, 10);
	ENSURE(last == (end < AIMLOCK_END_OF_FILE ? end : AIMLOCK_END_OF_FILE));
	free(text);
}

static void check_holders(const uint8_t *data, size_t size)
{
	struct aimlock_holder holders[8] = { };
	size_t n;
	char *text;

	for (n = 0; n < 8 && size >= 4; n++, data += 4, size -= 4) {
		holders[n].kind = data[0] % 10;
		holders[n].pid = data[1] % 4;
		memcpy(holders[n].comm, data + 2, 2);
	}
	text = aimlock_text_holders(holders, n);
	ENSURE(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static locale_t c, utf8;
	char *s = fuzz_string(data, size);
	uint64_t numbers[2] = { 0 };

	if (!c) {
		c = newlocale(LC_ALL_MASK, "C", NULL);
		utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
		ENSURE(c && utf8);
	}
	uselocale(c);
	check_escape(s);
	uselocale(utf8);
	check_escape(s);
	check_utf8(s);
	memcpy(numbers, data, size < sizeof(numbers) ? size : sizeof(numbers));
	check_duration(numbers[0]);
	check_range(numbers[0], numbers[1]);
	check_holders(data, size);
	free(s);
	return 0;
}
