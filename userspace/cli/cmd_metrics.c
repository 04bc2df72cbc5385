// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/metrics.h"
#include "cli.h"

static const struct aimlock_option options[] = {
	{ 'o', "output", "FILE", "replace FILE by it in one step, not to standard output" },
	{ .name = NULL },
};

/* One line; the length without its end, 0 if there is none. */
static size_t read_version(char *version, int size)
{
	FILE *in = fopen("/sys/module/aimlock/version", "re");

	version[0] = '\0';
	if (!in)
		return 0;
	if (!fgets(version, size, in))
		version[0] = '\0';
	fclose(in);
	version[strcspn(version, "\n")] = '\0';
	return strlen(version);
}

/* 0, or an errno. */
static int save(FILE *out, const struct aimlock_metrics *metrics)
{
	int err = -aimlock_metrics_write(metrics, out);

	errno = 0;
	if (!err && (fflush(out) || ferror(out)))
		err = errno ? errno : EIO;
	return err;
}

/* A reader finds the old text or the new one, never a part. */
static int replace(const char *path, const struct aimlock_metrics *metrics)
{
	char *temporary;
	FILE *out = NULL;
	int fd, err = 0;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		err = errno;
		free(temporary);
		return err;
	}
	if (fchmod(fd, 0644) || !(out = fdopen(fd, "w")))
		err = errno;
	if (!err)
		err = save(out, metrics);
	if (!err && (fsync(fd) || rename(temporary, path)))
		err = errno;
	if (err)
		unlink(temporary);
	if (out)
		fclose(out);
	else
		close(fd);
	free(temporary);
	return err;
}

static int write_out(const struct aimlock_verb *verb, const char *path,
		     const struct aimlock_metrics *metrics)
{
	int err;

	if (path) {
		err = replace(path, metrics);
		return err ? aimlock_say_error(verb, path, err, "the metrics can't be written") :
			     AIMLOCK_EXIT_DONE;
	}
	err = aimlock_metrics_write(metrics, stdout);
	return err ? aimlock_say_error(verb, NULL, err, NULL) : AIMLOCK_EXIT_DONE;
}

static int look_and_write(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
			  const char *path)
{
	struct aimlock_files files = { 0 };
	char version[64];
	struct aimlock_metrics metrics = {
		.up = true,
		.version = read_version(version, sizeof(version)) ? version : NULL,
		.files = &files,
	};
	int status = aimlock_find_files(verb, nl, NULL, 0, &files);

	if (!status)
		status = aimlock_find_locks(verb, nl, true, false, &files);
	if (!status)
		status = write_out(verb, path, &metrics);
	aimlock_model_free_files(&files);
	return status;
}

static int run(const struct aimlock_verb *verb, int argc, char **argv)
{
	static const struct aimlock_files none;
	static const struct aimlock_metrics down = { .files = &none };
	struct aimlock_netlink nl;
	const char *path = NULL;
	int status;

	while (aimlock_args_next(verb, argc, argv) != -1)
		path = optarg;
	status = aimlock_find_module(verb, &nl);
	if (status) {
		/* So that whoever reads it learns of that, and sees no old values. */
		write_out(verb, path, &down);
		return status;
	}
	status = look_and_write(verb, &nl, path);
	aimlock_netlink_close(&nl);
	return status;
}

const struct aimlock_verb aimlock_cmd_metrics = {
	.name = "metrics",
	.args = "",
	.help = "print metrics of the registered files for Prometheus",
	.options = options,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
