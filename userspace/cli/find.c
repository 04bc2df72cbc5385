// SPDX-License-Identifier: GPL-2.0-or-later
/* From names and paths on the command line to files and their locks. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

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

int aimlock_find_locks(const struct aimlock_verb *verb, struct aimlock_netlink *nl,
		       bool all, struct aimlock_files *files)
{
	int status = AIMLOCK_EXIT_DONE, err;
	size_t i;

	if (all) {
		err = aimlock_look_locks(nl, NULL, files);
		if (err)
			status = aimlock_say_error(verb, NULL, err, nl->message);
	}
	for (i = 0; !all && i < files->n; i++) {
		err = aimlock_look_locks(nl, files->v[i].name, files);
		if (err)
			status = aimlock_say_error(verb, files->v[i].name, err, nl->message);
	}
	err = aimlock_nfsd_add_clients(files);
	return err ? aimlock_say_error(verb, NULL, err, NULL) : status;
}
