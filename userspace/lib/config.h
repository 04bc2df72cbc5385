/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of aimlock.conf(5): which files to look after, and how. */
#ifndef AIMLOCK_CONFIG_H
#define AIMLOCK_CONFIG_H

#include <sys/socket.h>

#include "client.h"

#define AIMLOCK_CONFIG_DIR	"/etc/aimlock"

enum aimlock_on_orphan {
	AIMLOCK_ON_ORPHAN_NOTIFY,
	AIMLOCK_ON_ORPHAN_CLEAR,
	AIMLOCK_ON_ORPHAN_ADOPT,
};

struct aimlock_config_file {
	char name[AIMLOCK_NAME_MAX + 1];
	char *path;
	struct aimlock_settings settings;	/* grace and scope, all set */
	enum aimlock_on_orphan on_orphan;
	bool guard;
	char *check;			/* NULL without guard */
	char *where;			/* "/etc/aimlock/a.conf:12", of its section */
};

struct aimlock_config {
	struct aimlock_config_file *v;	/* sorted by name */
	size_t n;
	struct sockaddr_storage metrics_listen;	/* AF_UNSPEC: nowhere */
	char *metrics_file;		/* NULL: none */
};

/* What may be set, for help; ends with one without a name. */
struct aimlock_config_key {
	const char *name;
	bool of_daemon;			/* before the first section */
	const char *takes;
	const char *expected;		/* "'x' is not " that */
	const char *help;
	/* 0, -EINVAL or -ENOMEM; @target is a file's or the whole configuration */
	int (*set)(void *target, const char *value);
};

extern const struct aimlock_config_key aimlock_config_keys[];

/* Told of each fault; @where is a file, mostly with a line. */
typedef void (*aimlock_config_complain)(void *arg, const char *where, const char *what);

/*
 * Reads all of DIR that ends in .conf.  -EINVAL if there was a fault, with all of them complained of;
 * else -errno.  To be freed in any case.
 */
int aimlock_config_read(struct aimlock_config *config, const char *dir,
			aimlock_config_complain complain, void *arg);
void aimlock_config_free(struct aimlock_config *config);
void aimlock_config_free_file(struct aimlock_config_file *file);

const struct aimlock_config_file *aimlock_config_find(const struct aimlock_config *config,
						      const char *name);

#endif /* AIMLOCK_CONFIG_H */
