#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine sleeps for longer than a lease lives: its holder had no time to renew it,
# and still has it, whoever asks first after the sleep.
# timeout: 240
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a
TTL=20 SLEEP=25

# sleeps SECONDS: 0 if the machine did
sleeps() {
	local before after
	before=$(awake)
	rtcwake --mode mem --seconds "$1" >/dev/null || return 1
	after=$(awake)
	diag "slept $1 seconds, was awake for $((after - before)) ms"
	((after - before < $1 * 1000))
}

# Milliseconds, without those of sleep.
awake() {
	python3 -c 'import time; print(int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1000))'
}

# writer ID [OPTION...]
writer() {
	local id=$1
	shift
	bg "$id" aimlock with-lock "$@" a -- sh -c 'echo got; exec sleep 1000'
}

grep -qw deep /sys/power/mem_sleep || skip_all "this machine can't sleep"
al_load
: >"$file"
al_add a "$file"
writer holder --ttl $TTL
ok "a lease" await holder got
token=$(attr a generation)
# So that it can't renew before others ask.
kill -STOP "$(pid holder)"
ok "the machine sleeps for longer than it lives" sleeps $SLEEP
run aimlock with-lock -n a -- true
is "$rc" 1 "awake again: who asks is refused"
is "$(state a) $(attr a generation)" "leased $token" "the lease is still there"
kill -CONT "$(pid holder)"
nap
writer next
nok "its holder renews it: nobody else gets it" await next got 3
is "$(attr a holder)" "$(pid holder) aimlock" "it is the holder's"
kill -STOP "$(pid holder)"
ok "a holder that stands still while the machine is awake loses it" await next got $((TTL * 2))
kill -CONT "$(pid holder)"
returns holder 4
kill -TERM "$(pid next)"
returns next 143
ok "free" wait_state a free
al_del a
no_leftovers
al_unload
done_testing
