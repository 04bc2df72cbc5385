#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock monitor: a line for each event, for people and as JSON; a reader that is
# too slow is told so and gets all anew; it ends well.
# timeout: 240
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a
stamp='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}[+-][0-9]{2}:[0-9]{2}'

# printed ID REGEX
printed() {
	grep -qE "$2" "$AL_TMP/log.$1"
}

# prints TEXT DESCRIPTION: text and JSON have it; TEXT is "NAME EVENT [STATE]"
prints() {
	local name event state
	read -r name event state <<<"$1"
	ok "$2: text" until_ok 8 printed text "^$stamp $1( |\$)"
	ok "$2: JSON" until_ok 3 printed json \
		"\"event\":\"$event\",\"name\":\"$name\",.*\"state\":${state:+\"}${state:-null}${state:+\"}"
	: >"$AL_TMP/log.text"
	: >"$AL_TMP/log.json"
}

# kind NAME STEP...: one of lslocks' own kinds comes and goes
kind() {
	local name=$1
	shift
	bg one locker "$@" say locked pause
	await one locked
	prints "a changed live" "$name"
	stop one
	prints "a changed free" "$name ends"
}

kinds() {
	kind "flock sh" openread 10 "$file" flock 10 r
	kind "flock ex" open 10 "$file" flock 10 w
	kind "posix r" openread 10 "$file" posix 10 r 0 0
	kind "posix w" open 10 "$file" posix 10 w 0 0
	kind "posix rw" open 10 "$file" posix 10 r 0 10 posix 10 w 10 10
	kind "ofd r" openread 10 "$file" ofd 10 r 0 0
	kind "ofd w" open 10 "$file" ofd 10 w 0 0
	kind "ofd rw" open 10 "$file" ofd 10 r 0 10 ofd 10 w 10 10
	kind "lease r" openread 10 "$file" lease 10 r
	kind "lease w" open 10 "$file" lease 10 w
}

verbs() {
	: >"$AL_TMP/b"
	aimlock add b "$AL_TMP/b"
	prints "b added" "add"
	aimlock set --grace 7 b
	prints "b configured" "set"
	aimlock hold b
	prints "b changed held" "hold"
	aimlock release b
	prints "b changed free" "release"
	orphan bus flock "$AL_TMP/b"
	prints "b changed orphaned" "an orphan"
	aimlock clear b >/dev/null
	prints "b cleared" "clear"
	stop bus
	rm "$AL_TMP/b"
	prints "b changed missing" "a removed file"
	aimlock remove b
	prints "b removed" "remove"
}

json_lines() {
	local lines
	bg one locker open 10 "$file" flock 10 w say locked pause
	await one locked
	bg lines aimlock monitor --json a
	ok "--json lists first" until_ok 5 printed lines '"event":"listed"'
	aimlock clear --force --id "$(json a '.locks[0].id')" a >/dev/null
	ok "a forced clear" until_ok 5 printed lines '"event":"forced"'
	ok "and then free" until_ok 5 printed lines '"event":"changed".*"free"'
	lines=$(log lines)
	is "$(jq -r .event <<<"$lines" | sort | uniq | xargs)" "changed forced listed" \
		"each line is JSON"
	is "$(wc -l <<<"$lines")" "$(jq -c . <<<"$lines" | wc -l)" "an object a line"
	is "$(jq -r 'select(.event == "forced") | .locks[] | "\(.kind) \(.mode) \(.taker)"' <<<"$lines")" \
		"flock write $(pid one)" "with the lock that went"
	is "$(jq -r 'select(.event == "listed") | "\(.path) \(.state) \(.generation)"' <<<"$lines" | head -1)" \
		"$file live 0" "with path, state and generation"
	is "$(jq -c 'keys' <<<"$lines" | sort -u)" \
		'["event","generation","locks","name","path","state","time"]' "all with the same keys"
	like "$(jq -r .time <<<"$lines" | head -1)" "^$stamp\$" "and the time"
	stop one
	stop lines
}

