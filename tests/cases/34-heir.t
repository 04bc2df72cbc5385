#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A lock that is handed over by a process that then ends isn't lost while the
# other is about to receive it; grace is what is waited for.
. "$(dirname "$0")/../lib.sh"

# check KIND
check() {
	local name=$1 file=$AL_TMP/$1 lock=("$1" 10 w)

	[[ $1 == flock ]] || lock+=(0 0)
	touch "$file"
	al_add "$name" "$file"
	accepts 5000 "$SYS/$name/grace_ms" "$name: grace"
	bg heir locker socketpair stream 5 6 fork [ open 10 "$file" "${lock[@]}" send 5 10 exit ] \
		wait say sent usr1 recv 6 11 say received usr1
	await heir sent
	is "$(verdict "$name")" suspect "$name: in flight, its taker gone: suspect"
	is "$(attr "$name" orphans)" 0 "$name: no orphan yet"

	bg clear bash -c "echo 0 >$SYS/$name/conf_locked; echo status \$?"
	sleep 1
	nok "$name: echo 0 waits" is_gone "$(pid clear)"
	kill -USR1 "$(pid heir)"
	await heir received
	await clear status
	is "$(said clear status)" 1 "$name: then it is refused"
	like "$(log clear)" "$EBUSY" "$name: as busy"
	is "$(verdict "$name")" inherited "$name: the lock is the heir's"
	is "$(holders "$name")" "fd $(pid heir) 11 locker" "$name: in its fd"
	nok "$name: and excludes others" can "$1" "$file"
	is "$(attr "$name" generation)" 0 "$name: nothing was cleared"

	kill -USR1 "$(pid heir)"
	gone "$(pid heir)"
	ok "$name: the heir ends, the file is free" can "$1" "$file"
	stop clear
	al_del "$name"
}

al_load
check flock
check ofd
no_leftovers
al_unload
done_testing
