#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# with-lock of a file that isn't registered: it is, as long as anybody has a lease of it
# or waits for one, and no longer, however they end.
# timeout: 300
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/file
user=(setpriv --reuid=1000 --regid=1000 --clear-groups --)

# The names, one a line
registered() {
	find "$SYS" -mindepth 1 -maxdepth 1 -type d -printf '%f\n'
}

# Right after the last lease ends a work of the kernel's own does it.
none_is_registered() {
	[[ -z $(registered) ]]
}

only_is_registered() {
	[[ $(registered) == "$1" ]]
}

# holder ID PATH: with-lock whose command says "got NAME", and then "token TOKEN"
holder() {
	# shellcheck disable=SC2016 # the command's own
	bg "$1" aimlock with-lock "$2" -- sh -c 'echo "got $AIMLOCK_NAME"
		echo "token $AIMLOCK_TOKEN"; exec sleep 1000'
}

is_in_queue() {
	[[ $(wc -l < <(nlraw -d 14)) -gt "$1" ]]
}

one() {
	local name before
	holder first "$file"
	ok "a file that isn't registered" await first got
	name=$(said first got)
	like "$name" '^@[0-9]+$' "the name says so"
	is "$(registered)" "$name" "it is registered"
	is "$(attr "$name" path) $(attr "$name" state)" "$file leased" "as that path, and leased"
	is "$(attr "$name" holder)" "$(pid first) aimlock" "by its holder"
	await first token
	is "$(said first token)" "$(attr "$name" generation)" "with the generation as its token"
	run aimlock metrics
	unlike "$out" '"@' "it makes no time series, of which a user could make too many"
	nok "flock is excluded" can flock "$file"
	nok "so is a POSIX lock" can posix "$file"
	refuses "$name" "$SYS/delete_lock" "$EBUSY" "it can't be removed"
	nok "neither can the module" rmmod aimlock
	run aimlock with-lock -n "$file" -- true
	is "$rc" 1 "-n fails"
	like "$out" "with-lock: $file: the file is locked, held or leased" "with a sentence"
	before=$(said first token)
	kill -KILL "$(pid first)"
	ok "when the holder is killed it is forgotten" until_ok 10 none_is_registered
	ok "and unlocked" is_unlocked "$file"
	# shellcheck disable=SC2016 # the command's own
	run aimlock with-lock "$file" -- sh -c 'echo $AIMLOCK_TOKEN; exit 7'
	is "$rc" 7 "the next one"
	ok "has a greater token" test "$out" -gt "$before"
	cd "$AL_TMP"
	run aimlock with-lock ./file -- true
	is "$rc" 0 "a relative path"
	cd /
	run "${user[@]}" aimlock with-lock "$file" -- id -u
	is "$rc $out" "0 1000" "a user who may write the file"
	ok "forgotten" until_ok 10 none_is_registered
}

# The registration outlives its first user, and is the same for all.
waiters() {
	local name
	holder one "$file"
	await one got
	name=$(said one got)
	ln "$file" "$AL_TMP/link"
	holder two "$AL_TMP/link"
	until_ok 10 is_in_queue 2
	kill -KILL "$(pid one)"
	ok "who waits is next" await two got
	is "$(said two got)" "$name" "under the same name, by another path of the file"
	is "$(registered)" "$name" "there is no other"
	rm "$AL_TMP/link"
	stop two
	ok "forgotten" until_ok 10 none_is_registered
	bg owner locker open 10 "$file" flock 10 w say locked pause
	await owner locked
	run aimlock with-lock -w 0.3 "$file" -- true
	is "$rc" 1 "who waits for a flock in vain"
	ok "leaves nothing" until_ok 10 none_is_registered
	bg events nlevents
	sleep 0.5
	run aimlock with-lock -n "$file" -- true
	is "$rc" 1 "who tries it"
	is "$(log events | grep -c 'file-\|@')" 0 "is told to nobody"
	stop events
	holder one "$file"
	sleep 1
	nok "it is waited for" has_said one got
	stop owner
	ok "until it is gone" await one got
	stop one
	ok "forgotten" until_ok 10 none_is_registered
}

# Two at a time make, find and drop the registration.
races() {
	local id sum=0
	mkdir "$AL_TMP/critical"
	for id in a b c; do
		# shellcheck disable=SC2016 # the shell's own
		bg "$id" bash -c 'for ((n = 0; n < 25; n++)); do
				"$@" || break
			done
			echo "rounds $n"' - \
			aimlock with-lock "$file" -- critical "$AL_TMP/critical"
	done
	for id in a b c; do
		await "$id" rounds 90
		is "$(log "$id")" "rounds 25" "$id: 25 rounds, without overlap"
		sum=$((sum + $(said "$id" rounds)))
	done
	is "$(tr -d ' ' <"$AL_TMP/critical/counter")" "$sum" "none is lost"
	ok "forgotten" until_ok 10 none_is_registered
}

