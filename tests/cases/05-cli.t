#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line tool: usage, exit status, messages, tables, JSON, completion.
# timeout: 240

. "$(dirname "$0")/../lib.sh"

verbs='add remove set list scan show clear hold release wait monitor diagnose metrics with-lock adopt apply'

# exits STATUS REGEX DESCRIPTION VERB...: with that in what it printed
exits() {
	local status=$1 regex=$2 what=$3
	shift 3
	run aimlock "$@"
	is "$rc" "$status" "$what: exit status $status"
	like "$out" "$regex" "$what: and says so"
}

usage_without_module() {
	local verb

	exits 2 '^Usage: aimlock VERB' "no verb"
	exits 0 '^Usage: aimlock VERB' "--help" --help
	exits 0 '^aimlock [0-9]' "--version" --version
	exits 2 "'frob' is no verb" "an unknown verb" frob
	for verb in $verbs; do
		like "$(aimlock --help)" "  $verb  *" "--help names $verb"
		exits 0 "^Usage: aimlock $verb " "$verb --help" "$verb" --help
		exits 0 "^Usage: aimlock $verb " "help $verb" help "$verb"
		exits 2 "^aimlock: $verb: unknown or misused option --frob" \
			"$verb with an unknown option" "$verb" --frob x y
	done
	exits 2 'an argument is missing' "add without a path" add name
	exits 2 'too many arguments' "add with a third argument" add a /b c
	exits 2 'milliseconds' "a bad grace" add --grace 1s a /b
	exits 2 'milliseconds' "a grace too long" add --grace 3600001 a /b
	exits 2 'no scope' "a bad scope" add --scope all a /b
	exits 2 'nothing to set' "set without anything" set a
	exits 2 'give its --id' "force without id" clear --force a
	exits 2 'no id' "a bad id" clear --id xyz a
	exits 2 'either names or --all' "clear of nothing" clear
	exits 2 'either names or --all' "clear of all and one" clear --all a
	exits 2 'one file' "an id for two files" clear --id 1 a b
	exits 2 'exclude each other' "--files with --tree" list --files --tree
	exits 2 "unknown column 'FOO'" "an unknown column" list -o NAME,FOO
	exits 2 'is of locks' "a lock's column with --files" list --files -o KIND
}

no_module() {
	local verb
	for verb in 'add a /b' 'remove a' 'set --grace 1 a' list 'scan /' 'show a' 'clear a' \
		'hold a' 'release a' 'wait a' monitor metrics; do
		# shellcheck disable=SC2086
		exits 1 'the aimlock module is not loaded; load it with: modprobe aimlock' \
			"without the module, ${verb%% *}" $verb
	done
}

refusals() {
	exits 1 '^aimlock: add: busy: .*\(File exists\)$' "a name twice" \
		add busy "$AL_TMP/busy"
	exits 1 '\(Invalid argument\)$' "a relative path" add other busy
	exits 1 '\(No such file or directory\)$' "a missing file" add other "$AL_TMP/none"
	exits 1 '\(Is a directory\)$' "a directory" add other "$AL_TMP"
	exits 1 '^aimlock: add: a/b: ' "a name with a slash" add a/b "$AL_TMP/busy"
	exits 1 '^aimlock: add: a{64}: a name has at most 63 bytes' "a name too long" \
		add "$(printf 'a%.0s' {1..64})" "$AL_TMP/busy"
	exits 1 'a path has at most 4095 bytes' "a path too long" add other "/$(printf 'a%.0s' {1..5000})"
	for verb in remove show clear hold release list; do
		exits 1 "^aimlock: $verb: nobody: .*\(No such file or directory\)$" \
			"$verb of an unknown name" "$verb" nobody
	done
	exits 1 'no file is registered under this path' "list of an unknown path" list /nowhere
	exits 1 'is not held' "release of what is not held" release busy
	exits 1 '\(Stale file handle\)$' "clear of an id that is none" clear --id 1234 busy
	is "$(aimlock list -n -r -o NAME --files | xargs)" "busy free" "nothing was registered"
	run setpriv --reuid 1000 --clear-groups --bounding-set -all aimlock hold free
	is "$rc" 1 "hold by an ordinary user: exit status 1"
	like "$out" '^aimlock: hold: free: .*CAP_SYS_ADMIN.*\(Operation not permitted\)$' \
		"hold by an ordinary user: and says what is needed"
	run unshare -n aimlock list
	is "$rc" 1 "in another network namespace: exit status 1"
	like "$out" 'initial network namespace only' "in another network namespace: and says so"
}

