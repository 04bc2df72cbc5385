// SPDX-License-Identifier: GPL-2.0-or-later
/* What add, set, hold and release have in common. */
#include <getopt.h>

#include "cli.h"

bool aimlock_change_option(const struct aimlock_verb *verb, int code,
			   struct aimlock_settings *settings)
{
	switch (code) {
	case AIMLOCK_OPTION_GRACE:
		settings->has_grace = true;
		settings->grace_ms = aimlock_args_ms(verb, optarg);
		return true;
	case AIMLOCK_OPTION_SCOPE:
		settings->has_scope = true;
		settings->scope = aimlock_args_scope(verb, optarg);
		return true;
	}
	return false;
}

const char *aimlock_change_word(int code, size_t i)
{
	enum aimlock_clear_scope scope;
	const char *name = aimlock_model_scope_name(i);

	if (code != AIMLOCK_OPTION_SCOPE || aimlock_model_scope_value(name, &scope))
		return NULL;
	return name;
}

int aimlock_change_file(const struct aimlock_verb *verb, const char *name,
			const struct aimlock_settings *settings)
{
	struct aimlock_netlink nl;
	int status, err;

	status = aimlock_find_module(verb, &nl);
	if (status)
		return status;
	err = aimlock_client_file_set(&nl, name, settings);
	if (err)
		status = aimlock_say_error(verb, name, err, nl.message);
	aimlock_netlink_close(&nl);
	return status;
}
