#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Adopt: an orphaned lock becomes a lease as it stands, without an instant at which
# somebody else could get the file; nothing but an orphan does.
# timeout: 200
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a

# adopter ID ARGUMENT...: adopt whose command says "got TOKEN" and stays
adopter() {
	local id=$1
	shift
	# shellcheck disable=SC2016 # the command's own
	bg "$id" aimlock adopt "$@" a -- sh -c 'echo got $AIMLOCK_TOKEN; exec sleep 1000'
}

# orphan_of ID LOCK-STEP...: as orphan, with a lock of any kind and size
orphan_of() {
	local id=$1
	shift
	bg "$id" locker name busd socketpair stream 5 6 \
		fork [ open 10 "$file" "$@" send 5 10 exit ] wait say orphaned \
		usr1 recv 6 11 say received pause
	await "$id" orphaned
}

excludes_all() {
	is "$(state a) $(verdict a | sort -u)" "leased leased" "$1: it is leased"
	nok "$1: flock is excluded" can flock "$file"
	nok "$1: a POSIX lock is excluded" can posix "$file"
	nok "$1: an OFD lock is excluded" can ofd "$file"
	nok "$1: a reader too" locker openread 10 "$file" flock 10 r
}

# adopted WHAT LOCK-STEP...
adopted() {
	local what=$1 before
	shift
	orphan_of bus "$@"
	wait_state a orphaned
	before=$(attr a generation)
	adopter new
	ok "$what: it is adopted" await new got
	is "$(said new got) $(attr a generation)" "$((before + 1)) $((before + 1))" \
		"$what: with a token of its own"
	is "$(attr a holder)" "$(pid new) aimlock" "$what: by its new holder"
	excludes_all "$what"
	stop bus
	excludes_all "$what, when the old descriptor is closed"
	stop new
	ok "$what: free when the new holder is dead" wait_state a free
	is_unlocked "$file" "$what: and unlocked"
}

# no_gap KIND: somebody tries as fast as can be, on the other CPU
no_gap() {
	local i kind=$1 lock=(flock 10 w)
	[[ $1 == flock ]] || lock=(ofd 10 w 0 0)
	echo 0 >"$SYS/a/grace_ms"
	for ((i = 0; i < 8; i++)); do
		orphan_of bus "${lock[@]}"
		bg thief locker open 10 "$file" say trying "${kind}try" 10 say got pause
		await thief trying
		aimlock adopt a -- grep -q got "$AL_TMP/log.thief" && break
		await thief got || break
		stop thief
		stop bus
	done
	is "$i" 8 "$kind: nobody gets the file in between, in $i rounds"
	echo 1000 >"$SYS/a/grace_ms"
}

# The descriptor is received after all.
received() {
	orphan_of bus flock 10 w
	wait_state a orphaned
	adopter new
	await new got
	kill -USR1 "$(pid bus)"
	ok "the descriptor is received after all" await bus received
	excludes_all "received"
	stop bus
	kill -TERM "$(pid new)"
	returns new 143
	ok "then it is free" wait_state a free
}

# What the peer does with the descriptor has no effect on the lease.
unlocked_by_peer() {
	bg bus locker name busd socketpair stream 5 6 \
		fork [ open 10 "$file" flock 10 w send 5 10 exit ] wait say orphaned \
		usr1 recv 6 11 flock 11 u say unlocked pause
	await bus orphaned
	wait_state a orphaned
	adopter new
	await new got
	kill -USR1 "$(pid bus)"
	ok "a peer unlocks what it received" await bus unlocked
	excludes_all "unlocked by a peer"
	stop new
	ok "free" wait_state a free
	stop bus
}

# Those who wait come after, in their order.
waiters() {
	orphan bus flock "$file"
	waiter one flock "$file"
	waiter two flock "$file"
	wait_state a orphaned
	adopter new
	await new got
	is "$(attr a waiters)" 2 "two wait on"
	sleep 1
	nok "none has got it" has_said one got
	stop new
	ok "the first gets it then" await one got
	nok "not the second" has_said two got
	stop one
	ok "the second gets it after the first" await two got
	stop two
	stop bus
}

