#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlockd under systemd: start, bad configuration, journal, watchdog, restart, reload,
# events that are lost, the module reloaded under it, a thousand files.

. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a
since=

# told KIND [FIELD]: what the journal has of that kind since the last mark
told() {
	journalctl -q -u aimlockd --since "$since" "AIMLOCK_MESSAGE=$1" -o json |
		jq -r ".${2:-MESSAGE}" | tail -n 1
}

is_told() {
	[[ $(told "$1") ]]
}

# tells DESCRIPTION KIND
tells() {
	ok "$1" until_ok 30 is_told "$2"
}

# Not a cursor: with a match journalctl skips one entry too many after it.
mark() {
	since=$(date +@%s.%6N)
}

property() {
	systemctl show -P "$1" aimlockd
}

is_running_as_other() {
	local pid
	pid=$(property MainPID)
	[[ $pid != 0 && $pid != "$1" && $(property ActiveState) == active ]]
}

mkdir -p /etc/aimlock
echo "begin and end" >"$file"
chmod 755 "$AL_TMP"
systemctl daemon-reload
mark
printf '[a]\npath = x\n' >/etc/aimlock/case.conf
nok "with a bad configuration it doesn't start" systemctl start aimlockd
is "$(property ExecMainStatus) $(property NRestarts)" "78 0" "status 78, and no second try"
like "$(told config-fault)" "/etc/aimlock/case.conf:2: \[a\] path: 'x' is not an absolute path" \
	"the journal has file, line, key and what was expected"

cat >/etc/aimlock/case.conf <<END
metrics-listen = 9137
[a]
path = $file
guard = yes
check = grep -q end "\$AIMLOCK_PATH"
END
for ((i = 0; i < 1000; i++)); do
	printf '[many%d]\npath = %s\n' "$i" "$file"
done >/etc/aimlock/many.conf
ok "it starts" systemctl start aimlockd
is "$(property ActiveState)" active "it is ready"
ok "the module was loaded for it" test -d /sys/module/aimlock
is "$(find /sys/locks -name 'many*' -type d | wc -l)" 1000 "a thousand files are registered"
rm /etc/aimlock/many.conf
ok "reload" systemctl reload aimlockd
ok "they are forgotten" until_ok 60 test ! -e /sys/locks/many999
tells "the file was checked" check-passed
is "$(told started MESSAGE_ID) $(told started PRIORITY)" "6ec8dea502794d83857a0f26a9d30797 6" \
	"message id and priority"

mark
bg writer aimlock with-lock a -- sh -c 'echo got; exec sleep 1000'
await writer got
echo "begin and" >"$file"
kill -KILL "$(pid writer)"
tells "a writer is killed: the check fails" check-failed
is "$(told check-failed AIMLOCK_NAME) $(told check-failed PRIORITY)" "a 2" "its name and priority"
old=$(property MainPID)
kill -STOP "$old"
ok "frozen: the watchdog has it restarted" until_ok 60 is_running_as_other "$old"
tells "frozen: the guard is kept" guard-resumed
is "$(cat /sys/locks/a/holder)" "$old aimlockd" "frozen: by the same lease"
mark
ok "restart" systemctl restart aimlockd
tells "restart: the guard is kept" guard-resumed
is "$(cat /sys/locks/a/holder)" "$old aimlockd" "restart: by the same lease"
echo nonsense >/etc/aimlock/bad.conf
nok "a reload of a bad configuration fails" systemctl reload aimlockd
is "$(property ActiveState) $(cat /sys/locks/a/state)" "active leased" "and changes nothing"
rm /etc/aimlock/bad.conf
echo "begin and end" >"$file"
tells "mended: the check passes" check-passed
ok "free" wait_state a free

# Stopped, for less than its watchdog's time, so that its queue runs full.
mark
kill -STOP "$(property MainPID)"
for ((i = 0; i < 3000; i++)); do
	echo "$((i % 100))" >/sys/locks/a/grace_ms
done
kill -CONT "$(property MainPID)"
tells "more events than it can hear: it is told" events-lost
tells "and the file is checked" check-passed
ok "and is as configured again" until_ok 30 grep -qx 1000 /sys/locks/a/grace_ms
ok "and free" wait_state a free

mark
ok "the module goes" rmmod aimlock
tells "it is noticed" module-absent
ok "and comes back" modprobe aimlock
tells "the file is registered again" file-added
ok "it stops" systemctl stop aimlockd
is "$(property Result)" success "well"
al_del a
rmmod aimlock
done_testing
