#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A signal at every wait: behind a clear that waits out its grace, for a filesystem
# that doesn't answer, with a dump half read.  A fatal one ends the wait at once and
# nothing is changed; one that is handled ends nothing.
# timeout: 240
. "$(dirname "$0")/../lib.sh"

mnt=$AL_TMP/mnt

# The whole of what can be seen without a look.
values() {
	local name
	for name in a b slow; do
		[[ ! -e $SYS/$name ]] ||
			echo "$name $(attr $name generation) $(attr $name grace_ms) $(attr $name clear_scope)"
	done
	awk '{ $1 = ""; print }' /proc/locks | sort
}

# In a system call, asleep: it isn't just on its way there.
sleeps() {
	local rest
	read -r rest <"/proc/$1/stat" && rest=${rest##*) } && [[ $rest == [SD]* ]] &&
		read -r rest <"/proc/$1/syscall" && [[ $rest != running* && $rest != -1* ]]
}

# ends SIGNAL ID DESCRIPTION: and nothing is changed by it
ends() {
	local signal=$1 id=$2 before after start
	before=$(values)
	is_gone "$(pid "$id")" && fail "$3: it waits" && return
	start=${EPOCHREALTIME/./}
	kill "-$signal" "$(pid "$id")"
	ok "$3: SIG$signal ends it" gone "$(pid "$id")" 10
	after=$(((${EPOCHREALTIME/./} - start) / 1000))
	ok "$3: promptly ($after ms)" test "$after" -lt 5000
	is "$(values)" "$before" "$3: nothing is changed"
}

# waits ID SYSCALL COMMAND...: runs one process that comes to wait in that call
waits() {
	local id=$1 call=$2
	shift 2
	bg "$id" "$@"
	until_ok 20 in_call "$id" "$call" || diag "$id doesn't wait: $(log "$id")"
	sleep 0.3
}

in_call() {
	local number=
	sleeps "$(pid "$1")" && read -r number _ <"/proc/$(pid "$1")/syscall" &&
		[[ $number == "$2" ]]
}

READ=0 WRITE=1 SENDTO=44
writes() {
	echo dd status=none "if=$AL_TMP/$1" "of=$SYS/$2"
}

# behind: each that must have the clearing lock, while an "echo 0" has it for an hour
behind() {
	local signal what
	echo 3600000 >"$SYS/a/grace_ms"
	orphan bus flock "$AL_TMP/a"
	# shellcheck disable=SC2046 # words
	waits clear $WRITE $(writes 0 a/conf_locked)
	for signal in TERM KILL; do
		for what in 0 1; do
			# shellcheck disable=SC2046
			waits other $WRITE $(writes $what a/conf_locked)
			ends $signal other "echo $what behind a clear"
		done
		waits other $SENDTO nlraw 4 1:str=a 8:u32=1
		ends $signal other "file-set hold behind a clear"
		waits other $SENDTO nlraw 4 1:str=a 8:u32=0
		ends $signal other "file-set release behind a clear"
		waits other $SENDTO nlraw 6 1:str=a
		ends $signal other "lock-clear behind a clear"
		waits other $SENDTO nlraw 6 1:str=a 19:flag
		ends $signal other "a dry run behind a clear"
	done
	nok "the first one still waits" is_gone "$(pid clear)"
	ends TERM clear "echo 0 in its grace"
	# shellcheck disable=SC2046
	waits clear $WRITE $(writes 0 a/conf_locked)
	ends KILL clear "echo 0 in its grace"
	stop bus
	echo 1000 >"$SYS/a/grace_ms"
}

# A shell that handles a signal has its write done nevertheless.
handled() {
	echo 3000 >"$SYS/a/grace_ms"
	orphan bus flock "$AL_TMP/a"
	# shellcheck disable=SC2016 # for that shell
	bg clear bash -c 'trap "echo caught" USR1 TERM; printf 0 >"$0/a/conf_locked"; echo "status $?"' \
		"$SYS"
	until_ok 20 in_call clear $WRITE
	sleep 0.3
	kill -USR1 "$(pid clear)"
	kill -TERM "$(pid clear)"
	sleep 0.5
	nok "echo 0 goes on when a signal is handled" is_gone "$(pid clear)"
	ok "it comes to its end" await clear status
	is "$(said clear status)" 0 "and succeeds"
	ok "the signals were for the shell" has_said clear caught
	is "$(state a)" free "the orphan is cleared"
	stop bus
	echo 1000 >"$SYS/a/grace_ms"
}

# More than one message of files, of which the reader takes none.
dump() {
	local i signal
	for ((i = 0; i < 400; i++)); do
		echo "many$i $AL_TMP/b" >"$SYS/new_lock"
	done
	for signal in TERM KILL; do
		bg dump nlraw -dp 3
		await dump sent
		al_del many1
		al_add many1 "$AL_TMP/b"
		nok "a dump that nobody reads keeps the module" rmmod aimlock
		ends $signal dump "a half-read dump"
		bg dump nlraw -dp 5 16:flag
		await dump sent
		ends $signal dump "a dump of locks"
	done
	is "$(aimlock list --files --noheadings | wc -l)" 402 "the next dump tells all"
	rmmod aimlock
	al_load
	al_add a "$AL_TMP/a"
	al_add b "$AL_TMP/b"
}

others_go_on() {
	is "$(state a) $(state b)" "free free" "others can be looked at"
	accepts 1 "$SYS/b/conf_locked" "held"
	accepts 0 "$SYS/b/conf_locked" "released"
	accepts "new $AL_TMP/b" "$SYS/new_lock" "registered"
	accepts new "$SYS/delete_lock" "removed"
	is "$(attr slow generation) $(attr slow grace_ms)" "0 1000" \
		"what needs no path is told of the slow one"
	accepts 7 "$SYS/slow/grace_ms" "and its grace set"
	accepts 1000 "$SYS/slow/grace_ms" "and set back"
}

slow() {
	local signal what
	mkdir "$mnt"
	if ! modprobe -q fuse && [[ ! -e /dev/fuse ]]; then
		skip "a filesystem that doesn't answer" "this kernel has no FUSE"
		return
	fi
	bg fs slowfs "$mnt"
	await fs ready
	al_add slow "$mnt/file"
	is "$(state slow)" free "a file on a filesystem of FUSE"
	kill -STOP "$(pid fs)"
	for signal in TERM KILL; do
		for what in conf_locked state locks holder; do
			waits look $READ cat "$SYS/slow/$what"
			ends $signal look "reading $what"
		done
		for what in 0 1; do
			# shellcheck disable=SC2046
			waits look $WRITE $(writes $what slow/conf_locked)
			ends $signal look "echo $what"
		done
		# shellcheck disable=SC2046
		waits look $WRITE $(writes new new_lock)
		ends $signal look "new_lock"
		waits look $SENDTO nlraw 1 1:str=new "2:str=$mnt/file"
		ends $signal look "file-new"
		waits look $SENDTO nlraw 3 1:str=slow
		ends $signal look "file-get"
		waits look $SENDTO nlraw -d 3
		ends $signal look "file-get dump"
		waits look $SENDTO nlraw -d 5 16:flag
		ends $signal look "lock-get"
		waits look $SENDTO nlraw 6 1:str=slow
		ends $signal look "lock-clear"
		waits look $SENDTO nlraw 4 1:str=slow 8:u32=1
		ends $signal look "file-set hold"
	done
	nok "nothing was registered" test -e "$SYS/new"
	waits look $READ cat "$SYS/slow/state"
	others_go_on
	kill -CONT "$(pid fs)"
	ok "the filesystem answers again: so does the read" gone "$(pid look)" 10
	is "$(log look)" free "with the state"
	al_del slow
	umount "$mnt"
	stop fs
}

al_load
touch "$AL_TMP/a" "$AL_TMP/b"
for text in 0 1 "new $mnt/file"; do
	echo "$text" >"$AL_TMP/${text%% *}"
done
al_add a "$AL_TMP/a"
al_add b "$AL_TMP/b"
behind
handled
dump
slow
al_del a
al_del b
no_leftovers
al_unload
done_testing
