#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock diagnose and holders that wait for locks themselves: for somebody who is free, in
# a circle, and where the kernel refused to close one.
# timeout: 200
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

# has ID KIND NAME [STEP...]: has the lock of that file, and goes on when it is told to
has() {
	local lock=("$2" 10 w)
	[[ $2 == flock ]] || lock+=(0 0)
	bg "$1" locker name "$1" open 10 "$(path "$3")" "${lock[@]}" say locked usr1 "${@:4}" \
		say through pause
	await "$1" locked
}

# wants ID: what has() says that it does next, which blocks
wants() {
	kill -USR1 "$(pid "$1")"
	until_ok 20 is_blocked "$(pid "$1")"
}

# waits_for ID NAME
waits_for() {
	echo "$1 ($(pid "$1")) waits for $(path "$2")"
}

al_load
for name in a b c; do
	new_file $name
done

has one flock a open 11 "$(path b)" flockw 11 w
has two flock b open 11 "$(path a)" flockw 11 w
wants one
diagnosed_thrice 3 held "its holder waits for another lock" a
is "$(evidence waits_for)" "$(waits_for one b)" "it is said for which"
diagnosed 3 held "who has that one is free" "$(path b)"
is "$(evidence waits_for)" null "and waits for nothing"
wants two
diagnosed_thrice 3 deadlock "two wait for each other" a
is "$(evidence waits_for)" "$(waits_for one b), $(waits_for two a)" "two: who for what"
diagnosed 3 deadlock "two: the same of the other file" "$(path b)"
is "$(evidence waits_for)" "$(waits_for two a), $(waits_for one b)" "two: from there"
run aimlock diagnose "$(path a)"
like "$out" "waits for +one \($(pid one)\) waits for .*b, two" "two: in words"
like "$out" 'what to do +end one of those' "two: and what to do"
stop two
ok "one is ended: the other goes on" await one through
diagnosed 3 held "and has the file still" "$(path a)"
is "$(evidence waits_for)" null "but waits no more"
stop one

# The kernel sees circles of POSIX locks, if nothing else is in them.
has one posix a open 11 "$(path b)" posixw 11 w 0 0
has two flock c open 11 "$(path b)" posix 11 w 0 0 open 12 "$(path a)" posixw 12 w 0 0
kill -USR1 "$(pid two)"
until_ok 20 is_blocked "$(pid two)"
kill -USR1 "$(pid one)"
ok "a circle of POSIX locks is refused" gone "$(pid one)"
like "$(log one)" "deadlock" "by EDEADLK"
ok "and the other one goes on" await two through
stop two

has one posix a open 11 "$(path b)" posixw 11 w 0 0
has two posix b open 11 "$(path c)" flockw 11 w
has three flock c open 11 "$(path a)" posixw 11 w 0 0
wants one
wants two
wants three
diagnosed_thrice 3 deadlock "three in a circle, by two kinds of locks" a
is "$(evidence waits_for)" "$(waits_for one b), $(waits_for two c), $(waits_for three a)" \
	"three: who for what"
bg four locker name four open 10 "$(path c)" flockw 10 w
diagnosed 3 deadlock "three: whoever else waits" "$(path c)"
stop four
stop three
stop two
stop one

# A child that has the same open file may let the lock go.
bg one locker name one open 10 "$(path a)" flock 10 w fork [ name child pause ] say locked usr1 \
	open 11 "$(path b)" flockw 11 w pause
await one locked
has two flock b open 11 "$(path a)" flockw 11 w
wants one
wants two
diagnosed 3 held "no circle: a child has the lock too, and is free" "$(path a)"
stop two
stop one

for name in a b c; do
	al_del $name
done
no_leftovers
al_unload
done_testing
