#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every lock of a filesystem, and of the host, on files that nobody registered.
# timeout: 240
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load
LOCK_GET=5
chmod 755 "$AL_TMP"

# of PATH FILTER: from the JSON on standard input, of the file of that path
of() {
	jq -r --arg path "$1" ".files[] | select(.path == \$path) | $2"
}

ALL='.locks[] | "\(.kind) \(.mode) \(.verdict) \(.taker)",
	(.holders[] | "\(.kind) \(.pid) \(.fd) \(.comm)")'

# has PATH WHAT...: scan of the filesystem that it lies on says that, a line each
has() {
	local path=$1
	shift
	is "$(aimlock scan --json "${path%/*}" | of "$path" "$ALL")" "$(printf '%s\n' "$@")" \
		"${path##*/}: scan tells its lock and all holders"
}

# host PATH WHAT...: list --all says that
host() {
	local path=$1
	shift
	is "$(aimlock list --all --json | of "$path" "$ALL")" "$(printf '%s\n' "$@")" \
		"${path##*/}: list --all tells its lock and all holders"
}

# What lslocks says of the lock of an inode, to be read beside it.
lslocks_of() {
	diag "lslocks: $(lslocks -n -r -u -o COMMAND,PID,TYPE,MODE,INODE,PATH 2>/dev/null |
		grep " $1 " || echo nothing)"
}

as_user() {
	setpriv --reuid=1000 --regid=1000 --clear-groups "$@"
}

plain() {
	local file=$AL_TMP/plain
	bg plain locker name plaind open 10 "$file" flock 10 w say ready pause
	await plain ready
	has "$file" "flock write live $(pid plain)" "fd $(pid plain) 10 plaind"
	host "$file" "flock write live $(pid plain)" "fd $(pid plain) 10 plaind"
	is "$(aimlock scan --json "$file" | of "$file" '[.name, .state, .generation, .held,
		.grace_ms, .scope, .inode, .locks[0].id, .locks[0].age_ms] | @json')" \
		"[null,\"live\",null,null,null,null,$(stat -c %i "$file"),null,null]" \
		"plain: no name, no id, and nothing that only registered files have"
	al_add known "$file"
	is "$(aimlock scan --json "$AL_TMP" | of "$file" '[.name, .grace_ms, .generation,
		(.locks[0].id | length), (.locks[0].age_ms | type)] | @json')" \
		'["known",1000,0,16,"number"]' "plain: registered, scan has all of that"
	is "$(aimlock list --all -n -r -o NAME,PATH | grep -c " $file\$")" 1 \
		"plain: and list --all has it once"
	al_del known
	is "$(aimlock scan -n -r -o MAJ:MIN,INODE,KIND,VERDICT,PATH "$AL_TMP" | grep " $file\$")" \
		"$(mountpoint -d /) $(stat -c %i "$file") flock live $file" "plain: in a table"
	stop plain
	is "$(aimlock scan --json "$AL_TMP" | of "$file" .state)" "" "plain: gone with its lock"
}

# The taker is gone; what it left lies in a socket.
left_over() {
	local kind file taker
	for kind in flock ofd; do
		file=$AL_TMP/left-$kind
		orphan "left-$kind" "$kind" "$file"
		taker=$(aimlock scan --json "$AL_TMP" | of "$file" '.locks[0].taker')
		has "$file" "$kind write orphaned $taker" "in-flight $(pid "left-$kind") 6 busd"
		host "$file" "$kind write orphaned $taker" "in-flight $(pid "left-$kind") 6 busd"
		lslocks_of "$(stat -c %i "$file")"
		stop "left-$kind"
	done
}

inherited() {
	local file=$AL_TMP/inherited
	bg inherited locker name parentd open 10 "$file" flock 10 w \
		fork [ name childd say child pause ] usr1
	await inherited child
	kill -USR1 "$(pid inherited)"
	gone "$(pid inherited)"
	has "$file" "flock write inherited $(pid inherited)" \
		"fd $(said inherited child) 10 childd"
	lslocks_of "$(stat -c %i "$file")"
	stop inherited
}

