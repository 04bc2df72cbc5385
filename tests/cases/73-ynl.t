#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's own netlink client drives the family by its specification, which it
# validates first: every operation, and every event.
# timeout: 300
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

SPEC=$AL_ROOT/netlink/specs/aimlock.yaml
[[ -e $SPEC ]] || skip_all "no client was brought along"
export PYTHONDONTWRITEBYTECODE=1
done_ops=()

# ynl ARGUMENT...: what it prints, as JSON, a document for the answer and one for events
ynl() {
	python3 "$AL_ROOT/ynl/cli.py" --spec "$SPEC" --output-json "$@"
}

# asks --do|--dump OPERATION ATTRIBUTES [ARGUMENT...]: sets $rc, $out
asks() {
	local how=$1 operation=$2 attributes=$3
	shift 3
	done_ops+=("${how#--} $operation")
	run ynl "$how" "$operation" --json "$attributes" "$@"
}

# says FILTER EXPECTED DESCRIPTION: of the last answer
says() {
	is "$rc $(jq -r "$1" <<<"$out" 2>&1)" "0 $2" "$3"
	[[ $rc == 0 ]] || diag "$out"
}

# tells REASON EVENT DESCRIPTION: such an event came
tells() {
	ok "$3" until_ok 20 grep -qx "event $1 $2" "$AL_TMP/log.events"
	done_ops+=("event $2")
}

al_load
run ynl --list-ops
is "$rc" 0 "the specification is valid by the kernel's schema"
[[ $rc == 0 ]] || diag "$out"
# A socket of its own: of this client an event must not come before the answer.
cat >"$AL_TMP/events.py" <<'END'
import select, sys
sys.path.insert(0, sys.argv[1].rpartition("/netlink/")[0] + "/ynl")
from lib import YnlFamily
ynl = YnlFamily(*sys.argv[1:3])
ynl.ntf_subscribe("event")
print("ready")
while True:
    select.select([ynl.sock], [], [])
    ynl.check_ntf()
    for event in ynl.async_msg_queue:
        print("event", event["msg"]["reason"], event["name"])
    ynl.async_msg_queue.clear()
END
bg events python3 -u "$AL_TMP/events.py" "$SPEC" "$AL_ROOT/netlink/genetlink.yaml"
await events ready 30
file=$AL_TMP/file
touch "$file"
exec 7<"$AL_TMP"

asks --do file-new "{\"name\": \"conf\", \"path\": \"$file\", \"grace-ms\": 100, \"clear-scope\": \"orphaned\"}"
is "$rc" 0 "file-new"
tells added file-new-ntf "file-new: the event is read"
asks --do file-new "{\"name\": \"conf\", \"path\": \"$file\"}"
like "$rc $out" "^1 .*this name is registered already" "file-new again: the kernel's sentence"

asks --do file-get '{"name": "conf"}'
says '"\(.name) \(.path) \(.state) \(.["grace-ms"]) \(.["clear-scope"]) \(.ino)"' \
	"conf $file free 100 orphaned $(stat -c %i "$file")" "file-get of one"
asks --dump file-get '{}'
says '.[] | .name' conf "file-get of all"

asks --do file-set '{"name": "conf", "grace-ms": 200}'
tells configured file-change-ntf "file-set of the grace, and its event"
asks --do file-set '{"name": "conf", "hold": 1}'
tells held file-change-ntf "file-set of the hold, and its event"
asks --dump lock-get '{"name": "conf", "holders": true}'
says '.[] | "\(.kind) \(.mode) \(.verdict) \(.holder[0].kind)"' \
	$'flock write held aimlock\nofd write held aimlock' "lock-get of one file"
asks --do file-set '{"name": "conf", "hold": 0}'
is "$rc" 0 "file-set: the hold goes"

bg holder locker name configd open 10 "$file" flock 10 w say ready pause
await holder ready
bg waiter locker name nextd open 10 "$file" say waiting flockw 10 w say got pause
await waiter waiting
until_ok 20 is_blocked "$(pid waiter)"
asks --dump lock-get '{"holders": true, "waiting": true}'
says '.[] | "\(.name) \(.taker) \(.holder[0].pid) \(.holder[0].comm) \(.holder[0].fd) \(.waiter[0].pid) \(.waiter[0].depth) \(.waiter[0].mode)"' \
	"conf $(pid holder) $(pid holder) configd 10 $(pid waiter) 1 write" \
	"lock-get of all files, with holders and waiters"
asks --dump lock-get '{"fd": 7, "holders": true}'
says ".[] | select(.path == \"$file\") | \"\\(.name) \\(.ino) \\(.holder[0].pid)\"" \
	"conf $(stat -c %i "$file") $(pid holder)" "lock-get of the filesystem that an fd lies on"
