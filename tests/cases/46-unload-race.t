#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Registration, removal, clears and lists that meet the module while it goes.
# timeout: 300
. "$(dirname "$0")/../lib.sh"

ROUNDS=40

# Each goes on whatever it is answered, until it is killed.
cat >"$AL_TMP/sysfs" <<'END'
while :; do
	echo "s$1 $2" >/sys/locks/new_lock
	echo 0 >/sys/locks/s$1/conf_locked
	echo 1 >/sys/locks/s$1/grace_ms
	read -r state </sys/locks/s$1/state
	echo "s$1" >/sys/locks/delete_lock
done 2>/dev/null
END
cat >"$AL_TMP/netlink" <<'END'
while :; do
	nlraw 1 1:str=n "2:str=$2"
	nlraw 6 1:str=n
	nlraw -d 5 16:flag
	nlraw -d 3
	nlraw 2 1:str=n
done >/dev/null 2>&1
END

unload() {
	rmmod aimlock 2>/dev/null
}

touch "$AL_TMP/a"
for i in 1 2; do
	bg "sysfs$i" bash "$AL_TMP/sysfs" "$i" "$AL_TMP/a"
done
bg netlink bash "$AL_TMP/netlink" - "$AL_TMP/a"
orphan bus flock "$AL_TMP/a"
failed=0 met=0
for ((i = 0; i < ROUNDS; i++)); do
	insmod "$AL_ROOT/aimlock.ko" || failed=$((failed + 1))
	nap
	nap
	for name in s1 s2 n; do
		[[ ! -e $SYS/$name ]] || met=$((met + 1))
	done
	until_ok 10 unload || failed=$((failed + 1))
	[[ ! -e $SYS ]] || failed=$((failed + 1))
done
is "$failed" 0 "$ROUNDS times loaded and unloaded"
ok "files were being registered then ($met)" test "$met" -gt 0
for id in sysfs1 sysfs2 netlink bus; do
	stop "$id"
done

# What is open when the module goes answers that there is nothing.
al_load
al_add a "$AL_TMP/a"
exec 7<"$SYS/a/state" 8>"$SYS/a/conf_locked" 9>"$SYS/new_lock"
ok "the module goes while its files are open" rmmod aimlock
nok "reading what is left fails" cat <&7
nok "so does writing" bash -c "echo 0 >&8"
nok "and registering" bash -c "echo b $AL_TMP/a >&9"
exec 7<&- 8>&- 9>&-

al_load
no_leftovers
al_unload
done_testing
