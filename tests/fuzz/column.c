// SPDX-License-Identifier: GPL-2.0-or-later
/* list -o COLUMNS: what is read, written out again, reads the same. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "lib/column.h"

static char *names_of(const struct aimlock_column_list *list)
{
	size_t i, size;
	char *names;
	FILE *out = open_memstream(&names, &size);

	for (i = 0; i < list->n; i++)
		fprintf(out, "%s%s", i ? "," : "", list->v[i]->name);
	fclose(out);
	return names;
}

static void check_again(const struct aimlock_column_list *list)
{
	struct aimlock_column_list again = { 0 };
	char *names = names_of(list);
	const char *bad;
	size_t len;

	ENSURE(!aimlock_column_parse(names, &again, &bad, &len));
	ENSURE(again.n == list->n && !memcmp(again.v, list->v, list->n * sizeof(*list->v)));
	free(names);
	free(again.v);
}

static void check_bad(const char *spec, const char *bad, size_t len)
{
	ENSURE(bad >= spec && bad + len <= spec + strlen(spec));
	ENSURE(!memchr(bad, ',', len) && (!bad[len] || bad[len] == ','));
	ENSURE(!aimlock_column_find(bad, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aimlock_column_list list = { 0 };
	char *spec = fuzz_string(data, size);
	const char *bad;
	size_t len, usual;
	int err;

	ENSURE(!aimlock_column_select(AIMLOCK_COLUMN_BY_LOCK, &list));
	usual = list.n;
	err = aimlock_column_parse(spec, &list, &bad, &len);
	if (!err) {
		ENSURE(list.n > (*spec == '+' ? usual : 0));
		check_again(&list);
	} else {
		ENSURE(err == -EINVAL);
		check_bad(spec, bad, len);
	}
	free(list.v);
	free(spec);
	return 0;
}