settings() {
	ok "set changes grace and scope" aimlock set --grace 50 --scope unreachable free
	is "$(attr free grace_ms) $(attr free clear_scope)" "50 unreachable" "as sysfs shows"
	ok "add takes them too" aimlock add --grace 70 --scope unreachable third "$AL_TMP/free"
	is "$(aimlock list -nr --files -o GRACE-MS,SCOPE third)" "70 unreachable" "as list shows"
	ok "and remove takes it away" aimlock remove third
	ok "set back" aimlock set --grace 1000 --scope orphaned free
}

holding() {
	ok "hold" aimlock hold free
	is "$(state free) $(json free .held)" "held true" "the file is held"
	nok "and nobody else gets it" can flock "$AL_TMP/free"
	exits 3 '\(Device or resource busy\)$' "a second hold" hold free
	exits 3 'aimlock release free' "clear of a hold" clear free
	exits 3 '\(Device or resource busy\)$' "remove of a held file" remove free
	ok "release" aimlock release free
	ok "and others get it" can flock "$AL_TMP/free"
	exits 3 '\(Device or resource busy\)$' "hold of a locked file" hold busy
}

tables() {
	local columns
	columns=$(aimlock --complete list | sed -n 's/^column //p')
	is "$(aimlock list --output-all | head -1 | xargs -n 1)" "$columns" \
		"--output-all has the columns of the completion"
	like "$(aimlock list)" '^NAME +STATE +KIND' "list has headings"
	is "$(aimlock list -n | wc -l)" 2 "one row for the lock, one for the free file"
	is "$(aimlock list -n -r -o name,verdict,kind,end busy)" "busy live flock EOF" \
		"columns are chosen"
	is "$(aimlock list -r -o +INODE free | head -1)" \
		"$(aimlock list -r free | head -1) INODE" "columns are added"
	is "$(AIMLOCK_COLUMNS=NAME,PATH aimlock list -nr free)" "free $AL_TMP/free" \
		"AIMLOCK_COLUMNS is heeded"
	is "$(aimlock list -nr -o NAME "$AL_TMP/free")" free "a path selects"
	is "$(aimlock list -nr -o NAME free "$AL_TMP/free" free)" free "none comes twice"
	is "$(aimlock list -nr --files -o NAME,STATE,LOCKS | paste -sd ,)" \
		"busy live 1,free free 0" "one row a file"
	run aimlock list -nr -o NAME free nobody
	is "$rc" 1 "one unknown name among known ones fails"
	like "$out" '(^|'$'\n'')free($|'$'\n'')' "but the known ones are listed"
}

in_json() {
	ok "list --json is JSON" jq -e . <<<"$(aimlock list --json)"
	is "$(json busy '[.locks[0] | .kind, .mode, .verdict, .taker, .taker_exists, .start, .end]
		| @json')" "[\"flock\",\"write\",\"live\",$(said taker locked),true,0,null]" \
		"a lock in JSON"
	is "$(json busy '.locks[0].holders[0] | [.kind, .pid, .fd] | @json')" \
		"[\"fd\",$(said taker locked),10]" "its holder in JSON"
	is "$(json free '[.state, .orphans, .generation, .locks] | map(type) | @json')" \
		'["string","number","number","array"]' "types in JSON"
	is "$(aimlock show --json busy | jq -c 'del(.. | .age_ms?)')" \
		"$(aimlock list --tree --json busy | jq -c 'del(.. | .age_ms?)')" \
		"show --json is list --tree --json"
	is "$(aimlock list --json -o NAME,END,HELD free | jq -c .)" \
		'{"locks":[{"name":"free","end":null,"held":false}]}' "rows in JSON"
	is "$(aimlock list --json --files -o NAME,LOCKS | jq -c .)" \
		'{"files":[{"name":"busy","locks":1},{"name":"free","locks":0}]}' "files in JSON"
}

odd_bytes() {
	local odd=$AL_TMP/$'a\e[31m\xff b'

	: >"$odd"
	ok "a path with a space and odd bytes" aimlock add odd "$odd"
	unlike "$(aimlock list odd; aimlock show odd; aimlock list -r odd)" $'[\e\xff]' \
		"no odd byte reaches the terminal"
	is "$(json odd '.path | length')" "${#odd}" "and JSON stays JSON"
	ok "it goes" aimlock remove odd
}

