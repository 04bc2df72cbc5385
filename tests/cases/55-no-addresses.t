#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No kernel address leaves the module: neither in what sysfs, the command and the
# kernel's log say, nor in an attribute of any netlink message, events included.
. "$(dirname "$0")/../lib.sh"

# Kernel addresses of amd64 begin with 17 bits that are set.
cat >"$AL_TMP/scan" <<'END'
import re, socket, struct, sys

LOWEST = 0xffff800000000000
LOCK_ID = 2
FILE_DEL_NTF = 8
found, ids, count = [], [], 0

def leaf(kind, data, where):
    global count
    count += 1
    if where.startswith("lock") and kind == LOCK_ID and len(data) == 8:
        ids.append(struct.unpack("<Q", data)[0])
        return
    for at in range(len(data) - 7):
        if struct.unpack_from("<Q", data, at)[0] >= LOWEST:
            found.append(f"{where}: attribute {kind}: {data.hex()}")
            return
    if re.search(rb"ffff[89a-f][0-9a-f]{11}", data):
        found.append(f"{where}: attribute {kind}: {data!r}")

def attributes(data, where):
    while len(data) >= 4:
        size, kind = struct.unpack_from("<HH", data)
        if size < 4:
            break
        if kind & 0x8000:
            attributes(data[4:size], where)
        else:
            leaf(kind & 0x3fff, data[4:size], where)
        data = data[(size + 3) & ~3:]

def messages(data, where):
    done = False
    while len(data) >= 16:
        size, kind, _, _, _ = struct.unpack_from("<IHHII", data)
        if kind in (2, 3):
            done = True
        elif kind > 16:
            done = done or data[16] == FILE_DEL_NTF
            attributes(data[20:size], where)
        data = data[(size + 3) & ~3:]
    return done

def attr(kind, data):
    return struct.pack("<HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)

def ask(sock, family, cmd, flags, attrs):
    body = struct.pack("<BBH", cmd, 1, 0) + attrs
    sock.send(struct.pack("<IHHII", 16 + len(body), family, flags | 5, 1, 0) + body)

def read(sock, where):
    while not messages(sock.recv(1 << 20), where):
        pass

def family():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    ask(sock, 16, 3, 0, attr(2, b"aimlock\0"))
    reply = sock.recv(65536)
    ident = group = None
    data = reply[20:]
    while len(data) >= 4:
        size, kind = struct.unpack_from("<HH", data)
        if kind & 0x3fff == 1:
            ident = struct.unpack_from("<H", data, 4)[0]
        if kind & 0x3fff == 7:
            inner = data[8:size]
            while len(inner) >= 4:
                s, k = struct.unpack_from("<HH", inner)
                if k & 0x3fff == 2:
                    group = struct.unpack_from("<I", inner, 4)[0]
                inner = inner[(s + 3) & ~3:]
        data = data[(size + 3) & ~3:]
    return ident, group

def report():
    for line in found:
        print("found", line)
    print("attributes", count)
    if ids and all(i >= LOWEST for i in ids):
        print("found ids:", *(hex(i) for i in ids))

if sys.argv[1] == "self":
    leaf(1, struct.pack("<Q", 0xffff888012345678), "planted")
    leaf(1, b"x" + struct.pack("<Q", 0xffffffff81234567), "planted")
    leaf(1, b"at ffff888012345678", "planted")
    attributes(attr(0x8001, attr(3, struct.pack("<Q", 0xffffc90000000000))), "planted")
    leaf(1, struct.pack("<Q", 0x7fffffffffffffff), "harmless")
    report()
    sys.exit()

ident, group = family()
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
if sys.argv[1] == "events":
    sock.bind((0, 0))
    sock.setsockopt(270, 1, group)
    print("ready", flush=True)
    read(sock, "lock event")
    report()
    sys.exit()
ask(sock, ident, 3, 0x300, b"")
read(sock, "file dump")
for name in sys.argv[2:]:
    ask(sock, ident, 3, 0, attr(1, name.encode() + b"\0"))
    read(sock, "file")
ask(sock, ident, 5, 0x300, attr(16, b""))
read(sock, "lock dump")
ask(sock, ident, 6, 0, attr(1, b"orphan\0") + attr(19, b""))
read(sock, "lock clear")
report()
END

scan() {
	run python3 "$AL_TMP/scan" "$@"
}

# harmless TEXT DESCRIPTION
harmless() {
	unlike "$1" '(^|[^0-9a-f])(0x)?ffff[89a-f][0-9a-f]{11}' "$2"
}

everything() {
	local file
	for file in "$SYS"/*/*; do
		[[ ! -r $file || -d $file ]] || echo "$file $(<"$file")"
	done
	aimlock list --output-all
	aimlock list --json
	aimlock show orphan
	aimlock show posix
	aimlock show waited
	aimlock clear --dry-run orphan
	aimlock clear posix 2>&1 || :
}

scan self
is "$(grep -c '^found planted' <<<"$out") $(grep -c '^found' <<<"$out")" "4 4" \
	"the scan finds what was planted, and that alone"

al_load
dmesg >"$AL_TMP/before"
for name in orphan posix ofd lease waited held free; do
	new_file "$name"
done
accepts 0 "$SYS/orphan/grace_ms" "no grace"
orphan bus flock "$(path orphan)"
for kind in posix ofd; do
	bg $kind locker open 10 "$(path $kind)" $kind 10 w 5 20 map 10 say locked pause
	await $kind locked
done
bg lease locker open 10 "$(path lease)" lease 10 w say locked pause
await lease locked
bg owner locker open 10 "$(path waited)" flock 10 w say locked pause
await owner locked
waiter waiter flock "$(path waited)"
aimlock hold held

harmless "$(everything)" "sysfs and the command give no address"
scan dump orphan posix ofd lease waited held free
is "$(grep '^found' <<<"$out" || :)" "" "no attribute of a reply has one"
like "$out" "attributes [1-9][0-9]{2}" "they were looked at"

bg events python3 "$AL_TMP/scan" events
await events ready
aimlock clear orphan >/dev/null
aimlock release held
aimlock set --grace 5 free
aimlock clear --force --id "$(json ofd '.locks[0].id')" ofd >/dev/null
al_del free
ok "the events end" gone "$(pid events)"
is "$(grep '^found' "$AL_TMP/log.events" || :)" "" "no attribute of an event has one"
like "$(log events)" "attributes [1-9][0-9]" "they were looked at"
dmesg >"$AL_TMP/after"
harmless "$(diff "$AL_TMP/before" "$AL_TMP/after" || :)" "nor has the kernel's log"

for name in orphan posix ofd lease waited held; do
	al_del $name
done
for id in bus posix ofd lease owner waiter; do
	stop $id
done
no_leftovers
al_unload
done_testing
