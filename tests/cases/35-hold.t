#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "echo 1" takes the administrative hold: it excludes all kinds of lockers,
# "echo 0" gives it back; what is locked can't be held.
. "$(dirname "$0")/../lib.sh"

# is_held FILE DESCRIPTION: nobody can lock it
is_held() {
	nok "$2: flock is excluded" can flock "$1"
	nok "$2: a POSIX lock is excluded" can posix "$1"
	nok "$2: an OFD lock is excluded" can ofd "$1"
	nok "$2: a reader too" locker openread 10 "$1" flock 10 r
	nok "$2: and a reader of one byte" locker openread 10 "$1" posix 10 r 5 1
}

is_lockable() {
	local kind
	for kind in flock posix ofd; do
		ok "$2: $kind is possible" can "$kind" "$1"
	done
}

hold_and_release() {
	local file=$AL_TMP/a
	touch "$file"
	al_add a "$file"
	accepts 1 "$SYS/a/conf_locked" "echo 1"
	is "$(attr a conf_locked) $(state a) $(attr a generation)" "1 held 1" "it is held"
	is "$(verdict a | sort -u)" held "so is each lock that is listed"
	is "$(json a '.locks[].holders[].kind' | sort -u)" aimlock "by aimlock"
	is_held "$file" "held"
	refuses 1 "$SYS/a/conf_locked" "$EBUSY" "a second echo 1 is refused"
	refuses a "$SYS/delete_lock" "$EBUSY" "delete_lock is refused"
	nok "rmmod is refused" rmmod aimlock
	is "$(state a) $(attr a generation)" "held 1" "all that changed nothing"
	is_held "$file" "still held"

	accepts 0 "$SYS/a/conf_locked" "echo 0"
	is "$(attr a conf_locked) $(state a) $(attr a generation)" "0 free 1" "it is free"
	is "$(locks_of "$file")" "" "the kernel has no lock of it"
	is_lockable "$file" "released"
	accepts 0 "$SYS/a/conf_locked" "echo 0 on the free file is success"
}

waiters_of_hold() {
	local kind
	for kind in flock posix ofd; do
		accepts 1 "$SYS/a/conf_locked" "$kind: echo 1"
		waiter next "$kind" "$AL_TMP/a"
		is "$(attr a waiters)" 1 "$kind: somebody waits"
		accepts 0 "$SYS/a/conf_locked" "$kind: echo 0 is success, though the waiter locks at once"
		ok "$kind: the waiter runs on" await next got 10
		is "$(verdict a)" live "$kind: with a live lock"
		stop next
	done
	ok "free in the end" wait_state a free
}

# refused_on NAME STEP...: a process has that lock; echo 1 is refused at once
refused_on() {
	local name=$1 file=$AL_TMP/a before generation
	shift
	generation=$(attr a generation)
	bg owner locker "$@" say locked pause
	await owner locked
	before=$(locks_of "$file")
	SECONDS=0
	refuses 1 "$SYS/a/conf_locked" "$EBUSY" "$name: echo 1 is refused"
	ok "$name: at once" test "$SECONDS" -lt 5
	is "$(locks_of "$file")" "$before" "$name: the lock is there as before, and no other"
	is "$(state a) $(attr a generation)" "live $generation" "$name: nothing changed"
	stop owner
	ok "$name: free when it ends" wait_state a free
}

refused_on_locks() {
	local file=$AL_TMP/a
	refused_on flock open 10 "$file" flock 10 w
	refused_on "flock for reading" openread 10 "$file" flock 10 r
	refused_on posix open 10 "$file" posix 10 w 0 0
	refused_on "one byte" open 10 "$file" posix 10 r 1000 1
	refused_on ofd open 10 "$file" ofd 10 w 0 0
	refused_on lease openread 10 "$file" lease 10 r
}

verbs() {
	run aimlock hold a
	is "$rc" 0 "aimlock hold"
	is_held "$AL_TMP/a" "aimlock hold"
	run aimlock hold a
	is "$rc" 3 "again: refused because locked"
	isnt "$out" "" "with a sentence"
	run aimlock release a
	is "$rc" 0 "aimlock release"
	is_lockable "$AL_TMP/a" "aimlock release"
	run aimlock release a
	is "$rc" 1 "again: fails, it is not held"
	isnt "$out" "" "with a sentence"
}

