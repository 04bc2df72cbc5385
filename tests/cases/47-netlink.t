#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Malformed netlink messages: each is refused with a sentence and the attribute
# that is missing or wrong, and changes nothing.
. "$(dirname "$0")/../lib.sh"

# The numbers are those of include/uapi/linux/aimlock.h.
FILE_NEW=1 FILE_DEL=2 FILE_GET=3 FILE_SET=4 LOCK_GET=5 LOCK_CLEAR=6
file=$AL_TMP/a
# struct netlink_ext_ack has a member for it since 6.1; a debug kernel, which is no older,
# doesn't tell of its structures.
can_name_missing=1
[[ ! -e /sys/kernel/btf/vmlinux ]] || grep -qaw miss_nest /sys/kernel/btf/vmlinux ||
	can_name_missing=

values() {
	aimlock list --json | jq -c '.files[] | [.name, .path, .state, .generation, (.locks | length)]'
	cat "$SYS"/*/{grace_ms,clear_scope}
}

# is_refused DESCRIPTION "ERROR|ERROR" ARGUMENT...: with a sentence
is_refused() {
	local what=$1 errors=$2
	shift 2
	run nlraw "$@"
	like "$out" "^error=($errors) miss=-?[0-9]+ off=-?[0-9]+ msg=.+" "$what"
}

# misses DESCRIPTION ATTRIBUTE ARGUMENT...: the answer names the attribute, unless
# this kernel has no place for that in any answer
misses() {
	local what=$1 attribute=$2
	shift 2
	if [[ ! $can_name_missing ]]; then
		attribute=-1
		what+=" (this kernel can't name what is missing)"
	fi
	run nlraw "$@"
	like "$out" "^error=EINVAL miss=$attribute off=-1 msg=.+" "$what"
}

# is_wrong DESCRIPTION ARGUMENT...: the answer points at an attribute
is_wrong() {
	local what=$1
	shift
	run nlraw "$@"
	like "$out" "^error=(EINVAL|ERANGE) miss=-1 off=[0-9]+ msg=.+" "$what"
}

missing_attributes() {
	misses "file-new without anything" 1 $FILE_NEW
	misses "file-new without a name" 1 $FILE_NEW "2:str=$file"
	misses "file-new without a path" 2 $FILE_NEW 1:str=x
	misses "file-del without a name" 1 $FILE_DEL
	misses "file-get without a name" 1 $FILE_GET
	misses "file-set without a name" 1 $FILE_SET 8:u32=1
	misses "lock-clear without a name" 1 $LOCK_CLEAR
	misses "lock-clear with an id, without a generation" 17 $LOCK_CLEAR 1:str=a 2:u64=1
	is_refused "lock-clear with a generation, without an id" EINVAL $LOCK_CLEAR 1:str=a 17:u64=0
	is_refused "lock-clear with force, without an id" EINVAL $LOCK_CLEAR 1:str=a 20:flag
	is_refused "lock-clear with an id and a scope" EINVAL \
		$LOCK_CLEAR 1:str=a 2:u64=1 17:u64=0 18:u32=0
}

wrong_attributes() {
	local cmd attribute
	for cmd in $FILE_NEW $FILE_DEL $FILE_GET $FILE_SET $LOCK_CLEAR; do
		is_wrong "command $cmd: an unknown attribute" "$cmd" 1:str=a "2:u64=1" 200:u32=1
		is_wrong "command $cmd: a name without NUL" "$cmd" 1:bytes=a
		is_wrong "command $cmd: an empty name" "$cmd" 1:bytes=
		is_wrong "command $cmd: a name that is too long" "$cmd" "1:str=$(printf 'n%.0s' {1..64})"
		is_wrong "command $cmd: a nest for a name" "$cmd" 1:nest=abcd
	done
	for attribute in 3 4 5 6 7 12 13 14; do
		is_wrong "file-new with attribute $attribute, which only answers have" \
			$FILE_NEW 1:str=x "2:str=$file" "$attribute:u32=1"
	done
	for attribute in 3 4 7 8 9 11 12 13 14 22 23; do
		is_wrong "lock-clear with attribute $attribute, which only answers have" \
			$LOCK_CLEAR 1:str=a "$attribute:u32=1"
	done
	is_wrong "file-new: a path that is too long" $FILE_NEW 1:str=x "2:str=/$(printf '%0*d' 4096 0)"
	is_wrong "file-new: an empty path" $FILE_NEW 1:str=x 2:bytes=
	is_wrong "grace of two bytes" $FILE_SET 1:str=a 9:u16=5
	is_wrong "grace of eight bytes" $FILE_SET 1:str=a 9:u64=5
	is_wrong "grace beyond its limit" $FILE_SET 1:str=a 9:u32=3600001
	is_wrong "a scope that isn't" $FILE_SET 1:str=a 10:u32=2
	is_wrong "a hold of 2" $FILE_SET 1:str=a 8:u32=2
	is_wrong "a hold of one byte" $FILE_SET 1:str=a 8:u8=1
	is_wrong "lock-clear: a scope that isn't" $LOCK_CLEAR 1:str=a 18:u32=2
	is_wrong "lock-clear: an id of four bytes" $LOCK_CLEAR 1:str=a 2:u32=1 17:u64=0
	is_wrong "lock-clear: a flag with a value" $LOCK_CLEAR 1:str=a 19:u32=1
	is_wrong "lock-get: a flag with a value" -d $LOCK_GET 1:str=a 16:u32=1
	is_wrong "lock-get: an unknown attribute" -d $LOCK_GET 1:str=a 200:flag
	is_wrong "file-get dump: an unknown attribute" -d $FILE_GET 200:flag
}

malformed() {
	local cut
	for cut in 1 2 3; do
		run nlraw -t "$cut" $FILE_DEL 1:str=abc
		like "$out" "^error=EINVAL " "a message cut by $cut bytes"
	done
	run nlraw 99 1:str=a
	like "$out" "^error=EOPNOTSUPP" "an unknown command"
	for cut in 7 8 9 10; do
		run nlraw "$cut" 1:str=a
		like "$out" "^error=EOPNOTSUPP" "command $cut is for events only"
	done
	run nlraw $LOCK_GET 1:str=a
	like "$out" "^error=EOPNOTSUPP" "lock-get is a dump"
	run nlraw -d $FILE_NEW 1:str=x "2:str=$file"
	like "$out" "^error=EOPNOTSUPP" "file-new is none"
}

refused_by_state() {
	is_refused "file-new of a name that is there" EEXIST $FILE_NEW 1:str=a "2:str=$file"
	is_refused "file-new of a bad name" EINVAL $FILE_NEW 1:str=a/b "2:str=$file"
	is_refused "file-new of a reserved name" EINVAL $FILE_NEW 1:str=new_lock "2:str=$file"
	is_refused "file-new of a relative path" EINVAL $FILE_NEW 1:str=x 2:str=a
	is_refused "file-new of a missing file" ENOENT $FILE_NEW 1:str=x 2:str=/none
	is_refused "file-new below a file" ENOTDIR $FILE_NEW 1:str=x "2:str=$file/x"
	is_refused "file-new of a loop" ELOOP $FILE_NEW 1:str=x "2:str=$AL_TMP/loop"
	is_refused "file-new of a directory" EISDIR $FILE_NEW 1:str=x 2:str=/etc
	is_refused "file-new of a device" EINVAL $FILE_NEW 1:str=x 2:str=/dev/null
	is_refused "file-del of an unknown name" ENOENT $FILE_DEL 1:str=none
	is_refused "file-get of an unknown name" ENOENT $FILE_GET 1:str=none
	is_refused "file-set of an unknown name" ENOENT $FILE_SET 1:str=none 9:u32=1
	# 6.1 passes no sentence on from where a dump starts.
	run nlraw -d $LOCK_GET 1:str=none
	like "$out" "^error=ENOENT " "lock-get of an unknown name"
	is_refused "lock-clear of an unknown name" ENOENT $LOCK_CLEAR 1:str=none
	is_refused "a release of what isn't held" ENOENT $FILE_SET 1:str=a 8:u32=0
	is_refused "an id that isn't there" ESTALE $LOCK_CLEAR 1:str=a 2:u64=1 17:u64=0
	is_refused "a stale generation" ESTALE $LOCK_CLEAR 1:str=a 2:u64=1 17:u64=77
	is_refused "a hold of what is locked" EBUSY $FILE_SET 1:str=locked 8:u32=1
	is_refused "clearing what is live" EBUSY $LOCK_CLEAR 1:str=locked
}

# A refused file-set changes nothing, not even what comes first in it.
all_or_nothing() {
	is_refused "file-set of grace with a hold" EINVAL $FILE_SET 1:str=a 9:u32=77 8:u32=1
	is_refused "file-set of scope with a release" EINVAL $FILE_SET 1:str=a 10:u32=1 8:u32=0
	is_wrong "file-set of a good grace and a bad scope" $FILE_SET 1:str=a 9:u32=77 10:u32=2
}

accepted() {
	run nlraw $FILE_NEW 1:str=new "2:str=$file" 9:u32=5 10:u32=1
	is "${out##*$'\n'}" ok "file-new with grace and scope"
	is "$(attr new grace_ms) $(attr new clear_scope)" "5 unreachable" "both are set"
	run nlraw $FILE_GET 1:str=new
	like "$out" $'^cmd=[0-9]+ len=[0-9]+\nok$' "file-get answers"
	run nlraw $FILE_SET 1:str=new 9:u32=6 10:u32=0
	is "${out##*$'\n'}" ok "file-set of grace and scope"
	is "$(attr new grace_ms) $(attr new clear_scope)" "6 orphaned" "both are set"
	run nlraw $FILE_SET 1:str=new 8:u32=1
	is "${out##*$'\n'} $(attr new state)" "ok held" "file-set of a hold"
	is_refused "file-del of what is held" EBUSY $FILE_DEL 1:str=new
	is_refused "file-set to hold again" EBUSY $FILE_SET 1:str=new 8:u32=1
	run nlraw $FILE_SET 1:str=new 8:u32=0
	is "${out##*$'\n'}" ok "release"
	run nlraw -d $FILE_GET
	is "$(grep -c ^cmd <<<"$out") ${out##*$'\n'}" "3 ok" "file-get dump tells three files"
	run nlraw -d $LOCK_GET 16:flag
	is "$(grep -c ^cmd <<<"$out") ${out##*$'\n'}" "1 ok" "lock-get dump tells one lock"
	run nlraw -d $LOCK_GET 1:str=a
	is "$out" ok "and none of a free file"
	run nlraw $LOCK_CLEAR 1:str=a
	is "${out##*$'\n'}" ok "lock-clear of a free file"
	run nlraw $LOCK_CLEAR 1:str=a 19:flag 18:u32=1
	is "${out##*$'\n'}" ok "lock-clear as a dry run with a scope"
	run nlraw $FILE_DEL 1:str=new
	is "${out##*$'\n'}" ok "file-del"
}

# Anything at all: the kernel log is what is looked at afterwards.
noise() {
	local i forms=(flag u8 u16 u32 u64 str=x "str=a" bytes=abcdefg nest=abcdefgh)
	RANDOM=4711
	for ((i = 0; i < 150; i++)); do
		timeout 20 nlraw -t $((RANDOM % 3)) $((RANDOM % 12)) \
			"$((RANDOM % 26)):${forms[RANDOM % 9]}" "$((RANDOM % 26)):${forms[RANDOM % 9]}" \
			"$((RANDOM % 26)):${forms[RANDOM % 9]}" >/dev/null || :
	done
	pass "random messages were answered"
}

al_load
touch "$file" "$AL_TMP/locked"
ln -s loop "$AL_TMP/loop"
al_add a "$file"
al_add locked "$AL_TMP/locked"
bg owner locker open 10 "$AL_TMP/locked" flock 10 w say locked pause
await owner locked
before=$(values)
missing_attributes
wrong_attributes
malformed
refused_by_state
all_or_nothing
is "$(values)" "$before" "all that changed nothing"
accepted
is "$(values)" "$before" "and what was accepted is undone"
noise
is "$(verdict locked)" live "the live lock stayed through it all"
stop owner
rmmod aimlock
al_load
no_leftovers
al_unload
done_testing
