#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A description that only an io_uring keeps: unreachable, cleared when the
# scope says so.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

has_io_uring || skip_all "io_uring is disabled"
al_load

# ring NAME LOCK-STEP...: the taker registers the fd in ringd's io_uring and dies
ring() {
	local name=$1
	shift
	new_file "$name"
	bg "$name" locker name ringd ring 20 \
		fork [ name configd open 10 "$(path "$name")" "$@" register 20 10 say taker ] \
		wait say ready pause
	await "$name" ready
	wait_state "$name" unreachable
}

for kind in flock ofd; do
	lock=(flock 10 w)
	[[ $kind == flock ]] || lock=(ofd 10 w 0 0)
	ring "$kind" "${lock[@]}"
	judged "$kind" unreachable "io-uring $(pid "$kind") 20 ringd"
	is "$(json "$kind" '.locks[0] | "\(.taker_exists) \(.refs) \(.refs_found)"')" "false 1 0" \
		"$kind: the taker is gone, a reference is unaccounted for"
	is "$(attr "$kind" holder)" "" "$kind: there is no holder to name"
	is "$(attr "$kind" orphans)" 0 "$kind: it is no orphan"
	stands "$kind" "$kind"
	accepts unreachable "$SYS/$kind/clear_scope" "$kind: the scope is widened"
	clears "$kind" "$kind"
	ok "$kind: the process with the ring still runs" kill -0 "$(pid "$kind")"

	# The ring still has the file; its end disturbs no new owner.
	bg next locker open 10 "$(path "$kind")" "${lock[@]}" say ready pause
	await next ready
	stop "$kind"
	nap
	nok "$kind: the next owner is undisturbed" can "$kind" "$(path "$kind")"
	judged "$kind" live "fd $(pid next) 10 locker"
	freed "$kind" next
	al_del "$kind"
done

# Without widening, the lock goes with the ring.
ring ended flock 10 w
stands ended flock
freed ended ended
al_del ended

# While the taker lives it might get at the file through the ring.
new_file alive
bg alive locker name ringd ring 20 open 10 "$(path alive)" flock 10 w register 20 10 close 10 \
	say ready pause
await alive ready
judged alive pinned "io-uring $(pid alive) 20 ringd"
is "$(json alive '.locks[0] | "\(.taker_exists) \(.refs) \(.refs_found)"')" "true 1 0" \
	"alive: a reference is unaccounted for"
accepts unreachable "$SYS/alive/clear_scope" "alive: the scope is widened"
stands alive flock
freed alive alive
al_del alive

# A reference that nobody was found for outweighs the one in a socket.
new_file doubt
bg doubt locker name ringd ring 20 socketpair stream 21 22 \
	fork [ open 10 "$(path doubt)" flock 10 w register 20 10 send 21 10 ] wait say ready pause
await doubt ready
wait_state doubt unreachable
judged doubt unreachable "in-flight $(pid doubt) 22 ringd" "io-uring $(pid doubt) 20 ringd"
is "$(json doubt '.locks[0] | "\(.refs) \(.refs_found)"')" "2 1" \
	"doubt: one reference of two is accounted for"
stands doubt flock
freed doubt doubt
al_del doubt

no_leftovers
al_unload
done_testing
