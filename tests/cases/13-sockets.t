#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# Queues that are reached in a roundabout way.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

accounted() {
	is "$(json "$1" '.locks[0] | "\(.refs) \(.refs_found) \(.taker_exists)"')" "1 1 false" \
		"$1: the reference is accounted for, the taker is gone"
}

# Nobody has accepted the connection yet.
new_file unaccepted
bg unaccepted locker name busd listen 20 "$AL_TMP/socket" say ready pause
await unaccepted ready
bg taker locker connect 20 "$AL_TMP/socket" open 10 "$(path unaccepted)" flock 10 w send 20 10
gone "$(pid taker)"
wait_state unaccepted orphaned
judged unaccepted orphaned "in-flight $(pid unaccepted) 20 busd"
accounted unaccepted
clears unaccepted flock
freed unaccepted unaccepted

# Accepted, but not read.
new_file accepted
bg accepted locker name busd listen 20 "$AL_TMP/socket2" say ready accept 20 21 say accepted pause
await accepted ready
bg taker2 locker connect 20 "$AL_TMP/socket2" open 10 "$(path accepted)" ofd 10 w 0 0 send 20 10
gone "$(pid taker2)"
await accepted accepted
wait_state accepted orphaned
judged accepted orphaned "in-flight $(pid accepted) 21 busd"
accounted accepted
clears accepted ofd
freed accepted accepted

# The socket whose queue has it is itself in flight.
new_file nested
bg nested locker name busd socketpair stream 20 21 \
	fork [ socketpair stream 22 23 open 10 "$(path nested)" flock 10 w \
		send 22 10 send 20 23 ] \
	wait say ready pause
await nested ready
wait_state nested orphaned
judged nested orphaned "in-flight $(pid nested) 21 busd"
accounted nested
clears nested flock
freed nested nested

# And that one once more, in a connection nobody accepted.
new_file deep
bg deep locker name busd listen 20 "$AL_TMP/socket3" say ready pause
await deep ready
bg taker3 locker connect 20 "$AL_TMP/socket3" socketpair dgram 22 23 socketpair seqpacket 24 25 \
	open 10 "$(path deep)" ofd 10 w 0 0 send 24 10 send 22 25 send 20 23
gone "$(pid taker3)"
wait_state deep orphaned
judged deep orphaned "in-flight $(pid deep) 20 busd"
accounted deep
clears deep ofd
freed deep deep

# What was nested can still be received: then it is a lock like any other.
new_file rescued
bg rescued locker name busd socketpair stream 20 21 \
	fork [ socketpair stream 22 23 open 10 "$(path rescued)" flock 10 w \
		send 22 10 send 20 23 ] \
	wait say ready usr1 recv 21 30 say outer usr1 recv 30 31 say inner pause
await rescued ready
wait_state rescued orphaned
kill -USR1 "$(pid rescued)"
await rescued outer
# a look at the very moment of the hand-over sees something else: the grace begins anew
wait_state rescued orphaned
judged rescued orphaned "in-flight $(pid rescued) 30 busd"
kill -USR1 "$(pid rescued)"
await rescued inner
judged rescued inherited "fd $(pid rescued) 31 busd"
stands rescued flock
freed rescued rescued

for name in unaccepted accepted nested deep rescued; do
	al_del "$name"
done
no_leftovers
al_unload
done_testing
