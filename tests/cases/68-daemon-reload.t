#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlockd beside others: metrics by HTTP and in a file, what no policy touches, the
# module reloaded under it, events that are lost.
# timeout: 180
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cases/daemon.sh
. "$(dirname "$0")/../daemon.sh"

file=$AL_TMP/a

# What a part of the kernel keeps is nobody's to clear.
not_ours() {
	local device
	if has_io_uring; then
		bg ring locker name ringd ring 20 \
			fork [ name configd open 10 "$file" flock 10 w register 20 10 say taker ] \
			wait say ready pause
		await ring ready
		tells "io_uring: it is told" unreachable-found a 15
		sleep 2
		is "$(verdict a)" unreachable "io_uring: the lock is left alone"
		stop ring
		ok "free again" wait_state a free
	else
		skip "io_uring" "it is disabled"
	fi
	modprobe loop 2>/dev/null || :
	if device=$(losetup -f 2>/dev/null); then
		truncate -s 4M "$file"
		bg loop locker name mounter open 10 "$file" flock 10 w loop "$device" 10 say taker
		await loop taker
		gone "$(pid loop)"
		wait_state a pinned
		sleep 2
		is "$(verdict a)" pinned "loop: the lock is left alone"
		losetup -d "$device"
		ok "free again" wait_state a free
	else
		skip "loop" "there are no loop devices"
	fi
	is "$(times_told orphan-cleared a)" 0 "nothing was cleared"
}

served() {
	local status
	page=$(metrics)
	is "$(head -n 1 <<<"$page")" "text/plain; version=0.0.4; charset=utf-8" "the usual type"
	page=$(metrics 'application/openmetrics-text; version=1.0.0')
	is "$(head -n 1 <<<"$page")" "application/openmetrics-text; version=1.0.0; charset=utf-8" \
		"the type that is asked for"
	is "$(tail -n 1 <<<"$page") $(value aimlock_up)" "# EOF 1" "to the end"
	is "$(sed 1d <<<"$page" | grep '^# TYPE aimlock_' | sort)" \
		"$(aimlock metrics | grep '^# TYPE' | sort)" "with all that aimlock metrics tells"
	status=$(python3 -c '
import http.client
for method, path in ("GET", "/"), ("POST", "/metrics"), ("HEAD", "/metrics"):
    connection = http.client.HTTPConnection("127.0.0.1", 9137, timeout=5)
    connection.request(method, path)
    print(connection.getresponse().status, end=" ")')
	is "$status" "404 405 200 " "other paths, methods"
	is "$(ss -Hltn 'sport = :9137' | awk '{ print $4 }')" 127.0.0.1:9137 "on loopback only"
	like "$(<"$AL_TMP/aimlock.prom")" \
		'aimlockd_heartbeat_timestamp_seconds [0-9]+\.[0-9]{3}.*# EOF' "a file has them, too"
}

# The module goes and comes back; the configuration is applied again, nothing else is lost.
reloaded() {
	untold
	rmmod aimlock
	tells "reload: the module goes" module-absent
	page=$(metrics)
	is "$(value aimlock_up)" 0 "reload: the metrics say so"
	isnt "$(value aimlockd_heartbeat_timestamp_seconds)" "" "reload: aimlockd lives"
	al_load
	tells "reload: it is back" module-found
	tells "reload: the file is registered again" file-added a
	tells "reload: and checked" check-passed a
	is "$(attr a path)" "$file" "reload: under its path"
	untold
}

# Stopped, so that its queue runs full.
overrun() {
	local i
	kill -STOP "$(guardian_pid)"
	for ((i = 0; i < 3000; i++)); do
		echo "$((i % 100))" >"$SYS/a/grace_ms"
	done
	orphan bus flock "$file"
	until_ok 10 has_state a orphaned
	kill -CONT "$(guardian_pid)"
	tells "overrun: it is told" events-lost
	tells "overrun: the orphan is found all the same" orphan-found a
	tells "overrun: and cleared" orphan-cleared a
	is "$(attr a grace_ms)" 1000 "overrun: all is as configured again"
	tells "overrun: the guardian checks" check-passed a
	stop bus
	ok "free again" wait_state a free
}

# Started before the module is there.
early() {
	rmmod aimlock
	guardian
	tells "without the module it starts and waits" module-absent
	al_load
	tells "until it is there" file-added a
	no_guardian
}

al_load
ip link set lo up
echo "begin and end" >"$file"
configure <<END
metrics-listen = 9137
metrics-file = $AL_TMP/aimlock.prom
[a]
path = $file
on-orphan = clear
guard = yes
check = true
END
guardian
tells "at its start the guardian checks" check-passed a
untold
served
not_ours
reloaded
overrun
no_guardian
al_del a
early
al_del a
no_leftovers
al_unload
done_testing