chosen() {
	: >"$AL_TMP/c"
	al_add c "$AL_TMP/c"
	bg only aimlock monitor c
	ok "with a name: it is listed" until_ok 5 printed only ' c listed free$'
	bg one locker open 10 "$file" flock 10 w open 11 "$AL_TMP/c" flock 11 w say locked pause
	await one locked
	ok "with a name: it is told of" until_ok 5 printed only ' c changed live$'
	stop one
	ok "with a name: to the end" until_ok 5 printed only ' c changed free$'
	nok "with a name: others are not" printed only ' a '
	stop only
	al_del c
	run aimlock monitor nobody
	is "$rc" 1 "an unknown name: exit status 1"
	like "$out" '^aimlock: monitor: nobody: .*\(No such file or directory\)$' "and says so"
}

# Stopped, so that its queue runs full.
slow_reader() {
	local i
	bg slow bash -c 'exec aimlock monitor --json 2>&1'
	ok "slow: lists" until_ok 5 printed slow '"listed"'
	kill -STOP "$(pid slow)"
	for ((i = 0; i < 3000; i++)); do
		echo "$((i % 100))" >"$SYS/a/grace_ms"
	done
	bg one locker open 10 "$file" flock 10 w say locked pause
	await one locked
	until_ok 5 has_state a live
	sleep 1
	: >"$AL_TMP/log.slow"
	kill -CONT "$(pid slow)"
	ok "slow: it is told, on standard error" until_ok 10 printed slow \
		'^aimlock: monitor: events were lost, .*\(No buffer space available\)$'
	ok "slow: and in the stream" until_ok 10 printed slow '"event":"overrun"'
	ok "slow: all is listed anew" until_ok 10 printed slow '"event":"listed","name":"a",.*"live"'
	is "$(log slow | grep -c configured)" 0 "slow: nothing older comes after"
	stop one
	ok "slow: it goes on" until_ok 10 printed slow '"event":"changed","name":"a",.*"free"'
	stop slow
	echo 1000 >"$SYS/a/grace_ms"
}

ends() {
	local sig line count=0
	for sig in INT TERM; do
		bg end aimlock monitor
		ok "SIG$sig: it lists" until_ok 5 printed end ' a listed free$'
		kill "-$sig" "$(pid end)"
		rc=0
		wait "$(pid end)" || rc=$?
		is "$rc" 0 "SIG$sig ends it well"
	done
	while read -r line; do
		count=$((count + 1))
		[[ $line != *' a changed held'* ]] || break
		[[ $line != *listed* ]] || echo 1 >"$SYS/a/conf_locked"
	done < <(exec timeout 20 aimlock monitor)
	ok "a loop reads it line by line ($count)" test "$count" -ge 2
	echo 0 >"$SYS/a/conf_locked"
	: >"$AL_TMP/reader"
	(
		rc=0
		timeout 20 aimlock monitor || rc=$?
		echo "status $rc" >"$AL_TMP/reader"
	) | head -1 >/dev/null
	is "$(cat "$AL_TMP/reader")" "status 0" "it ends when its reader does"
	bg gone aimlock monitor
	ok "it lists" until_ok 5 printed gone ' a listed free$'
	rmmod aimlock
	ok "it ends with the module" gone "$(pid gone)"
	like "$(log gone)" 'aimlock: monitor: the aimlock module was unloaded' "and says why"
	rc=0
	wait "$(pid gone)" || rc=$?
	is "$rc" 1 "with exit status 1"
	run aimlock monitor
	is "$rc" 1 "without the module: exit status 1"
	like "$out" 'the aimlock module is not loaded' "and says so"
}

al_load
: >"$file"
al_add a "$file"
bg text aimlock monitor
bg json aimlock monitor -J
prints "a listed free" "the files are listed first"
kinds
verbs
stop text
stop json
json_lines
chosen
slow_reader
ends
al_load
no_leftovers
al_unload
done_testing
