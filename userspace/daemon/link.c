// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "../lib/apply.h"
#include "message.h"
#include "ward.h"

#define AGAIN_US	(UINT64_C(1) * 1000000)	/* to look for the module */

static void wait_for_module(struct daemon *daemon);

/* --- the registry as configured --- */

static void told(void *arg, const struct aimlock_config_file *file,
		 enum aimlock_applied applied, int err)
{
	struct daemon *daemon = arg;
	struct ward *ward = wards_find(daemon, file->name);

	ward->registered = !err;
	if (err && !ward->faulty)
		message_send(MESSAGE_FILE_FAULT, file->name, "%s can't be registered: %s (%s)",
			     file->path, daemon->link.nl.message, strerror(-err));
	else if (!err && applied == AIMLOCK_APPLIED_ADDED)
		message_send(MESSAGE_FILE_ADDED, file->name, "%s was registered", file->path);
	else if (!err && applied != AIMLOCK_APPLIED_NOTHING)
		message_send(MESSAGE_FILE_CHANGED, file->name, "%s was set as configured",
			     file->path);
	ward->faulty = err;
}

static int look(struct daemon *daemon, bool lost)
{
	struct aimlock_files files = { 0 };
	int err = aimlock_client_files_get(&daemon->link.nl, NULL, &files);
	size_t i;

	for (i = 0; !err && i < files.n; i++) {
		struct ward *ward = wards_find(daemon, files.v[i].name);

		if (!ward)
			continue;
		ward_see(ward, files.v[i].state);
		if (lost || ward->fresh)
			guard_doubt(&ward->guard, NULL);
		else
			guard_insist(&ward->guard);
		ward->fresh = false;
	}
	aimlock_model_free_files(&files);
	return err;
}

void link_sync(struct daemon *daemon, bool lost)
{
	int err;

	if (!daemon->link.up)
		return;
	err = aimlock_apply(&daemon->link.nl, &daemon->config, told, daemon);
	if (!err)
		err = look(daemon, lost);
	if (err)
		message_send(MESSAGE_MODULE_FAULT, NULL, "the files can't be looked at: %s (%s)",
			     daemon->link.nl.message, strerror(-err));
}

/* --- events --- */

static int on_event(const struct aimlock_event *event, void *arg)
{
	struct ward *ward = wards_find(arg, event->file.name);

	if (ward)
		ward_hear(ward, event);
	return 0;
}

static void disconnect(struct daemon *daemon)
{
	struct link *link = &daemon->link;
	size_t i;

	if (!link->up)
		return;
	link->up = false;
	link->heard = sd_event_source_unref(link->heard);
	aimlock_netlink_close(&link->events);
	aimlock_netlink_close(&link->nl);
	for (i = 0; i < daemon->n_wards; i++) {
		daemon->wards[i]->registered = false;
		daemon->wards[i]->state = AIMLOCK_STATE_FREE;
	}
}

void link_hear(struct daemon *daemon)
{
	struct link *link = &daemon->link;
	size_t i;
	int err;

	if (!link->up)
		return;
	err = aimlock_event_hear(&link->events, on_event, daemon);
	switch (err) {
	case 0:
		return;
	case -ENOBUFS:
		message_send(MESSAGE_EVENTS_LOST, NULL,
			     "events were lost, all files are looked at anew");
		link_sync(daemon, true);
		return;
	case -ENODEV:
		for (i = 0; i < daemon->n_wards; i++)
			guard_leave(&daemon->wards[i]->guard);
		message_send(MESSAGE_MODULE_ABSENT, NULL, "the aimlock module was unloaded");
		break;
	default:
		message_send(MESSAGE_MODULE_FAULT, NULL, "%s (%s)", link->events.message,
			     strerror(-err));
	}
	disconnect(daemon);
	wait_for_module(daemon);
}

static int on_heard(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)source;
	(void)fd;
	(void)revents;
	link_hear(arg);
	return 0;
}

/* --- the module comes and goes --- */

static int connect_to(struct daemon *daemon)
{
	struct link *link = &daemon->link;
	int err = aimlock_netlink_listen(&link->events);

	if (err)
		return err;
	err = aimlock_netlink_open(&link->nl);
	if (err) {
		aimlock_netlink_close(&link->events);
		return err;
	}
	link->up = true;
	err = sd_event_add_io(daemon->loop, &link->heard, aimlock_netlink_fd(&link->events),
			      EPOLLIN, on_heard, daemon);
	if (err < 0)
		disconnect(daemon);
	return err < 0 ? err : 0;
}

static int look_for_module(sd_event_source *source, uint64_t usec, void *arg)
{
	struct daemon *daemon = arg;

	(void)usec;
	if (connect_to(daemon)) {
		sd_event_source_set_time_relative(source, AGAIN_US);
		return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	}
	message_send(MESSAGE_MODULE_FOUND, NULL, "the aimlock module is there");
	link_sync(daemon, true);
	return 0;
}

static void wait_for_module(struct daemon *daemon)
{
	struct link *link = &daemon->link;

	link->again = sd_event_source_unref(link->again);
	sd_event_add_time_relative(daemon->loop, &link->again, CLOCK_BOOTTIME, AGAIN_US, 0,
				   look_for_module, daemon);
}

int link_start(struct daemon *daemon)
{
	int err = connect_to(daemon);

	if (!err)
		return 0;
	if (err == -ENOENT)
		message_send(MESSAGE_MODULE_ABSENT, NULL,
			     "the aimlock module is not loaded; load it with: modprobe aimlock");
	else
		message_send(MESSAGE_MODULE_FAULT, NULL, "no events can be had (%s)",
			     strerror(-err));
	wait_for_module(daemon);
	return 0;
}

void link_stop(struct daemon *daemon)
{
	daemon->link.again = sd_event_source_unref(daemon->link.again);
	disconnect(daemon);
}
