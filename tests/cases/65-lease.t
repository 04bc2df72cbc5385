#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Leases: with-lock excludes every other locker, in the order of asking, and its lock
# ends with its process, with the process standing still, and with nothing else.
# timeout: 200
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a

generation() {
	attr a generation
}

# lease ID ARGUMENT...: with-lock whose command says "got TOKEN" and stays
lease() {
	local id=$1
	shift
	# shellcheck disable=SC2016 # the command's own
	bg "$id" aimlock with-lock "$@" a -- sh -c 'echo got $AIMLOCK_TOKEN; exec sleep 1000'
}

# has ID DESCRIPTION: it comes to have the lease
has() {
	ok "$2" await "$1" got 15
	is "$(said "$1" got)" "$(generation)" "$2: with the file's generation as its token"
	is "$(attr a holder)" "$(pid "$1") aimlock" "$2: it is the holder"
}

is_leased() {
	is "$(state a) $(attr a conf_locked)" "leased 1" "$1"
	is "$(verdict a | sort -u)" leased "$1: so is each lock"
	nok "$1: flock is excluded" can flock "$file"
	nok "$1: a POSIX lock is excluded" can posix "$file"
	nok "$1: an OFD lock is excluded" can ofd "$file"
	nok "$1: a reader too" locker openread 10 "$file" flock 10 r
}

one_lease() {
	run aimlock with-lock a -- sh -c "echo \$AIMLOCK_NAME \$AIMLOCK_TOKEN; exit 7"
	is "$rc" 7 "the command's status is passed on"
	is "$out" "a 1" "it knows name and token"
	is "$(state a) $(generation)" "free 1" "then the file is free"
	lease first
	has first "the next one has it"
	is_leased "it is leased"
	like "$(locks_of "$file")" "FLOCK.*WRITE" "the kernel says so too"
	refuses 0 "$SYS/a/conf_locked" "$EBUSY" "echo 0 is refused"
	refuses 1 "$SYS/a/conf_locked" "$EBUSY" "echo 1 is refused"
	refuses a "$SYS/delete_lock" "$EBUSY" "delete_lock is refused"
	run aimlock remove a
	like "$out" "leased" "remove says why"
	nok "rmmod is refused" rmmod aimlock
	is "$(generation)" 2 "all that changed nothing"
	kill -TERM "$(pid first)"
	returns first 143
	ok "a signal is passed on, and then it is free" wait_state a free
}

failed_tries() {
	local i before now
	lease owner
	has owner "an owner"
	now=$(generation)
	bg events nlevents
	sleep 0.5
	before=$(log events | wc -l)
	for ((i = 0; i < 100; i++)); do
		aimlock with-lock -n -E 99 a -- true || (($? == 99)) || break
	done
	is "$i" 100 "100 tries fail with the status that was asked for"
	is "$(generation)" "$now" "none moved the generation"
	is "$(log events | wc -l)" "$before" "none was told"
	stop events
	run aimlock with-lock -n a -- true
	is "$rc" 1 "-n: status 1"
	like "$out" "with-lock: a: the file is locked, held or leased" "and a reason"
	run aimlock with-lock -w 0.3 a -- true
	is "$rc" 1 "-w: status 1"
	like "$out" "the time is over" "and a reason"
	stop owner
	ok "free again" wait_state a free
}

# From one to the next, whatever becomes of the holder.
queue() {
	local id last
	lease one --ttl 1
	has one "one has it"
	for id in two three four; do
		lease "$id" --ttl 1
		until_ok 10 waits "$id"
	done
	kill -KILL "$(pid one)"
	has two "two, when one is killed"
	is_leased "there was nobody in between"
	last=$(generation)
	sleep 3
	is "$(generation)" "$last" "a lease that is renewed outlives its time"
	kill -STOP "$(pid two)"
	has three "three, when two stands still"
	kill -CONT "$(pid two)"
	returns two 4
	like "$(log two)" "the lease was lost" "two: told so"
	bg late aimlock with-lock -w 0.5 a -- true
	returns late 1
	kill -TERM "$(pid three)"
	has four "four, when three is done"
	stop four
	ok "free when all are gone" wait_state a free
}

# waits ID: it is in the queue
waits() {
	grep -q "do_sys_poll\|poll" "/proc/$(pid "$1")/wchan" 2>/dev/null ||
		[[ $(ps -o stat= -p "$(pid "$1")") == S* ]]
}

# Those who know nothing of leases are waited for.
foreign() {
	bg owner locker open 10 "$file" flock 10 w say locked pause
	await owner locked
	lease next
	sleep 1
	nok "it waits for a flock" has_said next got
	is "$(state a)" live "which is there"
	stop owner
	has next "it gets the file when that is gone"
	waiter flock flock "$file"
	stop next
	ok "and a flock that waited for it comes after" await flock got 10
	stop flock
}

replaced() {
	lease owner
	has owner "an owner"
	lease next
	sleep 1
	: >"$AL_TMP/new"
	mv "$AL_TMP/new" "$file"
	is "$(state a)" free "the new file is free while the old one is leased"
	stop owner
	has next "who waited gets the file that is there now"
	is_leased "the new file"
	stop next
	ok "free" wait_state a free
}

users() {
	local user="setpriv --reuid=1000 --regid=1000 --clear-groups --"
	chmod 666 "$file"
	chmod 755 "$AL_TMP"
	run $user aimlock with-lock a -- id -u
	is "$rc $out" "0 1000" "a user who may write the file needs no more"
	chmod 644 "$file"
	run $user aimlock with-lock a -- id -u
	is "$rc" 1 "one who may only read it has no lease"
	like "$out" "Permission denied" "and is told so"
	run nlraw 11 1:str=a 3:u32=0 4:u32=1000
	like "$out" "EBADF" "a descriptor that is not open for writing is no authority"
}

usage() {
	run aimlock with-lock -s a -- true
	is "$rc" 2 "-s is refused"
	like "$out" "a lease is exclusive" "with a sentence"
	run aimlock with-lock --ttl 0.05 a -- true
	is "$rc" 2 "so is a time to live that is too short"
	run aimlock with-lock a -- /nonexistent/command
	is "$rc" 69 "a command that can't be run"
	run aimlock with-lock nonesuch -- true
	is "$rc" 1 "a name that isn't registered"
	run aimlock with-lock a --
	is "$rc" 2 "no command"
	run aimlock with-lock "$file" -- echo path
	is "$rc $out" "0 path" "a path that is registered does as well"
	run aimlock with-lock a echo -n without
	is "$rc $out" "0 without" "-- may be left out, and options are the command's"
}

al_load
: >"$file"
al_add a "$file"
one_lease
failed_tries
queue
foreign
replaced
users
usage
al_del a
no_leftovers
al_unload
done_testing
