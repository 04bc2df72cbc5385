#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several locks on one file: each has its verdict, the gravest is the state,
# and echo 0 takes the orphans only.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

verdicts() {
	verdict "$1" | sort | tr '\n' ' '
}

new_file mixed
file=$(path mixed)
bg live locker name configd open 10 "$file" flock 10 r say ready pause
await live ready
is "$(state mixed)" live "a live lock: live"

bg inherited locker open 10 "$file" flock 10 r fork [ say ready pause ]
await inherited ready
gone "$(pid inherited)"
is "$(state mixed)" inherited "and an inherited one: inherited"

bg pinned locker name busd socketpair stream 20 21 \
	fork [ open 10 "$file" ofd 10 w 0 10 send 20 10 close 10 close 20 close 21 say taker pause ] \
	say ready pause
await pinned taker
is "$(state mixed)" pinned "and a pinned one: pinned"

echo 60000 >"$SYS/mixed/grace_ms"
bg orphan locker name busd socketpair stream 20 21 \
	fork [ open 10 "$file" flock 10 r send 20 10 ] wait \
	fork [ open 10 "$file" ofd 10 w 100 10 send 20 10 ] wait say ready pause
await orphan ready
is "$(state mixed) $(attr mixed orphans)" "suspect 0" "and two that are suspect: suspect"
echo 100 >"$SYS/mixed/grace_ms"
wait_state mixed orphaned
is "$(verdicts mixed)" "inherited live orphaned orphaned pinned " "each lock has its verdict"
is "$(attr mixed locks) $(attr mixed orphans)" "5 2" "five locks, two orphans"

before=$(attr mixed generation)
refuses 0 "$SYS/mixed/conf_locked" "$EBUSY" "echo 0 says EBUSY, for locks remain"
is "$(verdicts mixed)" "inherited live pinned " "those that remain are the ones in use"
is "$(attr mixed locks) $(attr mixed orphans)" "3 0" "three locks, no orphan"
is "$(locks_of "$file" | wc -l)" 3 "the kernel says so too"
is "$(attr mixed generation)" $((before + 1)) "the generation went up by one"
ok "the cleared range is to be had" locker open 10 "$file" ofd 10 w 100 10
nok "the pinned one isn't" locker open 10 "$file" ofd 10 w 0 10
nok "nor the whole file" can flock "$file"

before=$(attr mixed generation)
refuses 0 "$SYS/mixed/conf_locked" "$EBUSY" "echo 0 once more says EBUSY"
is "$(attr mixed generation) $(locks_of "$file" | wc -l)" "$before 3" "and has changed nothing"

# The stray descriptors of the cleared locks go late, and disturb nobody.
stop orphan
is "$(verdicts mixed)" "inherited live pinned " "their late end changes nothing"
for id in live inherited pinned; do
	stop "$id"
done
ok "free when all have ended" wait_state mixed free
al_del mixed

# One description with locks of two kinds: one holder list, both go.
new_file pair
bg pair locker name busd socketpair stream 20 21 \
	fork [ open 10 "$(path pair)" flock 10 w ofd 10 w 0 10 ofd 10 r 20 10 send 20 10 ] \
	wait say ready pause
await pair ready
wait_state pair orphaned
is "$(verdicts pair)" "orphaned orphaned orphaned " "pair: three orphans of one description"
is "$(holders pair | sort -u)" "in-flight $(pid pair) 21 busd" "pair: one holder"
is "$(json pair '.locks[] | "\(.refs) \(.refs_found)"' | sort -u)" "1 1" "pair: one reference"
clears pair flock
freed pair pair
al_del pair

# Orphans of two files: the other file's is left alone.
new_file this
new_file other
for name in this other; do
	bg "$name" locker name busd socketpair stream 20 21 \
		fork [ open 10 "$(path "$name")" flock 10 w send 20 10 ] wait say ready pause
	await "$name" ready
done
wait_state this orphaned
wait_state other orphaned
clears this flock
judged other orphaned "in-flight $(pid other) 21 busd"
nok "other: still locked" can flock "$(path other)"
clears other flock
freed this this
freed other other
al_del this
al_del other

no_leftovers
al_unload
done_testing
