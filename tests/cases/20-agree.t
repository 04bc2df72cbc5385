#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# lslocks and /proc/locks agree with aimlock on every lock that they can see.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# Each lock as "INODE KIND MODE START END PID", sorted; pid -1 for OFD locks,
# the last byte "EOF" for those without one.  Only of this case's files.
inodes=()

only_ours() {
	grep -E "^($(IFS='|'; echo "${inodes[*]}")) " | sort
}

of_proc() {
	awk '$2 != "->" {
		split($6, id, ":")
		kind = tolower($2)
		sub(/lck$/, "", kind)
		print id[3], kind, tolower($4), $7, $8, $5
	}' /proc/locks | only_ours
}

of_lslocks() {
	lslocks --noheadings --raw --bytes -o INODE,TYPE,MODE,START,END,PID |
		awk '$3 !~ /[*]/ {
			kind = tolower($2)
			sub(/lck$/, "", kind)
			# of these the kernel knows nobody, and newer ones guess by the descriptors
			print $1, kind, tolower($3), $4, ($5 == 0 || $5 > 9e18 ? "EOF" : $5),
				(kind == "ofd" ? -1 : $6)
		}' | only_ours
}

# lslocks_agrees DESCRIPTION
lslocks_agrees() {
	if lslocks_has_inodes; then
		is "$(of_aimlock)" "$(of_lslocks)" "$1"
	else
		skip "$1" "lslocks has no inodes here"
	fi
}

of_aimlock() {
	aimlock list --json | jq -r '.files[] | .path as $path | .locks[] |
		[$path, .kind, .mode, .start,
		 (if .end == null or .end == "EOF" or .end > 9e18 then "EOF" else .end end),
		 (if .kind == "ofd" then -1 else .taker end)] | map(tostring) | join("\t")' |
		while IFS=$'\t' read -r path rest; do
			echo "$(stat -c %i "$path") ${rest//$'\t'/ }"
		done | only_ours
}

for name in one two three four five; do
	new_file "$name"
	inodes+=("$(stat -c %i "$(path "$name")")")
done

# Readers, ranges, a lease, more than one kind on a file.
for i in 1 2 3; do
	bg "reader$i" locker open 10 "$(path one)" flock 10 r posix 10 r $((i * 100)) 50 \
		ofd 10 r $((i * 1000)) 0 say ready pause
	await "reader$i" ready
done
bg ranges locker open 10 "$(path two)" open 11 "$(path two)" \
	posix 10 w 0 2 posix 10 r 10 10 posix 10 w 30 1 posix 10 w 4096 0 \
	ofd 11 w 2 3 ofd 11 r 6 1 flock 11 w say ready pause
await ranges ready
bg lease locker open 10 "$(path three)" lease 10 w say ready pause
await lease ready
bg orphan locker socketpair stream 20 21 \
	fork [ open 10 "$(path four)" flock 10 w posix 10 w 0 0 send 20 10 ] wait \
	fork [ open 10 "$(path four)" ofd 10 r 5 5 send 20 10 ] wait say ready pause
await orphan ready

# And all that a busy system does meanwhile, on a file of its own.
# shellcheck disable=SC2016 # for the inner shell
bg noise bash -c 'while :; do flock "$0" true; done' "$AL_TMP/noise"

count=$(of_proc | wc -l)
is "$count" 19 "the kernel has the locks of this case"
is "$(of_aimlock)" "$(of_proc)" "aimlock and /proc/locks agree on each of them"
# lslocks reads it in pieces, and sees a lock twice when others come and go.
stop noise
lslocks_agrees "and so do aimlock and lslocks"
declare -A conf_locked=([one]=1 [two]=1 [three]=1 [four]=1 [five]=0)
for name in one two three four five; do
	is "$(attr "$name" locks)" "$(locks_of "$(path "$name")" | wc -l)" "$name: the count is right"
	is "$(attr "$name" conf_locked)" "${conf_locked[$name]}" "$name: conf_locked is right"
done

# Waiters.
for i in 1 2 3; do
	bg "waiter$i" locker open 10 "$(path four)" flockw 10 w say got pause
done
bg waiter4 locker open 10 "$(path two)" posixw 10 w 0 0 say got pause
bg waiter5 locker open 10 "$(path two)" ofdw 10 w 2 1 say got pause
# /proc/locks of 5.10 tells of those only who wait for a lock, not for another waiter.
waits() {
	local id

	for id in waiter{1,2,3,4,5}; do
		is_blocked "$(pid "$id")" || return 1
	done
}
ok "five processes wait" until_ok 20 waits
is "$(attr four waiters) $(json four '[.locks[].waiters] | add')" "3 3" "four: three are counted"
is "$(attr two waiters) $(json two '[.locks[].waiters] | add')" "2 2" "two: two are counted"
is "$(of_aimlock)" "$(of_proc)" "they still agree on the locks"

# It goes on agreeing as locks come and go.
stop waiter4
stop reader2
stop ranges
ok "waiter5 has got its lock" await waiter5 got
is "$(of_aimlock)" "$(of_proc)" "and when some are gone"
wait_state four orphaned
put 0 "$SYS/four/conf_locked"
# They were started together, so any of them may be the first in the queue.
any_got() {
	has_said waiter1 got || has_said waiter2 got || has_said waiter3 got
}
ok "one of the three has got its lock" until_ok 30 any_got
is "$(of_aimlock)" "$(of_proc)" "and when orphans are cleared"
lslocks_agrees "with lslocks too"

for id in reader1 reader3 lease orphan waiter{1,2,3,5}; do
	stop "$id"
done
is "$(of_proc)$(of_aimlock)" "" "nothing is left in the end"
for name in one two three four five; do
	al_del "$name"
done
no_leftovers
al_unload
done_testing
