#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# poll(2) on conf_locked wakes for what aimlock does: hold, release, clear.
. "$(dirname "$0")/../lib.sh"

# polled DESCRIPTION BEFORE AFTER COMMAND...: the command wakes the poll once
polled() {
	local what=$1 before=$2 after=$3
	shift 3
	bg poll pollwake "$SYS/a/conf_locked" 1 10000
	await poll ready
	is "$(said poll ready)" "$before" "$what: $before before"
	sleep 0.3
	nok "$what: no wake-up yet" has_said poll wake
	"$@"
	ok "$what: a wake-up" await poll wake 10
	is "$(said poll wake)" "$after" "$what: $after after"
	stop poll
}

# silent DESCRIPTION COMMAND...: the command wakes nobody
silent() {
	local what=$1
	shift
	bg poll pollwake "$SYS/a/conf_locked" 1 1500
	await poll ready
	"$@" || :
	await poll timeout
	nok "$what wakes nobody" has_said poll wake
	stop poll
}

no_wake() {
	! pollwake "$SYS/a/conf_locked" 1 1500 >/dev/null
}

# quiet: nothing is told of the file any more that happened before
quiet() {
	until_ok 30 no_wake
}

conf() {
	put "$1" "$SYS/a/conf_locked"
}

al_load
touch "$AL_TMP/a"
al_add a "$AL_TMP/a"
polled "echo 1" 0 1 conf 1
silent "a refused echo 1" conf 1
silent "bad input" conf 2
polled "echo 0" 1 0 conf 0
silent "echo 0 on a free file" conf 0
polled "aimlock hold" 0 1 aimlock hold a
polled "aimlock release" 1 0 aimlock release a

accepts 0 "$SYS/a/grace_ms" "no grace"
orphan bus flock "$AL_TMP/a"
quiet
polled "echo 0 on an orphan" 1 0 conf 0
stop bus

bg owner locker open 10 "$AL_TMP/a" flock 10 w say locked pause
await owner locked
quiet
silent "echo 0 on a live lock" conf 0
id=$(json a '.locks[0].id')
polled "a forced clear" 1 0 aimlock clear --id "$id" --force a
stop owner

bg one pollwake "$SYS/a/conf_locked" 1 10000
bg two pollwake "$SYS/a/conf_locked" 1 10000
await one ready
await two ready
sleep 0.3
conf 1
ok "each of two who poll wakes" await one wake 10
ok "the other too" await two wake 10
conf 0
al_del a

no_leftovers
al_unload
done_testing
