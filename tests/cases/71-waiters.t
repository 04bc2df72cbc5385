#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who waits for a lock, for what, behind whom, and how long; also while they come,
# are interrupted and die.
# timeout: 240
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

WAITING='.locks[] | "\(.waiters)", (.waiting[] | "\(.pid) \(.comm) \(.kind) \(.mode) \(.start) \(.end) \(.behind) \(.depth)")'

tree() {
	aimlock list --tree --json "$1" | jq -r ".files[0] | $WAITING"
}

# waits ID KIND PATH MODE START LENGTH: blocks in taking a lock
waits() {
	local lock=("${2}w" 10 "$4")
	[[ $2 == flock ]] || lock+=("$5" "$6")
	bg "$1" locker name "$1" open 10 "$3" say waiting "${lock[@]}" say got pause
	await "$1" waiting
	until_ok 20 is_blocked "$(pid "$1")"
}

# Only a kernel with SCHED_INFO knows how long.
has_wait_times() {
	[[ -e /proc/self/schedstat ]]
}

one() {
	local before after ms for=', for [0-9.]+s'
	has_wait_times || for=
	new_file one
	bg holder locker name holder open 10 "$(path one)" flock 10 w say ready pause
	await holder ready
	is "$(tree one)" 0 "one: nobody waits"
	before=$(date +%s%3N)
	waits first flock "$(path one)" w
	is "$(tree one)" $'1\n'"$(pid first) first flock write 0 null null 1" \
		"one: the waiter, what it waits for, and behind nobody"
	sleep 2
	ms=$(aimlock list --tree --json one | jq '.files[0].locks[0].waiting[0].wait_ms')
	after=$(date +%s%3N)
	if has_wait_times; then
		ok "one: it has waited for $ms ms" test "$ms" -ge 1900 -a "$ms" -le $((after - before))
	else
		is "$ms" null "one: this kernel doesn't know how long it has waited"
	fi
	is "$(aimlock list --json one | jq '.files[0].locks[0] | has("waiting")')" false \
		"one: only with --tree"
	like "$(aimlock show one)" "blocks +1 waiting request"$'\n'" +$(pid first) first, to write 0-EOF$for" \
		"one: show says it in words"
	stop holder
	await first got
	is "$(tree one)" 0 "one: it got the lock, and nobody waits"
	stop first
	al_del one
}

# Exclusive requests queue up behind each other, as /proc/locks has them.
queue() {
	local id tree text told=.
	new_file queue
	bg holder locker name holder open 10 "$(path queue)" posix 10 w 0 0 say ready pause
	await holder ready
	for id in alpha beta gamma; do
		waits "$id" posix "$(path queue)" w 0 100
	done
	waits delta posix "$(path queue)" r 200 100
	tree=$(tree queue)
	is "$tree" "$(printf '%s\n' 4 \
		"$(pid alpha) alpha posix write 0 99 null 1" \
		"$(pid beta) beta posix write 0 99 $(pid alpha) 2" \
		"$(pid gamma) gamma posix write 0 99 $(pid beta) 3" \
		"$(pid delta) delta posix read 200 299 null 1")" \
		"queue: each behind the one before; who asks for something else behind the lock"
	# Before 5.13 it leaves out who waits behind a waiter.
	[[ $(uname -r) != 5.10.* ]] || told=' 1$'
	is "$(awk -v ino="$(stat -c %i "$(path queue)")" '$2 == "->" && $7 ~ ":" ino "$" { print $6 }' \
		/proc/locks | sort)" "$(sed 1d <<<"$tree" | grep "$told" | cut -d ' ' -f 1 | sort)" \
		"queue: /proc/locks has the same waiters"
	text=$(LC_ALL=C.UTF-8 aimlock list --tree -n -o VERDICT,HOLDERS,START queue)
	is "$(sed 's/ *$//; s/  */ /g' <<<"$text")" "$(printf '%s\n' \
		"live $(pid holder) holder 0" \
		"waiting ├─$(pid alpha) alpha 0" \
		"waiting │ └─$(pid beta) beta 0" \
		"waiting │ └─$(pid gamma) gamma 0" \
		"waiting └─$(pid delta) delta 200")" "queue: drawn as a tree"
	is "$(aimlock scan --tree --json "$AL_TMP" | jq -r --arg path "$(path queue)" \
		".files[] | select(.path == \$path) | $WAITING")" "$tree" "queue: scan --tree tells the same"
	is "$(aimlock list -t -J -o VERDICT,TAKER,START queue | jq -r '.locks[].verdict' | sort | uniq -c | xargs)" \
		"1 live 4 waiting" "queue: and rows in JSON"
	stop alpha
	is "$(tree queue | sed -n 1p)" 3 "queue: one has left"
	for id in holder beta gamma delta; do
		stop "$id"
	done
	al_del queue
}

