// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "world.h"

struct place {
	char name[16], hold_name[16], path[128];
};

static struct place places[FILES];
static char mountpoint[96];

const char *files_name(int i)
{
	return places[i].name;
}

const char *files_hold_name(int i)
{
	return places[i].hold_name;
}

const char *files_path(int i)
{
	return places[i].path;
}

const char *files_mountpoint(void)
{
	return mountpoint;
}

/* Shared ones come first, then those on the mount, then those for leases. */
int files_pick(void)
{
	if (below(12) == 0)
		return SHARED_FILES + below(MOUNTED_FILES);
	if (below(30) == 0)
		return SHARED_FILES - CALM_FILES + below(CALM_FILES);
	return below(SHARED_FILES - CALM_FILES);
}

int files_pick_lease(void)
{
	return LOCKED_FILES + below(LEASE_FILES);
}

int files_pick_any(void)
{
	return below(FILES);
}

bool files_make_at(const char *path)
{
	unsigned int serial = atomic_fetch_add(&world->serials, 1);
	char new[160];
	int fd, ret;

	if (serial >= SERIALS)
		errx(2, "there are serial numbers for %d files only", SERIALS);
	snprintf(new, sizeof(new), "%s.%u", path, serial);
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	ret = ftruncate(fd, serial);
	close(fd);
	if (!ret)
		ret = rename(new, path);
	if (ret)
		unlink(new);
	return !ret;
}

bool files_make(int i)
{
	return files_make_at(places[i].path);
}

void files_remove(int i)
{
	unlink(places[i].path);
}

unsigned int files_serial(int fd)
{
	struct stat st;

	return fstat(fd, &st) || st.st_size >= SERIALS ? 0 : st.st_size;
}

unsigned int files_serial_at(const char *path)
{
	struct stat st;

	return stat(path, &st) || st.st_size >= SERIALS ? 0 : st.st_size;
}

void files_setup(const char *dir)
{
	int i;

	snprintf(mountpoint, sizeof(mountpoint), "%s/mount", dir);
	if (mkdir(mountpoint, 0755) && errno != EEXIST)
		err(2, "%s", mountpoint);
	for (i = 0; i < FILES; i++) {
		struct place *place = &places[i];
		bool on_mount = i >= SHARED_FILES && i < LOCKED_FILES;

		snprintf(place->name, sizeof(place->name), "%c%d",
			 i < SHARED_FILES ? 't' : on_mount ? 'm' : 'l', i);
		snprintf(place->hold_name, sizeof(place->hold_name), "h%d", i);
		snprintf(place->path, sizeof(place->path), "%s/%s",
			 on_mount ? mountpoint : dir, place->name);
		if (!on_mount && !files_make(i))
			err(2, "%s", place->path);
	}
}

void files_run_renamer(void)
{
	int i;

	while (!world->over) {
		nap(300000);
		i = below(SHARED_FILES + LEASE_FILES);
		if (i >= SHARED_FILES)
			i += MOUNTED_FILES;
		if (below(3) == 0) {
			files_remove(i);
			nap(20000);
			if (files_make(i))
				world->n.recreated++;
		} else if (files_make(i)) {
			world->n.replaced++;
		}
	}
}
