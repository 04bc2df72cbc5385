/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Oracle: who must hold what.  For each thing that can be locked (the flock of a
 * file, some byte ranges of it, its lease) there is a word in shared memory.
 * Whoever got the kernel's lock takes the word, and gives it back before the
 * lock; so who finds somebody else in it has proof that two hold one lock,
 * unless that one is dying, its lock was an orphan, or a forced clear that was
 * announced beforehand meant it.
 */
#ifndef TORTURE_ORACLE_H
#define TORTURE_ORACLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum kind { FLOCK, OFD, POSIX, LEASE };

#define RANGES		4
#define RANGE_STEP	16	/* they don't touch, so the kernel never joins them */
#define RANGE_SIZE	8
#define WORDS		(RANGES + 2)	/* flock, ranges, lease */
#define READERS		6
#define EXCUSES		16

/*
 * A stand is who has a word and in which turn: a pid, a count that moves at each
 * taking, and whether the locked description is in flight.  The pid of a flight
 * is who sends or receives it just now, 0 while it lies in the queue.
 */
struct word {
	_Atomic uint64_t stand;
	_Atomic uint32_t taker;			/* whom the kernel has for the one in stand */
	_Atomic uint64_t readers[READERS];
	/* pids of forced clears, each up to the turn when that process asked again */
	_Atomic uint64_t excuses[EXCUSES];
	atomic_uint n_excuses;
};

struct claim {
	struct word *word;
	uint64_t stand;		/* for a reader: what it put into its cell */
	pid_t taker;
	int cell;		/* of a reader; -1: found none */
	bool shared;
};

/* NULL for a file or range that is none of the play's. */
struct word *oracle_word(unsigned int serial, enum kind kind, uint64_t start);

/*
 * Before the kernel is asked for the lock; after it gave it, false if it was
 * taken away already; before it is given back.
 */
void oracle_request(struct word *word);
bool oracle_take(struct claim *claim, struct word *word, bool shared);
void oracle_drop(struct claim *claim);

/* Is it still there?  False: it was taken away, and that is excused or was told. */
bool oracle_check(const struct claim *claim);

/* The lock was seen to be gone; tells unless a forced clear is the cause. */
void oracle_lost(const struct claim *claim, const char *how);

/* Nobody may have it; @who looked. */
void oracle_expect_free(struct word *word, bool for_reading, const char *who);

/* The word goes from @from to the caller, who has the same description. */
bool oracle_inherit(struct claim *claim, pid_t from);

/* The same, where @from is gone and had taken @word for a table that is the caller's. */
bool oracle_adopt(struct claim *claim, struct word *word, pid_t from);

/* Into flight: before it is sent, after it was, and if it could not be. */
bool oracle_launch(struct claim *claim);
void oracle_aloft(const struct claim *claim);
bool oracle_abort(struct claim *claim);

/*
 * Out of flight: before the description is received, and after its lock was
 * asserted.  @claim has word, stand and taker from the sender.
 */
bool oracle_catch(struct claim *claim);
bool oracle_land(struct claim *claim);

/* The flight ends without a new owner. */
void oracle_give_up(struct claim *claim);

/* The flight was taken from the queue, but its lock is not there any more. */
void oracle_lost_flight(const struct claim *claim);

/* A forced clear of what @taker holds begins; it ended, and the lock went or not. */
_Atomic uint64_t *oracle_announce(struct word *word, pid_t taker);
void oracle_forced(_Atomic uint64_t *excuse, bool cleared);

/* Who has the word, 0: nobody, or it is in flight. */
pid_t oracle_owner(const struct word *word);

#endif
