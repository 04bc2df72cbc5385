#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several who wait behind an orphan get the lock in the order in which they came.
. "$(dirname "$0")/../lib.sh"

# owners: which of the waiters have the lock
owners() {
	local id
	for id in "$@"; do
		! has_said "$id" got || echo "$id"
	done | xargs
}

# check ORPHAN WAITER
check() {
	local name=$1-$2 file=$AL_TMP/$1-$2 id ids=(a b c d e)

	touch "$file"
	al_add "$name" "$file"
	orphan bus "$1" "$file"
	for id in "${ids[@]}"; do
		waiter "$id" "$2" "$file"
	done
	wait_state "$name" orphaned
	is "$(attr "$name" waiters)" 5 "$name: five wait"
	accepts 0 "$SYS/$name/conf_locked" "$name: echo 0"
	stop bus
	for id in "${ids[@]}"; do
		ok "$name: $id gets it" await "$id" got 10
		is "$(owners "${ids[@]}")" "$id" "$name: and nobody else has"
		stop "$id"
		ids=("${ids[@]:1}")
	done
	al_del "$name"
}

readers() {
	local file=$AL_TMP/readers

	touch "$file"
	al_add readers "$file"
	orphan bus flock "$file"
	waiter first flock "$file" r
	waiter second flock "$file" r
	waiter writer flock "$file" w
	wait_state readers orphaned
	accepts 0 "$SYS/readers/conf_locked" "readers: echo 0"
	ok "readers: the first gets it" await first got 10
	ok "readers: the second too" await second got 10
	is "$(owners first second writer)" "first second" "readers: the writer waits for them"
	stop first
	stop bus
	sleep 0.2
	is "$(owners second writer)" "second" "readers: for both of them"
	stop second
	ok "readers: and gets it then" await writer got 10
	stop writer
	al_del readers
}

al_load
check flock flock
check ofd posix
check ofd ofd
readers
no_leftovers
al_unload
done_testing
