#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every allocation, and every copy from and to user space, made to fail in turn:
# in each netlink command, each write to sysfs and each read, and in loading the
# module.  What fails changes nothing, what succeeds does all of it, and no lock
# is ever judged less cautiously than without a fault.
# timeout: 1500
. "$(dirname "$0")/../lib.sh"

# The numbers are those of include/uapi/linux/aimlock.h.
FILE_NEW=1 FILE_DEL=2 FILE_GET=3 FILE_SET=4 LOCK_GET=5 LOCK_CLEAR=6

# Requests that may sleep fail too, and the log isn't filled with each one.
arm() {
	local fault=/sys/kernel/debug
	mountpoint -q $fault || mount -t debugfs debugfs $fault
	[[ -d $fault/failslab ]] || skip_all "this kernel can't make allocations fail"
	echo N >$fault/failslab/ignore-gfp-wait
	echo N >$fault/fail_page_alloc/ignore-gfp-wait
	echo 0 >$fault/fail_page_alloc/min-order
	for fault in $fault/fail{slab,_page_alloc,_usercopy}/verbose; do
		[[ ! -e $fault ]] || echo 0 >"$fault"
	done
}

# each DESCRIPTION ARGUMENT...: all faults of a step are survived
each() {
	local what=$1
	shift
	run failnth "$@"
	if ((rc == 0)); then
		pass "$what"
	else
		fail "$what"
	fi
	diag "$what: $out"
}

write_attribute() {
	local undo=(write "$SYS/a/grace_ms" 0 / write "$SYS/a/clear_scope" orphaned)
	each "new_lock" -- write "$SYS/new_lock" "x $file" -- write "$SYS/delete_lock" x
	each "delete_lock" write "$SYS/new_lock" "x $file" -- write "$SYS/delete_lock" x --
	each "grace_ms" -- write "$SYS/a/grace_ms" 77 -- "${undo[@]}"
	each "clear_scope" -- write "$SYS/a/clear_scope" unreachable -- "${undo[@]}"
	each "conf_locked 1" -a ENOLCK -- write "$SYS/a/conf_locked" 1 -- write "$SYS/a/conf_locked" 0
	each "conf_locked 0 of a hold" write "$SYS/a/conf_locked" 1 -- \
		write "$SYS/a/conf_locked" 0 --
	each "new_lock that is refused" -x EEXIST -- write "$SYS/new_lock" "a $file" --
	each "conf_locked 1 that is refused" -x EBUSY start "${live[@]}" -- \
		write "$SYS/a/conf_locked" 1 -- drop
}

read_attributes() {
	local attribute
	for attribute in conf_locked path locks waiters generation grace_ms clear_scope; do
		each "$attribute of an orphan" start "${orphan[@]}" -- \
			read "$SYS/a/$attribute" -- drop
	done
	each "state of an orphan" start "${orphan[@]}" -- \
		read "$SYS/a/state" '^suspect$' -- drop
	each "orphans of an orphan" start "${orphan[@]}" -- read "$SYS/a/orphans" '^0$' -- drop
	each "holder of an orphan" start "${orphan[@]}" -- read "$SYS/a/holder" '^([0-9]+ .+)?$' -- drop
	each "state of a live lock" start "${live[@]}" -- read "$SYS/a/state" -- drop
	each "state of an inherited lock" start "${inherited[@]}" -- read "$SYS/a/state" -- drop
	each "state of a mapped lock" start "${mapped[@]}" -- read "$SYS/a/state" -- drop
	each "state of a pinned lock" start "${pinned[@]}" -- read "$SYS/a/state" -- drop
	each "state of a ring's lock" start "${ring[@]}" -- read "$SYS/a/state" '^suspect$' -- drop
	each "holder of a live lock" start "${live[@]}" -- read "$SYS/a/holder" '^([0-9]+ .+)?$' -- drop
}

netlink_files() {
	each "file-new" -- ask $FILE_NEW 1:str=x "2:str=$file" 9:u32=5 10:u32=1 -- \
		ask $FILE_DEL 1:str=x
	each "file-new that is refused" -x EEXIST -- ask $FILE_NEW 1:str=a "2:str=$file" --
	each "file-del" ask $FILE_NEW 1:str=x "2:str=$file" -- ask $FILE_DEL 1:str=x --
	each "file-get" start "${orphan[@]}" -- ask $FILE_GET 1:str=a '@or=^a:6 $' -- drop
	each "file-get dump" start "${orphan[@]}" -- \
		dump $FILE_GET '@or=^a:6 b:1 $' -- drop
	each "file-set grace and scope" -- ask $FILE_SET 1:str=a 9:u32=77 10:u32=1 -- \
		ask $FILE_SET 1:str=a 9:u32=0 10:u32=0
	each "file-set hold" -a ENOLCK -- ask $FILE_SET 1:str=a 8:u32=1 -- ask $FILE_SET 1:str=a 8:u32=0
	each "file-set release" ask $FILE_SET 1:str=a 8:u32=1 -- ask $FILE_SET 1:str=a 8:u32=0 --
	each "file-set hold that is refused" -x EBUSY start "${live[@]}" -- \
		ask $FILE_SET 1:str=a 8:u32=1 -- drop
}

