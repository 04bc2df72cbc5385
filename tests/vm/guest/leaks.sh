# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced in the guest: looks for leaks where the kernel has kmemleak, and for a
# lockdep that has given up. What is found goes to the kernel's log, for the judge.
# An object counts as leaked when two scans in a row don't find a pointer to it and
# the second comes when it is more than five seconds old.

LEAKS=/sys/kernel/debug/kmemleak

leaks_tell() {
	sed 's/^ */kmemleak: /' "$LEAKS" | head -n 60 >/run/leaks
	[[ -s /run/leaks ]] || return 0
	while IFS= read -r line; do
		echo "$line" >/dev/kmsg
	done </run/leaks
	echo clear >"$LEAKS"
}

leaks_look() {
	echo scan >"$LEAKS" || echo "kmemleak: detector disabled" >/dev/kmsg
	leaks_tell
}

# lockdep_look: quick enough to come after each case, unlike a scan.
lockdep_look() {
	! grep -qs 'debug_locks: *0' /proc/lockdep_stats ||
		echo "lockdep is turned off" >/dev/kmsg
}

# leaks_wait: a look that no leak of before escapes.
leaks_wait() {
	[[ -e $LEAKS ]] || return 0
	leaks_look
	sleep 6
	leaks_look
}

# Those of the boot are told before any case begins.
leaks_begin() {
	leaks_wait
}

leaks_end() {
	[[ -e $LEAKS ]] || return 0
	echo "vm: case leaks begins" >/dev/kmsg
	leaks_wait
}
