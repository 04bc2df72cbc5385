// SPDX-License-Identifier: GPL-2.0-or-later
/* Listen first, then look, then sleep until something happens. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	(void)sig;
	signalled = 1;
}

/* They come only while poll(2) waits, so that none comes just before it. */
static int catch_signals(sigset_t *usual)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t caught;

	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &caught, usual) || sigaction(SIGINT, &action, NULL) ||
	    sigaction(SIGTERM, &action, NULL))
		return -errno;
	sigdelset(usual, SIGINT);
	sigdelset(usual, SIGTERM);
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000;
}

static int told(const struct aimlock_event *event, void *arg)
{
	struct aimlock_follower *follower = arg;
	int status = follower->changed(follower, event);

	/* an exit status is no -errno */
	return status == AIMLOCK_FOLLOW_ON ? 0 : status + 1;
}

static int hear(struct aimlock_follower *follower, struct aimlock_netlink *events)
{
	int ret = aimlock_event_hear(events, told, follower);

	switch (ret) {
	case 0:
		return AIMLOCK_FOLLOW_ON;
	case -ENOBUFS:
		return follower->lost(follower, false);
	case -ENODEV:
		return aimlock_say_error(follower->verb, NULL, ret,
					 "the aimlock module was unloaded");
	}
	if (ret > 0)
		return ret - 1;
	return aimlock_say_error(follower->verb, NULL, ret, events->message);
}

/* One sleep; whoever reads the output may go meanwhile. */
static int sleep_and_hear(struct aimlock_follower *follower, struct aimlock_netlink *events,
			  const sigset_t *usual, uint64_t end)
{
	struct pollfd fds[] = {
		{ .fd = aimlock_netlink_fd(events), .events = POLLIN },
		{ .fd = follower->until_signal ? STDOUT_FILENO : -1 },
	};
	struct timespec left;
	uint64_t now = now_ms();
	int n;

	if (follower->has_end && now >= end)
		return follower->over(follower);
	left.tv_sec = (end - now) / 1000;
	left.tv_nsec = (end - now) % 1000 * 1000000;
	n = ppoll(fds, 2, follower->has_end ? &left : NULL,
		  follower->until_signal ? usual : NULL);
	if (n < 0 && errno != EINTR)
		return aimlock_say_error(follower->verb, NULL, errno, NULL);
	if (signalled || (n > 0 && fds[1].revents & POLLERR))
		return AIMLOCK_EXIT_DONE;
	return n > 0 && fds[0].revents ? hear(follower, events) : AIMLOCK_FOLLOW_ON;
}

static int follow(struct aimlock_follower *follower, struct aimlock_netlink *events)
{
	uint64_t end = now_ms() + follower->ms;
	sigset_t usual;
	int status, err = 0;

	if (follower->until_signal)
		err = catch_signals(&usual);
	if (err)
		return aimlock_say_error(follower->verb, NULL, err, NULL);
	status = follower->lost(follower, true);
	while (status == AIMLOCK_FOLLOW_ON)
		status = sleep_and_hear(follower, events, &usual, end);
	return status;
}

int aimlock_follow(struct aimlock_follower *follower)
{
	struct aimlock_netlink events;
	int status;

	status = aimlock_find_events(follower->verb, &events);
	if (status)
		return status;
	status = aimlock_find_module(follower->verb, &follower->nl);
	if (!status) {
		status = follow(follower, &events);
		aimlock_netlink_close(&follower->nl);
	}
	aimlock_netlink_close(&events);
	return status;
}