netlink_locks() {
	each "lock-get of one" start "${orphan[@]}" -- \
		dump $LOCK_GET 1:str=a '@or=^a:4 $' -- drop
	each "lock-get of all with holders" start "${orphan[@]}" / start "${other[@]}" -- \
		dump $LOCK_GET 16:flag '@or=^a:4 b:0 $' -- drop
	each "lock-get of a live lock" start "${live[@]}" -- \
		dump $LOCK_GET 1:str=a 16:flag -- drop
	each "lock-clear by verdict" -a EBUSY start "${orphan[@]}" -- \
		ask $LOCK_CLEAR 1:str=a -- drop
	each "lock-clear, dry" -a EBUSY start "${orphan[@]}" -- \
		ask $LOCK_CLEAR 1:str=a 19:flag -- drop
	each "lock-clear by id" -a EBUSY start "${orphan[@]}" / look a -- \
		ask $LOCK_CLEAR 1:str=a 2:u64=@id 17:u64=@gen -- drop
	each "lock-clear by id and force" start "${live[@]}" / look a -- \
		ask $LOCK_CLEAR 1:str=a 2:u64=@id 17:u64=@gen 20:flag -- drop
	each "lock-clear of a ring's lock, with that scope" -a EBUSY start "${ring[@]}" -- \
		ask $LOCK_CLEAR 1:str=a 18:u32=1 -- drop
	each "conf_locked 0 of an orphan" -a EBUSY start "${orphan[@]}" -- \
		write "$SYS/a/conf_locked" 0 -- drop
	each "conf_locked 0 of a nested orphan" -a EBUSY start "${nested[@]}" -- \
		write "$SYS/a/conf_locked" 0 -- drop
}

# never KIND: a clear is refused whatever fails, and the lock stands
never() {
	local -n how=$1
	each "conf_locked 0: never $1" -x EBUSY start "${how[@]}" -- \
		write "$SYS/a/conf_locked" 0 -- drop
	each "lock-clear: never $1" -x EBUSY start "${how[@]}" -- ask $LOCK_CLEAR 1:str=a -- drop
	each "lock-clear by id: never $1" -x EBUSY start "${how[@]}" / look a -- \
		ask $LOCK_CLEAR 1:str=a 2:u64=@id 17:u64=@gen -- drop
}

never_suspect() {
	echo 3600000 >"$SYS/a/grace_ms"
	each "lock-clear: never suspect" -x EAGAIN -a EBUSY start "${orphan[@]}" -- \
		ask $LOCK_CLEAR 1:str=a -- drop
	echo 0 >"$SYS/a/grace_ms"
}

load() {
	rmmod aimlock
	each "loading the module" -- load "$AL_ROOT/aimlock.ko" -- unload
	each "unloading it" load "$AL_ROOT/aimlock.ko" -- unload --
}

# Who listens misses an event that there is no memory for, and is told that it did.
events() {
	local before after told
	before=$(attr a generation)
	bg listener nlevents
	await listener ready
	each "conf_locked 1 with a listener" -a ENOLCK -- write "$SYS/a/conf_locked" 1 -- \
		write "$SYS/a/conf_locked" 0
	after=$(attr a generation)
	sleep 1
	# a hold and a release
	told=$(log listener | grep -cE '^event 9 a (held|released)' || :)
	ok "some events were lost: $told of $((2 * (after - before))) came" \
		test "$told" -lt $((2 * (after - before)))
	ok "the listener knows" has_said listener overrun
	stop listener
}

arm
file=$AL_TMP/a
touch "$file" "$AL_TMP/b"
# In a list of an array bash takes what is in bare brackets for an index.
take=(open 10 "$file" flock 10 w)
live=(locker "${take[@]}" say ready pause)
inherited=(locker fork '[' "${take[@]}" fork '[' say ready pause ']' exit ']' pause)
mapped=(locker fork '[' "${take[@]}" map 10 close 10 fork '[' say ready pause ']' exit ']' pause)
orphan=(locker socketpair stream 5 6 fork '[' "${take[@]}" send 5 10 exit ']' wait say ready pause)
nested=(locker socketpair stream 5 6 socketpair stream 7 8
	fork '[' "${take[@]}" send 5 10 exit ']' wait send 7 6 close 6 close 5 say ready pause)
# shellcheck disable=SC2034 # by name
pinned=(locker socketpair stream 5 6 fork '[' "${take[@]}" send 5 10 close 10 say ready pause ']'
	pause)
ring=(locker ring 9 fork '[' "${take[@]}" register 9 10 exit ']' wait say ready pause)
other=(locker open 10 "$AL_TMP/b" posix 10 w 0 0 say ready pause)
al_load
al_add a "$file"
al_add b "$AL_TMP/b"
echo 0 >"$SYS/a/grace_ms"
write_attribute
events
read_attributes
netlink_files
netlink_locks
for kind in live inherited mapped pinned ring; do
	never $kind
done
never_suspect
is "$(attr a conf_locked) $(state a)" "0 free" "nothing is left of it"
load
al_load
no_leftovers
al_unload
done_testing
