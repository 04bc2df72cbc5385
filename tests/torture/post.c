// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../helpers/scm.h"
#include "post.h"
#include "world.h"

#define PATIENCE_MS	30000

/* What is sent along. */
struct parcel {
	enum kind kind;
	unsigned int serial;
	uint64_t start;
	uint64_t stand;
	pid_t taker;
};

static int queues[POSTS + DEPOTS][2];
static atomic_int *readers;	/* one at a time for each queue */

void post_open(void)
{
	int i;

	readers = mmap(NULL, sizeof(*readers) * (POSTS + DEPOTS), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (readers == MAP_FAILED)
		err(2, "mmap");
	for (i = 0; i < POSTS + DEPOTS; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, queues[i]))
			err(2, "socketpair");
}

void post_close(void)
{
	int i;

	for (i = 0; i < POSTS + DEPOTS; i++) {
		close(queues[i][0]);
		close(queues[i][1]);
	}
}

static bool send_parcel(int queue, const struct parcel *parcel, int fd)
{
	return scm_send(queues[queue][0], fd, parcel, sizeof(*parcel), MSG_DONTWAIT);
}

/* Without room for control data nothing is installed: a peek takes no reference. */
static bool peek_parcel(int queue, struct parcel *parcel)
{
	return recv(queues[queue][1], parcel, sizeof(*parcel), MSG_PEEK | MSG_DONTWAIT) ==
	       sizeof(*parcel);
}

static int receive_fd(int queue)
{
	struct parcel parcel;

	return scm_receive(queues[queue][1], &parcel, sizeof(parcel),
			   MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
}

static bool launch(struct claim *claim, int queue, struct parcel *parcel, int fd)
{
	if (!oracle_launch(claim))
		return false;
	parcel->stand = claim->stand;
	parcel->taker = claim->taker;
	if (!send_parcel(queue, parcel, fd)) {
		oracle_abort(claim);
		return false;
	}
	oracle_aloft(claim);
	return true;
}

bool post_send(struct grip *grip, bool to_depot)
{
	struct parcel parcel = {
		.kind = grip->kind, .serial = grip->serial, .start = grip->start,
	};

	if (!launch(&grip->claim, to_depot ? POSTS + below(DEPOTS) : below(POSTS), &parcel,
		    grip->fd))
		return false;
	grip_close(grip);
	world->n.sent++;
	return true;
}

bool post_send_lease(struct claim *claim, unsigned int serial, int fd)
{
	struct parcel parcel = { .kind = LEASE, .serial = serial };

	return launch(claim, POSTS + below(DEPOTS), &parcel, fd);
}

/*
 * A clear that began before the description was received may have judged it an
 * orphan and remove it yet: its taker is gone.
 */
static bool await_clears(void)
{
	unsigned int seen[CLEARERS];
	int i, ms;

	for (i = 0; i < CLEARERS; i++)
		seen[i] = atomic_load(&world->clearing[i]);
	for (i = 0; i < CLEARERS; i++)
		for (ms = 0; seen[i] % 2 && atomic_load(&world->clearing[i]) == seen[i]; ms++) {
			if (ms == PATIENCE_MS)
				return false;
			usleep(1000);
		}
	return true;
}

/*
 * The description is here; is its lock?  To ask for it again changes nothing if it
 * is, and is refused if another has it.
 */
static bool land(struct grip *grip)
{
	bool is_here = grip_open_probe(grip) &&
		(!is_dying(grip->claim.taker) || await_clears()) &&
		grip_excludes(grip) && !grip_lock(grip, false);

	if (is_here)
		return oracle_land(&grip->claim);
	oracle_lost_flight(&grip->claim);
	oracle_give_up(&grip->claim);
	return false;
}

/* With the queue to itself.  The lock of a lease's description needs no owner. */
static bool pick_up(struct grip *grip, int queue, bool *caught)
{
	struct parcel parcel;

	if (!peek_parcel(queue, &parcel))
		return false;
	*grip = (struct grip){
		.kind = parcel.kind, .serial = parcel.serial, .start = parcel.start, .probe = -1,
	};
	grip->claim = (struct claim){
		.word = oracle_word(parcel.serial, parcel.kind, parcel.start),
		.stand = parcel.stand, .taker = parcel.taker, .cell = -1,
	};
	*caught = oracle_catch(&grip->claim);
	if (*caught && parcel.kind == LEASE)
		oracle_give_up(&grip->claim);
	grip->fd = receive_fd(queue);
	return grip->fd >= 0;
}

bool post_receive(struct grip *grip, int queue)
{
	int owner = atomic_load(&readers[queue]);
	bool caught = false, got;

	if ((owner && !is_dying(owner)) ||
	    !atomic_compare_exchange_strong(&readers[queue], &owner, getpid()))
		return false;
	got = pick_up(grip, queue, &caught);
	atomic_store(&readers[queue], 0);
	if (!got)
		return false;
	world->n.received++;
	if (!caught) {
		oracle_lost_flight(&grip->claim);
	} else if (grip->kind != LEASE && land(grip)) {
		if (is_dying(grip->claim.taker))
			world->n.salvaged++;
		return true;
	}
	grip_close(grip);
	return false;
}

/* What is found is dropped as a holder would; what is left in the end goes with it. */
void post_run_drainer(void)
{
	struct grip grip;
	int queue;

	while (!world->over) {
		nap(world->drain_us);
		queue = POSTS + below(DEPOTS);
		if (!post_receive(&grip, queue))
			continue;
		if (grip_check(&grip)) {
			oracle_drop(&grip.claim);
			grip_unlock(&grip);
		}
		grip_close(&grip);
	}
}
