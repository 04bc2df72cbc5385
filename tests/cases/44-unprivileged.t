#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever lacks CAP_SYS_ADMIN in the first user namespace can look, and change
# nothing: an unprivileged user, root of a user namespace, root without it.
. "$(dirname "$0")/../lib.sh"

declare -A as=(
	[user]="setpriv --reuid=1000 --regid=1000 --clear-groups --"
	[user\'s-root]="setpriv --reuid=1000 --regid=1000 --clear-groups -- unshare --user --map-root-user"
	[root\'s-root]="unshare --user --map-root-user"
	[root-without]="setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin --"
)

values() {
	local file
	for file in "$SYS"/*/{conf_locked,state,path,locks,orphans,generation,grace_ms,clear_scope}; do
		echo "$file $(<"$file")"
	done
	locks_of "$AL_TMP/held"
	locks_of "$AL_TMP/orphaned"
	locks_of "$AL_TMP/live"
}

# by WHO COMMAND...: run as one of the above
by() {
	local who=${as[$1]}
	shift
	# shellcheck disable=SC2086 # words of a command
	run $who "$@"
}

refused_sysfs() {
	local who=$1 text file
	while read -r file text; do
		by "$who" bash -c "printf '%s' '$text' >'$SYS/$file'"
		like "$rc $out" "^1 .*(Permission denied|Operation not permitted)$" \
			"$who: \"$text\" to $file is refused"
	done <<-END
		new_lock new $AL_TMP/live
		delete_lock free
		orphaned/conf_locked 0
		held/conf_locked 0
		free/conf_locked 0
		free/conf_locked 1
		live/conf_locked 0
		free/conf_locked x
		free/grace_ms 5
		free/clear_scope unreachable
	END
}

refused_command() {
	local who=$1 verb
	while read -r verb; do
		# shellcheck disable=SC2086 # words of a command
		by "$who" aimlock $verb
		is "$rc" 1 "$who: aimlock $verb is refused"
		like "$out" "^aimlock: .*Operation not permitted" "and says why"
	done <<-END
		add new $AL_TMP/live
		remove free
		clear orphaned
		clear --dry-run orphaned
		clear --id $id --force live
		hold free
		release held
		set free --grace 5
	END
}

# The numbers are commands and attributes of include/uapi/linux/aimlock.h.
refused_netlink() {
	local who=$1 message
	while read -r message; do
		# shellcheck disable=SC2086 # words of a command
		by "$who" nlraw $message
		like "$out" "^error=EPERM miss=-1 off=-?[0-9]+ msg=.+" "$who: netlink $message is refused with a sentence"
	done <<-END
		1 1:str=new 2:str=$AL_TMP/live
		2 1:str=free
		4 1:str=free 8:u32=1
		4 1:str=held 8:u32=0
		4 1:str=free 9:u32=5
		6 1:str=orphaned
		6 1:str=orphaned 19:flag
		6 1:str=live 2:u64=0x$id 17:u64=0 20:flag
	END
}

reads() {
	local who=$1
	by "$who" cat "$SYS"/{orphaned,held,live,free}/state
	is "$out" $'orphaned\nheld\nlive\nfree' "$who: states are for all to read"
	by "$who" cat "$SYS"/{orphaned,live,free}/conf_locked
	is "$out" $'1\n1\n0' "$who: conf_locked too"
	by "$who" bash -c "aimlock list --json | jq -r '.files[] | .name + \" \" + .state'"
	is "$(sort <<<"$out")" $'free free\nheld held\nlive live\norphaned orphaned' \
		"$who: and the list of files"
	by "$who" bash -c "aimlock list --json orphaned | jq -r '.files[0].locks[].verdict'"
	is "$out" orphaned "$who: and locks"
	by "$who" aimlock show live
	is "$rc" 0 "$who: aimlock show"
}

al_load
for name in orphaned held live free; do
	touch "$AL_TMP/$name"
	al_add "$name" "$AL_TMP/$name"
done
orphan bus flock "$AL_TMP/orphaned"
bg owner locker open 10 "$AL_TMP/live" flock 10 w say locked pause
await owner locked
echo 1 >"$SYS/held/conf_locked"
wait_state orphaned orphaned
id=$(json live '.locks[0].id')
before=$(values)

for who in "${!as[@]}"; do
	by "$who" true
	is "$rc$out" 0 "$who: can run programs"
	refused_sysfs "$who"
	refused_command "$who"
	refused_netlink "$who"
	reads "$who"
	by "$who" insmod "$AL_ROOT/aimlock.ko"
	isnt "$rc" 0 "$who: can't load modules, for that matter"
	is "$(values)" "$before" "$who: nothing changed"
done

stop owner
stop bus
echo 0 >"$SYS/held/conf_locked"
for name in orphaned held live free; do
	al_del "$name"
done
no_leftovers
al_unload
done_testing
