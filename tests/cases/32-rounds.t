#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A thousand rounds of orphan, waiter, "echo 0" and late close, while a second
# CPU opens, locks and closes the same file.
# timeout: 600
. "$(dirname "$0")/../lib.sh"

# check KIND COUNT
check() {
	local file=$AL_TMP/$1

	touch "$file"
	al_add "$1" "$file"
	accepts 0 "$SYS/$1/grace_ms" "$1: no grace"
	run rounds "$1" "$file" "$SYS/$1/conf_locked" "$2"
	like "$rc $out" "^0 rounds=$2 " "$1: $2 rounds"
	diag "$out"
	is "$(attr "$1" generation)" "$2" "$1: each cleared one"
	is "$(state "$1")" free "$1: the file is free"
	al_del "$1"
}

al_load
check flock 400
check ofd 300
check posix 300
no_leftovers
al_unload
done_testing
