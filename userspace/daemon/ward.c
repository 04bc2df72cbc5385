// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "ward.h"

#define AGAIN_US	(200 * 1000)	/* while a lock is suspect still */

/* --- the policy --- */

/*
 * Orphaned locks only, whatever the scope of a clear by hand: what a loop device, an
 * io_uring or another part of the kernel keeps is in use there.
 */
static int clear(struct ward *ward)
{
	const struct aimlock_clear_request request = {
		.name = ward->config->name,
		.has_scope = true,
		.scope = AIMLOCK_CLEAR_SCOPE_ORPHANED,
	};
	struct aimlock_cleared cleared = { 0 };
	int err;

	/* it has the file next, but for those who wait in flock(2) or fcntl(2) */
	guard_doubt(&ward->guard, "its lock was orphaned");
	err = aimlock_client_lock_clear(&ward->daemon->link.nl, &request, &cleared);
	ward->cleared += cleared.locks.n;
	if (!err && cleared.locks.n)
		message_send(MESSAGE_ORPHAN_CLEARED, ward->config->name,
			     "%zu orphaned lock%s cleared", cleared.locks.n,
			     cleared.locks.n == 1 ? " was" : "s were");
	aimlock_model_free_cleared(&cleared);
	return err;
}

static int adopt(struct ward *ward)
{
	int err = guard_adopt(&ward->guard);

	if (err)
		return err;
	ward->cleared++;
	message_send(MESSAGE_ORPHAN_ADOPTED, ward->config->name,
		     "the orphaned lock of %s was taken over", ward->config->path);
	return 0;
}

static void act(struct ward *ward);

static int act_again(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	act(arg);
	return 0;
}

static void act_later(struct ward *ward)
{
	ward->again = sd_event_source_unref(ward->again);
	sd_event_add_time_relative(ward->daemon->loop, &ward->again, CLOCK_BOOTTIME, AGAIN_US, 0,
				   act_again, ward);
}

static void act(struct ward *ward)
{
	static const struct policy {
		int (*act)(struct ward *ward);
		const char *done;
	} policies[] = {
		[AIMLOCK_ON_ORPHAN_NOTIFY] = { NULL, NULL },
		[AIMLOCK_ON_ORPHAN_CLEAR] = { clear, "cleared" },
		[AIMLOCK_ON_ORPHAN_ADOPT] = { adopt, "adopted" },
	};
	const struct policy *policy = &policies[ward->config->on_orphan];
	int err;

	if (!policy->act || !ward->daemon->link.up || ward->state != AIMLOCK_STATE_ORPHANED)
		return;
	err = policy->act(ward);
	if (err == -EAGAIN)
		act_later(ward);
	else if (err && !ward->kept)
		message_send(MESSAGE_ORPHAN_KEPT, ward->config->name, "it can't be %s now (%s)",
			     policy->done, strerror(-err));
	ward->kept = err && err != -EAGAIN;
}

void ward_insist(struct ward *ward)
{
	if (ward->kept)
		act(ward);
	guard_insist(&ward->guard);
}

void ward_see(struct ward *ward, enum aimlock_state state)
{
	enum aimlock_state before = ward->state;

	ward->state = state;
	if (state == before)
		return;
	if (state == AIMLOCK_STATE_UNREACHABLE)
		message_send(MESSAGE_UNREACHABLE_FOUND, ward->config->name,
			     "a part of the kernel keeps a lock of %s that no process reaches; "
			     "it is left alone", ward->config->path);
	if (state != AIMLOCK_STATE_ORPHANED)
		return;
	message_send(MESSAGE_ORPHAN_FOUND, ward->config->name,
		     "a lock of %s is orphaned: its taker is gone, and no process reaches it",
		     ward->config->path);
	act(ward);
}

void ward_hear(struct ward *ward, const struct aimlock_event *event)
{
	struct guard *guard = &ward->guard;

	if (event->has_state)
		ward_see(ward, event->file.state);
	switch (event->reason) {
	case AIMLOCK_REASON_REMOVED:
		ward->registered = false;
		ward->fresh = true;
		guard_leave(guard);
		message_send(MESSAGE_FILE_REMOVED, ward->config->name,
			     "it was removed by somebody else, and is registered again soon");
		break;
	case AIMLOCK_REASON_CLOSED:
		if (!guard_is_own(guard, event->file.generation))
			guard_lose(guard, "its holder died");
		break;
	case AIMLOCK_REASON_EXPIRED:
		if (!guard_is_own(guard, event->file.generation))
			guard_lose(guard, "its holder stood still");
		break;
	case AIMLOCK_REASON_REPLACED:
		guard_move(guard);
		break;
	case AIMLOCK_REASON_CLEARED:
	case AIMLOCK_REASON_FORCED:
		guard_doubt(guard, "its lock was cleared");
		break;
	default:
		break;
	}
}

