#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# Descriptors left unread in a unix socket.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# abandon NAME SOCKET-TYPE LOCK-STEP...: configd locks, sends and dies; busd never reads
abandon() {
	local name=$1 type=$2
	shift 2
	bg "$name" locker name busd socketpair "$type" 20 21 \
		fork [ name configd open 10 "$(path "$name")" "$@" send 20 10 say taker ] \
		wait say ready pause
	await "$name" ready
}

# orphan NAME KIND SOCKET-TYPE LOCK-STEP...
orphan() {
	local name=$1 kind=$2
	shift 2
	new_file "$name"
	echo 200 >"$SYS/$name/grace_ms"
	abandon "$name" "$@"
	wait_state "$name" orphaned
	judged "$name" orphaned "in-flight $(pid "$name") 21 busd"
	is "$(json "$name" '.locks[0] | "\(.kind) \(.taker) \(.taker_exists) \(.refs) \(.refs_found)"')" \
		"$kind $(said "$name" taker) false 1 1" "$name: the evidence is complete"
	is "$(attr "$name" orphans)" 1 "$name: one orphan is counted"
	clears "$name" "$kind"
	is "$(attr "$name" orphans)" 0 "$name: no orphan is left"
	ok "$name: the process with the socket still runs" kill -0 "$(pid "$name")"
	freed "$name" "$name"
	al_del "$name"
}

orphan flock flock stream flock 10 w
orphan read-flock flock stream flock 10 r
orphan ofd ofd stream ofd 10 w 0 0
orphan ofd-range ofd stream ofd 10 w 100 50
orphan dgram flock dgram flock 10 w
orphan seqpacket ofd seqpacket ofd 10 w 0 0

# Registered only when all has happened; echo 0 is the first to look and waits out grace.
: >"$(path late)"
abandon late stream flock 10 w
al_add late "$(path late)"
clears late flock
freed late late
al_del late

# A zombie that nobody has reaped can reach nothing.
new_file zombie
bg zombie locker name busd socketpair stream 20 21 \
	fork [ open 10 "$(path zombie)" flock 10 w send 20 10 say taker ] say ready pause
await zombie taker
gone "$(said zombie taker)"
ok "zombie: the taker is there, unreaped" test -e "/proc/$(said zombie taker)"
wait_state zombie orphaned
judged zombie orphaned "in-flight $(pid zombie) 21 busd"
clears zombie flock
freed zombie zombie
al_del zombie

# A lease in flight stalls whoever opens the file, until it is cleared.
new_file lease
abandon lease stream lease 10 w
wait_state lease orphaned
judged lease orphaned "in-flight $(pid lease) 21 busd"
like "$(locks_of "$(path lease)")" "^LEASE +ACTIVE +WRITE $(said lease taker) " "lease: the kernel has it"
bg reader cat "$(path lease)"
nap
is "$(state lease)" orphaned "lease: a process that opens the file changes no verdict"
accepts 0 "$SYS/lease/conf_locked" "lease: echo 0 clears it"
is "$(locks_of "$(path lease)")" "" "lease: the kernel has it no more"
ok "lease: the process runs on at once" gone "$(pid reader)" 5
freed lease lease
al_del lease

# A POSIX lock goes when its taker does, whatever is in flight.
new_file posix
abandon posix stream posix 10 w 0 0
is "$(state posix)" free "posix: nothing is left of it"
freed posix posix
al_del posix

# The taker closes its own but lives.
for kind in flock ofd; do
	lock=(flock 10 w)
	[[ $kind == flock ]] || lock=(ofd 10 w 0 0)
	name=alive-$kind
	new_file "$name"
	bg "$name" locker name busd socketpair stream 20 21 \
		fork [ name configd open 10 "$(path "$name")" "${lock[@]}" send 20 10 \
			close 10 close 20 close 21 say taker pause ] \
		say ready pause
	await "$name" taker
	await "$name" ready
	judged "$name" pinned "in-flight $(pid "$name") 21 busd"
	is "$(json "$name" '.locks[0].taker_exists')" true "$name: its taker runs"
	stands "$name" "$kind"
	kill -KILL "$(said "$name" taker)"
	wait_state "$name" orphaned
	judged "$name" orphaned "in-flight $(pid "$name") 21 busd"
	clears "$name" "$kind"
	freed "$name" "$name"
	al_del "$name"
done

# Two processes have the socket: both are named.
new_file twice
bg twice locker name busd socketpair stream 20 21 \
	fork [ open 10 "$(path twice)" flock 10 w send 20 10 say taker ] wait \
	fork [ name helper say helper pause ] say ready pause
await twice helper
await twice ready
wait_state twice orphaned
judged twice orphaned "in-flight $(pid twice) 21 busd" "in-flight $(said twice helper) 21 helper"
is "$(json twice '.locks[0] | "\(.refs) \(.refs_found)"')" "1 1" "twice: it is one reference"
clears twice flock
freed twice twice
al_del twice

no_leftovers
al_unload
done_testing
