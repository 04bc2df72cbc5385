// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "apply.h"

static int add(struct aimlock_netlink *nl, const struct aimlock_config_file *want)
{
	return aimlock_client_file_new(nl, want->name, want->path, &want->settings);
}

/* A name follows a path; for another path it is another file's. */
static int move(struct aimlock_netlink *nl, const struct aimlock_config_file *want)
{
	int err = aimlock_client_file_del(nl, want->name);

	return err ? err : add(nl, want);
}

static int apply_file(struct aimlock_netlink *nl, const struct aimlock_config_file *want,
		      const struct aimlock_file *have, enum aimlock_applied *applied)
{
	if (!have) {
		*applied = AIMLOCK_APPLIED_ADDED;
		return add(nl, want);
	}
	if (strcmp(have->path, want->path)) {
		*applied = AIMLOCK_APPLIED_MOVED;
		return move(nl, want);
	}
	if (have->grace_ms != want->settings.grace_ms || have->scope != want->settings.scope) {
		*applied = AIMLOCK_APPLIED_SET;
		return aimlock_client_file_set(nl, want->name, &want->settings);
	}
	*applied = AIMLOCK_APPLIED_NOTHING;
	return 0;
}

/* Both are sorted by name. */
static const struct aimlock_file *find(const struct aimlock_files *files, size_t *i,
				       const char *name)
{
	while (*i < files->n && strcmp(files->v[*i].name, name) < 0)
		(*i)++;
	if (*i == files->n || strcmp(files->v[*i].name, name) || !files->v[*i].path)
		return NULL;
	return &files->v[*i];
}

int aimlock_apply(struct aimlock_netlink *nl, const struct aimlock_config *config,
		  aimlock_apply_told told, void *arg)
{
	struct aimlock_files files = { 0 };
	int err = aimlock_client_files_get(nl, NULL, &files);
	size_t i, at = 0;

	if (!err)
		aimlock_model_sort(&files);
	for (i = 0; !err && i < config->n; i++) {
		enum aimlock_applied applied;
		int one = apply_file(nl, &config->v[i], find(&files, &at, config->v[i].name),
				     &applied);

		told(arg, &config->v[i], applied, one);
	}
	aimlock_model_free_files(&files);
	return err;
}
