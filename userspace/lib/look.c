// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

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