/* --- all of them --- */

static struct ward *new_ward(struct daemon *daemon)
{
	struct ward *ward = calloc(1, sizeof(*ward));

	if (!ward)
		return NULL;
	ward->daemon = daemon;
	ward->state = AIMLOCK_STATE_FREE;
	ward->fresh = true;
	ward->guard.ward = ward;
	return ward;
}

static void free_ward(struct ward *ward)
{
	sd_event_source_unref(ward->again);
	free(ward);
}

/* Configured no more: forgotten. */
static void retire(struct ward *ward)
{
	struct daemon *daemon = ward->daemon;
	struct aimlock_netlink *nl = &daemon->link.nl;
	int err = 0;

	guard_drop(&ward->guard);
	if (daemon->link.up && ward->registered)
		err = aimlock_client_file_del(nl, ward->config->name);
	if (err)
		message_send(MESSAGE_FILE_FAULT, ward->config->name,
			     "it is configured no more, but stays registered: %s (%s)",
			     nl->message, strerror(-err));
	else
		message_send(MESSAGE_FILE_REMOVED, ward->config->name,
			     "it is configured no more");
	free_ward(ward);
}

/* A guard is of a file, not of a name. */
static void reconfigure(struct ward *ward, const struct aimlock_config_file *config)
{
	bool same = !strcmp(ward->config->path, config->path);

	if (!same || !config->guard)
		guard_drop(&ward->guard);
	if (!same || ward->config->on_orphan != config->on_orphan)
		ward->state = AIMLOCK_STATE_FREE;
	ward->fresh = !same || !ward->config->guard;
	ward->faulty = false;
	ward->config = config;
}

static size_t find(struct daemon *daemon, const char *name)
{
	size_t low = 0, high = daemon->n_wards;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(daemon->wards[middle]->config->name, name);

		if (!order)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return daemon->n_wards;
}

struct ward *wards_find(struct daemon *daemon, const char *name)
{
	size_t i = find(daemon, name);

	return i < daemon->n_wards ? daemon->wards[i] : NULL;
}

/* New ones, for what has none yet. */
static int make_wards(struct daemon *daemon, const struct aimlock_config *config,
		      struct ward **wards)
{
	size_t i;

	for (i = 0; i < config->n; i++) {
		if (wards_find(daemon, config->v[i].name))
			continue;
		wards[i] = new_ward(daemon);
		if (!wards[i])
			return -ENOMEM;
		wards[i]->config = &config->v[i];
	}
	return 0;
}

int wards_configure(struct daemon *daemon, struct aimlock_config *config)
{
	struct ward **wards = calloc(config->n + 1, sizeof(*wards));
	int err = wards ? make_wards(daemon, config, wards) : -ENOMEM;
	size_t i;

	if (err) {
		for (i = 0; wards && i < config->n; i++)
			free(wards[i]);
		free(wards);
		return err;
	}
	for (i = 0; i < daemon->n_wards; i++) {
		struct ward *ward = daemon->wards[i];
		const struct aimlock_config_file *file;

		file = aimlock_config_find(config, ward->config->name);
		if (file) {
			reconfigure(ward, file);
			wards[file - config->v] = ward;
		} else {
			retire(ward);
		}
	}
	free(daemon->wards);
	aimlock_config_free(&daemon->config);
	daemon->wards = wards;
	daemon->n_wards = config->n;
	daemon->config = *config;
	*config = (struct aimlock_config){ 0 };
	return 0;
}

void wards_free(struct daemon *daemon)
{
	size_t i;

	for (i = 0; i < daemon->n_wards; i++) {
		guard_abandon(&daemon->wards[i]->guard);
		free_ward(daemon->wards[i]);
	}
	free(daemon->wards);
	daemon->wards = NULL;
	daemon->n_wards = 0;
	aimlock_config_free(&daemon->config);
}
