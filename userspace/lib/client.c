// SPDX-License-Identifier: GPL-2.0-or-later
/* Each operation: put the attributes, call, read the reply into the model. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "client.h"

/* A dump that met a change is asked again so often. */
#define DUMP_TRIES 10

static int put_settings(struct nl_msg *msg, const struct aimlock_settings *settings)
{
	int err = 0;

	if (settings->has_hold)
		err = nla_put_u32(msg, AIMLOCK_A_FILE_HOLD, settings->hold);
	if (!err && settings->has_grace)
		err = nla_put_u32(msg, AIMLOCK_A_FILE_GRACE_MS, settings->grace_ms);
	if (!err && settings->has_scope)
		err = nla_put_u32(msg, AIMLOCK_A_FILE_CLEAR_SCOPE, settings->scope);
	return err;
}

static int no_room(struct nl_msg *msg)
{
	nlmsg_free(msg);
	return -EMSGSIZE;
}

/* Else the kernel's sentence would be the one of its attribute policies. */
static int check_length(struct aimlock_netlink *nl, const char *what, const char *s, size_t max)
{
	if (!s || strlen(s) <= max)
		return 0;
	snprintf(nl->message, sizeof(nl->message), "%s has at most %zu bytes", what, max);
	return -EINVAL;
}

static int check_name(struct aimlock_netlink *nl, const char *name)
{
	return check_length(nl, "a name", name, AIMLOCK_NAME_MAX);
}

static int file_request(struct aimlock_netlink *nl, uint8_t cmd, const char *name,
			const char *path, const struct aimlock_settings *settings)
{
	struct nl_msg *msg;

	if (check_name(nl, name) || check_length(nl, "a path", path, AIMLOCK_PATH_MAX))
		return -EINVAL;
	msg = aimlock_netlink_request(nl, cmd, 0);
	if (!msg)
		return -ENOMEM;
	if (nla_put_string(msg, AIMLOCK_A_FILE_NAME, name) ||
	    (path && nla_put_string(msg, AIMLOCK_A_FILE_PATH, path)) ||
	    (settings && put_settings(msg, settings)))
		return no_room(msg);
	return aimlock_netlink_call(nl, msg, NULL, NULL);
}

int aimlock_client_file_new(struct aimlock_netlink *nl, const char *name, const char *path,
			    const struct aimlock_settings *settings)
{
	return file_request(nl, AIMLOCK_CMD_FILE_NEW, name, path, settings);
}

int aimlock_client_file_del(struct aimlock_netlink *nl, const char *name)
{
	return file_request(nl, AIMLOCK_CMD_FILE_DEL, name, NULL, NULL);
}

int aimlock_client_file_set(struct aimlock_netlink *nl, const char *name,
			    const struct aimlock_settings *settings)
{
	return file_request(nl, AIMLOCK_CMD_FILE_SET, name, NULL, settings);
}

static int read_file(struct nlmsghdr *hdr, void *files)
{
	return aimlock_model_read_file(hdr, files);
}

static int read_lock(struct nlmsghdr *hdr, void *locks)
{
	return aimlock_model_read_lock(hdr, locks);
}

static int read_cleared(struct nlmsghdr *hdr, void *cleared)
{
	return aimlock_model_read_cleared(hdr, cleared);
}

static int dump_interrupted(struct aimlock_netlink *nl)
{
	snprintf(nl->message, sizeof(nl->message),
		 "what was being listed changed all the time; try again");
	return -EINTR;
}

static int dump_files(struct aimlock_netlink *nl, struct aimlock_files *files)
{
	int tries, err;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		struct nl_msg *msg = aimlock_netlink_request(nl, AIMLOCK_CMD_FILE_GET, NLM_F_DUMP);

		if (!msg)
			return -ENOMEM;
		aimlock_model_free_files(files);
		err = aimlock_netlink_call(nl, msg, read_file, files);
		if (err != -EINTR)
			return err;
	}
	return dump_interrupted(nl);
}

