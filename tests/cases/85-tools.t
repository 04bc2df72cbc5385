#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
# Locks that today's tools get wrong, one of each kind: what lslocks, lsof, fuser and
# aimlock say of the same lock.  README's table is made of it; see tools.sh.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cases/tools.sh
. "$(dirname "$0")/../tools.sh"
al_load

gone_taker="the dead taker's pid"

new_file live
bg live locker name configd open 10 "$(path live)" flock 10 w say ready pause
await live ready
judged live live "fd $(pid live) 10 configd"
in_readme "in use" live

new_file live-ofd
bg live-ofd locker name configd open 10 "$(path live-ofd)" ofd 10 w 0 0 say ready pause
await live-ofd ready
judged live-ofd live "fd $(pid live-ofd) 10 configd"
in_readme "in use, an OFD lock" live-ofd -1 "pid -1"

new_file child
bg child locker name configd open 10 "$(path child)" flock 10 w \
	fork [ name worker say ready pause ]
await child ready
gone "$(pid child)"
judged child inherited "fd $(said child ready) 10 worker"
in_readme "its taker is dead, a child has it" child "$(pid child)" "$gone_taker"

new_file queue
bg queue locker name busd socketpair stream 20 21 \
	fork [ name configd open 10 "$(path queue)" flock 10 w send 20 10 say taker ] \
	wait say ready pause
await queue ready
wait_state queue orphaned
judged queue orphaned "in-flight $(pid queue) 21 busd"
in_readme "its taker is dead, it lies unread in a socket" queue "$(said queue taker)" "$gone_taker"

# The same, and another process has the taker's pid by now.
new_file recycled
bg recycled locker name busd socketpair stream 20 21 \
	fork [ name configd open 10 "$(path recycled)" flock 10 w send 20 10 say taker usr1 ] \
	wait say ready pause
await recycled taker
taker=$(said recycled taker)
is "$(state recycled)" live "recycled: seen while the taker lives"
kill -USR1 "$taker"
await recycled ready
bg innocent locker recycle "$taker" [ name innocent say born pause ] wait
await innocent born
wait_state recycled orphaned
judged recycled orphaned "in-flight $(pid recycled) 21 busd"
in_readme "the same, and the pid is another process's by now" recycled \
	"$taker" "the innocent's pid"

new_file mapping
bg mapping locker name configd open 10 "$(path mapping)" flock 10 w map 10 close 10 \
	fork [ name worker say ready pause ]
await mapping ready
gone "$(pid mapping)"
judged mapping inherited "map $(said mapping ready) null worker"
in_readme "its taker is dead, a child has a mapping" mapping "$(pid mapping)" "$gone_taker"

if has_io_uring; then
	new_file ring
	bg ring locker name ringd ring 20 \
		fork [ name configd open 10 "$(path ring)" flock 10 w register 20 10 say taker ] \
		wait say ready pause
	await ring ready
	wait_state ring unreachable
	judged ring unreachable "io-uring $(pid ring) 20 ringd"
	in_readme "its taker is dead, an io_uring has it" ring "$(said ring taker)" "$gone_taker"
	freed ring ring
	al_del ring
fi

modprobe loop 2>/dev/null || :
if device=$(losetup -f 2>/dev/null); then
	new_file image
	truncate -s 4M "$(path image)"
	bg image locker name mounter open 10 "$(path image)" flock 10 w loop "$device" 10 say taker
	await image taker
	gone "$(pid image)"
	is "$(verdict image)" pinned "image: the verdict is pinned"
	in_readme "its taker is dead, a loop device has it" image "$(pid image)" "$gone_taker"
	losetup -d "$device"
	ok "image: free when the device is detached" wait_state image free
	al_del image
fi

# The first thread is gone, another one has the lock: nobody has died.
new_file leader
bg leader locker name configd open 10 "$(path leader)" flock 10 w \
	thread [ say ready pause ] thread-exit
await leader ready
ok "leader: the first thread is a zombie" until_ok 10 \
	grep -q '^State:.*zombie' "/proc/$(pid leader)/status"
judged leader live "fd $(pid leader) 10 configd"
in_readme "in use by a thread, the first one has ended" leader

# Two filesystems, a file of the same inode number on each, both open; one is locked.
mkdir "$AL_TMP/a" "$AL_TMP/b"
mount -t tmpfs tmpfs "$AL_TMP/a"
mount -t tmpfs tmpfs "$AL_TMP/b"
: >"$AL_TMP/a/conf"
: >"$AL_TMP/b/conf"
is "$(stat -c %i "$AL_TMP/a/conf")" "$(stat -c %i "$AL_TMP/b/conf")" \
	"twin: two files have the same inode number"
al_add twin "$AL_TMP/b/conf"
al_add other "$AL_TMP/a/conf"
bg twin locker name configd open 10 "$AL_TMP/a/conf" open 11 "$AL_TMP/b/conf" flock 11 w \
	say ready pause
await twin ready
judged twin live "fd $(pid twin) 11 configd"
is "$(state other)" free "twin: the other file is free"
in_readme "on \`/b/conf\`, \`/a/conf\` has the same inode number" twin
freed twin twin
al_del twin
al_del other
umount "$AL_TMP/a" "$AL_TMP/b"

# Nobody has registered these.  The path that /proc tells is no path.
gone=$AL_TMP/gone
bg gone locker name configd open 10 "$gone" flock 10 w say ready pause
await gone ready
rm "$gone"
row "in use, the file is deleted" "$gone (deleted)" "/proc/$(pid gone)/fd/10" scan "$AL_TMP"
stop gone

mkdir "$AL_TMP/inside"
# shellcheck disable=SC2016 # for the inner shell
bg inside unshare --mount bash -c 'mount -t tmpfs tmpfs "$1" &&
	exec locker name configd open 10 "$1/conf" flock 10 w say ready pause' - "$AL_TMP/inside"
await inside ready
row "in use, on a filesystem of another mount namespace" "$AL_TMP/inside/conf" \
	"/proc/$(pid inside)/fd/10" list --all
stop inside

for name in live live-ofd child queue recycled mapping leader; do
	freed "$name" "$name"
	al_del "$name"
done
stop innocent
no_leftovers
al_unload
done_testing
