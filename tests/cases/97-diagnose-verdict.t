#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock diagnose and locks that no process can use: what the module's verdict is,
# whether the file is registered or not, and what /proc can tell without it.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

al_load
new_file file
file=$(path file)

# What no process reaches /proc knows nothing of.
orphan bus flock "$file"
wait_state file orphaned
diagnosed 3 orphaned "an orphan" "$file"
is "$(action) $(first kind) $(first pid)" "aimlock clear file in-flight $(pid bus)" \
	"an orphan: what to do, and where it lies"
al_del file
without_module diagnosed 3 held-unknown "an orphan, without the module" "$file"
is "$(action)" "have it judged: modprobe aimlock; aimlock diagnose $file" \
	"an orphan, without the module: what to do"
run unshare --net aimlock diagnose "$file"
like "$out" 'what /proc tells of the lock; the module has a verdict' "in words too"
diagnosed 3 orphaned "an orphan, not registered" "$file"
is "$(action) $(first kind) $(first pid)" \
	"aimlock add NAME $file, then aimlock clear NAME in-flight $(pid bus)" \
	"an orphan, not registered: what to do, and where it lies"
is "$(jq -r .file.registered <<<"$doc") $(evidence taker_exists)" "false false" \
	"an orphan, not registered: its taker is gone"
run aimlock diagnose -w 1 "$file"
is "$rc" 3 "an orphan, not registered: a short deadline is enough"
stop bus
orphan bus ofd "$file"
diagnosed 3 suspect "an orphan that nobody saw before, in a hurry" -w 1 "$file"
al_add file "$file"
echo 3600000 >"$SYS/file/grace_ms"
diagnosed 3 suspect "an orphan at first sight" "$file"
echo 1000 >"$SYS/file/grace_ms"
stop bus

bg pinned locker socketpair stream 5 6 open 10 "$file" flock 10 w send 5 10 close 10 \
	say ready pause
await pinned ready
wait_state file pinned
diagnosed 3 pinned "a pinned one" "$file"
stop pinned

if has_io_uring; then
	bg ring locker ring 7 fork [ open 10 "$file" flock 10 w register 7 10 exit ] wait \
		say ready pause
	await ring ready
	wait_state file unreachable
	diagnosed 3 unreachable "one in an io_uring" "$file"
	is "$(action)" "aimlock clear --unreachable file" "one in an io_uring: what to do"
	stop ring
	wait_state file free
fi

echo 1 >"$SYS/file/conf_locked"
diagnosed 3 hold "the administrative hold" "$file"
is "$(action)" "aimlock release file" "the administrative hold: what to do"
echo 0 >"$SYS/file/conf_locked"

# To open a leased file would break the lease.
bg lease locker open 10 "$file" lease 10 w say ready pause
await lease ready
diagnosed_thrice 3 held "a lease" file
like "$(locks_of "$file")" '^LEASE +ACTIVE' "a lease: it is not being broken"
stop lease

al_del file
no_leftovers
al_unload
done_testing
