/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The race that clearing and adopting an orphaned lock are in: a taker that passes
 * its open file description on and dies, a peer that may receive it at any moment,
 * successors that want the lock, the deferred end of descriptions, and memory that is
 * used again.  One inode, one whole-file lock (flock or OFD: both belong to the
 * description).  A description is an address and, for the assertions only, the
 * serial of the object that lives there.  That the module does one of them at a time
 * on a file isn't relied on.
 *
 * tests/check/model runs all states of this, and then of each mutation (-DNAME)
 * below, which has to fail:
 *	NO_PIN		the description isn't pinned from judgement to removal
 *	PIN_ENDED	one whose last reference is gone is pinned all the same
 *	NO_SECOND_LOOK	what was judged before the pin is believed after it
 *	PUT_TWICE	a clear drops the stray reference, too
 *	BY_INODE	the late close removes whatever lock the inode has
 *	ADOPT_GAP	adopt clears the lock and takes one of its own
 *	KEEP_OWNER	an adopted lock stays that of its description
 */

#define N	3		/* addresses of descriptions */
#define NONE	N
#define MODULE	(N + 1)		/* the description that a lease has for itself */

#define FREE	0
#define OPEN	1
#define ENDING	2

typedef description {
	byte state;
	byte refs;		/* fds, queued messages, pins */
	byte reached;		/* the fds among them: what a walk finds */
	byte serial;
};

description d[N];
byte lock_owner = NONE;		/* under the inode's flc_lock: each step is atomic */
byte queued = NONE;		/* the description in the socket's queue */
bool leased;			/* the lock there is, is an adopted one */

/* For the assertions. */
byte serials;
byte lock_serial;
bool adopting;			/* from consent to the end of the lease */
byte looked_last;		/* who has had the last look before doing it */
bool came_late;			/* and then somebody received the fd: README's residual race */

inline put(a)
{
	d_step {
		assert(d[a].state == OPEN && d[a].refs > 0);
		d[a].refs--;
		if
		:: d[a].refs == 0 -> d[a].state = ENDING
		:: else
		fi;
	}
}

inline close_fd(a)
{
	d_step {
		assert(d[a].reached > 0);
		d[a].reached--;
	}
	put(a);
}

/* Any free address: that of the description that has just ended is one of them. */
inline open_file(a)
{
	atomic {
		if
		:: d[0].state == FREE -> a = 0
		:: d[1].state == FREE -> a = 1
		:: d[2].state == FREE -> a = 2
		fi;
		d[a].state = OPEN;
		d[a].refs = 1;
		d[a].reached = 1;
		d[a].serial = serials;
		serials++;
	}
}

inline take_lock(a)
{
	atomic {
		lock_owner == NONE;
		/* At no instant can a third process get the lock. */
		assert(!adopting);
		lock_owner = a;
		lock_serial = d[a].serial;
	}
}

/* By the description: nothing if the lock isn't its own. */
inline unlock(a)
{
	atomic {
		if
		:: lock_owner == a ->
			assert(!adopting);
			lock_owner = NONE
		:: else
		fi;
	}
}

/* Nobody but who reaches it is inside, unless that one came in the last microseconds. */
inline is_inside(a)
{
	assert((lock_owner == a && lock_serial == d[a].serial) || came_late);
}

/* Task work or a work item, some time after the last put. */
active proctype fput()
{
	byte a;
end:
	do
	:: atomic {
		if
		:: d[0].state == ENDING && d[0].refs == 0 -> a = 0
		:: d[1].state == ENDING && d[1].refs == 0 -> a = 1
		:: d[2].state == ENDING && d[2].refs == 0 -> a = 2
		fi;
		d[a].refs = 1;		/* this one's; the count itself stays 0 */
	   }
	   atomic {
		if
#ifdef BY_INODE
		:: lock_owner != NONE ->
#else
		:: lock_owner == a ->
#endif
			assert(lock_serial == d[a].serial);
			lock_owner = NONE
		:: else
		fi;
	   }
	   d_step {
		assert(d[a].state == ENDING && d[a].refs == 1);
		d[a].refs = 0;
		d[a].state = FREE;
	   }
	od
}

