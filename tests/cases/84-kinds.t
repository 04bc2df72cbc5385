#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# The kinds of locks that lslocks' own tests make, through each verb that shows or
# clears locks, beside what lslocks says of the same lock.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
lslocks_has_inodes || skip_all "lslocks has no inodes here"
al_load

# Name, kind, whether force may clear it, and the steps that take it: rw has a range of
# each mode.
declare -A steps=(
	[flock-sh]="flock 10 r"
	[flock-ex]="flock 10 w"
	[posix-r]="posix 10 r 0 1"
	[posix-w]="posix 10 w 0 1"
	[posix-rw]="posix 10 r 0 1 posix 10 w 2 5"
	[ofd-r]="ofd 10 r 0 1"
	[ofd-w]="ofd 10 w 0 1"
	[ofd-rw]="ofd 10 r 0 1 ofd 10 w 2 5"
	[lease-r]="lease 10 r"
	[lease-w]="lease 10 w"
)
kinds=(flock-sh flock-ex posix-r posix-w posix-rw ofd-r ofd-w ofd-rw lease-r lease-w)

# take NAME: a lease for reading needs a descriptor for reading
take() {
	local open=open
	[[ $1 != lease-r ]] || open=openread
	# shellcheck disable=SC2086 # words of a command
	bg "$1" locker name configd $open 10 "$(path "$1")" ${steps[$1]} say ready pause
	await "$1" ready
}

# of_lslocks PATH: "KIND MODE START END PID" of each lock, sorted.  It has pid -1 for an
# OFD lock, and 0 for a last byte that is the end of the file.
of_lslocks() {
	lslocks --noheadings --raw --bytes -o INODE,TYPE,MODE,START,END,PID |
		awk -v ino="$(stat -c %i "$1")" -v pid="$2" '$1 == ino {
			kind = tolower($2)
			sub(/lck$/, "", kind)
			print kind, tolower($3), $4, ($5 == 0 && kind ~ /flock|lease/ ? "EOF" : $5),
				($6 == -1 ? pid : $6)
		}' | sort
}

# --- a verb each: what it tells of the locks on the file of that name --------------

check_list() {
	is "$(aimlock list --noheadings --raw -o KIND,MODE,START,END,TAKER "$1" | sort)" "$want" \
		"$1: list tells what lslocks does"
	is "$(aimlock list --json "$1" | jq -r '.files[0].locks[] |
		"\(.kind) \(.mode) \(.start) \(.end // "EOF") \(.taker)"' | sort)" "$want" \
		"$1: so does its JSON"
	is "$(aimlock list --noheadings --raw -o VERDICT,HOLDERS "$1" | sort -u)" \
		"live $(pid "$1")\\x20configd" "$1: and more: the verdict, the holder"
}

check_scan() {
	is "$(aimlock scan --json "$(path "$1")" | jq -r --arg path "$(path "$1")" \
		'.files[] | select(.path == $path) | .locks[] |
		"\(.kind) \(.mode) \(.start) \(.end // "EOF") \(.taker) \(.verdict) \(.holders[].pid)"' |
		sort)" "$(awk -v pid="$(pid "$1")" '{ print $0, "live", pid }' <<<"$want")" "$1: and so does scan"
}

check_show() {
	local kind mode start end taker
	run aimlock show "$1"
	is "$rc" 0 "$1: show"
	while read -r kind mode start end taker; do
		like "$out" "live: $kind $mode lock, bytes $start-$end"$'\n' "$1: show has the $mode lock"
		like "$out" "taken by    process $taker, which still exists" "$1: and its taker"
	done <<<"$want"
}

# In use: refused, and untouched; by its id and by force each of them goes.
check_clear() {
	local before id
	before=$(locks_of "$(path "$1")")
	run aimlock clear "$1"
	is "$rc" 3 "$1: clear is refused"
	is "$(grep -c '^remains: live' <<<"$out")" "$(wc -l <<<"$want")" "$1: each lock remains"
	is "$(locks_of "$(path "$1")")" "$before" "$1: the kernel has what it had"
	for id in $(json "$1" '.locks[].id'); do
		run aimlock clear --id "$id" --force "$1"
		like "$rc $out" "^0 cleared: live ${1%-*} (read|write) " "$1: force clears one"
	done
	is "$(locks_of "$(path "$1")")" "" "$1: and the kernel has none any more"
	is "$(state "$1")" free "$1: the file is free"
}

# told NAME: the monitor's events of that file, one a line
told() {
	jq -r --arg name "$1" 'select(.name == $name) | if .event == "changed" then .state
		elif .event == "forced" then (.locks[] | "forced \(.kind) \(.mode)") else .event end' \
		"$AL_TMP/log.monitor"
}

# That the file is free may be seen before who made it so has said that.
has_told_all() {
	[[ $(told "$1" | grep -c '^forced') == $(wc -l <<<"$want") && $(told "$1") == *free* ]]
}

# What happened so far: taken, taken away one by one, free.
check_monitor() {
	ok "$1: the monitor tells that it is free" until_ok 10 has_told_all "$1"
	is "$(told "$1" | grep -c '^live$')" 1 "$1: and told when it was taken"
	is "$(told "$1" | grep '^forced' | sort)" "$(awk '{ print "forced", $1, $2 }' <<<"$want" | sort)" \
		"$1: and each lock that went"
}

# Those that look, the one that clears, the one that has seen it all.
verbs=(list scan show clear monitor)
new_file before
bg monitor aimlock monitor --json
# it listens when it has listed what there is
ok "the monitor begins" until_ok 10 grep -q '"listed"' "$AL_TMP/log.monitor"

for name in "${kinds[@]}"; do
	new_file "$name"
	take "$name"
	want=$(of_lslocks "$(path "$name")" "$(pid "$name")")
	is "$(wc -l <<<"$want") ${want%% *}" "$([[ $name == *-rw ]] && echo 2 || echo 1) ${name%-*}" \
		"$name: lslocks shows what was taken"
	for verb in "${verbs[@]}"; do
		"check_$verb" "$name"
	done
	stop "$name"
	al_del "$name"
done

stop monitor
al_del before
no_leftovers
al_unload
done_testing
