// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "look.h"

int aimlock_look_locks(struct aimlock_netlink *nl, const char *name, bool waiting,
		       struct aimlock_files *files)
{
	struct aimlock_locks locks = { 0 };
	int err = aimlock_client_locks_get(nl, name, waiting, &locks);

	if (!err)
		err = aimlock_model_assign(files, &locks);
	aimlock_model_free_locks(&locks);
	return err;
}

uint32_t aimlock_look_suspect_ms(const struct aimlock_locks *locks)
{
	uint32_t most = 0;
	size_t i;

	for (i = 0; i < locks->n; i++) {
		const struct aimlock_lock *lock = &locks->v[i];

		if (!lock->name[0] && lock->verdict == AIMLOCK_VERDICT_SUSPECT &&
		    lock->suspect_ms > most)
			most = lock->suspect_ms;
	}
	return most;
}

void aimlock_look_wait(uint32_t ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

int aimlock_look_all(struct aimlock_netlink *nl, struct aimlock_files *files)
{
	int err = aimlock_client_files_get(nl, NULL, files);

	if (err)
		return err;
	aimlock_model_sort(files);
	return aimlock_look_locks(nl, NULL, false, files);
}

bool aimlock_look_version(char *version, size_t size)
{
	FILE *in = fopen("/sys/module/aimlock/version", "re");

	version[0] = '\0';
	if (!in)
		return false;
	if (!fgets(version, (int)size, in))
		version[0] = '\0';
	fclose(in);
	version[strcspn(version, "\n")] = '\0';
	return version[0];
}
