#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The dead taker's pid belongs to an innocent process by now.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# abandon NAME: configd locks, sends, waits for SIGUSR1 and dies; busd never reads
abandon() {
	bg "$1" locker name busd socketpair stream 20 21 \
		fork [ name configd open 10 "$(path "$1")" flock 10 w send 20 10 say taker usr1 ] \
		wait say ready pause
	await "$1" taker
	taker=$(said "$1" taker)
}

# replace_taker NAME: it dies, and a process called innocent gets its pid
replace_taker() {
	kill -USR1 "$taker"
	await "$1" ready
	bg "$1-innocent" locker recycle "$taker" [ name innocent say born pause ] wait
	await "$1-innocent" born
	is "$(said "$1-innocent" born) $(<"/proc/$taker/comm")" "$taker innocent" \
		"$1: the pid of the dead taker is another's"
	like "$(locks_of "$(path "$1")")" "^FLOCK +ADVISORY +WRITE $taker " \
		"$1: and /proc/locks names it"
}

# Seen before the taker died: the number deceives nobody.
new_file seen
abandon seen
judged seen live "fd $taker 10 configd" "in-flight $taker 21 configd" "in-flight $(pid seen) 21 busd"
replace_taker seen
wait_state seen orphaned
judged seen orphaned "in-flight $(pid seen) 21 busd"
is "$(json seen '.locks[0] | "\(.taker) \(.taker_exists)"')" "$taker false" "seen: its taker is gone"
clears seen flock
ok "seen: the innocent process is untouched" kill -0 "$taker"
freed seen seen
stop seen-innocent
al_del seen

# Registered too late to tell: the cautious verdict, for a process of that pid exists.
: >"$(path late)"
abandon late
replace_taker late
al_add late "$(path late)"
judged late pinned "in-flight $(pid late) 21 busd"
is "$(json late '.locks[0].taker_exists')" true "late: in doubt the taker is taken to exist"
stands late flock

# When the innocent one ends, the doubt does.
stop late-innocent
gone "$taker"
ok "late: orphaned when no process has the pid" wait_state late orphaned
judged late orphaned "in-flight $(pid late) 21 busd"
clears late flock
freed late late
al_del late

# An innocent process that has the very same pid holds another lock of the file: no mix-up.
new_file same
abandon same
judged same live "fd $taker 10 configd" "in-flight $taker 21 configd" "in-flight $(pid same) 21 busd"
kill -USR1 "$taker"
await same ready
bg heir locker recycle "$taker" [ name heir open 10 "$(path same)" ofd 10 w 0 0 say born pause ] wait
await heir born
wait_state same orphaned
is "$(json same '.locks[] | "\(.kind) \(.verdict) \(.taker) \(.taker_exists)"' | sort)" \
	"flock orphaned $taker false"$'\n'"ofd live $taker true" "same: one orphan, one live lock of one pid"
refuses 0 "$SYS/same/conf_locked" "$EBUSY" "same: echo 0 says EBUSY, one lock remains"
is "$(json same '.locks[] | "\(.kind) \(.verdict)"')" "ofd live" "same: the live one, the orphan went"
stop same
freed same heir
al_del same

no_leftovers
al_unload
done_testing
