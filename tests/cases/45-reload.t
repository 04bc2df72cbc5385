#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The module goes and comes two hundred times while locks are taken, cleared
# and looked at.
# timeout: 900
. "$(dirname "$0")/../lib.sh"

ROUNDS=200

# Read everything. Without the module "aimlock" would only start modprobe.
cat >"$AL_TMP/look" <<'END'
while :; do
	if [[ -e /sys/locks ]]; then
		cat /sys/locks/*/*
		aimlock list
	fi >/dev/null 2>&1
	sleep 0.1
done
END

# A dump under way keeps the module for a moment.
unload() {
	rmmod aimlock 2>/dev/null
}

touch "$AL_TMP/a" "$AL_TMP/b"
bg flock reclaim flock "$AL_TMP/a" "$SYS/a/conf_locked" 1000 2
bg posix reclaim posix "$AL_TMP/b" "$SYS/b/conf_locked" 1000 1
bg look bash "$AL_TMP/look"
# These want all the time that they can get, and a round is to begin while they work.
renice -n -10 $$ >/dev/null
failed=0 cleared=0
SECONDS=0
for ((i = 0; i < ROUNDS; i++)); do
	insmod "$AL_ROOT/aimlock.ko" || failed=$((failed + 1))
	al_add a "$AL_TMP/a" && echo 0 >"$SYS/a/grace_ms" && al_add b "$AL_TMP/b" ||
		failed=$((failed + 1))
	nap
	[[ $(attr a generation) == 0 ]] || cleared=$((cleared + 1))
	until_ok 10 unload || failed=$((failed + 1))
done
diag "$((SECONDS * 1000 / ROUNDS)) ms a round"
is "$failed" 0 "$ROUNDS times loaded and unloaded"
ok "in some of them orphans were cleared ($cleared)" test "$cleared" -gt 0

for id in flock posix; do
	kill -TERM "$(pid "$id")"
	ok "$id: its traffic ends" gone "$(pid "$id")"
	like "$(log "$id")" "absent=[1-9][0-9]* odd=0 doubled=0 lost=0$" "$id: it lost no lock"
	diag "$(log "$id")"
done
stop look

al_load
al_add a "$AL_TMP/a"
is "$(state a)" free "the file is free in the end"
al_del a
stop flock
stop posix
no_leftovers
al_unload
done_testing
