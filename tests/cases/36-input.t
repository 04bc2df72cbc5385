#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the sysfs files take and what they don't; what is refused changes nothing.
. "$(dirname "$0")/../lib.sh"

bad_conf=(2 00 01 10 11 " 1" "1 " $'1\n\n' $'\n' yes -1 +1 0x1 O l 1.0 99999999999999999999
	"$(printf '0%.0s' {1..4000})")

# values: all there is to change of the file
values() {
	local name
	for name in conf_locked state path locks generation grace_ms clear_scope; do
		echo "$name $(attr a "$name")"
	done
}

conf_locked() {
	local text before
	before=$(values)
	for text in "${bad_conf[@]}"; do
		refuses "$text" "$SYS/a/conf_locked" "$EINVAL" \
			"$1: conf_locked refuses $(printf '%.20q' "$text")"
	done
	printf '0\n0' >"$AL_TMP/two"	# by printf it would be two writes
	nok "$1: conf_locked refuses two lines" dd "if=$AL_TMP/two" "of=$SYS/a/conf_locked"
	is "$(values)" "$before" "$1: and nothing changed"
}

# refuses_nul TEXT ATTRIBUTE: what stands before a NUL is not the whole line
refuses_nul() {
	printf '%b' "$1" >"$AL_TMP/nul"
	nok "$2 refuses $1" dd "if=$AL_TMP/nul" "of=$SYS/a/$2"
}

grace() {
	local text
	for text in 0 3600000 1 $'2500\n'; do
		accepts "$text" "$SYS/a/grace_ms" "grace_ms takes $(printf %q "$text")"
		is "$(attr a grace_ms)" "${text%$'\n'}" "and says so"
	done
	for text in -1 3600001 4294967296 99999999999999999999 1.5 "1 2" abc 12x $'\n' "5 ms"; do
		refuses "$text" "$SYS/a/grace_ms" "$EINVAL" "grace_ms refuses $(printf %q "$text")"
	done
	refuses_nul '7\0x' grace_ms
	is "$(attr a grace_ms)" 2500 "grace_ms is what it was"
}

scope() {
	local text
	is "$(attr a clear_scope)" orphaned "clear_scope is orphaned at first"
	for text in unreachable orphaned $'unreachable\n'; do
		accepts "$text" "$SYS/a/clear_scope" "clear_scope takes $(printf %q "$text")"
		is "$(attr a clear_scope)" "${text%$'\n'}" "and says so"
	done
	for text in orphan orphaneds Orphaned live pinned all 0 $'\n' "orphaned unreachable" \
		$'orphaned\n\n'; do
		refuses "$text" "$SYS/a/clear_scope" "$EINVAL" "clear_scope refuses $(printf %q "$text")"
	done
	refuses_nul 'orphaned\0x' clear_scope
	is "$(attr a clear_scope)" unreachable "clear_scope is what it was"
}

registry() {
	local text file=$AL_TMP/a
	for text in x "x " " $file" "$file" $'\n' $'x\n' " "; do
		refuses "$text" "$SYS/new_lock" "$EINVAL" "new_lock refuses $(printf %q "$text")"
	done
	for text in $'\n' "a b" $'a\n\n' " a" "a "; do
		put "$text" "$SYS/delete_lock"
		like "$out" "^($EINVAL|$ENOENT)$" "delete_lock refuses $(printf %q "$text")"
	done
	refuses b "$SYS/delete_lock" "$ENOENT" "delete_lock of what isn't there"
	is "$(find "$SYS" -mindepth 1 -maxdepth 1 -type d)" "$SYS/a" "the one file stays registered"
	accepts $'a\n' "$SYS/delete_lock" "delete_lock with a newline"
	accepts "a $file"$'\n' "$SYS/new_lock" "new_lock with a newline"
	accepts a "$SYS/delete_lock" "delete_lock without a newline"
	accepts "a $file" "$SYS/new_lock" "new_lock without a newline"
	is "$(attr a path)" "$file" "its path"
}

modes() {
	local name
	for name in state path locks orphans waiters generation holder; do
		is "$(stat -c '%A %U' "$SYS/a/$name")" "-r--r--r-- root" "$name is read-only"
		nok "and can't be written" bash -c "echo 0 >$SYS/a/$name"
	done
	for name in conf_locked grace_ms clear_scope; do
		is "$(stat -c '%A %U' "$SYS/a/$name")" "-rw-r--r-- root" "root writes $name"
	done
	for name in new_lock delete_lock; do
		is "$(stat -c '%A %U' "$SYS/$name")" "--w------- root" "root writes $name, nobody reads it"
	done
	for name in "$SYS"/a/*; do
		[[ $name == */holder ]] ||
			is "$(wc -l <"$name")" 1 "${name##*/} is one line"
	done
	is "$(od -An -tx1 "$SYS/a/conf_locked")" ' 30 0a' "conf_locked is 0 and a newline"
}

al_load
touch "$AL_TMP/a"
al_add a "$AL_TMP/a"
conf_locked free
bg owner locker open 10 "$AL_TMP/a" flock 10 w say locked pause
await owner locked
conf_locked locked
stop owner
accepts 1 "$SYS/a/conf_locked" "hold"
conf_locked held
accepts $'0\n' "$SYS/a/conf_locked" "release"
accepts $'1\n' "$SYS/a/conf_locked" "hold with a newline"
accepts 0 "$SYS/a/conf_locked" "release without"
grace
scope
registry
modes
al_del a
no_leftovers
al_unload
done_testing
