#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "echo 0" wakes who waits behind an orphan; the stray reference's late close
# disturbs nobody.
. "$(dirname "$0")/../lib.sh"

# check ORPHAN WAITER: the kinds of lock; flock and the others don't see each other
check() {
	local name=$1-$2 file=$AL_TMP/$1-$2

	touch "$file"
	al_add "$name" "$file"
	orphan bus "$1" "$file"
	waiter next "$2" "$file"
	wait_state "$name" orphaned
	is "$(attr "$name" orphans) $(attr "$name" waiters)" "1 1" \
		"$name: an orphan, and one who waits for it"
	nok "$name: the waiter waits" has_said next got

	accepts 0 "$SYS/$name/conf_locked" "$name: echo 0"
	ok "$name: the waiter runs on" await next got 10
	is "$(json "$name" '.locks[] | "\(.kind) \(.verdict) \(.taker)"')" "$2 live $(pid next)" \
		"$name: the lock is the waiter's, and live"
	nok "$name: it excludes others" can "$1" "$file"
	refuses 0 "$SYS/$name/conf_locked" "$EBUSY" "$name: and another echo 0 doesn't take it"

	stop bus
	nok "$name: the stray reference is closed: it still excludes" can "$1" "$file"
	is "$(verdict "$name")" live "$name: and is live"
	is "$(attr "$name" generation)" 1 "$name: one clear was counted"

	stop next
	ok "$name: when the waiter ends, the file is free" can "$1" "$file"
	is "$(state "$name")" free "$name: and aimlock says so"
	al_del "$name"
}

al_load
check flock flock
check ofd posix
check ofd ofd
no_leftovers
al_unload
done_testing
