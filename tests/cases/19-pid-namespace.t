#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Takers and holders in another pid namespace.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# The pid that NAME's first process has out here.
outer_pid() {
	local pid
	for pid in $(pgrep -s "$(pid "$1")" -x "$2"); do
		[[ $(readlink "/proc/$pid/ns/pid") == "$(readlink /proc/self/ns/pid)" ]] || echo "$pid"
	done
}

# A live one: both numbers are known.
new_file live
bg live unshare --pid --fork --kill-child \
	locker name configd open 10 "$(path live)" flock 10 w say ready pause
await live ready
pid=$(outer_pid live configd)
is "$(said live ready)" 1 "live: it calls itself 1"
judged live live "fd $pid 10 configd"
is "$(json live '.locks[0] | "\(.taker) \(.holders[0].ns_pid)"')" "$pid 1" \
	"live: the taker's pid is the one out here, the holder has both"
stands live flock
freed live live
al_del live

# The taker dies and its namespace with it; the fd is in flight to the outside.
new_file gone
bg gone locker name busd listen 20 "$AL_TMP/socket" say ready accept 20 21 say accepted pause
await gone ready
run timeout 20 unshare --pid --fork locker connect 20 "$AL_TMP/socket" \
	open 10 "$(path gone)" flock 10 w send 20 10
is "$rc" 0 "gone: the namespace has ended"
await gone accepted
wait_state gone orphaned
judged gone orphaned "in-flight $(pid gone) 21 busd"
is "$(json gone '.locks[0].taker_exists')" false "gone: the taker is gone"
clears gone flock
freed gone gone
al_del gone

# The taker dies, its namespace lives on and has the socket.
new_file inside
bg inside unshare --pid --fork --kill-child locker name busd socketpair stream 20 21 \
	fork [ open 10 "$(path inside)" ofd 10 w 0 0 send 20 10 say taker ] wait say ready pause
await inside ready
pid=$(outer_pid inside busd)
is "$(said inside taker) $(said inside ready)" "2 1" "inside: they call themselves 2 and 1"
wait_state inside orphaned
judged inside orphaned "in-flight $pid 21 busd"
is "$(json inside '.locks[0].holders[0].ns_pid')" 1 "inside: the holder's own pid is shown too"
clears inside ofd
freed inside inside
al_del inside

# A child in the namespace has inherited it.
new_file child
bg child unshare --pid --fork --kill-child locker name initd \
	fork [ open 10 "$(path child)" flock 10 w fork [ name worker say ready pause ] ] \
	wait pause
await child ready
pid=$(outer_pid child worker)
ok "child: its parent has ended" until_ok 10 has_state child inherited
judged child inherited "fd $pid 10 worker"
stands child flock
freed child child
al_del child

# In another mount namespace, where the file has another path.
new_file mounts
: >"$AL_TMP/elsewhere"
# shellcheck disable=SC2016 # for the inner shell
bg mounts unshare --mount bash -c '
	mount --bind "$1" "$2" &&
	exec locker name configd open 10 "$2" flock 10 w say ready pause' \
	- "$(path mounts)" "$AL_TMP/elsewhere"
await mounts ready
is "$(locks_of "$AL_TMP/elsewhere")" "" "mounts: out here that path is another file"
judged mounts live "fd $(pid mounts) 10 configd"
stands mounts flock
freed mounts mounts
al_del mounts

no_leftovers
al_unload
done_testing
