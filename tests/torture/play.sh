# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by the cases that run the torture, after lib.sh.

# What must have happened for the run to mean something.
EVENTS=(flock ofd posix leases shared busy interrupted checks killed vanished orphaned sent
	received inherited adopted orphans_gone dead_owners victims lease_breaks dry_runs clears
	cleared forced refused holds hold_refused added removed replaced recreated dumps locks_listed
	orphans_seen attributes reloads reload_refused mounts unmounts detached)

# An ext4 on a loop device, to be mounted by the play; "" where there is none.
make_device() {
	modprobe loop 2>/dev/null || :
	truncate -s 16M "$AL_TMP/image"
	mke2fs -q -t ext4 "$AL_TMP/image" >/dev/null
	losetup --find --show "$AL_TMP/image" 2>/dev/null || :
}

# The command meanwhile.  Without the module it would only start modprobe.
cat >"$AL_TMP/lists" <<'END'
while :; do
	sleep 0.5
	[[ -e /sys/locks ]] || continue
	aimlock list --files >/dev/null 2>&1 && echo files
	aimlock list -J >"$1/list.json" 2>/dev/null && jq empty "$1/list.json" && echo listed
	for name in t0 t20 l27; do
		aimlock show "$name" >/dev/null 2>&1 && echo shown
	done
done
END

# count_of NAME: from what the last play printed
count_of() {
	sed -n "s/^$1=//p" "$AL_TMP/log.play"
}

# A host that has other work may give the guest no time for a while.
be_patient() {
	echo 150 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
	sysctl -q kernel.watchdog_thresh=60 2>/dev/null || :
}

# play SECONDS TORTURE-OPTION...: it ends by itself; its status goes to $rc
play() {
	local device=$AL_DEVICE

	be_patient
	al_load
	mkdir -p "$AL_TMP/play"
	bg lists bash "$AL_TMP/lists" "$AL_TMP"
	rc=0
	torture --seconds "$1" --slow "${AL_SLOW:-1}" ${device:+--device "$device"} "${@:2}" \
		"$AL_ROOT/aimlock.ko" "$AL_TMP/play" >"$AL_TMP/log.play" 2>&1 </dev/null || rc=$?
	stop lists
}

# What is left after a play: nothing.
nothing_left() {
	is "$(cat /proc/locks)" "" "no lock is left"
	is "$(ps -eo stat=,comm= | awk '$1 ~ /^D/ || $2 == "torture"')" "" \
		"no process of it is left or stuck"
	ok "the module goes" rmmod aimlock
	if [[ $AL_DEVICE ]]; then
		ok "nothing keeps the loop device" losetup -d "$AL_DEVICE"
		ok "it is free" until_ok 10 is_detached "$AL_DEVICE"
	fi
}

is_detached() {
	! losetup "$1" >/dev/null 2>&1
}

AL_DEVICE=$(make_device)
