#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Leases under load: they exclude each other and flock(1) for a minute, a stale holder
# is fenced off, a thousand waiters sleep, ten thousand failed tries leave no trace.
# timeout: 400
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a

# rounds ID COMMAND...: again and again for a minute; says "rounds N"
rounds() {
	local id=$1
	shift
	# shellcheck disable=SC2016 # the shell's own
	bg "$id" bash -c 'n=0
		while ((SECONDS < 60)); do
			"$@" || break
			n=$((n + 1))
		done
		echo "rounds $n"' - "$@"
}

# Two who use leases, and one who has never heard of them.
no_overlap() {
	local id sum=0 before
	before=$(attr a generation)
	mkdir "$AL_TMP/critical"
	rounds one aimlock with-lock a -- critical "$AL_TMP/critical"
	rounds two aimlock with-lock a -- critical "$AL_TMP/critical"
	rounds other flock "$file" critical "$AL_TMP/critical"
	for id in one two other; do
		await "$id" rounds 90
		nok "$id: no overlap" has_said "$id" overlap
		ok "$id: $(said "$id" rounds) rounds" test "$(said "$id" rounds)" -gt 0
		sum=$((sum + $(said "$id" rounds)))
		returns "$id" 0
	done
	is "$(tr -d ' ' <"$AL_TMP/critical/counter")" "$sum" "no round is lost"
	is $(($(attr a generation) - before)) $(($(said one rounds) + $(said two rounds))) \
		"each lease has had a token of its own"
	is "$(state a)" free "free"
}

# A checker that doesn't see it would prove nothing.
overlap_is_seen() {
	mkdir "$AL_TMP/unlocked"
	# shellcheck disable=SC2016 # the shell's own
	ok "without a lock the checker finds an overlap" bash -c '
		for i in {1..50}; do
			critical "$1" >"$1/a" &
			critical "$1" >"$1/b"
			wait
			! grep -q overlap "$1/a" "$1/b" || exit 0
		done
		exit 1' - "$AL_TMP/unlocked"
}

# A store that takes what comes with the greatest token so far, and nothing else.
make_store() {
	cat >"$AL_TMP/store" <<-'END'
		#!/bin/bash
		# store TOKEN TEXT
		exec 9>>"${0%/*}/stored" && flock 9
		last=$(tail -n 1 "${0%/*}/stored")
		if (($1 < ${last%% *}0 / 10)); then
			echo "refused $1"
			exit 1
		fi
		echo "$1 $2" >&9
		echo "accepted $1"
	END
	chmod +x "$AL_TMP/store"
}

fenced() {
	local old command
	make_store
	# shellcheck disable=SC2016 # the command's own
	bg old aimlock with-lock --ttl 4 a -- sh -c 'trap : USR1
		"$0" "$AIMLOCK_TOKEN" first
		echo "pid $$"
		while :; do sleep 0.1; done & wait
		"$0" "$AIMLOCK_TOKEN" late
		exec sleep 1000' "$AL_TMP/store"
	await old pid
	old=$(said old accepted)
	command=$(said old pid)
	kill -STOP "$(pid old)" "$command"
	# shellcheck disable=SC2016 # the command's own
	run aimlock with-lock -w 60 a -- sh -c '"$0" "$AIMLOCK_TOKEN" next' "$AL_TMP/store"
	is "$rc $out" "0 accepted $((old + 1))" "the next holder, while the old one stands still"
	kill -USR1 "$command"
	kill -CONT "$command"
	ok "what the old one does then is refused" await old refused
	is "$(said old refused)" "$old" "by its token"
	is "$(cat "$AL_TMP/stored")" "$old first"$'\n'"$((old + 1)) next" "nothing else is stored"
	kill -CONT "$(pid old)"
	returns old 4
	ok "and its command is ended" gone "$command" 10
	stop old
}

