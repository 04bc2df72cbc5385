#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A listener that never reads: nobody waits for it, others get their events, and
# it learns that it has lost some.
. "$(dirname "$0")/../lib.sh"

ROUNDS=40

# What was done; how often a change of the state is seen by that is chance.
events() {
	log "$1" | grep '^event' | grep -vc ' changed '
}

has_events() {
	(($(events "$1") >= $2))
}

# Each round is five events.
round() {
	local name=n$1
	al_add "$name" "$AL_TMP/a" &&
		echo 1 >"$SYS/$name/conf_locked" &&
		echo 0 >"$SYS/$name/conf_locked" &&
		echo 7 >"$SYS/$name/grace_ms" &&
		al_del "$name"
}

rounds() {
	local i failed=0
	for ((i = 0; i < ROUNDS; i++)); do
		round "$i" || failed=$((failed + 1))
	done
	return "$failed"
}

al_load
touch "$AL_TMP/a" "$AL_TMP/b"
al_add b "$AL_TMP/b"
echo 0 >"$SYS/b/grace_ms"
bg reader nlevents -b 4000000
bg full nlevents -s -b 1
bg full2 nlevents -s
await reader ready
await full ready
await full2 ready
start=${EPOCHREALTIME/./}
ok "$ROUNDS rounds of all verbs beside a full queue" rounds
took=$(((${EPOCHREALTIME/./} - start) / 1000))
ok "without delay (it took $took ms)" test "$took" -lt 20000
orphan bus flock "$AL_TMP/b"
accepts 0 "$SYS/b/conf_locked" "a clear"
stop bus
run aimlock hold b
is "$rc $out" "0 " "a hold by netlink"
run aimlock release b
is "$rc $out" "0 " "and a release"

# hold and release of b, and its clear
want=$((5 * ROUNDS + 3))
ok "who reads has got all $want events" until_ok 10 has_events reader "$want"
is "$(events reader) $(log reader | grep -c overrun)" "$want 0" "each once, none lost"
is "$(log full)" ready "who doesn't read hasn't"
kill -USR1 "$(pid full)" "$(pid full2)"
ok "its first read says that events were lost" await full overrun 10
ok "so for one with the usual queue" await full2 event 10
lost=$((want - $(events full)))
ok "which is true ($lost)" test "$lost" -gt 0
before=$(events full)
al_add late "$AL_TMP/a"
ok "from then on it gets what comes" until_ok 10 has_events full "$((before + 1))"
al_del late
for id in reader full full2; do
	stop "$id"
done
al_del b
no_leftovers
al_unload
done_testing
