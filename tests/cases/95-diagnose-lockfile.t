#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock diagnose and files that are locks by convention: whom they name, and whether
# that process is still the one.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$AL_TMP"
sleep 1000 &
alive=$!
sleep 0 &
dead=$!
wait $dead
boot=$(</proc/sys/kernel/random/boot_id)

why() {
	evidence why
}

echo $alive >daemon.pid
diagnosed 3 lock-file "a PID file of a process that runs" daemon.pid
is "$(evidence convention) $(evidence pid) $(first comm)" \
	"pid $alive sleep" "which kind, and who"
echo $dead >daemon.pid
diagnosed 1 lock-file-stale "of a process that is gone" daemon.pid
like "$(why)" 'no process of that number' "why"
printf '%10d\n' $dead >LCK..ttyS0
diagnosed 1 lock-file-stale "as modem programs write it" LCK..ttyS0
echo $alive >daemon.pid
touch -d '5 seconds ago' daemon.pid
touch -d "@$(($(date +%s) - $(cut -d . -f 1 /proc/uptime) - 1000))" old.pid
echo $alive >old.pid.new
touch -r old.pid old.pid.new
mv old.pid.new old.pid
diagnosed 1 lock-file-stale "of an earlier boot" old.pid
like "$(why)" 'before the host was booted' "why"

# The number was given to another process since.
echo $$ >again.pid
sleep 2.5
locker name recycledd recycle $dead [ pause ] wait &
recycled=$!
until_ok 10 test -d /proc/$dead
echo $dead >again.pid
touch -d '2 seconds ago' again.pid
diagnosed 1 lock-file-stale "of a number that was given away" again.pid
like "$(why)" 'started after the file was written' "why"
touch again.pid
diagnosed 3 lock-file "written by the new one" again.pid
kill -KILL $dead $recycled
wait $recycled 2>/dev/null || :

# Borg's roster and JSON as others write it
mkdir repo
printf '{"exclusive": [["%s@1234", %d, 0]]}' "$(hostname)" $dead >repo/lock.roster
diagnosed 1 lock-file-stale "a roster of Borg" repo/lock.roster
is "$(evidence convention) $(evidence host) $(evidence pid)" "json $(hostname) $dead" "who"
printf '{"exclusive": [["elsewhere.example.org@1234", %d, 0]]}' $alive >repo/lock.roster
diagnosed 1 lock-file-foreign "of another host" repo/lock.roster
is "$(evidence host)" elsewhere.example.org "which"
printf '{"exclusive": [["%s@1234", %d, 0]]}' "$(hostname)" $alive >repo/lock.roster
diagnosed 3 lock-file "of this one" repo/lock.roster
printf '{"pid": %d, "hostname": "%s", "boot_id": "%s"}' $alive "$(hostname)" "$boot" >state.lock
diagnosed 3 lock-file "JSON with a boot" state.lock
printf '{"owner": {"pid": %d, "boot_id": "%s"}}' $alive "${boot//[0-9a]/b}" >state.lock
diagnosed 1 lock-file-stale "JSON of another boot" state.lock
like "$(why)" 'booted since' "why"
echo '{"status": "locked", "expires": 1500}' >status.lock
diagnosed 1 lock-file-exists "JSON that names nobody, as Kudu writes it" status.lock
is "$(evidence convention)" kudu "is named"
echo '{"_meta": {"sources": [1, 2, 3]}}' >Pipfile.lock
diagnosed 0 free "JSON that is no lock but for its name" Pipfile.lock

mkdir -p tree/.git
: >tree/.git/index.lock
diagnosed 1 lock-file-exists "git" tree/.git/index.lock
is "$(evidence convention)" git "is named"

# There the file means nothing, the lock on it all.
mkdir -p var/lib/dpkg
: >var/lib/dpkg/lock-frontend
diagnosed 0 free "dpkg" var/lib/dpkg/lock-frontend
is "$(jq -r '.file | "\(.convention) \(.lock_counts)"' <<<"$doc")" "dpkg true" "is named"
bg apt locker open 10 "$AL_TMP/var/lib/dpkg/lock-frontend" posix 10 w 0 0 say locked pause
await apt locked
diagnosed 3 held "dpkg, locked" var/lib/dpkg/lock-frontend
stop apt

# A kernel lock says more than a number in the file.
echo $dead >daemon.pid
bg daemon locker open 10 "$AL_TMP/daemon.pid" flock 10 w say locked pause
await daemon locked
diagnosed 3 held "a stale number in a locked file" daemon.pid
is "$(jq '.causes | length' <<<"$doc")" 1 "is no cause of its own"
stop daemon

echo 1234 >data
diagnosed 0 free "a number in a file of another name" data
echo 'no number' >text.pid
diagnosed 0 free "a PID file with something else in it" text.pid
: >empty.lock
diagnosed 0 free "an empty file" empty.lock
head -c 200000 /dev/zero | tr '\0' '[' >deep.lock
diagnosed 0 free "a file that is only brackets" deep.lock

kill $alive
wait $alive 2>/dev/null || :
cd /
done_testing
