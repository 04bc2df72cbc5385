# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What every case needs: TAP, the module, processes in the background, and
# what aimlock says.  A case that dies early prints no plan, and so fails.

set -euo pipefail

AL_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
AL_TMP=$(mktemp -d /var/tmp/aimlock.XXXXXX)	# on ext4; removed at exit
SYS=/sys/locks
export PATH=$AL_ROOT/bin:$PATH:/usr/sbin:/sbin LC_ALL=C

al_count=0
al_done=
al_order=()
declare -A al_pid=()
rc=0 out=

# --- TAP ---------------------------------------------------------------------

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
	al_count=$((al_count + 1))
	echo "ok $al_count - $*"
}

fail() {
	al_count=$((al_count + 1))
	echo "not ok $al_count - $*"
}

# ok DESCRIPTION COMMAND...: the command succeeds
ok() {
	local what=$1
	shift
	if "$@" >"$AL_TMP/ok.log" 2>&1; then
		pass "$what"
	else
		rc=$?
		fail "$what"
		diag "status $rc: $*"
		diag "$(<"$AL_TMP/ok.log")"
	fi
}

# nok DESCRIPTION COMMAND...: the command fails
nok() {
	local what=$1
	shift
	if "$@" >"$AL_TMP/ok.log" 2>&1; then
		fail "$what"
		diag "succeeded: $*"
		diag "$(<"$AL_TMP/ok.log")"
	else
		pass "$what"
	fi
}

is() {
	if [[ $1 == "$2" ]]; then
		pass "$3"
	else
		fail "$3"
		diag "     got: $1"
		diag "expected: $2"
	fi
}

isnt() {
	if [[ $1 != "$2" ]]; then
		pass "$3"
	else
		fail "$3"
		diag "got what it must not be: $1"
	fi
}

# like TEXT REGEX DESCRIPTION
like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3"
		diag "         got: $1"
		diag "should match: $2"
	fi
}

unlike() {
	if [[ $1 =~ $2 ]]; then
		fail "$3"
		diag "             got: $1"
		diag "should not match: $2"
	else
		pass "$3"
	fi
}

skip() {
	al_count=$((al_count + 1))
	echo "ok $al_count - $1 # skip $2"
}

# has_io_uring: in this kernel, and not switched off
has_io_uring() {
	[[ $(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 0) == 0 ]]
}

# lslocks_has_inodes: to know a lock's file by; Debian 11's has none
lslocks_has_inodes() {
	lslocks --help | grep -qw INODE
}

skip_all() {
	al_done=1
	echo "1..0 # skip $*"
	exit 0
}

plan() {
	al_done=1
	echo "1..$1"
}

# With no plan said at the start, this says it at the end.
done_testing() {
	[[ $al_done ]] || plan "$al_count"
}

# run COMMAND...: its status goes to $rc, what it printed to $out
run() {
	rc=0
	out=$("$@" 2>&1) || rc=$?
}

