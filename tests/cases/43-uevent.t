#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What udev is told: names that come and go, and what aimlock does to them.
. "$(dirname "$0")/../lib.sh"

# came REGEX: such a line has come since the last look
came() {
	tail -n "+$((seen + 1))" "$AL_TMP/log.udev" | grep -E "$1" >/dev/null
}

# told DESCRIPTION REGEX: it comes
told() {
	ok "$1" until_ok 5 came "$2"
	seen=$(wc -l <"$AL_TMP/log.udev")
}

# The rate limit must not eat the events that are looked for.
calm() {
	sleep 1.2
	seen=$(wc -l <"$AL_TMP/log.udev")
}

al_load
seen=0
bg udev uevents
await udev ready
touch "$AL_TMP/a"

al_add a "$AL_TMP/a"
told "add" '^add /locks/a .*SUBSYSTEM=locks( |$)'
calm
echo 1 >"$SYS/a/conf_locked"
told "hold" '^change /locks/a .*LOCK_STATE=held( |$)'
calm
echo 0 >"$SYS/a/conf_locked"
told "release" '^change /locks/a .*LOCK_STATE=free( |$)'
calm

echo 0 >"$SYS/a/grace_ms"
orphan bus flock "$AL_TMP/a"
is "$(state a)" orphaned "an orphan"
calm
echo 0 >"$SYS/a/conf_locked"
told "clear" '^change /locks/a .*LOCK_STATE=free( |$)'
stop bus

bg owner locker open 10 "$AL_TMP/a" flock 10 w say locked pause
await owner locked
calm
put 0 "$SYS/a/conf_locked"
put 1 "$SYS/a/conf_locked"
put 2 "$SYS/a/conf_locked"
sleep 1
nok "what was refused tells nothing" came '^change'
stop owner

for ((i = 0; i < 500; i++)); do
	echo 1 >"$SYS/a/conf_locked"
	echo 0 >"$SYS/a/conf_locked"
done
sleep 2
changes=$(tail -n "+$((seen + 1))" "$AL_TMP/log.udev" | grep -c '^change /locks/a ')
ok "of a thousand changes at once few are told ($changes)" test "$changes" -lt 300
ok "but some" test "$changes" -ge 1

calm
al_del a
told "remove" '^remove /locks/a '
al_add a "$AL_TMP/a"
told "add again" '^add /locks/a '
rmmod aimlock
told "rmmod removes it" '^remove /locks/a '
stop udev
al_load
no_leftovers
al_unload
done_testing
