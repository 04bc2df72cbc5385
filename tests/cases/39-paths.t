#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# Which paths can be registered, and that locks are seen and cleared there.
. "$(dirname "$0")/../lib.sh"

dir=$AL_TMP/d
mkdir "$dir"
touch "$dir/file"

# no_path PATH ERROR DESCRIPTION
no_path() {
	refuses "x $1" "$SYS/new_lock" "$2" "$3 is refused"
	run aimlock add x "$1"
	is "$rc" 1 "by the command too"
	like "$out" "^aimlock: add: .*$2" "which says so"
}

refused() {
	local deep
	cd "$dir" || return
	no_path file "$EINVAL" "a relative path"
	cd /
	no_path ./file "$EINVAL" "a path that starts with a dot"
	no_path "$dir/none" "$ENOENT" "a missing file"
	no_path "$dir/none/file" "$ENOENT" "a missing directory"
	no_path "$dir/file/x" "Not a directory" "a path through a file"
	no_path "$dir/file/" "Not a directory" "a file with a slash behind"
	no_path "$dir" "Is a directory" "a directory"
	no_path / "Is a directory" "the root"
	mkfifo "$dir/fifo"
	no_path "$dir/fifo" "$EINVAL" "a fifo"
	no_path /dev/null "$EINVAL" "a character device"
	mknod "$dir/block" b 7 0
	no_path "$dir/block" "$EINVAL" "a block device"
	bg socket locker listen 5 "$dir/socket" say listening pause
	await socket listening
	no_path "$dir/socket" "$EINVAL" "a socket"
	stop socket
	ln -s none "$dir/dangling"
	no_path "$dir/dangling" "$ENOENT" "a symlink to nothing"
	ln -s "$dir" "$dir/todir"
	no_path "$dir/todir" "Is a directory" "a symlink to a directory"
	ln -s loop "$dir/loop"
	no_path "$dir/loop" "Too many levels of symbolic links" "a symlink to itself"
	deep=/$(printf 'x%.0s' {1..256})
	no_path "$deep" "File name too long" "a component of 256 bytes"
	deep=$(printf '/%01000d' 1 2 3 4)/x
	refuses "x $deep" "$SYS/new_lock" "File name too long" "long components"
	run aimlock add x "/$(printf '%0*d' 5000 0)"
	is "$rc" 1 "a path of 5000 bytes"
	is "$(find "$SYS" -mindepth 1 -maxdepth 1 -type d)" "" "nothing was registered"
}

