#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Messages and lines by chance, right and wrong ones, against a model that says
# what each does; and the model told wrong things, which has to be found soon.
# timeout: 400
. "$(dirname "$0")/../lib.sh"

lies=(generation grace scope hold lock name error)

# again: nothing registered, no file left
again() {
	[[ ! -d /sys/module/aimlock ]] || {
		for lock in "$SYS"/*/conf_locked; do
			[[ ! -e $lock ]] || echo 0 >"$lock" || :
		done 2>/dev/null
		rmmod aimlock
	}
	rm -rf /tmp/aimlock-fuzz
	al_load
}

# finds LIE: told in the middle of 1,200 inputs
finds() {
	again
	run guest-fuzz -s "$1" -n 1200 -l "$1"
	is "$rc" 1 "a wrong ${lies[$1]} is found"
	like "$out" $'lied at input [0-9]+\ndisagree at input' "after it was told"
}

again
ok "20,000 inputs, or what 60 seconds allow: the module is what the model says" \
	guest-fuzz -s 4711 -n 20000 -t 60
diag "$(<"$AL_TMP/ok.log")"
no_leftovers
for lie in "${!lies[@]}"; do
	finds "$lie"
done
again
al_unload
rm -rf /tmp/aimlock-fuzz
done_testing
