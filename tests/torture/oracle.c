// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <unistd.h>

#include "world.h"

#define FLIGHT		((uint64_t)1 << 63)
#define PENDING		FLIGHT		/* of an excuse: the clear is still under way */
#define PID_BITS	22
#define TURN_BITS	40
#define TURN_MAX	(((uint64_t)1 << TURN_BITS) - 1)

static uint64_t stand_of(pid_t pid, uint64_t turn)
{
	return (uint64_t)pid << TURN_BITS | (turn & TURN_MAX);
}

static pid_t pid_of(uint64_t stand)
{
	return stand >> TURN_BITS & ((1 << PID_BITS) - 1);
}

static uint64_t turn_of(uint64_t stand)
{
	return stand & TURN_MAX;
}

static bool is_flight(uint64_t stand)
{
	return stand & FLIGHT;
}

struct word *oracle_word(unsigned int serial, enum kind kind, uint64_t start)
{
	if (!serial || serial >= SERIALS)
		return NULL;
	if (kind == FLOCK)
		return &world->words[serial][0];
	if (kind == LEASE)
		return &world->words[serial][WORDS - 1];
	if (start % RANGE_STEP || start / RANGE_STEP >= RANGES)
		return NULL;
	return &world->words[serial][1 + start / RANGE_STEP];
}

pid_t oracle_owner(const struct word *word)
{
	uint64_t stand = atomic_load(&word->stand);

	return is_flight(stand) ? 0 : pid_of(stand);
}

static bool is_excused(const struct word *word, uint64_t stand, pid_t taker)
{
	uint64_t excuse;
	pid_t pid;
	int i;

	for (i = 0; i < EXCUSES; i++) {
		excuse = atomic_load(&word->excuses[i]);
		pid = pid_of(excuse);
		if (pid && (pid == pid_of(stand) || pid == taker) &&
		    turn_of(stand) <= turn_of(excuse))
			return true;
	}
	return false;
}

/* Was the lock that this process just got taken away before it could enter? */
static bool am_excused(const struct word *word)
{
	return is_excused(word, stand_of(getpid(), TURN_MAX), 0);
}

void oracle_request(struct word *word)
{
	uint64_t excuse, turn = turn_of(atomic_load(&word->stand));
	int i;

	for (i = 0; i < EXCUSES; i++) {
		excuse = atomic_load(&word->excuses[i]);
		if (excuse == stand_of(getpid(), TURN_MAX))
			atomic_compare_exchange_strong(&word->excuses[i], &excuse,
						       stand_of(getpid(), turn));
	}
}

static const char *name_of(const struct word *word)
{
	static const char * const names[WORDS] = {
		"flock", "range 0", "range 1", "range 2", "range 3", "lease",
	};

	return names[(word - &world->words[0][0]) % WORDS];
}

static unsigned int serial_of(const struct word *word)
{
	return (word - &world->words[0][0]) / WORDS;
}

/* The caller has the kernel's lock: may this one be found in the word? */
static bool may_be_over(const struct word *word, uint64_t stand, pid_t taker)
{
	pid_t pid = pid_of(stand);

	if (is_flight(stand) && is_dying(taker)) {
		world->n.orphans_gone++;
	} else if (pid && is_dying(pid)) {
		world->n.dead_owners++;
	} else if (is_excused(word, stand, taker)) {
		world->n.victims++;
	} else {
		return false;
	}
	return true;
}

/* False: the caller has lost it already, and that is excused. */
static bool expect_over(const struct word *word, uint64_t stand, pid_t taker, const char *who)
{
	if (!pid_of(stand) && !is_flight(stand))
		return true;
	if (may_be_over(word, stand, taker))
		return true;
	if (am_excused(word)) {
		world->n.victims++;
		return false;
	}
	violation("%s of file %u: %s %d got it while %d%s has it, taken by %d",
		  name_of(word), serial_of(word), who, getpid(), pid_of(stand),
		  is_flight(stand) ? " (in flight)" : "", taker);
	return true;
}

static bool expect_no_readers(struct word *word, const char *who)
{
	uint64_t reader;
	int i;

	for (i = 0; i < READERS; i++) {
		reader = atomic_load(&word->readers[i]);
		if (!reader)
			continue;
		if (!expect_over(word, reader, pid_of(reader), who))
			return false;
		atomic_compare_exchange_strong(&word->readers[i], &reader, 0);
	}
	return true;
}

void oracle_expect_free(struct word *word, bool for_reading, const char *who)
{
	if (expect_over(word, atomic_load(&word->stand), atomic_load(&word->taker), who) &&
	    !for_reading)
		expect_no_readers(word, who);
}

/* Put @pid, or nobody, into the word, in a new turn. */
static bool enter(struct claim *claim, pid_t pid, const char *who)
{
	struct word *word = claim->word;
	uint64_t old = atomic_load(&word->stand);

	do {
		if (!expect_over(word, old, atomic_load(&word->taker), who))
			return false;
		claim->stand = stand_of(pid, turn_of(old) + 1);
	} while (!atomic_compare_exchange_weak(&word->stand, &old, claim->stand));
	return true;
}