# sysfs gives a page of a longer line; a path that is cut is not to be taken.
cut_line() {
	local line="x $dir"
	while ((${#line} + 6 < 4096)); do
		line+=/.
	done
	line+=/$(printf '%0*d' $((4096 - ${#line} - 1)) 0)
	touch "${line#x }"
	printf '%s' "${line}and-more" >"$AL_TMP/line"
	nok "a line of more than a page is refused" dd bs=8192 "if=$AL_TMP/line" "of=$SYS/new_lock"
	nok "nothing is registered by its first page" test -e "$SYS/x"
}

# works PATH DESCRIPTION [ESCAPED]: an orphan on that file is seen and cleared
works() {
	accepts "x $1" "$SYS/new_lock" "$2 can be registered"
	is "$(attr x path)" "${3:-$1}" "$2: its path is what was said"
	is "$(aimlock list --json "$1" | jq -r '.files[0].path')" "$1" "$2: aimlock lists it"
	is "$(state x)" free "$2: free"
	accepts 0 "$SYS/x/grace_ms" "$2: no grace"
	orphan bus flock "$1"
	is "$(attr x conf_locked) $(state x)" "1 orphaned" "$2: an orphan is seen"
	nok "$2: it excludes" can flock "$1"
	accepts 0 "$SYS/x/conf_locked" "$2: and cleared"
	ok "$2: others can lock" can flock "$1"
	stop bus
	accepts 1 "$SYS/x/conf_locked" "$2: it can be held"
	nok "$2: which excludes" can ofd "$1"
	accepts 0 "$SYS/x/conf_locked" "$2: and released"
	al_del x
}

names() {
	local long=$dir
	works "$dir/file" "a file on ext4"
	touch "$dir/ blank and  more " "$dir/"$'tab\tback\\"quote' "$dir/ü€"
	works "$dir/ blank and  more " "a path with blanks, one at the end"
	works "$dir/"$'tab\tback\\"quote' "a path with a tab and a backslash" \
		"$dir/tab\\x09back\\x5c\\x22quote"
	works "$dir/ü€" "a path in UTF-8"
	ln -s file "$dir/link"
	works "$dir/link" "a symlink"
	works "$dir/../d//./file" "a path with dots"
	ln "$dir/file" "$dir/hard"
	works "$dir/hard" "a hard link"
	mkdir -m 000 "$dir/closed"
	install -m 000 /dev/null "$dir/closed/file"
	works "$dir/closed/file" "an unreadable file"
	while ((${#long} < 3800)); do
		long+=/$(printf 'x%.0s' {1..200})
	done
	mkdir -p "$long"
	touch "$long/f"
	works "$long/f" "a path of ${#long} bytes"
}

# A symlink is followed at each look anew.
symlink() {
	touch "$dir/one" "$dir/two"
	ln -sfn one "$dir/turn"
	al_add turn "$dir/turn"
	bg owner locker open 10 "$dir/one" flock 10 w say locked pause
	await owner locked
	is "$(attr turn conf_locked)" 1 "a symlink: the lock of what it points to"
	ln -sfn two "$dir/turn"
	is "$(attr turn conf_locked) $(state turn)" "0 free" "turned: the other file is free"
	ln -sfn one "$dir/turn"
	is "$(attr turn conf_locked) $(state turn)" "1 live" "turned back: locked"
	stop owner
	al_del turn
}

filesystems() {
	mkdir "$dir/tmpfs" "$dir/ext4" "$dir/lower" "$dir/upper" "$dir/work" "$dir/merged"
	mount -t tmpfs tmpfs "$dir/tmpfs"
	touch "$dir/tmpfs/file"
	works "$dir/tmpfs/file" "a file on tmpfs"
	umount "$dir/tmpfs"

	truncate -s 16M "$dir/image"
	mkfs.ext4 -q "$dir/image"
	modprobe loop
	mount -o loop "$dir/image" "$dir/ext4"
	touch "$dir/ext4/file"
	works "$dir/ext4/file" "a file on another ext4"
	umount "$dir/ext4"

	if ! modprobe overlay; then
		skip "overlayfs" "this kernel has none"
		return
	fi
	touch "$dir/lower/below" "$dir/upper/above"
	mount -t overlay overlay -o \
		"lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/merged"
	works "$dir/merged/above" "a file of overlayfs's upper layer"
	works "$dir/merged/below" "a file of its lower layer"
	umount "$dir/merged"
}

# A file that is replaced all the time is still the same for the caller and for PID 1.
replaced() {
	local i refused=0

	touch "$dir/replaced" "$dir/other"
	# one is registered all the time, so that the probes stay
	al_add other "$dir/other"
	bg replacer python3 -c "
import os
print('replacing', flush=True)
while True:
    os.close(os.open('$dir/new', os.O_CREAT))
    os.rename('$dir/new', '$dir/replaced')"
	await replacer replacing
	for ((i = 0; i < 200; i++)); do
		al_add replaced "$dir/replaced" 2>/dev/null || refused=$((refused + 1))
		al_del replaced 2>/dev/null || :
	done
	is "$refused" 0 "a file that is just being replaced can be registered"
	stop replacer
	al_del other
}

al_load
refused
cut_line
names
symlink
replaced
filesystems
no_leftovers
al_unload
done_testing
