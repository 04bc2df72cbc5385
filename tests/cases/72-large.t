#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Dumps of 100,000 locks: the memory that they take is bounded, nothing is held
# between two messages, and a change under way is told.
# timeout: 600
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

N=100000 LOCK_GET=5
# What a set of 16384 locks may take with its tables while it grows, in MB.  100,000
# would be 26 MB alone, and twice that while they grow.
BOUND=24
GROUP=$AL_TMP/cgroup/dump

al_load
mkdir "$AL_TMP"/{cgroup,many}
mount -t cgroup2 cgroup2 "$AL_TMP/cgroup"
# without it, as on the debug kernel, nothing tells of a peak
echo +memory >"$AL_TMP/cgroup/cgroup.subtree_control" || :

# The highest charge of the group, in MB.
peak() {
	echo $((($(<"$GROUP/memory.peak") + (1 << 20) - 1) >> 20))
}

# grouped COMMAND...: runs it in a memory cgroup of its own; sets $rc, $out, $peak
grouped() {
	mkdir "$GROUP"
	# shellcheck disable=SC2016 # for the inner shell
	run bash -c 'echo $$ >"$0"/cgroup.procs && exec "$@"' "$GROUP" "$@"
	peak=unknown
	[[ ! -e $GROUP/memory.peak ]] || peak=$(peak)
	rmdir "$GROUP"
}

# counted MESSAGES WHAT ARGUMENT...: the dump has so many messages, within bounds
counted() {
	local want=$1 what=$2 slab now seconds=$SECONDS
	shift 2
	slab=$(awk '/^Slab:/ { print $2 }' /proc/meminfo)
	bg sampler bash -c 'while grep ^Slab: /proc/meminfo; do sleep 0.05; done'
	grouped nlraw -dq $LOCK_GET "$@"
	stop sampler
	is "$out" "messages=$want"$'\n'ok "$what: $want messages"
	diag "$what: $((SECONDS - seconds)) s, $peak MB charged at most"
	if [[ $peak == unknown ]]; then
		skip "$what: its memory" "this kernel has no memory.peak"
	else
		ok "$what: at most $BOUND MB are charged to the reader" test "$peak" -le $BOUND
	fi
	now=$(log sampler | awk '$2 > max { max = $2 } END { print max }')
	ok "$what: slab grows by less than $BOUND MB ($(((now - slab) >> 10)))" \
		test $(((now - slab) >> 10)) -lt $BOUND
}

one_file() {
	local file=$AL_TMP/one
	bg one lockmany file "$file" $N
	await one ready 100
	exec {fd}<"$AL_TMP"
	counted $N "one file, not registered" "24:u32=$fd" 16:flag
	al_add one "$file"
	counted $N "one file, registered" 1:str=one 16:flag
	counted $N "one file, again" 1:str=one 16:flag

	# While a dump of it is under way.
	bg reader nlraw -diqw $LOCK_GET 1:str=one
	await reader paused
	is "$(state one)" live "under way: others look at the file"
	kill -USR1 "$(pid one)"
	ok "under way: its locks can be changed" await one removed
	kill -USR1 "$(pid reader)"
	until_ok 60 is_gone "$(pid reader)"
	like "$(log reader)" "interrupted"$'\n'"ok" "under way: the change is told"
	like "$(log reader)" "messages=$N"$'\n' "under way: and no lock left out"
	stop reader

	bg reader nlraw -diqw $LOCK_GET 1:str=one
	await reader paused
	kill -USR1 "$(pid reader)"
	until_ok 60 is_gone "$(pid reader)"
	is "$(log reader | sed 1d)" "messages=$((N - 1))"$'\n'ok "under way: no change, none told"
	stop reader

	bg reader nlraw -diqw $LOCK_GET "24:u32=$fd"
	await reader paused
	al_del one
	kill -USR1 "$(pid reader)"
	until_ok 60 is_gone "$(pid reader)"
	like "$(log reader)" "interrupted"$'\n'"ok" "under way: a name that goes is told"
	stop reader
	exec {fd}<&-
	stop one
}

many_files() {
	mount -t tmpfs tmpfs "$AL_TMP/many"
	bg many lockmany dir "$AL_TMP/many" $N
	await many ready 200
	exec {fd}<"$AL_TMP/many"
	counted $N "many files" "24:u32=$fd" 16:flag
	# The list of inodes changes all the time under a dump that stops on its way.
	bg reader nlraw -dqw $LOCK_GET "24:u32=$fd"
	await reader paused
	touch "$AL_TMP"/many/new-{1..2000}
	rm "$AL_TMP"/many/new-*
	kill -USR1 "$(pid reader)"
	until_ok 100 is_gone "$(pid reader)"
	is "$(log reader | sed 1d)" "messages=$N"$'\n'ok "many files: each lock is told of once"
	stop reader

	# Of a type: nothing keeps the filesystem.
	exec {fd}<&-
	bg reader nlraw -dqw $LOCK_GET 25:str=tmpfs
	await reader paused
	stop many
	ok "many files: unmounted under a dump of its type" umount "$AL_TMP/many"
	kill -USR1 "$(pid reader)"
	until_ok 100 is_gone "$(pid reader)"
	like "$(log reader)" "messages=[0-9]+"$'\n'ok "many files: which ends well"
	stop reader
}

one_file
many_files
umount "$AL_TMP/cgroup"
no_leftovers
al_unload
done_testing