static bool take_shared(struct claim *claim)
{
	uint64_t old;
	int i;

	if (!enter(claim, 0, "reader"))
		return false;
	claim->stand = stand_of(getpid(), turn_of(claim->stand));
	for (i = 0; i < READERS; i++) {
		old = atomic_load(&claim->word->readers[i]);
		if (old && !is_dying(pid_of(old)))
			continue;
		if (atomic_compare_exchange_strong(&claim->word->readers[i], &old, claim->stand)) {
			claim->cell = i;
			break;
		}
	}
	return true;
}

bool oracle_take(struct claim *claim, struct word *word, bool shared)
{
	*claim = (struct claim){
		.word = word, .shared = shared, .cell = -1, .taker = getpid(),
	};
	if (shared)
		return take_shared(claim);
	/* first the readers: who is found in the word must have seen to them */
	if (!expect_no_readers(word, "owner") || !enter(claim, getpid(), "owner"))
		return false;
	atomic_store(&word->taker, getpid());
	return true;
}

void oracle_lost(const struct claim *claim, const char *how)
{
	const struct word *word = claim->word;

	if (is_excused(word, claim->stand, claim->taker))
		world->n.victims++;
	else
		violation("%s of file %u: %d lost it (%s), taken by %d", name_of(word),
			  serial_of(word), getpid(), how, claim->taker);
}

bool oracle_check(const struct claim *claim)
{
	world->n.checks++;
	if (claim->shared || atomic_load(&claim->word->stand) == claim->stand)
		return true;
	oracle_lost(claim, "another has its word");
	return false;
}

static bool move(struct claim *claim, uint64_t to)
{
	uint64_t from = claim->stand;

	if (!atomic_compare_exchange_strong(&claim->word->stand, &from, to))
		return false;
	claim->stand = to;
	return true;
}

void oracle_drop(struct claim *claim)
{
	uint64_t mine = claim->stand;

	if (claim->shared) {
		if (claim->cell >= 0)
			atomic_compare_exchange_strong(&claim->word->readers[claim->cell], &mine, 0);
	} else if (!move(claim, stand_of(0, turn_of(mine)))) {
		oracle_lost(claim, "another has its word");
	}
}

bool oracle_inherit(struct claim *claim, pid_t from)
{
	claim->stand = stand_of(from, turn_of(claim->stand));
	if (move(claim, stand_of(getpid(), turn_of(claim->stand))))
		return true;
	oracle_lost(claim, "inherited, and another has its word");
	return false;
}

bool oracle_adopt(struct claim *claim, struct word *word, pid_t from)
{
	*claim = (struct claim){
		.word = word, .stand = atomic_load(&word->stand), .taker = from, .cell = -1,
	};
	/* else it was killed before it could take the word, or is a victim */
	return pid_of(claim->stand) == from && !is_flight(claim->stand) &&
	       oracle_inherit(claim, from);
}

bool oracle_launch(struct claim *claim)
{
	if (move(claim, claim->stand | FLIGHT))
		return true;
	oracle_lost(claim, "before it was sent");
	return false;
}

void oracle_aloft(const struct claim *claim)
{
	uint64_t mine = claim->stand;

	/* if not, it was caught already */
	atomic_compare_exchange_strong(&claim->word->stand, &mine,
				       FLIGHT | stand_of(0, turn_of(mine)));
}

bool oracle_abort(struct claim *claim)
{
	if (move(claim, claim->stand & ~FLIGHT))
		return true;
	oracle_lost(claim, "while it could not be sent");
	return false;
}

bool oracle_catch(struct claim *claim)
{
	uint64_t old = atomic_load(&claim->word->stand);
	uint64_t mine = FLIGHT | stand_of(getpid(), turn_of(claim->stand));

	do {
		if (!is_flight(old) || turn_of(old) != turn_of(mine))
			return false;
	} while (!atomic_compare_exchange_weak(&claim->word->stand, &old, mine));
	claim->stand = mine;
	return true;
}

void oracle_lost_flight(const struct claim *claim)
{
	if (is_dying(claim->taker))
		world->n.strays++;
	else
		oracle_lost(claim, "in flight");
}

bool oracle_land(struct claim *claim)
{
	if (move(claim, claim->stand & ~FLIGHT))
		return true;
	oracle_lost_flight(claim);
	return false;
}

void oracle_give_up(struct claim *claim)
{
	move(claim, stand_of(0, turn_of(claim->stand)));
}

_Atomic uint64_t *oracle_announce(struct word *word, pid_t taker)
{
	unsigned int i = atomic_fetch_add(&word->n_excuses, 1) % EXCUSES;

	atomic_store(&word->excuses[i], PENDING | stand_of(taker, TURN_MAX));
	return &word->excuses[i];
}

void oracle_forced(_Atomic uint64_t *excuse, bool cleared)
{
	uint64_t open = atomic_load(excuse) & ~PENDING;

	atomic_store(excuse, cleared ? open : 0);
}