fd_0() {
	local file=$AL_TMP/fd-0
	bg fd-0 locker name zerod open 0 "$file" ofd 0 r 0 0 say ready pause
	await fd-0 ready
	has "$file" "ofd read live $(pid fd-0)" "fd $(pid fd-0) 0 zerod"
	lslocks_of "$(stat -c %i "$file")"
	stop fd-0
}

# Two filesystems, the same inode number.
twins() {
	local a=$AL_TMP/twin-a b=$AL_TMP/twin-b
	mkdir "$a" "$b"
	mount -t tmpfs tmpfs "$a"
	mount -t tmpfs tmpfs "$b"
	bg a locker name alphad open 10 "$a/f" flock 10 w say ready pause
	await a ready
	bg b locker name betad open 10 "$b/f" flock 10 w say ready pause
	await b ready
	is "$(stat -c %i "$b/f")" "$(stat -c %i "$a/f")" "twins: their inode numbers are the same"
	has "$a/f" "flock write live $(pid a)" "fd $(pid a) 10 alphad"
	has "$b/f" "flock write live $(pid b)" "fd $(pid b) 10 betad"
	is "$(aimlock scan --json "$a" | jq '.files | length')" 1 "twins: each has only its own"
	host "$b/f" "flock write live $(pid b)" "fd $(pid b) 10 betad"
	lslocks_of "$(stat -c %i "$a/f")"
	stop a
	stop b
	ok "twins: they can be unmounted" umount "$a" "$b"
}

deleted() {
	local file=$AL_TMP/deleted
	bg deleted locker name deletord open 10 "$file" posix 10 w 5 10 say ready pause
	await deleted ready
	rm "$file"
	has "$file (deleted)" "posix write live $(pid deleted)" "table $(pid deleted) null deletord"
	is "$(readlink "/proc/$(pid deleted)/fd/10")" "$file (deleted)" "deleted: as /proc has it"
	stop deleted
}

overlay() {
	local dir=$AL_TMP/overlay
	mkdir -p "$dir"/{tmp,merged}
	mount -t tmpfs tmpfs "$dir/tmp"
	mkdir "$dir"/tmp/{lower,upper,work}
	touch "$dir/tmp/lower/f"
	if ! mount -t overlay overlay "$dir/merged" \
		-o "lowerdir=$dir/tmp/lower,upperdir=$dir/tmp/upper,workdir=$dir/tmp/work"; then
		skip "overlay" "this kernel has none"
		umount "$dir/tmp"
		return
	fi
	bg overlay locker name overd open 10 "$dir/merged/f" flock 10 w say ready pause
	await overlay ready
	has "$dir/merged/f" "flock write live $(pid overlay)" "fd $(pid overlay) 10 overd"
	lslocks_of "$(stat -c %i "$dir/merged/f")"
	stop overlay
	ok "overlay: it can be unmounted" umount "$dir/merged" "$dir/tmp"
}

# A filesystem that only another mount namespace has.
elsewhere() {
	local dir=$AL_TMP/elsewhere
	mkdir "$dir"
	# shellcheck disable=SC2016 # for the inner shell
	bg elsewhere unshare --mount bash -c '
		mount -t tmpfs tmpfs "$1" && exec locker name farawayd open 10 "$1/f" flock 10 w \
			say ready pause' - "$dir"
	await elsewhere ready
	nok "elsewhere: the file isn't there out here" test -e "$dir/f"
	host "$dir/f" "flock write live $(pid elsewhere)" "fd $(pid elsewhere) 10 farawayd"
	stop elsewhere
}

# Unmounted, and still in use.
detached() {
	local dir=$AL_TMP/detached taker
	mkdir "$dir"
	mount -t tmpfs tmpfs "$dir"
	orphan detached flock "$dir/f"
	umount -l "$dir"
	taker=$(aimlock list --all --json | of /f '.locks[0].taker')
	host /f "flock write orphaned $taker" "in-flight $(pid detached) 6 busd"
	stop detached
	is "$(aimlock list --all --json | of /f .state)" "" "detached: gone with its lock"
}

