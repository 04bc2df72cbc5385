#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guard has the file before all who wait, once a holder was lost, and only then.
# timeout: 180
. "$(dirname "$0")/../lib.sh"

# The numbers are those of include/uapi/linux/aimlock.h.
LEASE_NEW=11 LEASE_GET=14
NAME=1 FD=3 TTL=4 WAIT=5 ADOPT=12 GUARD=13
LOST=0 NEXT=1
file=$AL_TMP/a

# guard ID WHEN
guard() {
	bg "$1" leases guard a - "$2"
	await "$1" stands
}

# writer ID [OPTION...]: under a lease, says "got" when it has it, and stays
writer() {
	local id=$1
	shift
	bg "$id" aimlock with-lock "$@" a -- sh -c 'echo got; exec sleep 1000'
}

# Leases, who waits for one, and guards.
places() {
	nlraw -dq $LEASE_GET | sed -n 's/^messages=//p'
}

are_places() {
	[[ $(places) -eq "$1" ]]
}

# queued ID PLACES: a writer that waits, then there are so many places
queued() {
	writer "$1"
	until_ok 15 are_places "$2"
}

# has ID DESCRIPTION
has() {
	ok "$2" await "$1" got 15
}

# lacks ID DESCRIPTION: nor does it come to have it while it is the turn of another
lacks() {
	nok "$2" has_said "$1" got
}

# over ID: a writer ends, and gives its lease back
over() {
	kill -TERM "$(pid "$1")"
	returns "$1" 143
}

# passes ID: the guard that has the file gives it back, and stands again
passes() {
	: >"$AL_TMP/log.$1"
	kill -USR1 "$(pid "$1")"
}

given_back() {
	local before
	before=$(attr a generation)
	guard guard $LOST
	is "$(state a) $(attr a conf_locked) $(attr a waiters) $(attr a generation)" "free 0 0 $before" \
		"a guard that waits is nothing to anybody"
	run aimlock with-lock -n a -- true
	is "$rc" 0 "who doesn't wait gets the file"
	writer first
	has first "a writer has it"
	queued second 3
	over first
	has second "given back: the next one has it"
	over second
	ok "given back: free" wait_state a free
	lacks guard "the guard was never asked"
}

lost() {
	local before
	writer first
	has first "a writer has it"
	queued second 3
	queued third 4
	over first
	has second "the second one has it"
	before=$(attr a generation)
	kill -KILL "$(pid second)"
	has guard "killed: the guard has it, before the third"
	is "$(said guard got)" $((before + 1)) "with a token of its own"
	is "$(attr a holder)" "$(pid guard) leases" "and is the holder"
	run aimlock with-lock -n a -- true
	is "$rc" 1 "who doesn't wait is refused"
	nok "and so is flock" can flock "$file"
	lacks third "the third one waits"
	passes guard
	has third "given back: the third one has it"
	over third
	ok "free" wait_state a free
	lacks guard "and the guard was not asked again"
}

frozen() {
	writer first --ttl 0.5
	has first "a writer has it"
	queued second 3
	kill -STOP "$(pid first)"
	has guard "stopped: the guard has it"
	lacks second "before the second one"
	kill -CONT "$(pid first)"
	returns first 4
	passes guard
	has second "given back: the second one has it"
	over second
	ok "free" wait_state a free
}

# What most programs do: write beside, and rename.
replaced() {
	writer first
	has first "a writer has it"
	queued second 3
	echo half >"$AL_TMP/new"
	mv "$AL_TMP/new" "$file"
	kill -KILL "$(pid first)"
	has guard "the file was replaced and its writer killed: the guard has it"
	nok "the new one: flock is excluded" can flock "$file"
	nok "the new one: POSIX locks are" can posix "$file"
	lacks second "the second one asks for the new one, and waits"
	passes guard
	has second "given back: it has it"
	over second
	ok "free" wait_state a free
	mv "$file" "$AL_TMP/away"
	writer first
	returns first 1
	mv "$AL_TMP/away" "$file"
	until_ok 15 has_state a free
}

# A file that comes after its holder's death.
missing() {
	writer first
	has first "a writer has it"
	rm "$file"
	kill -KILL "$(pid first)"
	ok "there is no file, and no holder" wait_state a missing
	echo new >"$file"
	has guard "one comes: the guard has it"
	nok "flock is excluded" can flock "$file"
	passes guard
	ok "free" wait_state a free
}

# At once, and still before those that wait.
insists() {
	bg other locker name other open 10 "$file" flock 10 w say ready pause
	await other ready
	queued second 2
	guard next $NEXT
	queued third 4
	stop other
	has next "the lock that was there goes: who is next has it"
	lacks second "before who waited"
	lacks guard "and before who waits for a loss"
	stop next
	has guard "it dies: the other guard has it"
	lacks second "and nobody else"
	passes guard
	has second "given back: the queue goes on"
	over second
	has third "in its order"
	stop guard
	over third
	ok "free" wait_state a free
	is "$(places)" 0 "no place is left"
}

# Without a guard to come, nobody is kept waiting.
nobody_comes() {
	writer first
	has first "a writer has it"
	kill -KILL "$(pid first)"
	ok "killed without a guard: free" wait_state a free
	run aimlock with-lock -n a -- true
	is "$rc" 0 "and to be had"
	guard guard $LOST
	writer second
	has second "a writer has it"
	queued third 3
	stop guard
	kill -KILL "$(pid second)"
	has third "the guard died, then the holder: the next one has it"
	over third
}

# is_refused DESCRIPTION "ERROR" ARGUMENT...: with a sentence
is_refused() {
	run nlraw $LEASE_NEW "${@:3}"
	like "$out" "^error=$2 miss=-?[0-9]+ off=-?[0-9]+ msg=.+" "refused: $1"
}

refused() {
	local request=("$NAME:str=a" "$TTL:u32=1000" "$GUARD:u32=$LOST")
	is_refused "no name" EINVAL "${request[@]:1}"
	is_refused "no time to live" EINVAL "${request[0]}" "${request[2]}"
	is_refused "a descriptor" EINVAL "${request[@]}" $FD:u32=0
	is_refused "to wait, which it does" EINVAL "${request[@]}" $WAIT:flag
	is_refused "to adopt" EINVAL "${request[@]}" $ADOPT:u32=0
	is_refused "another time" "(EINVAL|ERANGE)" "${request[@]:0:2}" $GUARD:u32=2
	is_refused "no such file" ENOENT $NAME:str=b "${request[@]:1}"
	run setpriv --reuid=1000 --regid=1000 --clear-groups -- nlraw $LEASE_NEW "${request[@]}"
	like "$out" "^error=EPERM .* msg=.+" "refused: a user"
	is "$(places)" 0 "refused: nobody stands there"
}

# It keeps neither.
leaves() {
	guard guard $LOST
	ok "the file is removed" aimlock remove a
	is "$(places)" 0 "and the guard with it"
	stop guard
	al_add a "$file"
	guard guard $LOST
	guard next $LOST
	ok "the module is unloaded" rmmod aimlock
	stop guard
	stop next
	al_load
	is "$(places)" 0 "and its guards with it"
}

al_load
: >"$file"
chmod 666 "$file"
al_add a "$file"
given_back
lost
frozen
replaced
missing
insists
nobody_comes
refused
leaves
no_leftovers
al_unload
done_testing
