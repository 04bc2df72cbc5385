#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Descriptions that only a mapping keeps.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

# mapped NAME KIND LOCK-STEP...: the taker has closed its fd but maps the file
mapped() {
	local name=$1 kind=$2
	shift 2
	new_file "$name"
	bg "$name" locker name configd open 10 "$(path "$name")" "$@" map 10 close 10 say ready pause
	await "$name" ready
	judged "$name" live "map $(pid "$name") null configd"
	is "$(json "$name" '.locks[0] | "\(.refs) \(.refs_found)"')" "3 3" \
		"$name: a reference for each of the three areas"
	stands "$name" "$kind"
	freed "$name" "$name"
	al_del "$name"
}

mapped flock flock flock 10 w
mapped ofd ofd ofd 10 w 0 0

# child NAME KIND LOCK-STEP...: the taker is dead, its child has the mapping
child() {
	local name=$1 kind=$2
	shift 2
	new_file "$name"
	bg "$name" locker name configd open 10 "$(path "$name")" "$@" map 10 close 10 \
		fork [ name worker say ready pause ] usr1
	await "$name" ready
	judged "$name" live "map $(pid "$name") null configd" \
		"map $(said "$name" ready) null worker"
	kill -USR1 "$(pid "$name")"
	gone "$(pid "$name")"
	judged "$name" inherited "map $(said "$name" ready) null worker"
	is "$(json "$name" '.locks[0] | "\(.taker_exists) \(.refs) \(.refs_found)"')" "false 3 3" \
		"$name: the taker is gone, the references are accounted for"
	stands "$name" "$kind"
	freed "$name" "$name"
	al_del "$name"
}

child child-flock flock flock 10 w
child child-ofd ofd ofd 10 w 0 0

# Descriptor and mapping.
new_file both
bg both locker name configd open 10 "$(path both)" flock 10 w map 10 say ready pause
await both ready
judged both live "fd $(pid both) 10 configd" "map $(pid both) null configd"
stands both flock
freed both both
al_del both

# The file is unlinked and another lies at its path: that one is what is registered.
new_file replaced
bg replaced locker open 10 "$(path replaced)" flock 10 w map 10 close 10 say ready pause
await replaced ready
is "$(state replaced)" live "replaced: locked while it lies at the path"
: >"$(path replaced).new"
mv "$(path replaced).new" "$(path replaced)"
is "$(state replaced)" free "replaced: the new file isn't locked"
ok "replaced: and can be" can flock "$(path replaced)"
freed replaced replaced
al_del replaced

no_leftovers
al_unload
done_testing