active proctype taker()
{
	byte a;

	open_file(a);
	take_lock(a);
	is_inside(a);
	d_step {
		d[a].refs++;
		queued = a
	}
	close_fd(a);
}

/* May receive what is queued, or just go away with its socket. */
active proctype peer()
{
	byte a = NONE;

end:
	queued != NONE;
	atomic {
		a = queued;
		queued = NONE;
		if
		:: d_step {
			d[a].reached++;
			came_late = came_late || looked_last > 0;
		   }
		:: true -> put(a); a = NONE
		fi;
	}
	if
	:: a != NONE ->
		if
		:: unlock(a)
		:: skip
		fi;
		close_fd(a)
	:: else
	fi;
}

active [2] proctype successor()
{
	byte a;

end:
	open_file(a);
	take_lock(a);
	is_inside(a);
	is_inside(a);
	close_fd(a);
}

/* Whether it is orphaned: a lock, none of this module's, that no process reaches. */
#define ORPHANED(a)	(lock_owner == a && !leased && d[a].reached == 0)

inline look(a)
{
	d_step {
		if
		:: lock_owner < N && ORPHANED(lock_owner) -> a = lock_owner
		:: else -> a = NONE
		fi;
	}
}

/* As get_file_active(): never from zero, and the same lock must still be there. */
inline pin(a)
{
	d_step {
		if
#ifdef PIN_ENDED
		:: true ->
#else
		:: d[a].state == OPEN && d[a].refs > 0 ->
#endif
			assert(d[a].state == OPEN && d[a].refs > 0);
			d[a].refs++
#ifndef PIN_ENDED
		:: else -> a = NONE
#endif
		fi;
	}
}

inline unpin(a)
{
#ifdef NO_PIN
	skip;
#else
	put(a);
#endif
#ifdef PUT_TWICE
	put(a);
#endif
}

/* Never that of somebody who has it in an fd, except by the residual race. */
inline remove_lock(a)
{
	assert(d[a].reached == 0 || came_late);
	lock_owner = NONE
}

active proctype clearer()
{
	byte a = NONE, serial;

	look(a);
	if
	:: a == NONE -> goto done
	:: else
	fi;
#ifndef NO_PIN
	pin(a);
	if
	:: a == NONE -> goto done
	:: else
	fi;
#endif
	d_step {
		serial = d[a].serial;
#ifdef NO_SECOND_LOOK
		looked_last++;
#else
		if
		:: ORPHANED(a) -> looked_last++
		:: else -> serial = 255
		fi;
#endif
	}
	if
	:: serial == 255 -> goto drop
	:: else
	fi;
	atomic {
		if
		:: lock_owner == a ->
			assert(lock_serial == serial && !adopting);
			remove_lock(a)
		:: else
		fi;
		looked_last--;
	}
drop:
	unpin(a);
done:
	skip
}

active proctype adopter()
{
	byte a = NONE;
	bool looked = false;

	look(a);
	if
	:: a == NONE -> goto done
	:: else
	fi;
	pin(a);
	if
	:: a == NONE -> goto done
	:: else
	fi;
	d_step {
		if
		:: ORPHANED(a) -> looked = true; looked_last++
		:: else
		fi;
	}
	if
	:: !looked -> goto drop
	:: else
	fi;
	atomic {
		if
		:: lock_owner == a ->
			adopting = true;
#ifdef ADOPT_GAP
			lock_owner = NONE
#else
			leased = true;
#ifndef KEEP_OWNER
			lock_owner = MODULE
#endif
#endif
		:: else
		fi;
		looked_last--;
	}
#ifdef ADOPT_GAP
	atomic {
		if
		:: adopting && lock_owner == NONE ->
			lock_owner = MODULE;
			leased = true
		:: else
		fi;
	}
#endif
drop:
	unpin(a);
	if
	:: !adopting -> goto done
	:: else
	fi;

	/* The lease, for as long as it likes. */
	atomic {
#ifndef KEEP_OWNER
		assert(lock_owner == MODULE);
#endif
		assert(leased);
		leased = false;
		adopting = false;
		lock_owner = NONE
	}
done:
	skip
}
