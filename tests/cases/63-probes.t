#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The module hooks into the kernel's lock paths only while a file is registered:
# seen by a kprobe on its own probe. Files come and go beside lockers.
# timeout: 180
. "$(dirname "$0")/../lib.sh"

tracing=/sys/kernel/tracing
[[ -d $tracing/events ]] || mount -t tracefs tracefs "$tracing" 2>/dev/null || :

# How often the module's probe was called.
hits() {
	awk '$1 == "aimlock_on_lock" { print $2 }' "$tracing/kprobe_profile"
}

# hit_by COMMAND...: how often it was called meanwhile
hit_by() {
	local before
	before=$(hits)
	"$@"
	echo $(($(hits) - before))
}

lock_some() {
	locker open 10 "$AL_TMP/b" flock 10 w flock 10 u posix 10 w 0 0 posix 10 u 0 0
}

hooked() {
	echo 'p:aimlock_on_lock aimlock:on_lock' >>"$tracing/kprobe_events"
	echo 1 >"$tracing/events/kprobes/aimlock_on_lock/enable"
	is "$(hit_by lock_some)" 0 "nothing registered: the probe isn't called"
	al_add a "$AL_TMP/a"
	isnt "$(hit_by lock_some)" 0 "a file is registered: it is, for other files too"
	al_add c "$AL_TMP/c"
	al_del a
	isnt "$(hit_by lock_some)" 0 "one of two files is removed: it still is"
	al_del c
	is "$(hit_by lock_some)" 0 "the last one is removed: it isn't any more"
	al_add a "$AL_TMP/a"
	isnt "$(hit_by lock_some)" 0 "a file again: it is"
	al_del a
	refuses "a $AL_TMP/none" "$SYS/new_lock" "$ENOENT" "a file that can't be registered"
	is "$(hit_by lock_some)" 0 "hooks nothing"
	echo 0 >"$tracing/events/kprobes/aimlock_on_lock/enable"
	echo '-:aimlock_on_lock' >>"$tracing/kprobe_events"
}

# Takes and drops a lock of FILE, and replaces the file now and then.
lock_and_replace() {
	local i fd
	for ((i = 0; ; i++)); do
		exec {fd}>>"$1"
		locker dup "$fd" 10 flock 10 w flock 10 u
		exec {fd}>&-
		nap
		((i % 5)) || mv "$(mktemp "$1.XXXXXX")" "$1"
	done
}

# A file that is locked, replaced, registered and removed, all at once.
storm() {
	local i id dir=$AL_TMP/m
	mkdir "$dir"
	mount -t tmpfs tmpfs "$dir"
	: >"$dir/f"
	export -f lock_and_replace nap
	for id in 1 2; do
		# shellcheck disable=SC2016 # for the inner shell
		bg "l$id" bash -c 'lock_and_replace "$0"' "$dir/f"
	done
	for ((i = 0; i < 20; i++)); do
		al_add s "$dir/f"
		al_add t "$AL_TMP/b"
		nap
		al_del t
		al_del s
	done
	pass "registered and removed twenty times beside lockers"
	al_add s "$dir/f"
	for id in 1 2; do
		stop "l$id"
	done
	ok "what is registered can be unmounted" umount "$dir"
	ok "and is missing" wait_state s missing
	al_del s
}

al_load
: >"$AL_TMP/a"
: >"$AL_TMP/b"
: >"$AL_TMP/c"
if [[ -e $tracing/kprobe_events ]]; then
	hooked
else
	skip "probes only while a file is registered" "this kernel has no kprobe events"
fi
storm
no_leftovers
al_unload
done_testing
