// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "sabotage.h"
#include "world.h"

#define FDS	128	/* of a holder */

/* A copy of the owner's descriptor is the same description: what is unlocked is its. */
static void unlock_through(int pidfd, int number, unsigned int serial, unsigned int word)
{
	struct flock range = {
		.l_type = F_UNLCK, .l_start = (word - 1) * RANGE_STEP, .l_len = RANGE_SIZE,
	};
	int fd = syscall(__NR_pidfd_getfd, pidfd, number, 0);

	if (fd < 0)
		return;
	if (files_serial(fd) == serial && !(word ? fcntl(fd, F_OFD_SETLK, &range) :
						   flock(fd, LOCK_UN)))
		world->n.sabotaged++;
	close(fd);
}

static void sabotage(unsigned int serial, unsigned int word)
{
	pid_t owner = oracle_owner(&world->words[serial][word]);
	int pidfd, number;

	pidfd = owner ? syscall(SYS_pidfd_open, owner, 0) : -1;
	if (pidfd < 0)
		return;
	for (number = 3; number < FDS; number++)
		unlock_through(pidfd, number, serial, word);
	close(pidfd);
}

void sabotage_run(void)
{
	unsigned int serial, word;

	while (!world->over) {
		nap(200000);
		for (serial = 1; serial < atomic_load(&world->serials); serial++)
			for (word = 0; word < WORDS - 1; word++)
				if (below(4) == 0)
					sabotage(serial, word);
	}
}
