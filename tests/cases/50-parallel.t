#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several who clear, hold and look at once: each orphan is cleared once.
# timeout: 240
. "$(dirname "$0")/../lib.sh"

answer() {
	put 0 "$1"
	echo "$rc" >>"$AL_TMP/answers"
}

# Eight write "0" at the same time, by two names of the same file.
clears() {
	local i round pids
	: >"$AL_TMP/answers"
	for ((round = 0; round < 10; round++)); do
		orphan bus flock "$AL_TMP/a"
		waiter next flock "$AL_TMP/a"
		pids=()
		for ((i = 0; i < 8; i++)); do
			answer "$SYS/a$((i % 2))/conf_locked" &
			pids+=($!)
		done
		wait "${pids[@]}"
		await next got 10
		! can flock "$AL_TMP/a" || echo lost >>"$AL_TMP/answers"
		stop bus
		! can flock "$AL_TMP/a" || echo lost >>"$AL_TMP/answers"
		stop next
	done
	nok "no waiter that got the lock ever lost it" grep -q lost "$AL_TMP/answers"
	is "$(grep -c '[01]' "$AL_TMP/answers")" 80 "each was answered"
	ok "some with success" grep -q 0 "$AL_TMP/answers"
	is "$(($(attr a0 generation) + $(attr a1 generation)))" 10 "10 orphans, cleared once each"
}

# Looks meanwhile delay no release: the next locker gets in at once.
looks() {
	local i late=0 looker
	for looker in 1 2; do
		bg "look$looker" bash -c "while :; do cat $SYS/a*/state; done"
	done
	for ((i = 0; i < 100; i++)); do
		flock -n "$AL_TMP/a" true || late=$((late + 1))
	done
	is "$late" 0 "100 times locked and unlocked while others look"
	for looker in 1 2; do
		stop "look$looker"
	done
}

al_load
touch "$AL_TMP/a"
for name in a0 a1; do
	al_add "$name" "$AL_TMP/a"
	echo 0 >"$SYS/$name/grace_ms"
done
clears
looks
al_del a0
al_del a1
no_leftovers
al_unload
done_testing