clearing() {
	exits 0 'nothing to clear' "clear of a free file" clear free
	exits 3 'remains: live flock write 0-EOF' "clear of a live lock" clear busy
	like "$out" "reached by fd 10 of" "and names its holder"
	like "$out" "clear --id [0-9a-f]{16} --force busy" "and what to do"
	like "$(aimlock show busy)" 'because +the process that took it still reaches it' \
		"show says why"
	orphan queue flock "$AL_TMP/free"
	exits 0 'would clear: orphaned flock write 0-EOF, taken by [0-9]+ \(gone\)' \
		"a dry run waits for the verdict" clear --dry-run free
	is "$(state free)" orphaned "and changes nothing"
	exits 0 '^free:.would clear: orphaned flock' "a dry run of all files" clear --all --dry-run
	unlike "$out" busy "says nothing of a file without such a lock"
	exits 3 'remains: live flock.*free:.would clear: orphaned flock' "of two, one of them live" \
		clear --dry-run busy free
	like "$(aimlock show free)" 'in flight, unread in a unix socket that busd' \
		"show says where it lies"
	like "$(aimlock show free)" 'what to do +aimlock clear free' "and what to do"
	exits 0 'cleared: orphaned flock write 0-EOF' "clear" clear free
	is "$(state free)" free "the lock is gone"
	exits 0 'would clear: live flock' "a dry run of a live lock by id and force" \
		clear --dry-run --force --id "$(json busy '.locks[0].id')" busy
	exits 3 'needs force' "clear of a live lock by id" clear --id "$(json busy '.locks[0].id')" busy
	exits 0 'cleared: live flock' "and by force" \
		clear --force --id "0x$(json busy '.locks[0].id')" busy
}

# Enough of them that requests and replies are longer than usual messages.
many_locks() {
	local i lock=()

	for ((i = 0; i < 600; i += 2)); do
		lock+=(ofd 10 w "$i" 1)
	done
	bg many locker name busd socketpair stream 5 6 \
		fork [ open 10 "$AL_TMP/free" "${lock[@]}" send 5 10 exit ] wait say ready pause
	await many ready
	is "$(aimlock list -nr -o KIND free | sort | uniq -c | xargs)" "300 ofd" \
		"300 locks are listed"
	is "$(aimlock show free | grep -c ': ofd write lock')" 300 "and shown"
	is "$(aimlock clear "$AL_TMP/free" | grep -c '^cleared: orphaned ofd write')" 300 \
		"and cleared by the path of their file"
	is "$(state free)" free "and gone"
}

# completed REGEX WORD...: what tab offers behind these words
completed() {
	local regex=$1
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$* COMPREPLY=()
	COMP_POINT=${#COMP_LINE}
	_aimlock
	like "${COMPREPLY[*]}" "$regex" "tab behind: $*"
}

completion() {
	set +eu
	. /usr/share/bash-completion/bash_completion
	. "$AL_ROOT/completion/aimlock"
	completed "^${verbs// / } help" aimlock ""
	completed '^remove release$' aimlock re
	completed '^busy free$' aimlock show ""
	completed '^NAME,VERDICT$' aimlock list -o NAME,V
	completed '^orphaned unreachable$' aimlock set --scope ""
	completed '^free locked orphaned$' aimlock wait --until ""
	completed '^/etc$' aimlock scan /et
	completed '^--all --dry-run --unreachable --id --force --help$' aimlock clear --
	completed '^/etc/passwd' aimlock add name /etc/pass
	completed '^/etc/passwd' aimlock diagnose /etc/pass
	completed '^root' aimlock diagnose --user roo
	completed '^/etc/passwd' aimlock metrics --output /etc/pass
	set -eu
}

! [[ -d /sys/module/aimlock ]] || rmmod aimlock
usage_without_module
no_module

al_load
: >"$AL_TMP/busy"
: >"$AL_TMP/free"
is "$(aimlock list)" "" "nothing is registered, nothing listed"
is "$(aimlock list -J | jq -c .)" '{"files":[]}' "nor in JSON"
ok "add busy" aimlock add busy "$AL_TMP/busy"
ok "add free" aimlock add free "$AL_TMP/free"
bg taker locker open 10 "$AL_TMP/busy" flock 10 w say locked pause
await taker locked

refusals
settings
holding
tables
in_json
odd_bytes
clearing
many_locks
completion

nok "lost output is a failure" bash -c 'aimlock list >/dev/full'
stop taker
stop queue
stop many
ok "remove takes several" aimlock remove busy free
no_leftovers
al_unload
done_testing
