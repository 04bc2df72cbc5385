# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# Sourced by what runs in the guest: sizes and samples.  A sample is a line
# "KEY VALUE"; report knows the keys.

set -euo pipefail

DIR=/var/tmp/bench
SYS=/sys/locks

if grep -qw aimlock.quick /proc/cmdline; then
	PROCESSES=40 FDS=50 FILES=10 SIZES="50 500" ONE=200 LOOPS="50 5000"
	NAMES=500 SLOW=1 SECONDS_EACH=1 ROUNDS=5 BLOCKS=5 REQUESTS=5
else
	PROCESSES=1000 FDS=50 FILES=100 SIZES="1000 10000" ONE=4000 LOOPS="1000 100000"
	NAMES=10000 SLOW=3 SECONDS_EACH=3 ROUNDS=40 BLOCKS=50 REQUESTS=50
fi

# How often the slow tools are run; the quick ones twice as often and once more.
repeat=$(grep -o 'aimlock.repeat=[0-9]*' /proc/cmdline) || true
[[ ! $repeat ]] || SLOW=${repeat#*=}
REPEAT=$((2 * SLOW + 1))

# sample KEY VALUE...
sample() {
	local key=$1 value
	shift

	for value; do
		echo "$key $value"
	done
}

step() {
	echo "bench: $*" >/dev/kmsg
	echo "# $*"
}

# Paths and names: lock-0 and so on.
make_files() {
	local i

	mkdir -p "$DIR"
	for ((i = 0; i < $1; i++)); do
		: >"$DIR/lock-$i"
	done
}

# All by this shell: a process each would take minutes.
register() {
	local i

	for ((i = 0; i < $1; i++)); do
		echo "lock-$i $DIR/lock-$i"
	done >"$SYS/new_lock"
}

load() {
	insmod /aimlock/aimlock.ko
}

unload() {
	rmmod aimlock
}

lslocks_trixie() {
	local at=/aimlock/trixie

	bench-timed "$at/ld.so" --library-path "$at" "$at/lslocks" "$@"
}

# start_crowd KIND PROCESSES FDS FILES LOCKS: until stop_crowd
start_crowd() {
	make_files "$4"
	exec 7< <(exec bench-crowd "$@" "$DIR")
	crowd=$!
	read -r -u 7
}

# Its members die with it.
stop_crowd() {
	kill "$crowd"
	exec 7<&-
	while pgrep -x bench-crowd >/dev/null; do
		sleep 0.1
	done
}
