#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A lease goes from its holder to the next within one step of the scheduler, as a lock
# of flock(2) does: the process that is killed, or gives the lease back, is the one that
# wakes the waiter.
# timeout: 200
. "$(dirname "$0")/../lib.sh"

ROUNDS=20

file=$AL_TMP/a
tracing=/sys/kernel/tracing
waking=$tracing/events/sched/sched_waking
[[ -d $tracing/events ]] || mount -t tracefs tracefs "$tracing" 2>/dev/null || :
[[ -d $waking ]] || skip_all "this kernel doesn't trace who wakes whom"

# first_waker PID: the process that woke it first
first_waker() {
	awk -v pid="pid=$1" '/ sched_waking: / && index($0, " " pid " ") {
		match($0, /-[0-9]+ +[[]/)
		print substr($0, RSTART + 1, RLENGTH - 2) + 0
		exit
	}' "$tracing/trace"
}

# In poll(2), flock(2) or fcntl(2), asleep.
sleeps() {
	local number=
	read -r number _ <"/proc/$(pid "$1")/syscall" || return 1
	[[ $number == 7 || $number == 72 || $number == 73 ]]
}

# goes_to WAITER SIGNAL: from who has it, which is sent the signal
goes_to() {
	echo "pid == $(pid "$1")" >"$waking/filter"
	echo >"$tracing/trace"
	kill "-$2" "$(pid holder)"
	await "$1" got
	waker=$(first_waker "$(pid "$1")")
	[[ $waker == "$(pid holder)" ]]
}

# wakes TEXT SIGNAL LOCKER...: in each of ROUNDS; the command says "got" when it has it
wakes() {
	local text=$1 signal=$2 i waker=
	shift 2

	for ((i = 0; i < ROUNDS; i++)); do
		bg holder "$@"
		await holder got
		bg next "$@"
		until_ok 10 sleeps next || break
		goes_to next "$signal" || break
		stop next
		stop holder
	done
	stop next
	stop holder
	is "$i" "$ROUNDS" "$text: the holder wakes the waiter"
	((i == ROUNDS)) || diag "holder $(pid holder), waiter $(pid next), woken by $waker"
}

by_flock=(locker open 10 "$file" flockw 10 w say got pause)
# shellcheck disable=SC2016 # the command's own
by_lease=(aimlock with-lock a -- sh -c 'echo got; exec tail --pid=$PPID -f /dev/null')

al_load
: >"$file"
al_add a "$file"
echo 1 >"$waking/enable"
wakes "a flock, kill -9" KILL "${by_flock[@]}"
if printf '%s\n' 5.12 "$(uname -r)" | sort -CV; then
	wakes "a lease, kill -9" KILL "${by_lease[@]}"
else
	skip "a lease, kill -9: the holder wakes the waiter" "no look-up without waiting before 5.12"
fi
wakes "a lease, given back" TERM "${by_lease[@]}"
echo 0 >"$waking/enable"
echo 0 >"$waking/filter"
al_del a
no_leftovers
al_unload
done_testing
