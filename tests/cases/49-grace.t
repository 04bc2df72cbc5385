#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Grace: a lock is suspect until it was seen so for that long. "echo 0" waits
# for it, can be killed meanwhile, and is in nobody's way.
. "$(dirname "$0")/../lib.sh"

# since MS: now is so much later than $start
since() {
	(((${EPOCHREALTIME/./} - start) / 1000 >= $1))
}
before() {
	! since "$1"
}
from_now() {
	start=${EPOCHREALTIME/./}
}

suspect_first() {
	accepts 3000 "$SYS/a/grace_ms" "a grace of 3 s"
	orphan bus flock "$AL_TMP/a"
	from_now
	is "$(verdict a)" suspect "suspect at first sight"
	run nlraw 6 1:str=a
	like "$out" "^error=EAGAIN .*msg=.+" "netlink doesn't wait: ask again"
	run nlraw 6 1:str=a 19:flag
	is "$(state a)" suspect "a dry run neither"
	sleep 1
	is "$(state a)" suspect "suspect after a second"
	accepts 0 "$SYS/a/conf_locked" "echo 0 waits and clears"
	ok "not before grace was over" since 3000
	ok "and then soon" before 8000
	is "$(state a)" free "free"
	stop bus
}

command_waits() {
	accepts 2000 "$SYS/a/grace_ms" "a grace of 2 s"
	orphan bus flock "$AL_TMP/a"
	from_now
	run aimlock clear a
	is "$rc" 0 "aimlock clear waits and clears"
	ok "not before grace was over" since 2000
	is "$(state a)" free "free"
	stop bus
}

# No look came before: "echo 0" is the first one.
nobody_looked() {
	accepts 1500 "$SYS/a/grace_ms" "a grace of 1.5 s"
	orphan bus ofd "$AL_TMP/a"
	sleep 2
	from_now
	accepts 0 "$SYS/a/conf_locked" "echo 0 without an earlier look"
	ok "waits out the grace from its own look on" since 1500
	stop bus
	accepts 0 "$SYS/a/grace_ms" "no grace"
	orphan bus ofd "$AL_TMP/a"
	from_now
	accepts 0 "$SYS/a/conf_locked" "echo 0"
	ok "clears at once" before 1000
	stop bus
}

live_needs_no_wait() {
	accepts 60000 "$SYS/a/grace_ms" "a grace of a minute"
	bg owner locker open 10 "$AL_TMP/a" flock 10 w say locked pause
	await owner locked
	from_now
	refuses 0 "$SYS/a/conf_locked" "$EBUSY" "a live lock: EBUSY"
	ok "at once" before 3000
	stop owner
}

# waiting: an orphan under a grace of an hour, and an "echo 0" that waits for it
waiting() {
	accepts 3600000 "$SYS/a/grace_ms" "a grace of an hour"
	orphan bus flock "$AL_TMP/a"
	# shellcheck disable=SC2016 # for that shell
	bg clear bash -c 'printf 0 >"$0/a/conf_locked"; echo status $?' "$SYS"
	sleep 1
	nok "echo 0 waits" is_gone "$(pid clear)"
}

killed() {
	local signal
	waiting
	for signal in TERM KILL; do
		pkill "-$signal" -s "$(pid clear)"
		ok "SIG$signal ends it" gone "$(pid clear)" 5
		is "$(state a) $(attr a generation)" "suspect $1" "and nothing was cleared"
		bg clear bash -c "printf 0 >$SYS/a/conf_locked"
		sleep 0.5
	done
}

# Every other verb goes on meanwhile.
others_go_on() {
	from_now
	is "$(state a) $(attr a conf_locked) $(state b)" "suspect 1 free" "others can look"
	json a >/dev/null
	accepts 1 "$SYS/b/conf_locked" "others can be held"
	accepts 0 "$SYS/b/conf_locked" "and released"
	orphan bus2 flock "$AL_TMP/b"
	echo 0 >"$SYS/b/grace_ms"
	accepts 0 "$SYS/b/conf_locked" "and cleared"
	stop bus2
	al_add c "$AL_TMP/b"
	al_del c
	run aimlock list
	is "$rc" 0 "listed"
	ok "all without delay" before 8000
	from_now
	accepts a "$SYS/delete_lock" "the name itself can be removed"
	ok "without delay" before 5000
	ok "which ends the echo" gone "$(pid clear)" 5
	nok "it is gone" test -e "$SYS/a"
	ok "the lock is still there" test -n "$(locks_of "$AL_TMP/a")"
	stop bus
}

unloaded() {
	al_add a "$AL_TMP/a"
	waiting
	from_now
	ok "the module goes while echo 0 waits" rmmod aimlock
	ok "without delay" before 5000
	ok "which ends the echo" gone "$(pid clear)" 5
	nok "the lock is still there" can flock "$AL_TMP/a"
	stop bus
	stop clear
}

al_load
touch "$AL_TMP/a" "$AL_TMP/b"
al_add a "$AL_TMP/a"
al_add b "$AL_TMP/b"
suspect_first
command_waits
nobody_looked
live_needs_no_wait
killed "$(attr a generation)"
others_go_on
unloaded
al_load
no_leftovers
al_unload
done_testing
