#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# Who may know of which holder: exactly those who may read its /proc/PID/fdinfo, by
# whichever way they ask. The lock itself, its verdict and its taker are for all.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
al_load

user=(setpriv --reuid=1000 --regid=1000 --clear-groups)
unshared=(unshare --user --map-root-user)

chmod 755 "$AL_TMP"
for name in root user undumpable other-group container; do
	new_file "$name"
	chmod 666 "$(path "$name")"
done

# holder NAME COMMAND...: it takes the lock on the file of its name
holder() {
	local name=$1
	shift
	bg "$name" "$@" locker name "${name}d" open 10 "$(path "$name")" flock 10 w say ready pause
	await "$name" ready
}

holder root
holder user "${user[@]}"
holder other-group setpriv --reuid=1000 --regid=1001 --clear-groups
holder container "${user[@]}" "${unshared[@]}"
bg undumpable "${user[@]}" locker name undumpabled open 10 "$(path undumpable)" flock 10 w \
	dumpable 0 say ready pause
await undumpable ready
namespace=$(said container ready)

declare -A looker=(
	[root]="env"
	[root-without-ptrace]="setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace --"
	[user]="${user[*]}"
	[user-with-ptrace]="${user[*]} --inh-caps=+sys_ptrace --ambient-caps=+sys_ptrace"
	[user-with-admin]="${user[*]} --inh-caps=+sys_admin --ambient-caps=+sys_admin"
	[root\'s-namespace]="${unshared[*]}"
	[user\'s-namespace]="${user[*]} ${unshared[*]}"
	[root-of-container]="nsenter --user --target $namespace"
	[other-user]="setpriv --reuid=1001 --regid=1001 --clear-groups"
)

# What each looker is shown of a holder: as JSON, in tables, in words, by sysfs.
# shellcheck disable=SC2016 # for the inner shell
looks='
# before 5.14 fdinfo asked for the owner only, and other files for what it asks for now
may_read() {
	if [[ $(stat -c %a /proc/self/fdinfo) == 555 ]]; then
		ls "/proc/$1/fdinfo"
	else
		true <"/proc/$1/maps"
	fi
} >/dev/null 2>&1
aimlock list --json | jq -r ".files[] | select(.locks[0].verdict == \"live\") |
	\"\(.name) \(.locks[0].taker) \(.locks[0].holders | length)\"" |
while read -r name pid holders; do
	! may_read "$pid" || echo "$name proc"
	((holders == 0)) || echo "$name json"
	[[ $(aimlock list --noheadings -o HOLDERS "$name") != *"${name}d"* ]] || echo "$name list"
	[[ $(aimlock list --noheadings --files -o HOLDER "$name") != *"${name}d"* ]] ||
		echo "$name files"
	[[ $(aimlock show "$name") != *"${name}d"* ]] || echo "$name show"
	[[ $(<"/sys/locks/$name/holder") != *"${name}d"* ]] || echo "$name sysfs"
done'

seen_by() {
	# shellcheck disable=SC2086 # words of a command
	${looker[$1]} bash -c "$looks" 2>&1
}

all=$'json\nlist\nfiles\nshow\nsysfs'
# agrees WHO: what is shown is what /proc shows
agrees() {
	local who=$1 name seen shown may=
	seen=$(seen_by "$who")
	for name in root user undumpable other-group container; do
		shown=$(sed -n "s/^$name //p" <<<"$seen")
		if [[ $shown == proc* ]]; then
			is "$shown" $'proc\n'"$all" "$who: sees $name, whose fdinfo it may read"
			may+=" $name"
		else
			is "$shown" "" "$who: does not see $name, whose fdinfo it may not read"
		fi
	done
	sees[$who]=${may# }
}

declare -A sees
for who in "${!looker[@]}"; do
	agrees "$who"
done

# That the matrix isn't empty, nor full.
is "${sees[root]}" "root user undumpable other-group container" "root sees all"
is "${sees[user-with-ptrace]}" "${sees[root]}" "so does CAP_SYS_PTRACE alone"
is "${sees[user]}" "user container" "a user: own processes, of own namespaces too"
is "${sees[user-with-admin]}" "user container" "CAP_SYS_ADMIN shows nothing more"
is "${sees[root\'s-namespace]}" "" "root in a user namespace is nobody special"
is "${sees[user\'s-namespace]}" "" "nor is a user's"
is "${sees[root-of-container]}" "container" "root of a container: what is in it"
is "${sees[other-user]}" "" "another user: nothing"

# CAP_SYS_PTRACE is for looking; what changes something needs CAP_SYS_ADMIN.
by() {
	# shellcheck disable=SC2086 # words of a command
	run ${looker[$1]} "${@:2}"
}
id=$(json user '.locks[0].id')
for who in user-with-ptrace root-of-container; do
	for verb in "clear --id $id --force user" "hold root" "remove user" "set --grace 1 user"; do
		# shellcheck disable=SC2086 # words of a command
		by "$who" aimlock $verb
		like "$rc $out" "^1 .*Operation not permitted" "$who: aimlock ${verb%% *} is refused"
	done
done
by user-with-admin aimlock set --grace 5 user
is "$rc $(attr user grace_ms)" "0 5" "CAP_SYS_ADMIN alone is enough for a change"
by root-without-ptrace aimlock set --grace 6 user
is "$rc $(attr user grace_ms)" "0 6" "root without CAP_SYS_PTRACE can change, too"

# A process that becomes undumpable is seen no longer, by anybody but root.
stop user
bg user "${user[@]}" locker name userd open 10 "$(path user)" flock 10 w say ready usr1 \
	dumpable 0 say hidden pause
await user ready
is "$("${user[@]}" cat "$SYS/user/holder")" "$(pid user) userd" "a user sees a process of its own"
kill -USR1 "$(pid user)"
await user hidden
is "$("${user[@]}" cat "$SYS/user/holder")" "" "and not when it is dumpable no more"
is "$("${user[@]}" aimlock list -n -o VERDICT,TAKER user | xargs)" "live $(pid user)" \
	"verdict and taker are for all still"
is "$(attr user holder)" "$(pid user) userd" "root sees it as before"

for name in root user undumpable other-group container; do
	freed "$name" "$name"
	al_del "$name"
done
no_leftovers
al_unload
done_testing
