#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each hold, release, clear and forced clear leaves a record with the kernel's
# audit, that says who did it; what is refused leaves none.
. "$(dirname "$0")/../lib.sh"

# Prints each record that the audit multicasts (AUDIT_NLGRP_READLOG), a line each.
cat >"$AL_TMP/audit" <<'END'
import socket
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
sock.bind((0, 1))
print("ready", flush=True)
while True:
    text = sock.recv(65536)[16:].rstrip(b"\0").decode("ascii", "backslashreplace")
    if "module=aimlock" in text:
        print("record", text, flush=True)
END

records() {
	grep -c '^record' "$AL_TMP/log.audit" || :
}

has_records() {
	(($(records) >= $1))
}

# recorded OP FILE GENERATION COMM DESCRIPTION: the next record is this one
recorded() {
	seen=$((seen + 1))
	until_ok 10 has_records "$seen" || :
	local line
	line=$(grep '^record' "$AL_TMP/log.audit" | sed -n "${seen}p")
	like "$line" "module=aimlock op=$1 file=\"$2\" generation=$3 .*uid=0 .*comm=\"$4\"" "$5"
}

al_load
seen=0
bg audit python3 "$AL_TMP/audit"
await audit ready
touch "$AL_TMP/a"
al_add a "$AL_TMP/a"
accepts 0 "$SYS/a/grace_ms" "no grace"

aimlock hold a
recorded hold a 1 aimlock "hold, by the command"
aimlock release a
recorded release a 1 aimlock "release, by the command"
accepts 1 "$SYS/a/conf_locked" "echo 1"
recorded hold a 2 "[^\"]+" "hold, by sysfs"
accepts 0 "$SYS/a/conf_locked" "echo 0"
recorded release a 2 "[^\"]+" "release, by sysfs"

orphan bus flock "$AL_TMP/a"
ok "a dry run" aimlock clear --dry-run a
ok "a clear" aimlock clear a
recorded clear a 3 aimlock "clear, by the command; the dry run left no record"
stop bus
orphan bus ofd "$AL_TMP/a"
accepts 0 "$SYS/a/conf_locked" "a clear by sysfs"
recorded clear a 4 "[^\"]+" "clear, by sysfs"
stop bus

bg owner locker open 10 "$AL_TMP/a" flock 10 w say locked pause
await owner locked
id=$(json a '.locks[0].id')
nok "a hold on a locked file" aimlock hold a
nok "a clear of a live lock" aimlock clear a
nok "the same by its id" aimlock clear --id "$id" a
nok "by an unprivileged user" setpriv --reuid=1000 --regid=1000 --clear-groups \
	aimlock clear --id "$id" --force a
ok "by force" aimlock clear --id "$id" --force a
recorded force a 5 aimlock "the forced clear; what was refused left no record"
stop owner

# Who does it can't write another record into this one by its name.
# shellcheck disable=SC2016 # for the inner shell
bash -c 'printf %s "$0" >/proc/self/comm; echo 1 >"$1"' 'x" op=force' "$SYS/a/conf_locked"
seen=$((seen + 1))
until_ok 10 has_records "$seen" || :
like "$(grep '^record' "$AL_TMP/log.audit" | sed -n "${seen}p")" \
	"module=aimlock op=hold file=\"a\" generation=6 .* comm=7822206F703D666F726365( |$)" \
	"a name with a quote is told in hexadecimal"
aimlock release a
recorded release a 6 aimlock "and the release of that hold"
orphan bus flock "$AL_TMP/a"
ok "an orphan is adopted" aimlock adopt a -- true
recorded adopt a 7 aimlock "adopt; the end of the lease leaves no record"
stop bus

sleep 0.5
is "$(records)" "$seen" "there are no other records"
al_del a
stop audit
no_leftovers
al_unload
done_testing