memfd() {
	bg memfd python3 -c '
import fcntl, os, time
fd = os.memfd_create("secret")
fcntl.flock(fd, fcntl.LOCK_EX)
print("ready", flush=True)
time.sleep(1000)'
	await memfd ready
	is "$(aimlock list --all --json | of '/memfd:secret (deleted)' '.locks[].holders[].pid')" \
		"$(pid memfd)" "memfd: a file that was never in a directory"
	stop memfd
}

pids() {
	local file=$AL_TMP/pids pid
	bg pids unshare --pid --fork --kill-child \
		locker name configd open 10 "$file" flock 10 w say ready pause
	await pids ready
	pid=$(pgrep -s "$(pid pids)" -x configd)
	is "$(said pids ready)" 1 "pids: the process calls itself 1"
	has "$file" "flock write live $pid" "fd $pid 10 configd"
	is "$(aimlock scan --json "$AL_TMP" | of "$file" '.locks[0].holders[0].ns_pid')" 1 \
		"pids: JSON has both"
	is "$(aimlock scan -n -r -o HOLDERS,PATH "$AL_TMP" | grep "$file\$")" \
		"$pid/1\\x20configd $file" "pids: so has the table"
	stop pids
}

# The kinds that lslocks is tested with, held against /proc/locks.
kinds() {
	local dir=$AL_TMP/kinds
	mkdir "$dir"
	mount -t tmpfs tmpfs "$dir"
	bg kinds locker open 10 "$dir/flock-sh" flock 10 r open 11 "$dir/flock-ex" flock 11 w \
		open 12 "$dir/posix-r" posix 12 r 0 0 open 13 "$dir/posix-w" posix 13 w 0 0 \
		open 14 "$dir/posix-rw" posix 14 r 0 10 posix 14 w 20 10 \
		open 15 "$dir/ofd-r" ofd 15 r 0 0 open 16 "$dir/ofd-w" ofd 16 w 0 0 \
		open 17 "$dir/ofd-rw" ofd 17 r 0 10 ofd 17 w 20 10 \
		open 19 "$dir/lease" close 19 openread 18 "$dir/lease" lease 18 r say ready pause
	await kinds ready
	is "$(aimlock scan --json "$dir" | jq -r '.files[] | .inode as $inode | .locks[] |
		"\(.kind) \(.mode) \($inode) \(.start) \(.end // "EOF")"' | sort)" \
		"$(awk -v "dev=$(mountpoint -d "$dir")" '
			function hex(n,  s) { s = sprintf("%02x", n); return s }
			BEGIN { split(dev, d, ":"); want = hex(d[1]) ":" hex(d[2]) }
			{ split($6, id, ":") }
			id[1] ":" id[2] == want {
				kind = tolower($2)
				sub(/ofdlck/, "ofd", kind)
				print kind, tolower($4), id[3], $7, $8
			}' /proc/locks | sort)" "kinds: as /proc/locks has them"
	is "$(aimlock scan --json "$dir" | jq '[.files[].locks[]] | length')" 11 "kinds: all 11"
	stop kinds
	ok "kinds: it can be unmounted" umount "$dir"
}

# A lease stays on what it was taken of, and its holder goes with the name.
leased() {
	local file=$AL_TMP/leased
	touch "$file"
	al_add leased "$file"
	# shellcheck disable=SC2016 # the command's own
	bg lease aimlock with-lock leased -- sh -c 'echo got $AIMLOCK_TOKEN; exec sleep 1000'
	await lease got
	is "$(aimlock scan --json "$AL_TMP" | of "$file" \
		'"\(.name) \(.state)", (.locks[] | "\(.kind) \(.verdict) \(.holders[].kind) \(.holders[].pid)")')" \
		"$(printf '%s\n' "leased leased" "flock leased aimlock $(pid lease)" \
			"ofd leased aimlock $(pid lease)")" "leased: scan tells who has it"
	touch "$file.new"
	mv "$file.new" "$file"
	is "$(aimlock scan --json "$AL_TMP" | of "$file (deleted)" \
		'"\(.name) \(.locks[].verdict) \(.locks[].holders[].kind)"' | sort -u)" \
		"null leased aimlock" "leased: the file that was replaced has no name, and is leased"
	stop lease
	wait_state leased free
	al_del leased
}

