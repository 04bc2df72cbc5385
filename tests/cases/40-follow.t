#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A name follows its path: replacing, removing and making files, mounts and
# unmounts. Registering pins nothing.
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/conf
al_missing="missing 0 0"

# looks: state, conf_locked and the number of locks
looks() {
	echo "$(state "$1") $(attr "$1" conf_locked) $(attr "$1" locks)"
}

rename_replacement() {
	echo old >"$file"
	al_add a "$file"
	bg owner locker open 10 "$file" flock 10 w say locked usr1 flock 10 u say unlocked pause
	await owner locked
	is "$(looks a)" "live 1 1" "a live lock"
	echo new >"$file.new"
	mv "$file.new" "$file"
	is "$(looks a)" "free 0 0" "replaced: the new file is free"
	ok "and can be locked" can flock "$file"
	accepts 0 "$SYS/a/conf_locked" "echo 0 is success"
	nok "the lock of the old file is untouched" flock -n "/proc/$(pid owner)/fd/10" true
	bg second locker open 10 "$file" flock 10 w say locked pause
	await second locked
	is "$(looks a) $(json a '.locks[].taker')" "live 1 1 $(pid second)" "a lock of the new file"
	is "$(attr a path)" "$file" "the path is the same"
	stop owner
	is "$(looks a)" "live 1 1" "the end of the old file changes nothing"
	stop second
}

removal() {
	bg owner locker open 10 "$file" flock 10 w say locked pause
	await owner locked
	rm "$file"
	is "$(looks a)" "$al_missing" "removed: missing, though its inode is still locked"
	is "$(lock_count a)" 0 "no lock is listed"
	is "$(attr a holder)" "" "no holder"
	refuses 1 "$SYS/a/conf_locked" "$ENOENT" "echo 1 is refused"
	accepts 0 "$SYS/a/conf_locked" "echo 0 is success"
	run aimlock clear a
	is "$rc" 0 "so is aimlock clear"
	touch "$file"
	is "$(looks a)" "free 0 0" "made anew: free"
	stop owner
	rm "$file"
	mkdir "$file"
	is "$(looks a)" "$al_missing" "a directory there: missing"
	rmdir "$file"
	mkfifo "$file"
	is "$(looks a)" "$al_missing" "a fifo there: missing"
	rm "$file"
	is "$(looks a)" "$al_missing" "nothing there: missing"
	al_del a
	nok "a missing one can be removed" test -e "$SYS/a"
}

orphan_of_replaced() {
	touch "$file"
	al_add a "$file"
	accepts 0 "$SYS/a/grace_ms" "no grace"
	orphan bus flock "$file"
	is "$(state a)" orphaned "an orphan"
	mv "$file" "$file.away"
	touch "$file"
	is "$(looks a)" "free 0 0" "another file: free"
	accepts 0 "$SYS/a/conf_locked" "echo 0"
	mv "$file.away" "$file"
	is "$(looks a)" "orphaned 1 1" "the file comes back, the orphan with it"
	accepts 0 "$SYS/a/conf_locked" "and is cleared"
	is "$(looks a)" "free 0 0" "free"
	stop bus
	al_del a
}

mounts() {
	local dir=$AL_TMP/m
	mkdir "$dir"
	touch "$dir/file"
	al_add a "$dir/file"
	mount -t tmpfs tmpfs "$dir"
	is "$(looks a)" "$al_missing" "mounted over: missing"
	touch "$dir/file"
	bg owner locker open 10 "$dir/file" flock 10 w say locked pause
	await owner locked
	is "$(looks a)" "live 1 1" "made there, locked"
	stop owner
	is "$(looks a)" "free 0 0" "free"
	json a >/dev/null
	ok "the filesystem of a registered file can be unmounted" umount "$dir"
	is "$(looks a)" "free 0 0" "the file below is seen again"
	al_del a

	mount -t tmpfs tmpfs "$dir"
	touch "$dir/file"
	al_add b "$dir/file"
	accepts 1 "$SYS/b/conf_locked" "echo 1"
	nok "while held it can't be unmounted" umount "$dir"
	accepts 0 "$SYS/b/conf_locked" "echo 0"
	ok "released it can" umount "$dir"
	rm "$dir/file"
	is "$(looks b)" "$al_missing" "missing then"
	mount -t tmpfs tmpfs "$dir"
	is "$(looks b)" "$al_missing" "a new filesystem: missing"
	touch "$dir/file"
	is "$(looks b)" "free 0 0" "until the file is there"
	mount -o remount,ro "$dir"
	is "$(looks b)" "free 0 0" "remounted read-only: free"
	bg owner locker openread 10 "$dir/file" flock 10 w say locked pause
	await owner locked
	is "$(looks b)" "live 1 1" "and locked"
	stop owner
	umount "$dir"
	al_del b
}

# An orphan's stray reference keeps the filesystem busy, not aimlock.
orphan_of_mount() {
	local dir=$AL_TMP/m
	mount -t tmpfs tmpfs "$dir"
	touch "$dir/file"
	al_add a "$dir/file"
	accepts 0 "$SYS/a/grace_ms" "no grace"
	orphan bus flock "$dir/file"
	is "$(state a)" orphaned "an orphan on a filesystem"
	nok "the stray reference keeps it busy" umount "$dir"
	accepts 0 "$SYS/a/conf_locked" "echo 0"
	stop bus
	ok "when that is closed, it can be unmounted" umount "$dir"
	al_del a
}

al_load
rename_replacement
removal
orphan_of_replaced
mounts
orphan_of_mount
no_leftovers
al_unload
done_testing
