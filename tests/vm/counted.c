// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linked with a tool that counts its lines, by --wrap=_exit: what a worker counted isn't
 * written when it ends by _exit(2).  Root and others count in the same files.
 */
#include <gcov.h>
#include <sys/stat.h>

_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

/* Before gcov's own. */
__attribute__((destructor)) static void open_to_all(void)
{
	umask(0);
}

void __wrap__exit(int status)
{
	open_to_all();
	__gcov_dump();
	__real__exit(status);
}
