#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A minute of what "make torture" does, with few processes; and its oracle sees
# when a lock is taken away that nobody announced.
# timeout: 600
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../play.sh"

play 45 --posix 72 --others 48
diag "$(log play)"
is "$rc" 0 "no lock was lost, none was held twice"
for event in "${EVENTS[@]}"; do
	ok "$event: $(count_of "$event")" test "$(count_of "$event")" -gt 0
done
ok "the command listed" grep -qx listed "$AL_TMP/log.lists"
rmmod aimlock

play 60 --posix 24 --others 48 --sabotage
is "$rc" 1 "sabotage is noticed"
like "$(log play)" "violation: .*(lost it|got it while)" "as a lock that was lost"
diag "$(log play | grep -e ^sabotaged -e ^violation:)"

nothing_left
done_testing
