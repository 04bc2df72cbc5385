#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A filesystem that is full, and a disk that gives only errors: locks need no
# room and are seen and cleared; what can't be looked up says so, and nothing is
# said of it or done to it.
. "$(dirname "$0")/../lib.sh"

mnt=$AL_TMP/mnt
image=$AL_TMP/image
mkdir "$mnt" "$AL_TMP/tmpfs"

fill() {
	dd if=/dev/zero "of=$1/filler" bs=64k 2>/dev/null || :
	dd if=/dev/zero "of=$1/filler2" bs=1k 2>/dev/null || :
	nok "$2 is full" bash -c "echo x >$1/more"
}

# works NAME FILE: all verbs
works() {
	accepts "$1 $2" "$SYS/new_lock" "$1: registered"
	is "$(state "$1")" free "$1: free"
	accepts 0 "$SYS/$1/grace_ms" "$1: no grace"
	orphan bus flock "$2"
	waiter wait flock "$2"
	is "$(state "$1") $(attr "$1" waiters)" "orphaned 1" "$1: an orphan and a waiter are seen"
	run aimlock show "$1"
	is "$rc" 0 "$1: shown"
	accepts 0 "$SYS/$1/conf_locked" "$1: cleared"
	ok "$1: the waiter has it" await wait got
	stop wait
	stop bus
	accepts 1 "$SYS/$1/conf_locked" "$1: held"
	nok "$1: which excludes" can ofd "$2"
	accepts 0 "$SYS/$1/conf_locked" "$1: released"
	is "$(state "$1")" free "$1: free again"
	accepts "$1" "$SYS/delete_lock" "$1: removed"
}

make_ext4() {
	truncate -s 16M "$image"
	mkfs.ext4 -q -O ^has_journal -N 64 "$image"
	device=$(losetup --find --show "$image")
	mount "$device" "$mnt"
}

drop_ext4() {
	umount "$mnt"
	losetup -d "$device"
	rm "$image"
}

full() {
	mount -t tmpfs -o size=64k,nr_inodes=8 tmpfs "$AL_TMP/tmpfs"
	touch "$AL_TMP/tmpfs/file"
	fill "$AL_TMP/tmpfs" tmpfs
	works tmpfs "$AL_TMP/tmpfs/file"
	umount "$AL_TMP/tmpfs"
	make_ext4
	touch "$mnt/file"
	fill "$mnt" ext4
	works ext4 "$mnt/file"
	drop_ext4
}

# Nothing of the disk is left but what is in use.
break_disk() {
	sync
	cp "$image" "$AL_TMP/copy"
	: >"$image"
	chill
}

chill() {
	blockdev --flushbufs "$device"
	echo 3 >/proc/sys/vm/drop_caches
}

mend_disk() {
	cat "$AL_TMP/copy" >"$image"
	chill
}

# cold: neither the inode nor the way to it is in memory.
# warm: a process has the file open and locked, and so all on the way to it.
# back: the same inode by another name, in a directory that is cold.
set_up() {
	make_ext4
	mkdir "$mnt"/{cold,warm,back}
	touch "$mnt"/{cold,warm}/file "$AL_TMP/well"
	ln "$mnt/warm/file" "$mnt/back/file"
	local name
	for name in cold warm back; do
		al_add $name "$mnt/$name/file"
		echo 0 >"$SYS/$name/grace_ms"
	done
	al_add well "$AL_TMP/well"
	orphan bus flock "$mnt/warm/file"
	is "$(state warm) $(state back) $(state cold)" "orphaned orphaned free" \
		"before: orphaned by both names"
	break_disk
}

# values NAME: what is known without the disk
values() {
	local attribute
	for attribute in path generation grace_ms clear_scope; do
		attr "$1" $attribute
	done
}

# Where nothing is read the loop device of one kernel fails, and that of another gives
# zeros, whose checksum ext4 finds wrong.
learn_error() {
	run cat "$mnt/cold/file"
	ERROR=${out##*: }
	case $ERROR in
	'Bad message') ERRNO=EBADMSG ;;
	*) ERRNO=EIO ;;
	esac
	like "$rc $ERROR" '^1 (Input/output error|Bad message)$' "the disk is broken"
}

# fails NAME: all that needs the path
fails() {
	local attribute before verb
	before=$(values "$1")
	for attribute in conf_locked state locks orphans waiters holder; do
		run cat "$SYS/$1/$attribute"
		is "$rc ${out##*: }" "1 $ERROR" "$1: reading $attribute says so"
	done
	refuses 0 "$SYS/$1/conf_locked" "$ERROR" "$1: so does echo 0"
	refuses 1 "$SYS/$1/conf_locked" "$ERROR" "$1: and echo 1"
	for verb in show "list --files" clear "clear --dry-run" hold; do
		# shellcheck disable=SC2086 # a verb and its option
		run aimlock $verb "$1"
		is "$rc" 1 "$1: aimlock $verb fails"
		like "$out" "$ERROR" "$1: and says so"
	done
	run nlraw 6 "1:str=$1"
	like "$out" "^error=$ERRNO" "$1: lock-clear says so"
	run nlraw -d 5 "1:str=$1" 16:flag
	like "$out" "^error=$ERRNO" "$1: lock-get says so"
	is "$(values "$1")" "$before" "$1: nothing was changed"
	accepts 7 "$SYS/$1/grace_ms" "$1: grace can be set"
	accepts 0 "$SYS/$1/grace_ms" "$1: and set back"
}

others_go_on() {
	run aimlock list --files --noheadings -o NAME,STATE
	is "$rc $(sort <<<"$out" | xargs)" "0 back missing cold missing warm orphaned well free" \
		"a list of all names what it can't look up"
	accepts 1 "$SYS/well/conf_locked" "a file elsewhere can be held"
	accepts 0 "$SYS/well/conf_locked" "and released"
}

cant_register() {
	refuses "new $mnt/cold/file" "$SYS/new_lock" "$ERROR" "registering says so"
	run aimlock add new "$mnt/cold/file"
	is "$rc" 1 "by the command too"
	like "$out" "the path can't be looked up.*$ERROR" "with a sentence"
	nok "nothing is registered" test -e "$SYS/new"
}

broken() {
	local before
	set_up
	before=$(locks_of "$mnt/warm/file")
	isnt "$before" "" "the kernel has the lock"
	learn_error
	fails cold
	fails back
	is "$(locks_of "$mnt/warm/file")" "$before" "the lock stands"
	others_go_on
	cant_register
	accepts 0 "$SYS/warm/conf_locked" "what is in memory is cleared"
	is "$(locks_of "$mnt/warm/file")" "" "it is gone"
	accepts 1 "$SYS/warm/conf_locked" "and held"
	accepts 0 "$SYS/warm/conf_locked" "and released"
	accepts back "$SYS/delete_lock" "a file that can't be looked up can be removed"
	mend_disk
	is "$(state cold)" free "with the disk mended the state is known"
	accepts "back $mnt/back/file" "$SYS/new_lock" "and the file can be registered"
	stop bus
	drop_ext4
	is "$(state cold)" missing "unmounted, it is missing"
}

al_load
modprobe loop 2>/dev/null || :
full
broken
for name in cold warm back well; do
	al_del $name
done
no_leftovers
al_unload
done_testing