int aimlock_client_files_get(struct aimlock_netlink *nl, const char *name,
			     struct aimlock_files *files)
{
	struct nl_msg *msg;

	if (!name)
		return dump_files(nl, files);
	if (check_name(nl, name))
		return -EINVAL;
	msg = aimlock_netlink_request(nl, AIMLOCK_CMD_FILE_GET, 0);
	if (!msg)
		return -ENOMEM;
	if (nla_put_string(msg, AIMLOCK_A_FILE_NAME, name))
		return no_room(msg);
	return aimlock_netlink_call(nl, msg, read_file, files);
}

/* What LOCK_GET is asked for: one file, or all if both are NULL. */
static int put_range(struct nl_msg *msg, const char *name, const struct aimlock_range *range,
		     bool waiting)
{
	size_t i;
	int err = nla_put_flag(msg, AIMLOCK_A_LOCK_HOLDERS);

	if (!err && waiting)
		err = nla_put_flag(msg, AIMLOCK_A_LOCK_WAITING);
	if (!err && name)
		err = nla_put_string(msg, AIMLOCK_A_LOCK_NAME, name);
	if (!err && range && range->fd >= 0)
		err = nla_put_u32(msg, AIMLOCK_A_LOCK_FD, range->fd);
	for (i = 0; !err && range && i < range->n_types; i++)
		err = nla_put_string(msg, AIMLOCK_A_LOCK_FS_TYPE, range->types[i]);
	return err;
}

static int dump_locks(struct aimlock_netlink *nl, const char *name,
		      const struct aimlock_range *range, bool waiting,
		      struct aimlock_locks *locks)
{
	int tries, err;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		struct nl_msg *msg = aimlock_netlink_request(nl, AIMLOCK_CMD_LOCK_GET, NLM_F_DUMP);

		if (!msg)
			return -ENOMEM;
		if (put_range(msg, name, range, waiting))
			return no_room(msg);
		aimlock_model_free_locks(locks);
		err = aimlock_netlink_call(nl, msg, read_lock, locks);
		if (err != -EINTR)
			return err;
	}
	return dump_interrupted(nl);
}

int aimlock_client_locks_get(struct aimlock_netlink *nl, const char *name, bool waiting,
			     struct aimlock_locks *locks)
{
	return dump_locks(nl, name, NULL, waiting, locks);
}

int aimlock_client_scan(struct aimlock_netlink *nl, const struct aimlock_range *range,
			bool waiting, struct aimlock_locks *locks)
{
	return dump_locks(nl, NULL, range, waiting, locks);
}

static int put_clear(struct nl_msg *msg, const struct aimlock_clear_request *request)
{
	int err = nla_put_string(msg, AIMLOCK_A_LOCK_NAME, request->name);

	if (!err && request->has_scope)
		err = nla_put_u32(msg, AIMLOCK_A_LOCK_SCOPE, request->scope);
	if (!err && request->has_id)
		err = nla_put_u64(msg, AIMLOCK_A_LOCK_ID, request->id);
	if (!err && request->has_id)
		err = nla_put_u64(msg, AIMLOCK_A_LOCK_GENERATION, request->generation);
	if (!err && request->force)
		err = nla_put_flag(msg, AIMLOCK_A_LOCK_FORCE);
	if (!err && request->dry_run)
		err = nla_put_flag(msg, AIMLOCK_A_LOCK_DRY_RUN);
	return err;
}

int aimlock_client_lock_clear(struct aimlock_netlink *nl,
			      const struct aimlock_clear_request *request,
			      struct aimlock_cleared *cleared)
{
	struct nl_msg *msg = aimlock_netlink_request(nl, AIMLOCK_CMD_LOCK_CLEAR, 0);

	if (!msg)
		return -ENOMEM;
	if (put_clear(msg, request))
		return no_room(msg);
	return aimlock_netlink_call(nl, msg, read_cleared, cleared);
}