ordinary() {
	local file=$AL_TMP/ordinary mine=$AL_TMP/mine
	touch "$file" "$mine"
	chmod 666 "$file" "$mine"
	bg ordinary locker name rootd open 10 "$file" flock 10 w say ready pause
	await ordinary ready
	bg mine setpriv --reuid=1000 --regid=1000 --clear-groups \
		locker name userd open 10 "$mine" flock 10 w say ready pause
	await mine ready
	is "$(as_user aimlock scan --json "$AL_TMP" | jq -r --argjson inode "$(stat -c %i "$file")" \
		'.files[] | select(.inode == $inode) |
		 "\(.path) \(.locks[0].verdict) \(.locks[0].holders | length)"')" "null live 0" \
		"ordinary: a user sees that there is a lock, but no path and no holder"
	is "$(as_user aimlock scan --json "$AL_TMP" | of "$mine" "$ALL")" \
		"flock write live $(pid mine)"$'\n'"fd $(pid mine) 10 userd" \
		"ordinary: of the user's own lock both"
	al_add known "$file"
	is "$(as_user aimlock scan --json "$AL_TMP" | of "$file" '"\(.name) \(.locks[0].holders)"')" \
		"known []" "ordinary: the path of a registered file is known to all"
	al_del known
	stop ordinary
	stop mine
}

refusals() {
	run aimlock scan "$AL_TMP/none"
	is "$rc $out" "1 aimlock: scan: $AL_TMP/none: No such file or directory" "a path that isn't"
	run aimlock scan
	is "$rc" 2 "no path"
	run aimlock list --all name
	is "$rc" 2 "--all with a name"
	# 6.1 passes no sentence on from where a dump starts.
	run nlraw -d $LOCK_GET 24:u32=999
	like "$out" '^error=EBADF ' "an fd that isn't open"
	run nlraw -d $LOCK_GET 24:u32=0 25:str=ext4
	like "$out" '^error=EINVAL ' "an fd and a type"
	run nlraw -d $LOCK_GET 1:str=a 24:u32=0
	like "$out" '^error=(EINVAL|ENOENT) ' "a name and an fd"
	run nlraw -d $LOCK_GET "25:str=$(printf 'x%.0s' {1..64})"
	like "$out" '^error=(EINVAL|ERANGE) .*msg=.+' "a type with too long a name"
	run nlraw -d $LOCK_GET 25:str=
	is "$out" ok "a type without a name is none"
	run nlraw -d $LOCK_GET 25:str=nosuchfs
	is "$out" ok "nor is one that the kernel hasn't"
	like "$(as_user "$AL_ROOT/bin/nlraw" -d $LOCK_GET 25:str=nosuchfs 2>&1)" \
		'^error=EPERM ' \
		"a type, without the right to mount one: it may load a module"
	run as_user aimlock list --all
	like "$rc $out" '^1 .*list: .*need.* CAP_SYS_ADMIN' \
		"so list --all is for the administrator"
}

# Locks and mounts come and go under scans: nothing is kept, and nothing breaks.
under_way() {
	local dir=$AL_TMP/under-way i failed=0
	mkdir "$dir"
	# shellcheck disable=SC2016 # for the inner shell
	bg scans bash -c 'while :; do aimlock list --all --json >/dev/null || echo failed; done'
	for ((i = 0; i < 12; i++)); do
		mount -t tmpfs tmpfs "$dir"
		locker open 10 "$dir/f" flock 10 w open 11 "$dir/g" posix 11 w 0 0
		until_ok 10 umount -q "$dir" 2>/dev/null || failed=1
	done
	is "$failed" 0 "under way: each filesystem could be unmounted"
	kill -0 "$(pid scans)"
	nok "under way: no scan failed" grep failed "$AL_TMP/log.scans"
	stop scans
}

plain
left_over
inherited
fd_0
twins
deleted
overlay
elsewhere
detached
memfd
pids
kinds
leased
ordinary
refusals
under_way
no_leftovers
al_unload
done_testing