# Neither do those who wait for a lease keep an orphan from being adopted.
lease_waiters() {
	orphan bus flock "$file"
	bg one aimlock with-lock a -- sh -c 'echo got; exec sleep 1000'
	wait_state a orphaned
	sleep 1
	adopter new
	ok "it is adopted though a lease is waited for" await new got
	sleep 1
	nok "which isn't granted" has_said one got
	stop new
	ok "until then" await one got
	stop one
	stop bus
}

# refused DESCRIPTION REASON ARGUMENT...
refused() {
	local what=$1 why=$2 before
	shift 2
	before=$(attr a generation)
	run aimlock adopt "$@" a -- true
	is "$rc" 1 "$what: refused"
	like "$out" "adopt: a: $why" "$what: and says why"
	is "$(attr a generation)" "$before" "$what: it changed nothing"
}

refusals() {
	bg owner locker open 10 "$file" flock 10 w say locked pause
	await owner locked
	refused "a live lock" "what locks the file is no orphan, or not the only lock"
	run aimlock adopt -E 99 a -- true
	is "$rc $out" "99 " "-E: the status that was asked for, and no word"
	stop owner
	echo 1 >"$SYS/a/conf_locked"
	refused "an administrative hold" "what locks the file is no orphan"
	echo 0 >"$SYS/a/conf_locked"
	bg leased aimlock with-lock a -- sleep 1000
	wait_state a leased
	refused "a lease" "what locks the file is no orphan"
	stop leased
	wait_state a free

	orphan_of bus ofd 10 w 0 10
	bg owner locker open 10 "$file" ofd 10 w 20 10 say locked pause
	await owner locked
	wait_state a orphaned
	refused "an orphan beside a live lock" "what locks the file is no orphan, or not the only"
	stop owner
	bg owner locker open 10 "$file" flock 10 r say locked pause
	await owner locked
	refused "an orphan beside a live lock of another kind" "what locks the file is no orphan"
	is "$(state a)" orphaned "which leaves the orphan as it was"
	run setpriv --reuid=1000 --regid=1000 --clear-groups -- aimlock adopt a -- true
	is "$rc" 1 "a user may not"
	stop owner
	stop bus
	wait_state a free
	run aimlock adopt a -- echo free
	is "$rc $out" "0 free" "a free file is leased"
	run aimlock adopt --no-such-option a -- true
	is "$rc" 2 "wrong usage"
	run nlraw 11 1:str=a 3:u32=0 4:u32=1000 5:flag 12:u32=0
	like "$out" "EINVAL" "an orphan isn't waited for"
	run nlraw 11 1:str=a 3:u32=0 4:u32=1000 12:u32=2
	like "$out" "ERANGE|EINVAL" "there is no such scope"
}

in_a_ring() {
	has_io_uring || return 0
	bg ring locker ring 7 fork [ open 10 "$file" flock 10 w register 7 10 exit ] wait \
		say ready pause
	await ring ready
	wait_state a unreachable
	refused "an unreachable lock" "what locks the file is no orphan"
	adopter new --unreachable
	ok "--unreachable: it is adopted" await new got
	excludes_all "--unreachable"
	stop ring
	excludes_all "--unreachable, when the ring is gone"
	stop new
	ok "free" wait_state a free
}

has_told() {
	grep -q " a $1" "$AL_TMP/log.events"
}

told() {
	bg events aimlock monitor a
	until_ok 10 has_told listed
	orphan bus flock "$file"
	adopter new
	ok "one that is suspect still is adopted when its grace is over" await new got
	ok "it is told" until_ok 10 has_told adopted
	kill -TERM "$(pid new)"
	ok "so is its end" until_ok 10 has_told returned
	stop events
	stop bus
}

al_load
: >"$file"
chmod 755 "$AL_TMP"
chmod 666 "$file"
al_add a "$file"
adopted "a flock" flock 10 w
adopted "a shared flock" flock 10 r
adopted "an OFD lock" ofd 10 w 0 0
adopted "a range for reading" ofd 10 r 5 10
no_gap flock
no_gap ofd
received
unlocked_by_peer
waiters
lease_waiters
refusals
in_a_ring
told
al_del a
no_leftovers
al_unload
done_testing
