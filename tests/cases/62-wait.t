#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock wait: sleeps until a file is free, locked or orphaned.
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a

# How often it slept; it grows whenever it looks again.
switches() {
	awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$(pid "$1")/status"
}

# sleeps ID: it waits, and stays asleep
sleeps() {
	local before
	sleep 1
	before=$(switches "$1")
	sleep 3
	nok "$1: it waits" is_gone "$(pid "$1")"
	is "$(switches "$1")" "$before" "$1: without looking again and again"
}

# status STATUS DESCRIPTION ARGUMENT...
status() {
	local want=$1 what=$2
	shift 2
	run aimlock wait "$@"
	is "$rc" "$want" "$what: exit status $want"
}

al_load
: >"$file"
al_add a "$file"
status 0 "free is free" a
status 0 "the same in words" --until free a
is "$out" "" "nothing is printed"

bg locked aimlock wait --until locked a
sleeps locked
bg owner locker open 10 "$file" flock 10 w say locked pause
await owner locked
returns locked 0
status 0 "locked is locked" --until locked a

bg free aimlock wait a
sleeps free
: >"$AL_TMP/b"
al_add b "$AL_TMP/b"
aimlock hold b
sleep 1
nok "free: what happens to another file doesn't matter" is_gone "$(pid free)"
aimlock release b
al_del b
stop owner
returns free 0

bg orphaned aimlock wait --until orphaned a
bg owner locker name busd socketpair stream 5 6 fork [ open 10 "$file" flock 10 w send 5 10 \
	say sent usr1 exit ] wait say orphaned pause
await owner sent
sleeps orphaned
kill -USR1 "$(said owner sent)"
returns orphaned 0
is "$(state a)" orphaned "which is true"
bg cleared aimlock wait a
sleep 1
echo 0 >"$SYS/a/conf_locked"
returns cleared 0
stop owner

bg held aimlock wait --until locked a
sleep 1
echo 1 >"$SYS/a/conf_locked"
returns held 0
start=${EPOCHREALTIME/./}
status 3 "time over" -w 1.5 a
took=$(((${EPOCHREALTIME/./} - start) / 1000))
like "$out" '^aimlock: wait: a: the time is over and it is held$' "and says so"
ok "after a second and a half ($took ms)" test "$took" -ge 1500
ok "and not much more" test "$took" -lt 6000
status 3 "no time at all" --timeout 0 a
status 0 "no time, but it is so" --timeout 0 --until locked a
echo 0 >"$SYS/a/conf_locked"
status 3 "time over for an orphan" -w 0.1 --until orphaned a

bg owner locker open 10 "$file" flock 10 w say locked pause
await owner locked
bg unlinked aimlock wait a
sleep 1
rm "$file"
returns unlinked 0
is "$(state a)" missing "missing counts as free"
stop owner
: >"$file"

bg removed aimlock wait --until locked a
sleep 1
al_del a
returns removed 1
like "$(log removed)" '^aimlock: wait: a: it was removed meanwhile \(No such file or directory\)$' \
	"removed: and says so"
status 1 "an unknown name" a
like "$out" '^aimlock: wait: a: .*\(No such file or directory\)$' "and says so"

al_add a "$file"
bg unloaded aimlock wait --until locked a
sleep 1
rmmod aimlock
returns unloaded 1
like "$(log unloaded)" 'the aimlock module was unloaded' "unloaded: and says so"
status 1 "without the module" a
like "$out" 'the aimlock module is not loaded' "and says so"

for bad in 1s '' 1.2.3 -1 0x5 1e3; do
	status 2 "bad seconds '$bad'" -w "$bad" a
done
status 2 "a bad state" --until gone a
like "$out" "'gone' can't be waited for: free, locked or orphaned" "and says so"
status 2 "no name"
status 2 "two names" a b
al_load
no_leftovers
al_unload
done_testing
