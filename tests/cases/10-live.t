#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# Locks that their takers hold: live, and never cleared.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# live NAME KIND HOLDER STEP...: HOLDER is "KIND FD", of the process itself
live() {
	local name=$1 kind=$2 holder=$3
	shift 3
	new_file "$name"
	bg "$name" locker name configd open 10 "$(path "$name")" "$@" say ready pause
	await "$name" ready
	judged "$name" live "${holder% *} $(pid "$name") ${holder#* } configd"
	is "$(json "$name" '.locks[0] | "\(.kind) \(.taker) \(.taker_exists)"')" \
		"$kind $(pid "$name") true" "$name: it is named a $kind lock of its taker"
	is "$(attr "$name" holder)" "$(pid "$name") configd" "$name: the holder attribute says who"
	is "$(attr "$name" locks) $(attr "$name" orphans)" "1 0" "$name: one lock, no orphan"
	stands "$name" "$kind"
	freed "$name" "$name"
}

live flock flock "fd 10" flock 10 w
live posix posix "table null" posix 10 w 0 0
live posix-range posix "table null" posix 10 w 100 50
live ofd ofd "fd 10" ofd 10 w 0 0

new_file shared
bg shared locker name configd open 10 "$(path shared)" flock 10 r say ready pause
await shared ready
judged shared live "fd $(pid shared) 10 configd"
is "$(json shared '.locks[0].mode')" read "shared: it is a read lock"
stands shared flock
ok "shared: another reader may join" locker openread 10 "$(path shared)" flock 10 r
freed shared shared

# Only a process that opens it would see a lease, and would break it.
new_file lease
bg lease locker name configd open 10 "$(path lease)" lease 10 w say ready pause
await lease ready
judged lease live "fd $(pid lease) 10 configd"
is "$(json lease '.locks[0] | "\(.kind) \(.mode)"')" "lease write" "lease: it is a write lease"
before=$(locks_of "$(path lease)")
like "$before" "^LEASE +ACTIVE +WRITE $(pid lease) " "lease: looking at it doesn't break it"
refuses 0 "$SYS/lease/conf_locked" "$EBUSY" "lease: echo 0 is refused with EBUSY"
is "$(locks_of "$(path lease)")" "$before" "lease: the lease is what it was"
freed lease lease

new_file two-fds
bg two-fds locker name configd open 10 "$(path two-fds)" flock 10 w dup 10 11 say ready pause
await two-fds ready
judged two-fds live "fd $(pid two-fds) 10 configd" "fd $(pid two-fds) 11 configd"
is "$(json two-fds '.locks[0] | "\(.refs) \(.refs_found)"')" "2 2" \
	"two-fds: both references are accounted for"
stands two-fds flock
freed two-fds two-fds

# A copy is on its way, but the taker still has its own.
new_file sent
bg sent locker name configd socketpair stream 20 21 open 10 "$(path sent)" flock 10 w \
	send 20 10 say ready pause
await sent ready
judged sent live "fd $(pid sent) 10 configd" "in-flight $(pid sent) 21 configd"
is "$(json sent '.locks[0] | "\(.refs) \(.refs_found)"')" "2 2" \
	"sent: both references are accounted for"
stands sent flock
freed sent sent

al_del sent
nok "sent: no longer registered" test -e "$SYS/sent"
for name in flock posix posix-range ofd shared lease two-fds; do
	al_del "$name"
done
no_leftovers
al_unload
done_testing