# The hold stays with the inode that it was taken on.
replaced() {
	local file=$AL_TMP/b
	echo old >"$file"
	exec 7<"$file"
	al_add b "$file"
	accepts 1 "$SYS/b/conf_locked" "replaced: echo 1"
	echo new >"$file.new"
	mv "$file.new" "$file"
	is "$(state b) $(attr b conf_locked)" "held 1" "replaced: it stays held"
	nok "replaced: the old file is locked" flock -n "/proc/self/fd/7" true
	ok "replaced: the new one is not" can flock "$file"
	accepts 0 "$SYS/b/conf_locked" "replaced: echo 0"
	is "$(state b)" free "replaced: free"
	ok "replaced: the old file is free" flock -n "/proc/self/fd/7" true
	exec 7<&-

	accepts 1 "$SYS/b/conf_locked" "removed: echo 1"
	rm "$file"
	is "$(state b)" held "removed: it stays held"
	accepts 0 "$SYS/b/conf_locked" "removed: echo 0"
	is "$(state b) $(attr b conf_locked)" "missing 0" "removed: then it is missing"
}

# Held are files that nobody could open for writing.
not_writable() {
	local dir=$AL_TMP/ro file
	mkdir "$dir"
	cp "$(command -v sleep)" "$dir/program"
	touch "$dir/mode" "$dir/immutable" "$dir/mount"
	chmod 000 "$dir/mode"
	chattr +i "$dir/immutable"
	mkdir "$dir/d"
	touch "$dir/d/mount"
	mount --bind -o ro "$dir/d" "$dir/d"
	bg program "$dir/program" 1000

	for file in "$dir/mode" "$dir/immutable" "$dir/d/mount" "$dir/program"; do
		al_add c "$file"
		accepts 1 "$SYS/c/conf_locked" "${file##*/}: echo 1"
		nok "${file##*/}: excludes" flock -n "$file" true
		accepts 0 "$SYS/c/conf_locked" "${file##*/}: echo 0"
		ok "${file##*/}: is free" flock -n "$file" true
		al_del c
	done
	stop program
	umount "$dir/d"
	chattr -i "$dir/immutable"
}

# Who took it is gone, and only the other name's file says that the lock is a hold.
two_names() {
	local file=$AL_TMP/a
	al_add alias "$file"
	echo 0 >"$SYS/alias/grace_ms"
	echo unreachable >"$SYS/alias/clear_scope"
	ok "two names: hold by one" sh -c "echo 1 >$SYS/a/conf_locked"
	is "$(state alias) $(verdict alias | sort -u)" "held held" "the other one is held as well"
	refuses 0 "$SYS/alias/conf_locked" "$EBUSY" "and can't be used to drop the hold"
	nok "nobody gets the lock" can flock "$file"
	nok "of either kind" can ofd "$file"
	accepts 0 "$SYS/a/conf_locked" "the one who holds it drops it"
	is "$(state a) $(state alias)" "free free" "both are free"
	al_del alias
}

# Of several who want it at the same time, one gets it.
one_of_many() {
	local round i file=$AL_TMP/a lost=0 got
	for ((round = 0; round < 30; round++)); do
		for i in 1 2 3 4; do
			{ echo 1 >"$SYS/a/conf_locked" && echo "$i" >>"$AL_TMP/got"; } 2>/dev/null &
		done
		{ flock -n "$file" true && echo flock >>"$AL_TMP/passed"; } &
		wait
		got=$(wc -l <"$AL_TMP/got") || got=0
		[[ $got -le 1 ]] || lost=$((lost + 1))
		: >"$AL_TMP/got"
		echo 0 >"$SYS/a/conf_locked"
	done
	is "$lost" 0 "30 rounds of four: never do two hold"
	is "$(state a)" free "and it is free in the end"
}

al_load
hold_and_release
waiters_of_hold
refused_on_locks
verbs
replaced
not_writable
two_names
: >"$AL_TMP/got"
one_of_many
al_del a
al_del b
no_leftovers
al_unload
done_testing
