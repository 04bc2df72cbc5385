#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# POSIX locks belong to a file table, which processes may share.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# Taken by the child, which dies: /proc/locks names a dead pid.
new_file shared
bg shared locker name tabled open 10 "$(path shared)" \
	share [ name taker posix 10 w 0 0 say taker usr1 ] say ready pause
await shared taker
await shared ready
taker=$(said shared taker)
judged shared live "table $(pid shared) null tabled" "table $taker null taker"
stands shared posix
kill -USR1 "$taker"
gone "$taker"
judged shared inherited "table $(pid shared) null tabled"
is "$(json shared '.locks[0] | "\(.kind) \(.taker) \(.taker_exists)"')" "posix $taker false" \
	"shared: the taker is gone"
stands shared posix
freed shared shared
al_del shared

# The same by pid only: other ranges of the same table, one taker each.
new_file ranges
bg ranges locker name tabled open 10 "$(path ranges)" posix 10 w 0 10 \
	share [ name taker posix 10 w 20 10 say taker ] wait say ready pause
await ranges ready
is "$(verdict ranges | sort)" $'inherited\nlive' "ranges: each lock has its own verdict"
is "$(state ranges)" inherited "ranges: the state is the gravest"
is "$(json ranges '.locks[] | select(.verdict == "live") | "\(.taker) \(.start) \(.end)"')" \
	"$(pid ranges) 0 9" "ranges: the live one is the first"
is "$(json ranges '.locks[] | select(.verdict == "inherited") | "\(.taker) \(.start) \(.end)"')" \
	"$(said ranges taker) 20 29" "ranges: the inherited one is the second"
is "$(holders ranges | sort -u)" "table $(pid ranges) null tabled" "ranges: the table holds both"
stands ranges posix
freed ranges ranges
al_del ranges

# A flock of a shared table: the description is in it once, but two processes reach it.
new_file flock
bg flock locker name tabled open 10 "$(path flock)" \
	share [ name taker flock 10 w say taker usr1 ] say ready pause
await flock taker
await flock ready
taker=$(said flock taker)
judged flock live "fd $(pid flock) 10 tabled" "fd $taker 10 taker"
is "$(json flock '.locks[0] | "\(.refs) \(.refs_found)"')" "1 1" "flock: it is one reference"
stands flock flock
kill -USR1 "$taker"
gone "$taker"
judged flock inherited "fd $(pid flock) 10 tabled"
stands flock flock
freed flock flock
al_del flock

# Closing any fd of the file drops a POSIX lock, other descriptions or not.
new_file dropped
bg dropped locker open 10 "$(path dropped)" posix 10 w 0 0 open 11 "$(path dropped)" close 11 \
	say ready pause
await dropped ready
is "$(state dropped) $(attr dropped conf_locked)" "free 0" "dropped: nothing is left of it"
freed dropped dropped
al_del dropped

no_leftovers
al_unload
done_testing
