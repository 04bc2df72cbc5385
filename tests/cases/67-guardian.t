#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The story of the guardian: a holder is frozen, killed, or leaves an orphan; the policy
# acts, the check passes and the next writer gets in, or it fails and the file stays
# guarded; and the guardian itself is frozen meanwhile.
# timeout: 180
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cases/daemon.sh
. "$(dirname "$0")/../daemon.sh"

file=$AL_TMP/a

# writer ID [OPTION...]: under a lease, says "got" when it has it, and stays
writer() {
	local id=$1
	shift
	bg "$id" aimlock with-lock "$@" a -- sh -c 'echo got; exec sleep 1000'
}

# gets_in ID DESCRIPTION
gets_in() {
	ok "$2" await "$1" got 15
	is "$(attr a holder)" "$(pid "$1") aimlock" "$2: it is the holder"
}

whole() {
	echo "begin and end" >"$file"
}

half() {
	echo "begin and" >"$file"
}

frozen_holder() {
	writer frozen --ttl 1
	gets_in frozen "a writer"
	whole
	kill -STOP "$(pid frozen)"
	tells "frozen: it is noticed" holder-lost a 10
	tells "frozen: the guardian takes the file" guard-taken a
	writer next
	tells "frozen: the check passes" check-passed a
	gets_in next "frozen: the next writer gets in"
	kill -CONT "$(pid frozen)"
	returns frozen 4
	is "$(times_told holder-lost a)" 1 "frozen: that is all"
	kill -TERM "$(pid next)"
	returns next 143
	ok "free again" wait_state a free
	is "$(times_told guard-taken a)" 1 "who gives it back is not checked"
	untold
}

half_written() {
	writer killed
	gets_in killed "a writer"
	half
	kill -KILL "$(pid killed)"
	tells "killed: it is noticed" holder-lost a
	tells "killed: the check fails" check-failed a
	is "$(attr a holder)" "$(guardian_pid) aimlockd" "the guardian keeps the file"
	is "$(state a)" leased "as leased"
	nok "no flock gets it" can flock "$file"
	nok "no POSIX lock gets it" can posix "$file"
	writer next
	page=$(metrics)
	is "$(value 'aimlockd_guarded{file="a"}') $(value 'aimlockd_check_failed{file="a"}')" "1 1" \
		"the metrics say so"
	nok "the next writer doesn't get in" has_said next got
	kill -HUP "$(guardian_pid)"
	tells "a reload" reloaded
	is "$(attr a holder)" "$(guardian_pid) aimlockd" "drops no guard"
	echo nonsense >"$AL_CONF/bad.conf"
	kill -HUP "$(guardian_pid)"
	tells "a reload with a fault in it: told" config-fault
	tells "the configuration stays" config-kept
	rm "$AL_CONF/bad.conf"
	is "$(attr a holder)" "$(guardian_pid) aimlockd" "and the guard too"
	is "$(times_told check-failed a)" 1 "the alarm was given once"
	cp "$file" "$AL_TMP/new"
	mv "$AL_TMP/new" "$file"
	nok "another file in its place, no better: nobody gets in" await next got 2
	echo "begin and end" >"$AL_TMP/new"
	mv "$AL_TMP/new" "$file"
	tells "mended, by a rename: the check passes" check-passed a
	gets_in next "mended: the next writer gets in"
	stop next
	tells "who dies is checked behind" guard-taken a
	ok "free again" wait_state a free
	untold
}

# Not even those who stood in the queue before the loss get in unchecked.
in_a_queue() {
	half
	writer first
	gets_in first "queue: a writer"
	writer second
	ok "queue: a second one waits" until_ok 15 is_count 3
	writer third
	ok "queue: and a third one behind it" until_ok 15 is_count 4
	kill -TERM "$(pid first)"
	returns first 143
	gets_in second "queue: the second one gets in, unchecked"
	kill -KILL "$(pid second)"
	tells "queue: it is killed, and the guardian takes the file" guard-taken a
	tells "queue: the check fails" check-failed a
	nok "queue: the third one doesn't get in" has_said third got
	run aimlock with-lock -n a -- true
	is "$rc" 1 "queue: nor does who doesn't wait"
	echo "begin and end" >"$AL_TMP/new"
	mv "$AL_TMP/new" "$file"
	tells "queue: mended: the check passes" check-passed a
	gets_in third "queue: mended: the third one gets in"
	kill -TERM "$(pid third)"
	returns third 143
	ok "queue: free" wait_state a free
	is "$(times_told guard-taken a)" 1 "queue: who gave it back was not checked"
	untold
}

# is_count N: of leases, guards, and who waits
is_count() {
	[[ $(nlraw -dq 14 | sed -n 's/^messages=//p') -eq "$1" ]]
}

orphaned() {
	half
	orphan bus flock "$file"
	waiter intruder flock "$file"
	writer next
	tells "orphan: it is found" orphan-found a
	tells "orphan: the policy adopts it" orphan-adopted a
	tells "orphan: the content is half written" check-failed a
	is "$(attr a holder)" "$(guardian_pid) aimlockd" "orphan: the guardian has the file"
	page=$(metrics)
	is "$(value 'aimlockd_orphans_cleared{file="a"}')" 1 "orphan: the metrics say so"
	stop bus
	nok "orphan: nobody got in between: the flock" has_said intruder got
	nok "orphan: nobody got in between: the lease" has_said next got
}

# The guardian stands still: while another one takes over, nobody else gets the file.
frozen_guardian() {
	local old beat
	old=$(guardian_pid)
	page=$(metrics)
	beat=$(value aimlockd_heartbeat_timestamp_seconds)
	sleep 2
	page=$(metrics)
	isnt "$(value aimlockd_heartbeat_timestamp_seconds)" "$beat" "the heart beats"
	untold
	kill -STOP "$old"
	nok "the guardian is frozen: no metrics" metrics
	ok "no watchdog message comes, the manager sees" await guardian watchdog 15
	ok "and starts another one" await guardian READY=1 15
	isnt "$(guardian_pid)" "$old" "of another pid"
	tells "which goes on with the guard" guard-resumed a
	tells "and checks" check-failed a
	is "$(attr a holder)" "$old aimlockd" "under the lease of the first one"
	nok "nobody else got it: the flock" has_said intruder got
	nok "nobody else got it: the lease" has_said next got
	whole
	tells "mended: the check passes, unasked" check-passed a 15
	gets_in next "mended: the next writer gets in"
	stop next
	ok "then the flock" await intruder got 15
	stop intruder
	ok "free again" wait_state a free
	untold
}

al_load
ip link set lo up
whole
configure <<END
metrics-listen = 9137
[a]
path = $file
grace = 3000
on-orphan = adopt
guard = yes
check = grep -q end "\$AIMLOCK_PATH"
END
guardian 3000
tells "at its start the guardian checks" guard-taken a
tells "and the check passes" check-passed a
ok "free" wait_state a free
untold
frozen_holder
half_written
in_a_queue
orphaned
frozen_guardian
no_guardian
al_del a
no_leftovers
al_unload
done_testing
