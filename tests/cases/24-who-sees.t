#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All may see the locks; holders only those who may read their /proc/PID/fdinfo.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

as_user() {
	setpriv --reuid=1000 --regid=1000 --clear-groups "$@"
}

# user_sees NAME FILTER
user_sees() {
	as_user aimlock list --json "$1" | jq -r ".files[0] | $2"
}

chmod 755 "$AL_TMP"
for name in root-lock user-lock mixed; do
	new_file "$name"
	chmod 666 "$(path "$name")"
done
bg root-lock locker name rootd open 10 "$(path root-lock)" flock 10 w say ready pause
bg user-lock setpriv --reuid=1000 --regid=1000 --clear-groups \
	locker name userd open 10 "$(path user-lock)" flock 10 w say ready pause
await root-lock ready
await user-lock ready

is "$(user_sees root-lock '.locks[] | "\(.kind) \(.verdict) \(.taker)"')" \
	"flock live $(pid root-lock)" "root's lock: the user sees kind, verdict and taker"
is "$(user_sees root-lock '.locks[].holders // [] | length')" 0 "root's lock: but no holder"
is "$(user_sees user-lock '.locks[].holders[] | "\(.kind) \(.pid) \(.fd) \(.comm)"')" \
	"fd $(pid user-lock) 10 userd" "the user's own lock: the holder too"
judged root-lock live "fd $(pid root-lock) 10 rootd"
judged user-lock live "fd $(pid user-lock) 10 userd"

# The verdict is the same whoever asks: it rests on all holders.
bg mixed locker name rootd open 10 "$(path mixed)" flock 10 w fork [ name rootchild say child pause ] usr1
await mixed child
kill -USR1 "$(pid mixed)"
gone "$(pid mixed)"
is "$(user_sees mixed '.locks[] | "\(.verdict) \(.holders // [] | length)"')" "inherited 0" \
	"a root child's lock: the user sees that it is inherited"
is "$(as_user cat "$SYS/mixed/state")" inherited "and so says the state"

# Nothing can be cleared by the looker.
nok "the user may not write" as_user bash -c "echo 0 >$SYS/user-lock/conf_locked"
nok "nor clear by netlink" as_user aimlock clear user-lock
judged user-lock live "fd $(pid user-lock) 10 userd"

for name in root-lock user-lock mixed; do
	freed "$name" "$name"
	al_del "$name"
done
no_leftovers
al_unload
done_testing
