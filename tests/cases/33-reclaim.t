#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Takers take, check, drop and die at random moments while "echo 0" is written
# without end: orphans go, and no lock that is held is ever lost.
# timeout: 300
. "$(dirname "$0")/../lib.sh"

# check KIND
check() {
	local file=$AL_TMP/$1

	touch "$file"
	al_add "$1" "$file"
	accepts 0 "$SYS/$1/grace_ms" "$1: no grace"
	run reclaim "$1" "$file" "$SYS/$1/conf_locked" 15 6
	like "$rc $out" "^0 .* doubled=0 lost=0$" "$1: no lock was lost"
	like "$out" "taken=[1-9][0-9]{2}" "$1: locks were taken"
	like "$out" "absent=0 odd=0 " "$1: echo 0 had no other answer than success and EBUSY"
	diag "$out"
	if [[ $1 == posix ]]; then
		is "$(attr "$1" generation)" 0 "$1: nothing was to be cleared"
	else
		like "$out" "vanished=[1-9]" "$1: orphans were made"
		isnt "$(attr "$1" generation)" 0 "$1: orphans were cleared"
		diag "cleared $(attr "$1" generation)"
	fi
	ok "$1: the file is free at the end" until_ok 5 has_state "$1" free
	al_del "$1"
}

al_load
check flock
check ofd
check posix
no_leftovers
al_unload
done_testing
