#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ten thousand registered files.
# timeout: 400
. "$(dirname "$0")/../lib.sh"

COUNT=10000

count_dirs() {
	find "$SYS" -mindepth 1 -maxdepth 1 -type d | wc -l
}

# All by this shell: a process each would take minutes.
register() {
	local i
	for ((i = 0; i < COUNT; i++)); do
		echo "name-$i $AL_TMP/file-$((i % 100))" || return
	done >"$SYS/new_lock"
}

# timed DESCRIPTION COMMAND...: it succeeds, and took so long
timed() {
	local from=$EPOCHREALTIME
	ok "$@"
	diag "$(((${EPOCHREALTIME/./} - ${from/./}) / 1000)) ms"
}

al_load
touch "$AL_TMP"/file-{0..99}
timed "register $COUNT names" register
is "$(count_dirs)" "$COUNT" "all are there"
refuses "name-7 $AL_TMP/file-7" "$SYS/new_lock" "$EEXIST" "a name that is there is refused"
list() {
	aimlock list --json >"$AL_TMP/list"
}
timed "list them" list
is "$(jq '.files | length' "$AL_TMP/list")" "$COUNT" "the list has them all"
is "$(jq -r '.files[].name' "$AL_TMP/list" | sort -u | wc -l)" "$COUNT" "and each once"
is "$(jq -r '.files[] | select(.name == "name-4321").path' "$AL_TMP/list")" \
	"$AL_TMP/file-21" "with their paths"

orphan bus flock "$AL_TMP/file-42"
ok "one of them gets an orphan" wait_state name-9942 orphaned
accepts 0 "$SYS/name-9942/conf_locked" "which goes"
is "$(state name-42)" free "for the other names of that file too"
stop bus

remove_even() {
	local i
	for ((i = 0; i < COUNT; i += 2)); do
		echo "name-$i" || return
	done >"$SYS/delete_lock"
}
timed "remove every second" remove_even
is "$(count_dirs)" "$((COUNT / 2))" "half of them are there"
list
is "$(jq '.files | length' "$AL_TMP/list")" "$((COUNT / 2))" "and listed"
refuses "name-8" "$SYS/delete_lock" "$ENOENT" "a removed one is gone"
is "$(attr name-9999 state)" free "one that stayed is there"
timed "the module goes with the rest" rmmod aimlock
nok "all is gone" test -e "$SYS"
done_testing
