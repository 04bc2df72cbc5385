#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What user space knows of the kernel's holders: the loop device, the io_uring's
# process, the swap area; in show and list, of registered files and others.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load
chmod 755 "$AL_TMP"

# kernel_holders NAME: "KIND PID FD COMM" of each
kernel_holders() {
	local filter='.locks[0].holders[] | "\(.kind) \(.pid) \(.fd) \(.comm)"'
	aimlock list --json "$1" | jq -r ".files[0] | $filter"
}

scanned() {
	aimlock scan --json "$AL_TMP" | jq -r --arg path "$(path "$1")" '.files[] |
		select(.path == $path) | .locks[0].holders[] | "\(.kind) \(.pid) \(.fd) \(.comm)"'
}

loop_devices() {
	local first second file
	modprobe loop 2>/dev/null || :
	if ! first=$(losetup -f 2>/dev/null); then
		skip "loop" "there are no loop devices"
		return
	fi
	new_file image
	file=$(path image)
	truncate -s 4M "$file"
	bg image locker name mounter open 10 "$file" flock 10 w loop "$first" 10 say taker
	await image taker
	gone "$(pid image)"
	first=${first#/dev/}
	is "$(kernel_holders image)" "loop null null $first" "loop: list names the device"
	is "$(scanned image)" "loop null null $first" "loop: so does scan"
	is "$(aimlock list -n -r -o HOLDERS image)" "$first" "loop: and the table"
	like "$(aimlock show image)" "reached by +$first, a loop device that the file backs" \
		"loop: and show"
	like "$(aimlock show image)" "what to do +losetup -d /dev/$first, or" \
		"loop: which says how to detach it"
	second=$(losetup -f --show "$file")
	second=${second#/dev/}
	is "$(kernel_holders image | sort)" \
		"$(printf 'loop null null %s\n' "$first" "$second" | sort)" "loop: two devices, both are named"
	losetup -d "/dev/$second"
	mv "$file" "$file.old"
	al_add moved "$file.old"
	is "$(kernel_holders moved)" "loop null null $first" "loop: also by another path"
	al_del moved
	losetup -d "/dev/$first"
	wait_state image missing
	al_del image
}

rings() {
	local user
	if ! has_io_uring; then
		skip "io_uring" "it is disabled"
		return
	fi
	new_file ring
	bg ring locker name ringd ring 20 \
		fork [ name configd open 10 "$(path ring)" flock 10 w register 20 10 say taker ] \
		wait say ready pause
	await ring ready
	wait_state ring unreachable
	is "$(kernel_holders ring)" "io-uring $(pid ring) 20 ringd" \
		"io_uring: list names the process that has the ring"
	is "$(aimlock list -n -r -o HOLDERS ring)" "$(pid ring)\\x20ringd\\x20(io_uring)" \
		"io_uring: and the table"
	like "$(aimlock show ring)" "reached by +an io_uring where a file of this path is registered, fd 20 of ringd \(pid $(pid ring)\)" \
		"io_uring: and show"
	like "$(aimlock show ring)" "what to do +end process $(pid ring), or aimlock clear --unreachable ring" \
		"io_uring: which says what helps"
	is "$(state ring)" unreachable "io_uring: the verdict is the module's"
	user=$(setpriv --reuid=1000 --regid=1000 --clear-groups aimlock list --json ring |
		jq -c '.files[0].locks[0].holders')
	is "$user" "[]" "io_uring: a user who may not read that sees nobody"
	al_del ring
	is "$(scanned ring)" "io-uring $(pid ring) 20 ringd" "io_uring: scan names it"

	# Somebody else's ring, with another file.
	new_file other
	bg other locker name otherd ring 20 open 10 "$AL_TMP/else" register 20 10 say ready pause
	await other ready
	al_add ring "$(path ring)"
	wait_state ring unreachable
	is "$(kernel_holders ring)" "io-uring $(pid ring) 20 ringd" "io_uring: and no other"
	stop other
	al_del other
	freed ring ring
	al_del ring
}

swap() {
	local file
	if [[ ! -e /proc/swaps ]] || ! command -v mkswap >/dev/null; then
		skip "swap" "there is none"
		return
	fi
	new_file swap
	file=$(path swap)
	dd if=/dev/zero of="$file" bs=1M count=2 status=none
	chmod 600 "$file"
	mkswap "$file" >/dev/null
	bg swap locker name ringd ring 20 \
		fork [ open 10 "$file" flock 10 w register 20 10 ] wait say ready pause
	await swap ready
	swapon -p 7 "$file"
	wait_state swap pinned
	is "$(kernel_holders swap | sort)" \
		"$(printf '%s\n' "io-uring $(pid swap) 20 ringd" "swap null null swap prio 7" | sort)" \
		"swap: the area is named"
	like "$(aimlock show swap)" "the kernel, as swap space \(swap prio 7\)" "swap: and show"
	swapoff "$file"
	freed swap swap
	al_del swap
}

loop_devices
rings
swap
no_leftovers
al_unload
done_testing
