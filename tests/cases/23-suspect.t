#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An fd in flight may be a hand-over: suspect, until grace is over.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

new_file handover
grace=$SYS/handover/grace_ms
is "$(<"$grace")" 1000 "grace is a second by default"
echo 60000 >"$grace"
bg handover locker name busd socketpair stream 20 21 \
	fork [ open 10 "$(path handover)" flock 10 w send 20 10 say taker ] wait \
	say ready usr1 recv 21 30 say received usr1 send 20 30 close 30 say sent pause
await handover ready
judged handover suspect "in-flight $(pid handover) 21 busd"
is "$(attr handover orphans)" 0 "handover: a suspect is no orphan"
nok "handover: it is locked" can flock "$(path handover)"

# The CLI gives up after a while; echo 0 waits, and can be killed.
# shellcheck disable=SC2016 # for the inner shell
bg echo bash -c 'echo 0 >"$0"' "$SYS/handover/conf_locked"
waits() {
	grep -qs aimlock "/proc/$1/stack"
}
ok "handover: echo 0 waits" until_ok 20 waits "$(pid echo)"
stop echo
ok "handover: and can be killed" is_gone "$(pid echo)"
judged handover suspect "in-flight $(pid handover) 21 busd"

# Received: the doubt is over.
kill -USR1 "$(pid handover)"
await handover received
judged handover inherited "fd $(pid handover) 30 busd"
stands handover flock

# In flight again: grace starts anew, however long ago the first flight was.
nap_until=$((SECONDS + 6))
while ((SECONDS < nap_until)); do
	nap
done
echo 5000 >"$grace"
kill -USR1 "$(pid handover)"
await handover sent
judged handover suspect "in-flight $(pid handover) 21 busd"
start=$(date +%s%N)
accepts 0 "$SYS/handover/conf_locked" "handover: echo 0 waits out grace and clears"
waited=$((($(date +%s%N) - start) / 1000000))
ok "handover: it waited ($waited ms)" test "$waited" -ge 2000
ok "handover: and not much longer ($waited ms)" test "$waited" -le 15000
is "$(state handover)" free "handover: the file is free"
freed handover handover
al_del handover

# Received while echo 0 waits: it is no orphan any more.
new_file rescued
echo 8000 >"$SYS/rescued/grace_ms"
bg rescued locker name busd socketpair stream 20 21 \
	fork [ open 10 "$(path rescued)" flock 10 w send 20 10 ] wait \
	say ready usr1 recv 21 30 say received pause
await rescued ready
is "$(state rescued)" suspect "rescued: suspect at first"
# shellcheck disable=SC2016 # for the inner shell
bg echo2 bash -c 'echo 0 >"$1" || echo refused' - "$SYS/rescued/conf_locked"
ok "rescued: echo 0 waits" until_ok 20 waits "$(pid echo2)"
kill -USR1 "$(pid rescued)"
await rescued received
ok "rescued: echo 0 comes back" gone "$(pid echo2)"
like "$(log echo2)" "$EBUSY"$'\n'refused "rescued: with EBUSY"
judged rescued inherited "fd $(pid rescued) 30 busd"
stands rescued flock
freed rescued rescued
al_del rescued

# Grace zero: no doubt is granted.
new_file none
echo 0 >"$SYS/none/grace_ms"
bg none locker name busd socketpair stream 20 21 \
	fork [ open 10 "$(path none)" flock 10 w send 20 10 ] wait say ready pause
await none ready
is "$(state none)" orphaned "none: orphaned at first sight when grace is zero"
clears none flock
freed none none
al_del none

no_leftovers
al_unload
done_testing
