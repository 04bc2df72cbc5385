// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define LATE_FACTOR	16
#define REST_MAX	20000000
#define PF_EXITING	0x4	/* of the kernel's task->flags, as /proc/PID/stat has them */

struct world *world;

void world_make(void)
{
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (world == MAP_FAILED)
		err(2, "mmap");
	atomic_store(&world->serials, 1);
}

void world_print(void)
{
	unsigned int i, told = atomic_load(&world->told);

#define X(name) printf(#name "=%ld\n", atomic_load(&world->n.name));
	COUNTERS(X)
#undef X
	for (i = 0; i < told && i < VIOLATIONS; i++)
		printf("violation: %s\n", world->violation[i]);
	fflush(stdout);
}

void violation(const char *format, ...)
{
	unsigned int i = atomic_fetch_add(&world->told, 1);
	va_list args;

	world->n.violations++;
	if (i >= VIOLATIONS)
		return;
	va_start(args, format);
	vsnprintf(world->violation[i], sizeof(world->violation[i]), format, args);
	va_end(args);
}

void odd(const char *what, int error)
{
	world->n.odd++;
	violation("odd answer to %s: %s", what, strerror(error));
}

unsigned int below(unsigned int n)
{
	return (unsigned int)random() % n;
}

void nap(unsigned int us)
{
	usleep(below(us + 1));
}

void rest(unsigned int us)
{
	static unsigned int late = 100000;	/* not all at once */
	struct timespec begin, end;
	long wanted, passed;

	wanted = us + (long)LATE_FACTOR * late;
	wanted = below(wanted < REST_MAX ? wanted : REST_MAX);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	usleep(wanted);
	clock_gettime(CLOCK_MONOTONIC, &end);
	passed = (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000;
	late = passed > wanted ? passed - wanted : 0;
}

bool is_dying(pid_t pid)
{
	char path[32], line[512], *field;
	unsigned int flags;
	char state;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	len = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (len <= 0)
		return true;
	line[len] = '\0';
	field = strrchr(line, ')');
	if (!field || sscanf(field, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		errx(2, "%s: %s", path, line);
	return state == 'Z' || state == 'X' || (flags & PF_EXITING);
}

pid_t spawn(unsigned long flags)
{
	pid_t pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srandom(getpid());
	return 0;
}
