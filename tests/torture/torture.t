#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 768 holders of POSIX locks and 256 of flocks, OFD locks and leases; see main.c.
# "make torture" sets the two numbers.
# timeout: 1500
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../play.sh"

MINUTES=10

diag "the play: $MINUTES minutes on Linux $(uname -r)"
play $((MINUTES * 60)) --posix 768 --others 256
diag "$(log play)"
diag "the command: $(log lists | sort | uniq -c | xargs)"
is "$rc" 0 "no lock was lost, none was held twice"
for event in "${EVENTS[@]}" salvaged by_id strays; do
	ok "$event: $(count_of "$event")" test "$(count_of "$event")" -gt 0
done
nothing_left
done_testing
