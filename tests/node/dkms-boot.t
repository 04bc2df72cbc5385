#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The module that DKMS built, on the kernel that it was built for.

. "$(dirname "$0")/../lib.sh"

kernel=$(uname -r)
like "$(modinfo -n aimlock)" "^/lib/modules/${kernel//+/[+]}/updates/dkms/" "the module is that of dkms"
ok "modprobe aimlock" modprobe aimlock
is "$(cat /sys/module/aimlock/srcversion)" "$(modinfo -F srcversion aimlock)" \
	"and that is the one in the kernel"
: >"$AL_TMP/file"
echo "name $AL_TMP/file" >/sys/locks/new_lock
is "$(attr name conf_locked)" 0 "a file that is free"
exec 9>"$AL_TMP/file"
flock 9
is "$(attr name conf_locked) $(attr name holder)" "1 $$ dkms-boot.t" "and then locked"
exec 9>&-
is "$(attr name conf_locked)" 0 "and free again"
echo name >/sys/locks/delete_lock
ok "it unloads" modprobe -r aimlock
done_testing
