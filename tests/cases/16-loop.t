#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An image that backs a loop device: pinned, echo 0 answers EBUSY.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

modprobe loop 2>/dev/null || :
device=$(losetup -f 2>/dev/null) || skip_all "there are no loop devices"
al_load

# image NAME LOCK-STEP...: mounter locks the image, gives it to the loop device and dies
image() {
	local name=$1
	shift
	new_file "$name"
	truncate -s 4M "$(path "$name")"
	device=$(losetup -f)
	bg "$name" locker name mounter open 10 "$(path "$name")" "$@" loop "$device" 10 say taker
	await "$name" taker
	gone "$(pid "$name")"
}

for kind in flock ofd; do
	lock=(flock 10 w)
	[[ $kind == flock ]] || lock=(ofd 10 w 0 0)
	image "$kind" "${lock[@]}"
	is "$(verdict "$kind")" pinned "$kind: the verdict is pinned"
	is "$(state "$kind")" pinned "$kind: and so is the state"
	is "$(json "$kind" '.locks[0].holders[].kind')" loop "$kind: the loop device is what holds it"
	is "$(json "$kind" '.locks[0].taker_exists')" false "$kind: the taker is gone"
	stands "$kind" "$kind"
	accepts unreachable "$SYS/$kind/clear_scope" "$kind: the scope is widened"
	stands "$kind" "$kind"
	ok "$kind: the device reads on" cmp -n 4096 "$device" "$(path "$kind")"
	losetup -d "$device"
	ok "$kind: free when the device is detached" wait_state "$kind" free
	al_del "$kind"
done

# Mounted, it can't be detached at all.
image mounted flock 10 w
mkfs.ext4 -q "$device"
mkdir "$AL_TMP/mnt"
mount "$device" "$AL_TMP/mnt"
is "$(state mounted)" pinned "mounted: the state is pinned"
stands mounted flock
echo text >"$AL_TMP/mnt/file"
sync -f "$AL_TMP/mnt"
is "$(<"$AL_TMP/mnt/file")" text "mounted: the filesystem works on"
umount "$AL_TMP/mnt"
losetup -d "$device"
ok "mounted: free when the device is detached" wait_state mounted free
al_del mounted

# A live lock of an image is live, loop device or not.
new_file live
truncate -s 4M "$(path live)"
device=$(losetup -f)
bg live locker name mounter open 10 "$(path live)" flock 10 w loop "$device" 10 say ready pause
await live ready
is "$(verdict live)" live "live: the taker has it open"
stands live flock
losetup -d "$device"
freed live live
al_del live

no_leftovers
al_unload
done_testing