# put TEXT FILE: one write(2) of TEXT; its status goes to $rc, the error to $out
put() {
	rc=0
	out=$({ printf '%s' "$1" >"$2"; } 2>&1) || rc=$?
	out=${out##*: }
}

# accepts TEXT FILE DESCRIPTION: writing succeeds
accepts() {
	put "$1" "$2"
	is "$rc${out:+ $out}" 0 "$3"
}

# refuses TEXT FILE ERROR DESCRIPTION: writing fails with that strerror(3) text
refuses() {
	put "$1" "$2"
	is "$rc $out" "1 $3" "$4"
}

# shellcheck disable=SC2034 # for the cases
EBUSY='Device or resource busy'
# shellcheck disable=SC2034
EINVAL='Invalid argument' ENOENT='No such file or directory' EEXIST='File exists'

# --- time and processes ------------------------------------------------------

# Not by a read with a time limit, which would start no process: bash 5.1 may wait for
# ever in it, and 5.2 rarely jumps back into it from a later read, and dies.
nap() {
	sleep 0.02
}

# until_ok SECONDS COMMAND...: tries until the command succeeds; on a slow kernel
# for longer
until_ok() {
	local end=$((SECONDS + $1 * ${AL_SLOW:-1} + 1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		nap
	done
}

# bg ID COMMAND...: starts it in a session of its own, output to a log
bg() {
	local id=$1
	shift
	: >"$AL_TMP/log.$id"	# now: an earlier process of that id may have said the word
	setsid "$@" >>"$AL_TMP/log.$id" 2>&1 </dev/null &
	al_pid[$id]=$!
	al_order+=("$id")
}

pid() {
	echo "${al_pid[$1]}"
}

log() {
	cat "$AL_TMP/log.$1"
}

has_said() {
	local line
	[[ -e $AL_TMP/log.$1 ]] || return 1
	while read -r line; do
		[[ $line != "$2" && $line != "$2 "* ]] || return 0
	done <"$AL_TMP/log.$1"
	return 1
}

# await ID WORD [SECONDS]: until a line of its log starts with WORD
await() {
	until_ok "${3:-30}" has_said "$1" "$2" && return
	diag "$1 never said $2, but: $(log "$1")"
	return 1
}

# said ID WORD: what followed WORD; locker's "say" puts its pid there
said() {
	local word rest
	while read -r word rest; do
		[[ $word != "$2" ]] || break
	done <"$AL_TMP/log.$1"
	echo "${rest%% *}"
}

# Ended, or a zombie that its parent has yet to reap.
is_gone() {
	local key value dead=
	while read -r key value; do
		case $key in
		State:) [[ $value == [ZX]* ]] && dead=1 ;;
		Threads:) ((value == 1)) || dead= ;;
		esac
	done 2>/dev/null <"/proc/$1/status" || return 0
	[[ $dead ]]
}

# gone PID [SECONDS]: waits for that
gone() {
	until_ok "${2:-30}" is_gone "$1"
}

# returns ID STATUS: it ends by itself, with that exit status
returns() {
	ok "$1: it comes back" gone "$(pid "$1")" 10
	rc=0
	wait "$(pid "$1")" || rc=$?
	is "$rc" "$2" "$1: exit status $2"
}

# It has no group of its own until setsid(1) runs.
group_is_gone() {
	! kill -0 -- "-$1" 2>/dev/null && ! kill -0 "$1" 2>/dev/null
}

# Rarely bash 5.2 stops to reap what ends in the background: then they are zombies.
group_is_dead() {
	ps -o stat= -s "$1" | awk '!/^[ZX]/ { alive = 1 } END { exit alive }'
}

# stop ID [SIGNAL]: ends it and all it started, and waits for that
stop() {
	local pid=${al_pid[$1]}
	disown "$pid" 2>/dev/null || :	# else bash reports its death
	kill "-${2:-KILL}" -- "-$pid" 2>/dev/null || kill "-${2:-KILL}" "$pid" 2>/dev/null || :
	until_ok 1 group_is_gone "$pid" || until_ok 20 group_is_dead "$pid" ||
		diag "$1 doesn't end: $(ps -o pid,stat,wchan:24,args -s "$pid")"
}

al_cleanup() {
	local status=$? id
	set +e
	for id in "${al_order[@]}"; do
		disown "${al_pid[$id]}"
		kill -KILL -- "-${al_pid[$id]}" || kill -KILL "${al_pid[$id]}"
	done 2>/dev/null
	if [[ ! $al_done ]]; then
		diag "the case ended early, with status $status"
		for id in "${al_order[@]}"; do
			diag "log of $id: $(log "$id")"
		done
	fi
	cd /
	if [[ -d /sys/module/aimlock ]]; then
		local lock
		for lock in "$SYS"/*/conf_locked; do
			[[ ! -e $lock || $(<"$lock") == 0 ]] || echo 0 >"$lock"
		done 2>/dev/null
		rmmod aimlock
	fi
	rm -rf "$AL_TMP"
}
trap al_cleanup EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# --- the module --------------------------------------------------------------

al_load() {
	[[ ! -d /sys/module/aimlock ]] || rmmod aimlock
	insmod "$AL_ROOT/aimlock.ko"
	[[ -d $SYS ]]
}

# al_unload: the case's last check
al_unload() {
	ok "the module goes" rmmod aimlock
	nok "and its directory with it" test -e "$SYS"
}

# al_add NAME PATH
al_add() {
	echo "$1 $2" >"$SYS/new_lock"
}

al_del() {
	echo "$1" >"$SYS/delete_lock"
}

# attr NAME ATTRIBUTE: its one line
attr() {
	local line=
	{ IFS= read -r line || :; } <"$SYS/$1/$2" && echo "$line"
}

state() {
	attr "$1" state
}

has_state() {
	[[ $(state "$1") == "$2" ]]
}

# wait_state NAME STATE [SECONDS]: it comes to that state; for set-up
wait_state() {
	until_ok "${3:-15}" has_state "$1" "$2" && return
	diag "$1 stays $(state "$1"), not $2"
	return 1
}

# json NAME [FILTER]: the file's object as aimlock prints it
json() {
	aimlock list --json "$1" | jq -r ".files[0] | ${2:-.}"
}

# verdict NAME: the verdicts of its locks, one a line
verdict() {
	json "$1" '.locks[].verdict'
}

# holders NAME: "KIND PID FD COMM" of each holder, one a line, sorted
holders() {
	json "$1" '.locks[].holders[] | "\(.kind) \(.pid) \(.fd) \(.comm)"' | sort
}

lock_count() {
	json "$1" '.locks | length'
}

# locks_of PATH: the lines of /proc/locks on that file, without their number
locks_of() {
	local number line ino
	ino=$(stat -L -c %i "$1")
	while read -r number line; do
		[[ $line == "-> "* || $line != *:"$ino "* ]] || echo "$line"
	done </proc/locks
}

# can KIND PATH: a process of its own takes a write lock without waiting
can() {
	case $1 in
	flock) locker open 10 "$2" flock 10 w ;;
	posix | ofd) locker open 10 "$2" "$1" 10 w 0 0 ;;
	*) return 2 ;;
	esac
}

is_unlocked() {
	[[ -z $(locks_of "$1") ]]
}

# --- an orphan, and who waits for it -----------------------------------------

# orphan ID KIND PATH: a taker is gone, its fd lies unread in a socket of ID
orphan() {
	local lock=("$2" 10 w)
	[[ $2 == flock ]] || lock+=(0 0)
	bg "$1" locker name busd socketpair stream 5 6 \
		fork [ open 10 "$3" "${lock[@]}" send 5 10 exit ] wait say orphaned pause
	await "$1" orphaned
}

# waiter ID KIND PATH [MODE]: blocks in taking the lock; says "got" and stays
waiter() {
	local lock=("${2}w" 10 "${4:-w}")
	[[ $2 == flock ]] || lock+=(0 0)
	bg "$1" locker open 10 "$3" say waiting "${lock[@]}" say got pause
	await "$1" waiting
	until_ok 20 is_blocked "$(pid "$1")"
}

# In flock(2) or fcntl(2), asleep.
is_blocked() {
	local number=
	read -r number _ <"/proc/$1/syscall" || return 1
	[[ $number == 72 || $number == 73 ]]
}

# --- one kind of lock, of a file that is named after it ----------------------

# path NAME: where new_file puts it
path() {
	echo "$AL_TMP/$1"
}

new_file() {
	: >"$(path "$1")"
	al_add "$1" "$(path "$1")"
}

# judged NAME VERDICT ["KIND PID FD COMM"...]: it has one lock, this is said of it
judged() {
	local name=$1 want=$2 got
	got=$(json "$name" '.locks[] | .verdict,
		(.holders | map("\(.kind) \(.pid) \(.fd) \(.comm)") | sort[])')
	is "$(state "$name")" "$2" "$name: the state is $2"
	shift 2
	(($# == 0)) || want+=$'\n'$(printf '%s\n' "$@" | sort)
	is "$got" "$want" "$name: so is the verdict, holder: ${*:-none}"
}

# stands NAME KIND: echo 0 is refused and changes nothing
stands() {
	local before
	before=$(locks_of "$(path "$1")")
	isnt "$before" "" "$1: the kernel has its lock"
	is "$(attr "$1" conf_locked)" 1 "$1: conf_locked is 1"
	refuses 0 "$SYS/$1/conf_locked" "$EBUSY" "$1: echo 0 is refused with EBUSY"
	is "$(locks_of "$(path "$1")")" "$before" "$1: the lock is what it was"
	nok "$1: nobody else gets it" can "$2" "$(path "$1")"
}

# clears NAME KIND: echo 0 succeeds and the file is there for the next
clears() {
	nok "$1: nobody gets the lock" can "$2" "$(path "$1")"
	is "$(attr "$1" conf_locked)" 1 "$1: conf_locked is 1"
	accepts 0 "$SYS/$1/conf_locked" "$1: echo 0 clears it"
	is "$(locks_of "$(path "$1")")" "" "$1: the kernel has the lock no more"
	is "$(attr "$1" conf_locked) $(state "$1")" "0 free" "$1: the file is free"
	ok "$1: another process gets it" can "$2" "$(path "$1")"
}

# freed NAME ID: the process ends, and the lock with it
freed() {
	stop "$2"
	ok "$1: free when $2 has ended" wait_state "$1" free
}

# --- why not? ----------------------------------------------------------------

al_by=()

# diagnosed STATUS CODE DESCRIPTION ARGUMENT...: aimlock diagnose says so; $doc is its JSON
diagnosed() {
	local status=$1 code=$2 what=$3
	shift 3
	rc=0
	doc=$("${al_by[@]}" aimlock diagnose --json "$@") || rc=$?
	is "$rc $(jq -r '.causes[0].code // "free"' <<<"$doc")" "$status $code" \
		"$what: $code, exit status $status"
}

# without_module COMMAND...: another network namespace has no such netlink family
without_module() {
	local al_by=(unshare --net "${al_by[@]}")
	"$@"
}

# diagnosed_thrice STATUS CODE DESCRIPTION NAME: the same of the registered file, when it
# isn't registered, and without the module, which alone has a verdict
diagnosed_thrice() {
	local verdict
	diagnosed "$1" "$2" "$3" "$(path "$4")"
	is "$(evidence name)" "$4" "$3: by the name it is registered under"
	verdict=$(evidence verdict)
	al_del "$4"
	without_module diagnosed "$1" "$2" "$3, without the module" "$(path "$4")"
	is "$(jq -r .file.registered <<<"$doc") $(evidence verdict)" "false null" "$3: no verdict"
	diagnosed "$1" "$2" "$3, not registered" "$(path "$4")"
	is "$(jq -r .file.registered <<<"$doc") $(evidence verdict) $(evidence name)" \
		"false $verdict null" "$3: the same verdict"
	al_add "$4" "$(path "$4")"
}

# Of the first cause: what it is about, what to do; evidence KEY; first KEY of its processes
subject() {
	jq -r '.causes[0].subject' <<<"$doc"
}

action() {
	jq -r '.causes[0].action' <<<"$doc"
}

evidence() {
	jq -r ".causes[0].evidence.$1" <<<"$doc"
}

first() {
	jq -r ".causes[0].processes[0].$1" <<<"$doc"
}

# --- the end -----------------------------------------------------------------

# no_leftovers: nothing this case started still runs, nothing stays registered
no_leftovers() {
	local id left=
	for id in "${al_order[@]}"; do
		group_is_gone "${al_pid[$id]}" || left+=" $id"
	done
	is "$left" "" "no process of the case is left"
	is "$(find "$SYS" -mindepth 1 -maxdepth 1 -type d)" "" "no file stays registered"
}
