#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Clearing what isn't orphaned: one lock, by its id, with force; a dry run and
# a refusal change nothing; ids and generations go stale.
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a

# id_of FILTER: the id of the lock of "a" that jq selects so
id_of() {
	json a ".locks[] | select($1) | .id"
}

values() {
	locks_of "$file"
	attr a generation
	json a '.locks[] | "\(.id) \(.verdict)"'
}

# An orphan and a live lock, both for reading.
dry_run() {
	local before
	bg bus locker name busd socketpair stream 5 6 \
		fork [ openread 10 "$file" flock 10 r send 5 10 exit ] wait say orphaned pause
	await bus orphaned
	bg owner locker openread 10 "$file" flock 10 r say locked pause
	await owner locked
	wait_state a orphaned
	is "$(verdict a | sort | xargs)" "live orphaned" "an orphan and a live lock"
	before=$(values)
	run aimlock clear --dry-run a
	like "$out" "$(id_of '.verdict == "orphaned"')" "a dry run names the orphan"
	is "$(values)" "$before" "and changes nothing"
	run aimlock clear --dry-run --id "$(id_of '.verdict == "live"')" --force a
	like "$out" "$(id_of '.verdict == "live"')" "a dry run with an id names the live one"
	is "$(values)" "$before" "and changes nothing"

	run aimlock clear a
	is "$rc" 3 "aimlock clear: locks remain"
	is "$(verdict a)" live "the orphan is gone, the live one stays"
	is "$(attr a generation)" 1 "the generation moved"
	before=$(values)
	run aimlock clear a
	is "$rc" 3 "again: locks remain"
	is "$(values)" "$before" "and nothing changes, not the generation either"
	refuses 0 "$SYS/a/conf_locked" "$EBUSY" "so says echo 0"
	is "$(values)" "$before" "and changes nothing"
	stop bus
}

by_id() {
	local id before generation
	id=$(id_of true)
	like "$id" '^[0-9a-f]{16}$' "an id has 16 hex digits"
	is "$(id_of true)" "$id" "and stays the same"
	before=$(values)
	run aimlock clear --id "$id" a
	is "$rc" 3 "without force: refused"
	like "$out" "live.*$(pid owner).*locker.*force" "it is live, by whom, and needs force"
	is "$(values)" "$before" "nothing changed"
	generation=$(attr a generation)
	run nlraw 6 1:str=a 2:u64=0x"$id" 17:u64=$((generation + 1)) 20:flag
	like "$out" "^error=ESTALE .*msg=.+" "a generation that isn't yet is stale"
	run nlraw 6 1:str=a 2:u64=0x"$id" 17:u64=$((generation - 1)) 20:flag
	like "$out" "^error=ESTALE .*msg=.+" "one that was is stale"
	run nlraw 6 1:str=a 2:u64=0x1234 17:u64="$generation" 20:flag
	like "$out" "^error=ESTALE .*msg=.+" "an id that isn't there is stale"
	is "$(values)" "$before" "nothing changed"
	nok "the owner excludes others" can flock "$file"

	run aimlock clear --id "0x$id" --force a
	is "$rc" 0 "with force: cleared"
	is "$(state a) $(attr a locks)" "free 0" "it is gone"
	is "$(attr a generation)" $((generation + 1)) "the generation moved"
	bg next locker open 10 "$file" flock 10 w say locked pause
	ok "another process takes the lock" await next locked
	stop owner
	nok "the old owner's end doesn't end that" can flock "$file"
	run aimlock clear --id "$id" --force a
	isnt "$rc" 0 "the old id clears nothing any more"
	nok "the new owner keeps its lock" can flock "$file"
	is "$(attr a generation)" $((generation + 1)) "the generation stands"
	stop next
}

# force NAME VERDICT KIND STEP...: such a process's lock goes; its end disturbs no next one
force() {
	local what=$1 expected=$2 kind=$3 range=()
	shift 3
	[[ $kind == flock ]] || range=(0 0)
	bg owner locker "$@" say locked pause
	await owner locked
	is "$(verdict a)" "$expected" "$what: is $expected"
	nok "$what: excludes" can "$kind" "$file"
	run aimlock clear --id "$(id_of true)" a
	is "$rc" 3 "$what: stays without force"
	nok "$what: and still excludes" can "$kind" "$file"
	run aimlock clear --id "$(id_of true)" --force a
	is "$rc" 0 "$what: goes with force"
	bg next locker open 10 "$file" "$kind" 10 w "${range[@]}" say locked pause
	ok "$what: the next one takes the lock" await next locked
	stop owner
	nok "$what: and keeps it when the old owner ends" can "$kind" "$file"
	stop next
}

# Of two ranges of one owner, the one that is meant goes.
ranges() {
	local kind=$1
	bg owner locker open 10 "$file" "$kind" 10 w 0 10 "$kind" 10 w 100 10 say locked pause
	await owner locked
	is "$(json a '.locks[] | "\(.start)-\(.end)"' | xargs)" "0-9 100-109" "$kind: two ranges"
	run aimlock clear --id "$(id_of '.start == 100')" --force a
	is "$rc" 0 "$kind: one is cleared"
	is "$(json a '.locks[] | "\(.start)-\(.end)"')" "0-9" "$kind: the other stays"
	ok "$kind: the one is free" locker open 10 "$file" "$kind" 10 w 100 10
	nok "$kind: the other isn't" locker open 10 "$file" "$kind" 10 w 0 10
	stop owner
}

# The bystander's lock, of another owner, on ranges that touch.
bystander() {
	bg owner locker open 10 "$file" ofd 10 r 0 100 say locked pause
	bg other locker open 10 "$file" ofd 10 r 50 100 say locked pause
	await owner locked
	await other locked
	run aimlock clear --id "$(id_of '.start == 0')" --force a
	is "$rc" 0 "of two that overlap one is cleared"
	is "$(json a '.locks[] | "\(.start)-\(.end) \(.taker)"')" "50-149 $(pid other)" \
		"the other has all its range"
	nok "and excludes" locker open 10 "$file" ofd 10 w 50 1
	stop owner
	nok "the end of the cleared one's owner changes nothing" locker open 10 "$file" ofd 10 w 149 1
	stop other
}

held() {
	local id
	echo 1 >"$SYS/a/conf_locked"
	for id in $(id_of true); do
		run aimlock clear --id "$id" --force a
		isnt "$rc" 0 "the hold can't be cleared by force"
		like "$out" release "and the sentence says what can"
	done
	nok "it still excludes" can flock "$file"
	nok "all kinds" can ofd "$file"
	run aimlock release a
	is "$rc" 0 "release"
}

al_load
touch "$file"
al_add a "$file"
dry_run
by_id
force "live flock" live flock open 10 "$file" flock 10 w
force "live posix" live posix open 10 "$file" posix 10 w 0 0
force "live ofd" live ofd open 10 "$file" ofd 10 w 0 0
force inherited inherited flock fork [ open 10 "$file" flock 10 w fork [ pause ] exit ] wait
force pinned pinned flock socketpair stream 5 6 open 10 "$file" flock 10 w send 5 10 close 10
ranges posix
ranges ofd
bystander
held
al_del a
no_leftovers
al_unload
done_testing