breaker() {
	local file
	new_file breaker
	file=$(path breaker)
	bg leaser locker name leaser openread 10 "$file" lease 10 r say ready pause
	await leaser ready
	bg breaker bash -c "echo waiting; exec 9>>$file; echo got; sleep 1000"
	await breaker waiting
	until_ok 20 eval '(($(attr breaker waiters) == 1))'
	is "$(tree breaker)" $'1\n'"$(pid breaker) bash lease write 0 null null 1" \
		"breaker: who opens the file waits for the lease"
	stop breaker
	stop leaser
	al_del breaker
}

ordinary() {
	new_file ordinary
	chmod 755 "$AL_TMP"
	bg holder locker name holder open 10 "$(path ordinary)" flock 10 w say ready pause
	await holder ready
	waits rootd flock "$(path ordinary)" w
	is "$(setpriv --reuid=1000 --regid=1000 --clear-groups aimlock list --tree --json ordinary |
		jq -r ".files[0] | $WAITING")" $'1\n'"$(pid rootd) null flock write 0 null null 1" \
		"ordinary: a user sees of another's request what /proc/locks says"
	stop holder
	stop rootd
	al_del ordinary
}

many() {
	local i steps=() tree
	new_file many
	bg holder locker name holder open 10 "$(path many)" flock 10 w say ready pause
	await holder ready
	for ((i = 0; i < 130; i++)); do
		steps+=(fork "[" open 11 "$(path many)" flockw 11 r pause "]")
	done
	bg readers locker name reader "${steps[@]}" say started pause
	await readers started
	until_ok 60 eval '(($(attr many waiters) == 130))'
	tree=$(aimlock list --tree --json many | jq -c '.files[0].locks[0] |
		[.waiters, (.waiting | length), ([.waiting[].pid] | unique | length),
		 ([.waiting[].depth] | unique)]')
	is "$tree" "[130,130,130,[1]]" "many: 130 readers wait for the lock, each is told once"
	stop readers
	stop holder
	al_del many
}

# Waiters come, are interrupted and die under the looks.
stress() {
	local n=0 end=$((SECONDS + 12)) worst=0 bad=0 least=20 line
	new_file stress
	bg holder locker name holder open 10 "$(path stress)" open 11 "$(path stress)" \
		posix 10 w 0 0 flock 11 w say ready pause
	await holder ready
	bg crowd waitcrowd "$(path stress)" 40
	await crowd ready
	while ((SECONDS < end)); do
		line=$(aimlock list --tree --json stress | jq -r '[.files[0].locks[] |
			select(.waiters < (.waiting | length)) , (.waiting[] |
			select((.pid < 2) or (.pid > 4194304) or (.kind | IN("posix", "flock", "ofd") | not) or
			       (.mode | IN("read", "write") | not) or (.start > 1000)))] | length') || bad=$((bad + 1))
		[[ $line == 0 ]] || bad=$((bad + 1))
		line=$(attr stress waiters)
		((line <= worst)) || worst=$line
		n=$((n + 1))
	done
	is "$bad" 0 "stress: $n looks, and each says only what can be"
	# few, where a debug kernel makes the crowd slow
	((${AL_SLOW:-1} == 1)) || least=2
	ok "stress: up to $worst waited" test "$worst" -ge "$least"
	stop crowd
	stop holder
	ok "stress: free when all are gone" wait_state stress free
	al_del stress
}

one
queue
breaker
ordinary
many
stress
no_leftovers
al_unload
done_testing
