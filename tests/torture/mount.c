// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "module.h"
#include "mount.h"
#include "world.h"

#define PATIENCE	300	/* seconds, for a look that gets no CPU */

static const char *device;
static char quiet_dir[96], quiet_file[112];

void mount_setup(const char *dir, const char *ext4)
{
	device = ext4;
	snprintf(quiet_dir, sizeof(quiet_dir), "%s/quiet", dir);
	snprintf(quiet_file, sizeof(quiet_file), "%s/file", quiet_dir);
	if (mkdir(quiet_dir, 0755) && errno != EEXIST)
		err(2, "%s", quiet_dir);
}

static void mount_at(const char *dir, bool on_device)
{
	int ret = on_device ? mount(device, dir, "ext4", 0, NULL) :
			      mount("torture", dir, "tmpfs", 0, "size=4m");

	if (ret)
		err(2, "mount %s", dir);
	world->n.mounts++;
}

/* Holders have files open there: it goes with their locks on it. */
static void unmount_busy(const char *dir)
{
	int tries;

	for (tries = 0; tries < 5; tries++) {
		if (!umount2(dir, 0)) {
			world->n.unmounts++;
			return;
		}
		nap(10000);
	}
	if (umount2(dir, MNT_DETACH))
		err(2, "umount -l %s", dir);
	world->n.detached++;
}

/* Nothing but the registration is there, and that doesn't keep it. */
static void unmount_quiet(void)
{
	time_t begin = time(NULL);

	while (umount2(quiet_dir, 0)) {
		if (errno != EBUSY)
			err(2, "umount %s", quiet_dir);
		if (time(NULL) > begin + PATIENCE) {
			violation("a registered file keeps its filesystem mounted");
			umount2(quiet_dir, MNT_DETACH);
			return;
		}
		usleep(1000);
	}
	world->n.unmounts++;
}

static void lock_quiet_file(void)
{
	int fd = open(quiet_file, O_RDWR | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		violation("the file on the quiet mount is not free: %s", strerror(errno));
	module_write("quiet", "conf_locked", "0");
	close(fd);
}

void mount_run(void)
{
	bool on_device;
	int i;

	for (on_device = device; !world->over; on_device = device && !on_device) {
		mount_at(files_mountpoint(), on_device);
		for (i = SHARED_FILES; i < LOCKED_FILES; i++)
			files_make(i);
		mount_at(quiet_dir, false);
		files_make_at(quiet_file);
		module_add("quiet", quiet_file);
		nap(1000000);
		lock_quiet_file();
		unmount_quiet();
		nap(1000000);
		unmount_busy(files_mountpoint());
		nap(100000);
	}
}

void mount_clean_up(void)
{
	while (!umount2(files_mountpoint(), MNT_DETACH))
		;
	while (!umount2(quiet_dir, MNT_DETACH))
		;
}
