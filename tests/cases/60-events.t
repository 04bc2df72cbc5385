#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What others do to a file is told: poll(2) on state and conf_locked wakes, udev
# and those who listen by netlink get an event. Real locks, each transition.
# timeout: 300
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a
declare -A seen=()

# Only what comes from here on counts.
mark() {
	local id
	for id in nl udev state conf; do
		seen[$id]=$(wc -l <"$AL_TMP/log.$id")
	done
}

# since ID: what it has said since then
since() {
	tail -n "+$((seen[$1] + 1))" "$AL_TMP/log.$1"
}

# came ID REGEX
came() {
	since "$1" | grep -E "$2" >/dev/null
}

# tells STATE DESCRIPTION [SECONDS]: all hear of it, since the last mark
tells() {
	local locked=1
	[[ $1 != free && $1 != missing ]] || locked=0
	ok "$2: netlink tells $1" until_ok "${3:-8}" came nl "^event 9 a changed $1\$"
	ok "$2: udev tells $1" until_ok 3 came udev "^change /locks/a .*LOCK_STATE=$1( |\$)"
	ok "$2: poll(2) on state wakes" until_ok 3 came state "^wake $1\$"
	ok "$2: poll(2) on conf_locked wakes" until_ok 3 came conf "^wake $locked\$"
	is "$(state a) $(attr a conf_locked)" "$1 $locked" "$2: that is true"
	mark
}

# silence SECONDS DESCRIPTION: nobody hears anything
silence() {
	sleep "$1"
	is "$(since nl)$(since udev)$(since state)$(since conf)" "" "$2: nothing is told"
}

locks_of_one() {
	bg one locker open 10 "$file" flock 10 w say locked usr1 fork [ pause ] exit
	await one locked
	tells live "a lock is taken"
	is "$(log nl | grep -c 'changed live')" 1 "it is told once"
	kill -USR1 "$(pid one)"
	tells inherited "its taker ends, a child has it"
	stop one
	tells free "the child ends"
}

orphan_and_back() {
	local taker start
	bg bus locker name busd socketpair stream 5 6 fork [ open 10 "$file" flock 10 w \
		say locked usr1 send 5 10 close 10 say sent usr1 exit ] \
		wait say reaped usr1 recv 6 11 say received pause
	await bus locked
	taker=$(said bus locked)
	tells live "the lock of a child"
	kill -USR1 "$taker"
	await bus sent
	tells pinned "the fd is in flight, its taker lives"
	echo 6000 >"$SYS/a/grace_ms"
	start=${EPOCHREALTIME/./}
	kill -USR1 "$taker"
	await bus reaped
	tells suspect "the taker ends"
	tells orphaned "grace is over" 15
	ok "after its time" test "$((${EPOCHREALTIME/./} - start))" -ge 6000000
	echo 1000 >"$SYS/a/grace_ms"
	kill -USR1 "$(pid bus)"
	await bus received
	tells inherited "the fd is received"
	stop bus
	tells free "its receiver ends"
}

cleared_orphan() {
	orphan bus flock "$file"
	tells orphaned "an orphan"
	echo 0 >"$SYS/a/conf_locked"
	ok "a clear is told as such" until_ok 3 came nl '^event 10 a cleared$'
	tells free "a clear"
	stop bus
	silence 1 "when what was its holder ends"
}

holds() {
	echo 1 >"$SYS/a/conf_locked"
	ok "a hold is told as such" until_ok 3 came nl '^event 9 a held$'
	tells held "a hold"
	echo 0 >"$SYS/a/conf_locked"
	ok "a release is told as such" until_ok 3 came nl '^event 9 a released$'
	tells free "a release"
}

# It goes by close, the second time: no tracepoint tells that.
leases() {
	bg one locker openread 10 "$file" lease 10 r say leased usr1 lease 10 u say unleased \
		usr1 lease 10 r say again usr1 close 10 say closed pause
	await one leased
	tells live "a lease is set"
	kill -USR1 "$(pid one)"
	await one unleased
	tells free "a lease is given back"
	kill -USR1 "$(pid one)"
	await one again
	tells live "a lease again"
	sleep 3	# all is quiet by then
	kill -USR1 "$(pid one)"
	await one closed
	tells free "a leased file is closed"
	stop one
}

# kind KIND MODE [RANGE...]
kind() {
	local what="$*" open=open
	[[ $1 != lease ]] || open=openread
	bg one locker "$open" 10 "$file" "$1" 10 "${@:2}" say locked pause
	await one locked
	tells live "$what"
	stop one
	tells free "$what ends"
}

