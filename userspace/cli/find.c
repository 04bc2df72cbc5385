// SPDX-License-Identifier: GPL-2.0-or-later
/* From names and paths on the command line to files and their locks. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/host.h"
#include "../lib/look.h"
#include "../lib/nfsd.h"
#include "cli.h"

static int find(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		int (*open)(struct aimlock_netlink *nl))
{
	int err = open(nl);

	if (!err)
		return AIMLOCK_EXIT_DONE;
	if (err != -ENOENT)
		return aimlock_say_error(verb, NULL, err, nl->message);
	if (access("/sys/module/aimlock", F_OK))
		fprintf(stderr, "aimlock: %s: the aimlock module is not loaded; load it with: "
			"modprobe aimlock\n", verb->name);
	else
		fprintf(stderr, "aimlock: %s: the aimlock module answers in the initial network "
			"namespace only; enter it with: nsenter -t 1 -n\n", verb->name);
	return AIMLOCK_EXIT_FAILED;
}

int aimlock_find_module(const struct aimlock_verb *verb, struct aimlock_netlink *nl)
{
	return find(verb, nl, aimlock_netlink_open);
}

int aimlock_find_events(const struct aimlock_verb *verb, struct aimlock_netlink *nl)
{
	return find(verb, nl, aimlock_netlink_listen);
}

/* Moves the files at @path from @all to @files; how many. */
static int take_path(struct aimlock_files *all, const char *path, struct aimlock_files *files)
{
	int found = 0;
	size_t i;

	for (i = 0; i < all->n; i++) {
		struct aimlock_file *file = &all->v[i];
		int err;

		if (!file->path || strcmp(file->path, path))
			continue;
		err = aimlock_model_move_file(files, file);
		if (err)
			return err;
		found++;
	}
	return found;
}

static int find_path(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		     const char *path, struct aimlock_files *files)
{
	struct aimlock_files all = { 0 };
	int status = AIMLOCK_EXIT_DONE;
	int ret = aimlock_client_files_get(nl, NULL, &all);

	if (!ret)
		ret = take_path(&all, path, files);
	if (ret < 0)
		status = aimlock_say_error(verb, NULL, ret, nl->message);
	else if (!ret)
		status = aimlock_say_error(verb, path, -ENOENT,
					   "no file is registered under this path");
	aimlock_model_free_files(&all);
	return status;
}

static int find_one(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		    const char *arg, struct aimlock_files *files)
{
	int err;

	/* A name has no slash. */
	if (strchr(arg, '/'))
		return find_path(verb, nl, arg, files);
	err = aimlock_client_files_get(nl, arg, files);
	return err ? aimlock_say_error(verb, arg, err, nl->message) : AIMLOCK_EXIT_DONE;
}

int aimlock_find_files(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		       char *const *args, int n, struct aimlock_files *files)
{
	int status = AIMLOCK_EXIT_DONE, i;

	if (!n) {
		int err = aimlock_client_files_get(nl, NULL, files);

		if (err)
			return aimlock_say_error(verb, NULL, err, nl->message);
	}
	for (i = 0; i < n; i++) {
		int one = find_one(verb, nl, args[i], files);

		if (one != AIMLOCK_EXIT_DONE)
			status = one;
	}
	aimlock_model_sort(files);
	return status;
}

/* What user space knows of the kernel's holders. */
static int add_names(struct aimlock_files *files)
{
	int err = aimlock_nfsd_add_clients(files);

	return err ? err : aimlock_host_name_holders(files);
}

int aimlock_find_locks(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		       bool all, bool waiting, struct aimlock_files *files)
{
	int status = AIMLOCK_EXIT_DONE, err;
	size_t i;

	if (all) {
		err = aimlock_look_locks(nl, NULL, waiting, files);
		if (err)
			status = aimlock_say_error(verb, NULL, err, nl->message);
	}
	for (i = 0; !all && i < files->n; i++) {
		err = aimlock_look_locks(nl, files->v[i].name, waiting, files);
		if (err)
			status = aimlock_say_error(verb, files->v[i].name, err, nl->message);
	}
	err = add_names(files);
	return err ? aimlock_say_error(verb, NULL, err, NULL) : status;
}