asks --dump lock-get '{"fs-type": ["ext4", "tmpfs"], "holders": true}'
says ".[] | select(.path == \"$file\") | .holder[0].pid" "$(pid holder)" \
	"lock-get of filesystems by their types"
asks --do lock-clear '{"name": "conf", "dry-run": true}'
like "$rc $out" "^1 .*the file is locked, and processes reach its locks" \
	"lock-clear of a live lock: the kernel's sentence"
stop holder
stop waiter

orphan left flock "$file"
wait_state conf orphaned
# It must be watched, which takes more looks than the client can be started for.
cat >"$AL_TMP/clear.py" <<'END'
import errno, json, sys, time
sys.path.insert(0, sys.argv[1].rpartition("/netlink/")[0] + "/ynl")
from lib import YnlFamily, NlError
ynl = YnlFamily(*sys.argv[1:3])
def clear(**how):
    for i in range(200):
        try:
            return ynl.do("lock-clear", {"name": "conf", **how})
        except NlError as error:
            if error.error != errno.EAGAIN:
                raise
        time.sleep(0.05)
for reply in clear(**{"dry-run": True}), clear(scope="orphaned"):
    print(reply["remaining"], *[f"{one['verdict']} {one['kind']}" for one in reply["cleared"]])
END
run python3 "$AL_TMP/clear.py" "$SPEC" "$AL_ROOT/netlink/genetlink.yaml"
is "$rc $out" $'0 0 orphaned flock\n0 orphaned flock' "lock-clear, dry and not: what would go, what went"
done_ops+=("do lock-clear")
tells cleared lock-clear-ntf "lock-clear: and its event"
is "$(state conf)" free "lock-clear: the file is free"
stop left

# A lease ends with the socket that asked for it, so one client does all of this.
run python3 - "$SPEC" "$AL_ROOT/netlink/genetlink.yaml" "$file" <<'END'
import sys
sys.path.insert(0, sys.argv[1].rpartition("/netlink/")[0] + "/ynl")
from lib import YnlFamily
ynl = YnlFamily(*sys.argv[1:3])
with open(sys.argv[3], "r+") as file:
    lease = ynl.do("lease-new", {"name": "conf", "fd": file.fileno(), "ttl-ms": 60000})
print("new", lease["name"], lease["granted"], lease["left-ms"] <= 60000)
lease = ynl.do("lease-renew", {"id": lease["id"], "ttl-ms": 90000})
print("renew", lease["granted"], lease["left-ms"] > 60000)
print("get", *[(one["name"], one["granted"]) for one in ynl.dump("lease-get", {})])
guard = ynl.do("lease-new", {"name": "conf", "guard": "lost", "ttl-ms": 60000})
print("guard", guard["granted"])
ynl.do("lease-del", {"id": guard["id"]})
ynl.do("lease-del", {"id": lease["id"]})
print("del", len(ynl.dump("lease-get", {})))
END
is "$rc $out" "0 $(printf '%s\n' "new conf 1 True" "renew 1 True" "get ('conf', 1)" "guard 0" "del 0")" \
	"lease-new, lease-renew, lease-get, lease-del"
tells leased lease-ntf "a lease: the event of its begin"
tells returned lease-ntf "a lease: and of its end"
done_ops+=("do lease-new" "do lease-renew" "dump lease-get" "do lease-del")

asks --do file-del '{"name": "conf"}'
is "$rc" 0 "file-del"
tells removed file-del-ntf "file-del: and its event"

run python3 - "$SPEC" "$AL_ROOT/netlink/genetlink.yaml" "$file" <<'END'
import sys
sys.path.insert(0, sys.argv[1].rpartition("/netlink/")[0] + "/ynl")
from lib import YnlFamily
ynl = YnlFamily(*sys.argv[1:3])
with open(sys.argv[3], "r+") as file:
    lease = ynl.do("lease-new", {"fd": file.fileno(), "ttl-ms": 60000})
found = ynl.do("file-get", {"name": lease["name"]})
print(lease["name"][0], found["path"] == sys.argv[3], "transient" in found)
END
is "$rc $out" "0 @ True True" "a lease without a name registers the file"

is "$(python3 - "$SPEC" "${done_ops[@]}" <<'END'
import sys, yaml
for op in yaml.safe_load(open(sys.argv[1]))["operations"]["list"]:
    for how in ("do", "dump", "event"):
        if how in op and f"{how} {op['name']}" not in sys.argv[2:]:
            print(how, op["name"])
END
)" "" "every operation of the specification was used"
exec 7<&-
stop events
no_leftovers
al_unload
done_testing
