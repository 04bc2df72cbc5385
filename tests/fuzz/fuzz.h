/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share: the whole tool as a function, and its kernel. */
#ifndef AIMLOCK_FUZZ_H
#define AIMLOCK_FUZZ_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ENSURE(what) do { \
	if (!(what)) { \
		dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
		abort(); \
	} \
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a string, to be freed; it ends at the first NUL. */
char *fuzz_string(const uint8_t *data, size_t size);

/* if (!setjmp(fuzz_left)) { fuzz_may_exit = true; ... }: exit() comes back there. */
extern jmp_buf fuzz_left;
extern bool fuzz_may_exit;
extern int fuzz_status;

/* What the kernel will answer: datagrams, each behind its length as a u16. */
void fuzz_answer(const uint8_t *data, size_t size);

/* Runs the tool; its status, and what it wrote to stdout and stderr, to be freed. */
int fuzz_tool(int argc, char **argv, char **out, char **err);

/* Nothing in it that a terminal would interpret. */
bool fuzz_is_harmless(const char *text);

#endif /* AIMLOCK_FUZZ_H */
