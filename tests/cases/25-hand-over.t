#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
# Descriptors that are handed over again and again while aimlock looks.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# It is in use, although it is in flight half of the time.
new_file shuttle
bg shuttle shuttle pass "$(path shuttle)" 10
await shuttle ready
before=$(locks_of "$(path shuttle)")
cleared=0
for _ in {1..10}; do
	put 0 "$SYS/shuttle/conf_locked"
	[[ "$rc $out" == "1 $EBUSY" ]] || cleared=$((cleared + 1))
done
is "$cleared" 0 "shuttle: echo 0 says EBUSY each time"
is "$(locks_of "$(path shuttle)")" "$before" "shuttle: the lock is what it was"

# Looks that are far apart by themselves prove nothing either.
wrong=0
for _ in {1..40}; do
	[[ $(state shuttle) != orphaned ]] || wrong=$((wrong + 1))
	nap; nap; nap
done
is "$wrong" 0 "shuttle: never said to be orphaned"
nok "shuttle: nobody else gets it" can flock "$(path shuttle)"
freed shuttle shuttle
al_del shuttle

# The taker has it all the time; copies come and go as fast as can be, and the
# list of them leaves a message that stays in the queue.
new_file split
bg split shuttle split "$(path split)"
await split ready
declare -A states=()
for _ in {1..1500}; do
	read -r state <"$SYS/split/state"
	states[$state]=1
done
is "${!states[*]}" live "split: live at each of 1,500 looks"
stands split flock
freed split split
al_del split

no_leftovers
al_unload
done_testing
