#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The first thread is gone, others live on: /proc/PID/fd is empty, the lock is live.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# leaderless NAME KIND HOLDER LOCK-STEP...
leaderless() {
	local name=$1 kind=$2 holder=$3
	shift 3
	new_file "$name"
	bg "$name" locker name threadd open 10 "$(path "$name")" "$@" thread [ say ready pause ] thread-exit
	await "$name" ready
	ok "$name: the first thread has ended" until_ok 10 grep -q '^State:.Z' "/proc/$(pid "$name")/status"
	judged "$name" live "${holder% *} $(pid "$name") ${holder#* } threadd"
	is "$(json "$name" '.locks[0] | "\(.taker) \(.taker_exists)"')" "$(pid "$name") true" \
		"$name: its taker still runs"
	stands "$name" "$kind"
	freed "$name" "$name"
	al_del "$name"
}

leaderless flock flock "fd 10" flock 10 w
leaderless ofd ofd "fd 10" ofd 10 w 0 0
leaderless posix posix "table null" posix 10 w 0 0
leaderless map flock "map null" flock 10 w map 10 close 10

# Taken by a thread that ends; the process has it still.
new_file thread
bg thread locker name threadd open 10 "$(path thread)" thread [ flock 10 w say taken thread-exit ] \
	say ready pause
await thread taken
await thread ready
judged thread live "fd $(pid thread) 10 threadd"
stands thread flock
freed thread thread
al_del thread

# The socket belongs to a process without a first thread.
new_file queue
bg queue locker name busd socketpair stream 20 21 \
	fork [ open 10 "$(path queue)" flock 10 w send 20 10 ] wait \
	thread [ say ready pause ] thread-exit
await queue ready
wait_state queue orphaned
judged queue orphaned "in-flight $(pid queue) 21 busd"
clears queue flock
freed queue queue
al_del queue

no_leftovers
al_unload
done_testing