# Objects in use, by the name of the cache; without those that were freed but are kept at
# hand, as KASAN does with many.
slabs() {
	local shrink
	for shrink in /sys/kernel/slab/*/shrink; do
		echo 1 >"$shrink"
	done 2>/dev/null
	awk 'NR > 2 { print $1, $2 }' /proc/slabinfo | sort
}

# What was left behind in each try would be there ten thousand times, whatever its size.
# SLUB counts the free objects of slabs that a CPU has at hand as used ones, up to some
# hundred a cache; the case's own processes come and go; and RCU takes its time.
grown() {
	slabs | join "$AL_TMP/slabs.before" - | awk '$3 - $2 > 1000'
}

has_not_grown() {
	[[ ! $(grown) ]]
}

failed_tries() {
	local generation events
	bg owner aimlock with-lock a -- sleep 1000
	wait_state a leased
	leases try a "$file" 1000
	sleep 1
	generation=$(attr a generation)
	bg events nlevents
	sleep 0.5
	events=$(log events | wc -l)
	slabs >"$AL_TMP/slabs.before"
	ok "10,000 tries fail" leases try a "$file" 10000
	is "$(attr a generation)" "$generation" "the generation is what it was"
	is "$(log events | wc -l)" "$events" "nothing was told"
	ok "no cache of the kernel has grown by 1000 objects" until_ok 10 has_not_grown
	diag "$(grown)"
	stop events
	stop owner
	wait_state a free
}

# "PID SWITCHES" of each in the crowd
switches() {
	# shellcheck disable=SC2016 # awk's own
	sed 's|.*|/proc/&/status|' "$AL_TMP/crowd" |
		xargs awk '/^Pid:/ { pid = $2 } /ctxt_switches:/ { n[pid] += $2 }
			END { for (pid in n) print pid, n[pid] }' | sort
}

all_asleep() {
	! sed 's|.*|/proc/&/stat|' "$AL_TMP/crowd" | xargs cut -d ' ' -f 3 | grep -qv S
}

crowd() {
	local first
	bg owner aimlock with-lock --ttl 600 a -- sleep 1000
	wait_state a leased
	bg crowd leases crowd a "$file" 1000
	ok "1,000 wait for a lease" await crowd ready 60
	pgrep -P "$(pid crowd)" >"$AL_TMP/crowd"
	is "$(wc -l <"$AL_TMP/crowd")" 1000 "each a process"
	until_ok 10 all_asleep
	switches >"$AL_TMP/switches.before"
	sleep 10
	switches >"$AL_TMP/switches.after"
	is "$(diff "$AL_TMP/switches.before" "$AL_TMP/switches.after")" "" \
		"none of them runs in 10 seconds"
	stop owner
	ok "one release wakes one" await crowd got
	sleep 2
	first=$(said crowd got)
	switches >"$AL_TMP/switches.after"
	is "$(comm -13 "$AL_TMP/switches.before" "$AL_TMP/switches.after" | cut -d ' ' -f 1)" \
		"$first" "and nobody else"
	is "$(grep -c got "$AL_TMP/log.crowd")" 1 "which has it"
	is "$first" "$(sort -n "$AL_TMP/crowd" | head -n 1)" "it has asked first"
	stop crowd
	ok "free when all are gone" wait_state a free 30
}

handover() {
	local late
	diag "from a kill to the next holder, median and worst of 50, in microseconds:"
	ok "killed holders of a flock" leases handover-flock a "$file" 50
	diag "$(<"$AL_TMP/ok.log")"
	ok "killed holders of a lease" leases handover a "$file" 50
	diag "$(<"$AL_TMP/ok.log")"
	# a loaded host may delay one of them, but hardly each
	late=$(leases expire a "$file" 5 500)
	late=$((${late#expired } / 1000))
	ok "a holder that stands still has it for its time, 500 ms: $late" test "$late" -ge 500
	ok "and no longer than 100 ms more" test "$late" -le $((500 + 100 * ${AL_SLOW:-1}))
}

al_load
: >"$file"
al_add a "$file"
overlap_is_seen
no_overlap
fenced
failed_tries
crowd
handover
al_del a
no_leftovers
al_unload
done_testing
