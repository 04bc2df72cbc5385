// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nfsd.h"

/* A line of a client's states: what it has on which file. */
struct state {
	enum aimlock_lock_kind kind;
	unsigned int major, minor;
	uint64_t ino;
};

static bool is_nfsds(const struct aimlock_lock *lock)
{
	return lock->verdict == AIMLOCK_VERDICT_REMOTE && lock->n_holders &&
	       !strcmp(lock->holders[0].comm, "nfsd");
}

static bool has_any(const struct aimlock_file *file)
{
	size_t i;

	for (i = 0; file->has_inode && i < file->locks.n; i++)
		if (is_nfsds(&file->locks.v[i]))
			return true;
	return false;
}

/*
 * "- 0x...: { type: lock, superblock: "fe:00:8922", filename: ..., owner: ... }".
 * What a client chose comes after what is read here.
 */
static bool read_state(const char *line, struct state *state)
{
	const char *place = strstr(line, " superblock: \"");
	char type[16];

	if (!place || sscanf(line, "- %*[^:]: { type: %15[a-z]", type) != 1)
		return false;
	if (!strcmp(type, "lock"))
		state->kind = AIMLOCK_LOCK_KIND_POSIX;
	else if (!strcmp(type, "deleg"))
		state->kind = AIMLOCK_LOCK_KIND_LEASE;
	else
		return false;
	return sscanf(place, " superblock: \"%x:%x:%" SCNu64, &state->major, &state->minor,
		      &state->ino) == 3;
}

static FILE *open_in(int dir, const char *client, const char *name)
{
	char path[64];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%.30s/%s", client, name);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

/* The value of a line "KEY: VALUE", without its quotes and cut to @size. */
static void read_value(const char *line, const char *key, char *value, size_t size)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len) || line[len] != ':')
		return;
	line += len + 1;
	line += strspn(line, " \"");
	len = strcspn(line, "\n");
	while (len && line[len - 1] == '"')
		len--;
	snprintf(value, size, "%.*s", (int)(len < size ? len : size - 1), line);
}

static void read_info(FILE *info, struct aimlock_client *client)
{
	char *line = NULL, renewed[24] = "";
	size_t size = 0;

	while (getline(&line, &size, info) >= 0) {
		read_value(line, "address", client->address, sizeof(client->address));
		read_value(line, "name", client->name, sizeof(client->name));
		read_value(line, "status", client->status, sizeof(client->status));
		read_value(line, "seconds from last renew", renewed, sizeof(renewed));
	}
	free(line);
	client->silent_s = isdigit((unsigned char)renewed[0]) ? strtoll(renewed, NULL, 10) : -1;
}

static int add_to_lock(struct aimlock_lock *lock, const struct aimlock_client *client)
{
	struct aimlock_holder *holder = &lock->holders[lock->n_holders - 1];

	if (holder->client && holder->client->id == client->id)
		return 0;	/* it has more than one state on the file */
	if (holder->client) {
		holder = aimlock_model_add_holder(lock);
		if (!holder)
			return -ENOMEM;
		*holder = lock->holders[0];
	}
	holder->client = malloc(sizeof(*client));
	if (!holder->client)
		return -ENOMEM;
	*holder->client = *client;
	return 0;
}

static int add_to_files(struct aimlock_files *files, const struct state *state,
			const struct aimlock_client *client)
{
	int err = 0;
	size_t i, j;

	for (i = 0; i < files->n; i++) {
		struct aimlock_file *file = &files->v[i];

		if (!file->has_inode || file->ino != state->ino ||
		    file->dev_major != state->major || file->dev_minor != state->minor)
			continue;
		for (j = 0; j < file->locks.n && !err; j++)
			if (file->locks.v[j].kind == state->kind && is_nfsds(&file->locks.v[j]))
				err = add_to_lock(&file->locks.v[j], client);
	}
	return err;
}

static int read_client(int dir, const char *id, struct aimlock_files *files)
{
	struct aimlock_client client = { .id = strtoul(id, NULL, 10) };
	FILE *info = open_in(dir, id, "info"), *states = open_in(dir, id, "states");
	struct state state;
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	if (info && states) {
		read_info(info, &client);
		while (!err && getline(&line, &size, states) >= 0)
			if (read_state(line, &state))
				err = add_to_files(files, &state, &client);
	}
	free(line);
	if (info)
		fclose(info);
	if (states)
		fclose(states);
	return err;
}

static int read_clients(struct aimlock_files *files)
{
	DIR *dir = opendir(AIMLOCK_NFSD_CLIENTS);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return 0;
	while (!err && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			err = read_client(dirfd(dir), entry->d_name, files);
	closedir(dir);
	return err;
}

int aimlock_nfsd_add_clients(struct aimlock_files *files)
{
	size_t i;

	for (i = 0; i < files->n; i++)
		if (has_any(&files->v[i]))
			return read_clients(files);
	return 0;
}
