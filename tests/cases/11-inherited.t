#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# Locks whose description other processes hold: inherited, and never cleared.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# forked NAME KIND LOCK-STEP...: the taker dies, its child keeps the fd
forked() {
	local name=$1 kind=$2 child
	shift 2
	new_file "$name"
	bg "$name" locker name configd open 10 "$(path "$name")" "$@" \
		fork [ name worker say ready pause ] say taker usr1
	await "$name" ready
	await "$name" taker
	child=$(said "$name" ready)
	judged "$name" live "fd $(pid "$name") 10 configd" "fd $child 10 worker"
	kill -USR1 "$(pid "$name")"
	gone "$(pid "$name")"
	judged "$name" inherited "fd $child 10 worker"
	is "$(json "$name" '.locks[0] | "\(.taker) \(.taker_exists)"')" \
		"$(pid "$name") false" "$name: its taker is gone"
	is "$(attr "$name" holder)" "$child worker" "$name: the holder attribute names the child"
	stands "$name" "$kind"
	freed "$name" "$name"
}

forked forked-flock flock flock 10 w
forked forked-ofd ofd ofd 10 w 0 0

# A lease is out of reach of can(): whoever opens the file breaks it.
new_file forked-lease
bg forked-lease locker open 10 "$(path forked-lease)" lease 10 w \
	fork [ name worker say ready pause ]
await forked-lease ready
gone "$(pid forked-lease)"
judged forked-lease inherited "fd $(said forked-lease ready) 10 worker"
refuses 0 "$SYS/forked-lease/conf_locked" "$EBUSY" "forked-lease: echo 0 is refused with EBUSY"
like "$(locks_of "$(path forked-lease)")" "^LEASE +ACTIVE +WRITE" "forked-lease: the lease stands"
freed forked-lease forked-lease

# A POSIX lock isn't inherited: the child of its taker has another table.
new_file forked-posix
bg forked-posix locker open 10 "$(path forked-posix)" posix 10 w 0 0 \
	fork [ name worker say ready pause ] say taker usr1
await forked-posix ready
await forked-posix taker
judged forked-posix live "table $(pid forked-posix) null locker"
kill -USR1 "$(pid forked-posix)"
gone "$(pid forked-posix)"
is "$(state forked-posix)" free "forked-posix: nothing is left when the taker has ended"
freed forked-posix forked-posix

# The taker lives but has closed its own.
new_file handed
bg handed locker name configd open 10 "$(path handed)" flock 10 w \
	fork [ name worker say ready pause ] close 10 say taker pause
await handed ready
await handed taker
judged handed inherited "fd $(said handed ready) 10 worker"
is "$(json handed '.locks[0].taker_exists')" true "handed: its taker still runs"
stands handed flock
freed handed handed

# flock(1) is the taker and gone; the shell holds.
new_file idiom
# shellcheck disable=SC2016 # for the inner shell
bg idiom bash -c 'exec 9>"$1"; flock 9; echo ready $$; while :; do sleep 100; done' \
	configd "$(path idiom)"
await idiom ready
ok "idiom: the shell has come to rest" until_ok 10 pgrep -x sleep -P "$(pid idiom)"
shell=$(pid idiom)
judged idiom inherited "fd $shell 9 bash" "fd $(pgrep -x sleep -P "$shell") 9 sleep"
is "$(attr idiom holder | cut -d' ' -f2)" bash "idiom: the shell is named first"
stands idiom flock
freed idiom idiom

# received NAME KIND LOCK-STEP...: another process has received the fd, the taker is dead
received() {
	local name=$1 kind=$2
	shift 2
	new_file "$name"
	bg "$name" locker name busd socketpair stream 20 21 \
		fork [ name configd open 10 "$(path "$name")" "$@" send 20 10 say taker ] \
		wait recv 21 30 say ready pause
	await "$name" ready
	judged "$name" inherited "fd $(pid "$name") 30 busd"
	is "$(json "$name" '.locks[0] | "\(.taker) \(.taker_exists)"')" \
		"$(said "$name" taker) false" "$name: its taker is gone"
	stands "$name" "$kind"
	freed "$name" "$name"
}

received received-flock flock flock 10 w
received received-ofd ofd ofd 10 w 0 0

for name in forked-{flock,ofd,lease,posix} handed idiom received-{flock,ofd}; do
	al_del "$name"
done
no_leftovers
al_unload
done_testing
