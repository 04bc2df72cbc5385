#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock diagnose and locks that a process has: by the module's verdict, by /proc where
# the module isn't loaded; and it takes no lock to find out.
# timeout: 300
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

al_load
for name in file other; do
	new_file $name
done
file=$(path file)
diagnosed 0 free "nobody has it" "$file"
is "$(jq -r .file.name <<<"$doc")" file "its name is told"

for kind in flock ofd posix; do
	lock=("$kind" 10 w)
	[[ $kind == flock ]] || lock+=(3 5)
	bg taker locker name takerd open 10 "$file" "${lock[@]}" say locked pause
	await taker locked
	diagnosed_thrice 3 held "$kind" file
	is "$(first pid) $(first comm) $(first state)" "$(pid taker) takerd S" "$kind: who has it"
	is "$(evidence kind) $(evidence mode)" "$kind write" "$kind: what it is"
	[[ $kind == flock ]] || is "$(evidence start) $(evidence end)" "3 7" "$kind: and where"
	[[ $kind == posix ]] || is "$(first fd)" 10 "$kind: by which fd"
	stop taker
done
wait_state file free

bg taker locker name takerd open 10 "$file" flock 10 w say locked pause
await taker locked
waiter heir flock "$file"
diagnosed_thrice 3 held "with a waiter" file
is "$(evidence waiters)" 1 "with a waiter: it is counted"
run aimlock diagnose "$file"
like "$out" "process +$(pid taker) takerd, fd 10, state S in [a-z_]+, runs for [0-9]" \
	"in words: who, how, what it does, since when"
diagnosed 0 free "the file beside it" "$(path other)"
is "$(locks_of "$file" | wc -l)" 1 "nothing was locked by that"

kill -STOP "$(pid taker)"
until_ok 10 grep -q '^State:.T' "/proc/$(pid taker)/status"
diagnosed_thrice 3 held-stopped "a stopped holder" file
is "$(action)" "continue it: kill -CONT $(pid taker)" "a stopped holder: what to do"
kill -CONT "$(pid taker)"
stop heir
stop taker

# A unit of systemd and a container are known by the names of their groups.
id=$(printf 'ab%.0s' {1..32})
if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then
	for unit in aimd.service "docker-$id.scope"; do
		group=/sys/fs/cgroup/system.slice/$unit
		mkdir -p "$group"
		bg taker bash -c 'echo $$ >"$2/cgroup.procs"
			exec locker open 10 "$1" flock 10 w say locked pause' - "$file" "$group"
		await taker locked
		diagnosed_thrice 3 held "a holder in $unit" file
		is "$(first unit)" "$unit" "a holder in $unit: is said so"
		[[ $unit == aim* ]] || is "$(first container)" "$id" "a holder in a container: which"
		stop taker
		until_ok 10 rmdir "$group"
	done
	rmdir /sys/fs/cgroup/system.slice
fi

bg taker locker open 10 "$file" flock 10 w thread [ pause ] say locked thread-exit
await taker locked
until_ok 10 grep -q '^State:.Z' "/proc/$(pid taker)/status"
diagnosed_thrice 3 held-zombie "a holder whose first thread ended" file
is "$(first pid) $(first state)" "$(pid taker) Z" "a holder whose first thread ended: who"
stop taker

bg parent locker fork [ open 10 "$file" flock 10 w fork [ name heird say locked pause ] exit ] \
	wait say ready pause
await parent locked
diagnosed_thrice 3 inherited "a lock of a child" file
is "$(first comm)" heird "a lock of a child: who has it"
stop parent

# What keeps the user from the file comes before who has it.
chmod 600 "$file"
bg taker locker open 10 "$file" flock 10 w say locked pause
await taker locked
chmod 755 "$AL_TMP"
diagnosed 1 file-permission "a user without permission" -u user "$file"
is "$(jq -r '.causes[1].code' <<<"$doc")" held "and who has it is told too"
stop taker

for name in file other; do
	al_del $name
done
no_leftovers
al_unload
done_testing