no_changes() {
	bg one locker open 10 "$file" flock 10 r say locked pause
	await one locked
	tells live "a shared lock"
	sleep 1
	mark
	bg two locker open 10 "$file" flock 10 r say locked pause
	await two locked
	silence 1 "a second shared lock"
	nok "a third process fails to lock it" flock -n "$file" true
	silence 1 "a failed try"
	bg waits locker open 10 "$file" flockw 10 w say got pause
	until_ok 20 is_blocked "$(pid waits)"
	silence 1 "a process that waits"
	stop waits
	silence 1 "a waiter that is killed"
	stop two
	silence 3 "one of two shared locks goes"
	: <"$file"
	touch "$file"
	stat "$file" >/dev/null
	silence 1 "reading, touching"
	stop one
	tells free "the last lock goes"
	: <"$file"
	chmod 640 "$file"
	silence 1 "what is no lock, on a free file"
}

paths() {
	bg one locker open 10 "$file" flock 10 w say locked pause
	await one locked
	tells live "a lock"
	: >"$file.new"
	mv "$file.new" "$file"
	ok "a replacement is told as such" until_ok 3 came nl '^event 9 a replaced$'
	tells free "another file by rename"
	stop one
	silence 1 "the end of the lock on the file that was"
	bg one locker open 10 "$file" flock 10 w say locked pause
	await one locked
	tells live "a lock on the file that is"
	rm "$file"
	ok "a removal is told as such" until_ok 3 came nl '^event 9 a missing$'
	tells missing "removal"
	: >"$file"
	tells free "made again"
	stop one
	mv "$file" "$file.away"
	tells missing "moved away"
	mv "$file.away" "$file"
	tells free "and back"
}

# No mark lies on what is above a file: found by the look that comes by itself.
above() {
	mkdir "$AL_TMP/dir"
	: >"$AL_TMP/dir/a"
	al_del a
	al_add a "$AL_TMP/dir/a"
	listen
	mv "$AL_TMP/dir" "$AL_TMP/dir2"
	tells missing "a directory above is renamed" 15
	mv "$AL_TMP/dir2" "$AL_TMP/dir"
	tells free "and back"
	mount -t tmpfs tmpfs "$AL_TMP/dir"
	tells missing "mounted over" 15
	: >"$AL_TMP/dir/a"
	tells free "made there"
	ok "the filesystem can be unmounted" umount "$AL_TMP/dir"
	ok "which is told" until_ok 3 came nl '^event 9 a replaced$'
	mark
	bg one locker open 10 "$AL_TMP/dir/a" flock 10 w say locked pause
	await one locked
	tells live "a lock on the file below"
	stop one
	tells free "and its end"
}

listen() {
	local id
	for id in state conf; do
		[[ ! ${al_pid[$id]-} ]] || stop "$id"
	done
	bg state pollwake "$SYS/a/state" 10000 600000
	bg conf pollwake "$SYS/a/conf_locked" 10000 600000
	await state ready
	await conf ready
	sleep 0.3
	mark
}

al_load
: >"$file"
bg nl nlevents -b 4000000
bg udev uevents
await nl ready
await udev ready
al_add a "$file"
ok "a new file is told of" until_ok 5 has_said nl "event 7 a added"
listen
silence 1 "a new file is free as every new file is"

locks_of_one
orphan_and_back
cleared_orphan
holds
leases
for args in 'flock r' 'flock w' 'posix r 0 0' 'posix w 0 1' 'ofd r 0 0' 'ofd w 5 5' 'lease r'; do
	# shellcheck disable=SC2086
	kind $args
done
no_changes
paths
above

al_del a
ok "its end is the last that is told" until_ok 5 came nl '^event 8 a removed$'
bg one locker open 10 "$AL_TMP/b" flock 10 w say locked pause
await one locked
al_add a "$AL_TMP/b"
ok "a file that is locked when it is registered: told" until_ok 5 came nl '^event 9 a changed live$'
al_del a
ended() {
	[[ $(tail -n 1 "$AL_TMP/log.nl") == "event 8 a removed" ]]
}
ok "and its end" until_ok 5 ended
stop one
sleep 1
ok "after which nothing comes" ended

for id in nl udev state conf; do
	stop "$id"
done
no_leftovers
al_unload
done_testing
