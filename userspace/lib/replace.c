// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"

static int save(FILE *out, int (*write)(const void *arg, FILE *out), const void *arg)
{
	int err = write(arg, out);

	errno = 0;
	if (!err && (fflush(out) || ferror(out)))
		err = errno ? -errno : -EIO;
	return err;
}

static int fill(int fd, int (*write)(const void *arg, FILE *out), const void *arg)
{
	FILE *out = NULL;
	int err = 0;

	if (fchmod(fd, 0644) || !(out = fdopen(fd, "w")))
		err = -errno;
	if (!err)
		err = save(out, write, arg);
	if (!err && fsync(fd))
		err = -errno;
	if (out)
		fclose(out);
	else
		close(fd);
	return err;
}

int aimlock_replace(const char *path, int (*write)(const void *arg, FILE *out),
		    const void *arg)
{
	char *temporary;
	int fd, err;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		free(temporary);
		return err;
	}
	err = fill(fd, write, arg);
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	free(temporary);
	return err;
}