named() {
	local name
	holder before "$file"
	await before got
	name=$(said before got)
	al_add a "$file"
	is "$(registered | sort)" "$name"$'\n'a "an admin registers the file meanwhile"
	is "$(state a)" leased "which is leased by that name, too"
	run aimlock with-lock -n "$file" -- true
	is "$rc" 1 "nobody else gets it"
	holder after "$file"
	sleep 1
	nok "nor by waiting" has_said after got
	stop before
	ok "until then" await after got
	is "$(said after got)" a "the name that is there to stay is used"
	ok "the other is forgotten" until_ok 10 only_is_registered a
	stop after
	wait_state a free
	al_del a
}

# An admin's hold keeps it, too.
held() {
	local name
	holder one "$file"
	await one got
	name=$(said one got)
	refuses 1 "$SYS/$name/conf_locked" "$EBUSY" "while it is leased it can't be held"
	# shellcheck disable=SC2016 # the shell's own
	bg hold bash -c 'until echo 1 >"$1"; do [[ -e $1 ]] || exit; done 2>/dev/null
		echo held' - \
		"$SYS/$name/conf_locked"
	stop one
	sleep 1
	if has_said hold held; then
		is "$(registered)" "$name" "a hold that came in time keeps it"
		accepts 0 "$SYS/$name/conf_locked" "it is released"
	fi
	stop hold
	ok "forgotten" until_ok 10 none_is_registered
}

replaced() {
	local name
	holder old "$file"
	await old got
	name=$(said old got)
	rm "$file"
	is "$(state "$name")" missing "the file is removed"
	run aimlock with-lock "$file" -- true
	like "$rc $out" "^1 .*No such file" "there is none to lease"
	: >"$file"
	stop old
	ok "forgotten" until_ok 10 none_is_registered
	holder new "$file"
	ok "another one is leased" await new got
	stop new
	ok "forgotten" until_ok 10 none_is_registered
}

refused() {
	local dir=$AL_TMP/dir
	mkfifo "$AL_TMP/fifo"
	run aimlock with-lock "$AL_TMP/fifo" -- true
	like "$rc $out" "^1 .*this is not a regular file" "a fifo"
	run aimlock with-lock "$AL_TMP" -- true
	like "$rc $out" "^1 .*Is a directory" "a directory"
	mkdir "$dir"
	run unshare -m sh -c "mount -t tmpfs none '$dir' && : >'$dir/a' &&
		aimlock with-lock '$dir/a' -- true"
	like "$rc $out" "^1 .*at another path, or none, for PID 1" "a file of a container's own"
	chmod 644 "$file"
	run "${user[@]}" aimlock with-lock "$file" -- true
	like "$rc $out" "^1 .*Permission denied" "one who may only read"
	chmod 666 "$file"
	run nlraw 11 3:u32=0 4:u32=1000
	like "$out" "EBADF.*no descriptor open for writing" "no authority"
	run nlraw 11 3:u32=99 4:u32=1000
	like "$out" "EBADF.*no descriptor open for writing" "no descriptor"
	run nlraw 11 3:u32=0 4:u32=1000 12:u32=0
	like "$out" "EINVAL.*the name of its file is needed" "an orphan is adopted by name"
	run aimlock adopt "$file" -- true
	like "$rc $out" "^1 .*no file is registered under this path" "so says adopt"
	refuses "@1 $file" "$SYS/new_lock" "$EINVAL" "nobody else can give such a name"
	is "$(registered)" "" "all that registered nothing"
}

limit() {
	mkdir -m 777 "$AL_TMP/many"
	bg many "${user[@]}" leases many - "$AL_TMP/many/" 2000
	ok "a user has many" await many had 60
	is "$(log many)" "had 1024 Too many users" "but not more than 1024"
	run aimlock with-lock "$file" -- true
	is "$rc" 0 "which doesn't concern others"
	stop many
	ok "all are forgotten" until_ok 60 none_is_registered
}

# What follows the last lease must have come to its end before the module does.
unload() {
	local i
	for ((i = 0; i < 10; i++)); do
		aimlock with-lock "$file" -- true || break
		rmmod aimlock || break
		insmod "$AL_ROOT/aimlock.ko"
	done
	is "$i" 10 "the module goes right after"
	holder killed "$file"
	await killed got
	stop killed
	ok "and when a holder was killed" until_ok 10 rmmod aimlock
	insmod "$AL_ROOT/aimlock.ko"
}

cost() {
	local from to i
	al_add a "$file"
	for i in "$file" a; do
		aimlock with-lock "$i" -- true
	done
	al_del a
	from=$EPOCHREALTIME
	for i in {1..10}; do
		aimlock with-lock "$file" -- true
	done
	to=$EPOCHREALTIME
	diag "with-lock PATH: $(((${to/./} - ${from/./}) / 10)) us"
	al_add a "$file"
	from=$EPOCHREALTIME
	for i in {1..10}; do
		aimlock with-lock a -- true
	done
	to=$EPOCHREALTIME
	diag "with-lock NAME: $(((${to/./} - ${from/./}) / 10)) us"
	al_del a
}

al_load
: >"$file"
chmod 755 "$AL_TMP"
chmod 666 "$file"
one
waiters
races
named
held
replaced
chmod 666 "$file"
refused
limit
unload
cost
no_leftovers
al_unload
done_testing