/* Nobody looked at such locks before, so their grace begins with the first look. */
static int scan(struct aimlock_netlink *nl, const struct aimlock_range *range,
		bool waiting, struct aimlock_locks *locks)
{
	int err = aimlock_client_scan(nl, range, waiting, locks);
	uint32_t ms = err ? 0 : aimlock_look_suspect_ms(locks);

	if (!ms)
		return err;
	aimlock_look_wait(ms);
	return aimlock_client_scan(nl, range, waiting, locks);
}

/* What a lock does not tell of its registered file. */
static int complete(struct aimlock_netlink *nl, struct aimlock_files *files)
{
	size_t i;

	for (i = 0; i < files->n; i++) {
		struct aimlock_files known = { 0 };
		int err;

		if (!files->v[i].name[0])
			continue;
		err = aimlock_client_files_get(nl, files->v[i].name, &known);
		if (!err && known.n)
			aimlock_model_complete(&files->v[i], &known.v[0]);
		aimlock_model_free_files(&known);
		/* It may have been forgotten meanwhile. */
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

static int find_below(struct aimlock_netlink *nl, int fd, bool waiting,
		      struct aimlock_files *files)
{
	const struct aimlock_range range = { .fd = fd };
	struct aimlock_locks locks = { 0 };
	int err = scan(nl, &range, waiting, &locks);

	if (!err)
		err = aimlock_model_group(files, &locks);
	if (!err)
		err = complete(nl, files);
	if (!err)
		err = add_names(files);
	aimlock_model_free_locks(&locks);
	return err;
}

int aimlock_find_below(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		       const char *path, bool waiting, struct aimlock_files *files)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	int err;

	if (fd < 0)
		return aimlock_say_error(verb, path, errno, NULL);
	err = find_below(nl, fd, waiting, files);
	close(fd);
	return err ? aimlock_say_error(verb, path, err, nl->message) : AIMLOCK_EXIT_DONE;
}

static int add_type(struct aimlock_range *range, const char *type)
{
	char **types = reallocarray(range->types, range->n_types + 1, sizeof(*types));

	if (!types)
		return -ENOMEM;
	range->types = types;
	types[range->n_types] = strdup(type);
	return types[range->n_types++] ? 0 : -ENOMEM;
}

/* "nodev", a tab, and the type. */
static int read_types(struct aimlock_range *range)
{
	FILE *in = fopen("/proc/filesystems", "re");
	char line[256], *type;
	int err = 0;

	if (!in)
		return -errno;
	while (!err && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		type = strrchr(line, '\t');
		if (type)
			err = add_type(range, type + 1);
	}
	fclose(in);
	return err;
}

static void free_types(struct aimlock_range *range)
{
	while (range->n_types)
		free(range->types[--range->n_types]);
	free(range->types);
}

/* Moves the files that aren't registered. */
static int take_others(struct aimlock_files *found, struct aimlock_files *files)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < found->n; i++)
		if (!found->v[i].name[0])
			err = aimlock_model_move_file(files, &found->v[i]);
	return err;
}

static int find_others(struct aimlock_netlink *nl, bool waiting, struct aimlock_files *files)
{
	struct aimlock_range range = { .fd = -1 };
	struct aimlock_files found = { 0 };
	struct aimlock_locks locks = { 0 };
	int err = read_types(&range);

	if (!err)
		err = scan(nl, &range, waiting, &locks);
	if (!err)
		err = aimlock_model_group(&found, &locks);
	if (!err)
		err = add_names(&found);
	if (!err)
		err = take_others(&found, files);
	aimlock_model_free_locks(&locks);
	aimlock_model_free_files(&found);
	free_types(&range);
	return err;
}

int aimlock_find_others(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
			bool waiting, struct aimlock_files *files)
{
	int err = find_others(nl, waiting, files);

	return err ? aimlock_say_error(verb, NULL, err, nl->message) : AIMLOCK_EXIT_DONE;
}
