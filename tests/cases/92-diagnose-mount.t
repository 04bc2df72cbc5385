#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock diagnose and filesystems: read-only, by the mount or as a whole; full, without
# inodes, over quota; one that does not answer.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

chmod 755 "$AL_TMP"
mnt=$AL_TMP/mnt
bound=$AL_TMP/bound
mkdir "$mnt" "$bound"
modprobe loop 2>/dev/null || :

make_ext4() {
	truncate -s 16M "$AL_TMP/image"
	mkfs.ext4 -q -F -N 64 "$@" "$AL_TMP/image"
	device=$(losetup --find --show "$AL_TMP/image")
}

drop_ext4() {
	umount "$mnt"
	losetup -d "$device"
}

make_ext4
mount "$device" "$mnt"
touch "$mnt/file"
diagnosed 0 free "an ext4" "$mnt/file"
is "$(jq -r '.file | "\(.mount) \(.filesystem) \(.source)"' <<<"$doc")" "$mnt ext4 $device" \
	"its mount is told"

mount --bind "$mnt" "$bound"
mount -o remount,bind,ro "$bound"
diagnosed 1 readonly-mount "a read-only bind mount" "$bound/file"
is "$(evidence readable) $(subject)" "true $bound" "which"
nok "indeed" locker open 10 "$bound/file"
ok "by the other path it can be had" locker open 10 "$mnt/file" flock 10 w
diagnosed 0 free "which is told too" "$mnt/file"
diagnosed 1 readonly-mount "a new file there" "$bound/new"
umount "$bound"

mount -o remount,ro "$mnt"
diagnosed 1 readonly-filesystem "a read-only filesystem" "$mnt/file"
like "$(action)" "mount -o remount,rw $mnt$" "what to do"
diagnosed 1 readonly-filesystem "a new file there" "$mnt/new"
mount -o remount,rw "$mnt"

# A lock needs no room, a new file does.
dd if=/dev/zero of="$mnt/filler" bs=64k 2>/dev/null || :
dd if=/dev/zero of="$mnt/filler2" bs=1k 2>/dev/null || :
chmod 777 "$mnt"
diagnosed 1 no-space "a new file on a full disk" -u user "$mnt/new"
is "$(evidence free_bytes)" 0 "with its size"
diagnosed 0 free "the file that is there" "$mnt/file"
ok "indeed" locker open 10 "$mnt/file" flock 10 w
rm "$mnt"/filler*
diagnosed 0 free "with room again" -u user "$mnt/new"

for ((i = 0; i < 100; i++)); do
	: >"$mnt/n$i" || break
done 2>/dev/null
diagnosed 1 no-inodes "a new file without inodes left" "$mnt/new"
nok "indeed" touch "$mnt/new"
rm "$mnt"/n*
drop_ext4

mount -t tmpfs -o size=64k tmpfs "$mnt"
dd if=/dev/zero of="$mnt/filler" bs=1k 2>/dev/null || :
diagnosed 1 no-space "a new file on a full tmpfs, for root" "$mnt/new"
umount "$mnt"

modprobe quota_v2 2>/dev/null || :
make_ext4 -O quota
if mount -o usrquota "$device" "$mnt" 2>/dev/null; then
	chmod 777 "$mnt"
	setquota -u user 0 0 2 2 "$mnt"
	setpriv --reuid user --regid user --init-groups touch "$mnt/a"
	diagnosed 0 free "a user within the quota" -u user "$mnt/new"
	setpriv --reuid user --regid user --init-groups touch "$mnt/b"
	diagnosed 1 quota "a user at its end" -u user "$mnt/new"
	is "$(evidence inodes) $(evidence inodes_limit)" "2 2" "with its numbers"
	nok "indeed" setpriv --reuid user --regid user --init-groups touch "$mnt/new"
	diagnosed 0 free "for root" "$mnt/new"
	drop_ext4
else
	losetup -d "$device"
	skip "quota" "this kernel has none"
fi

# A server that is stopped: the path can't be looked up, by nobody.
hung() {
	local start

	bg server slowfs "$mnt"
	await server ready
	diagnosed 0 free "a FUSE filesystem" "$mnt/file"
	kill -STOP "$(pid server)"
	start=$SECONDS
	diagnosed 1 no-answer "its server stopped" --timeout 0.7 "$mnt/file"
	ok "it gives up in time" test $((SECONDS - start)) -lt $((5 * ${AL_SLOW:-1}))
	is "$(evidence probe) $(evidence filesystem) $(subject)" \
		"path fuse $mnt" "what, and where"
	diagnosed 0 free "other files" "$AL_TMP/image"
	ok "no process stays" until_ok 10 bash -c '! pgrep -x aimlock'
	kill -CONT "$(pid server)"
	diagnosed 0 free "the server goes on" "$mnt/file"
	umount "$mnt"
	stop server
}

# A server that keeps locks itself, and can't.
without_locks() {
	bg server slowfs "$mnt" no-locks
	await server ready
	diagnosed 1 no-locks "a filesystem without locks" "$mnt/file"
	is "$(evidence error) $(evidence filesystem) $(subject)" \
		"No locks available fuse $mnt" "why, what, and where"
	run locker openread 10 "$mnt/file" posix 10 r 0 0
	like "$rc $out" "^2 .*No locks available" "indeed"
	umount "$mnt"
	stop server
}

if modprobe fuse 2>/dev/null || grep -q fuse /proc/filesystems; then
	hung
	without_locks
else
	skip "FUSE" "this kernel has none"
fi
done_testing
