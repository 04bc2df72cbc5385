#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The configuration: each fault is told with its place and what was expected, and then
# nothing is done; aimlock apply registers once, aimlockd at its start.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cases/daemon.sh
. "$(dirname "$0")/../daemon.sh"

file=$AL_TMP/a
conf=$AL_CONF/case.conf

# faulty TEXT LINE REGEX DESCRIPTION
faulty() {
	printf '%b' "$1" | configure
	run aimlockd --check-config --config "$AL_CONF"
	is "$rc" 78 "$4: exit status 78"
	like "$out" "^aimlockd: $conf:$2: $3" "$4: file, line, key, what was expected"
}

faults() {
	faulty '[a]\npth = /x\n' 2 \
		"\[a\] pth: this is no key; expected one of path, grace, scope, on-orphan, guard, check" \
		"an unknown key"
	faulty '[a]\ngrace = 1\n' 1 "\[a\] path: it is missing; expected an absolute path" \
		"no path"
	faulty '[a]\n\n# no\n[b]\npath=/x\n' 1 "the section is empty: path is missing" \
		"an empty section"
	faulty '[a]\npath = x\n' 2 "\[a\] path: 'x' is not an absolute path" "a relative path"
	faulty '[a]\n\tpath = /x\n\tgrace = 3600001\n' 3 \
		"\[a\] grace: '3600001' is not a number of milliseconds from 0 to 3600000" "a grace"
	faulty '[a]\npath = /x\nscope = all\n' 3 \
		"\[a\] scope: 'all' is not orphaned or unreachable" "a scope"
	faulty '[a]\npath = /x\non-orphan = kill\n' 3 "\[a\] on-orphan: 'kill' is not notify, clear or adopt" \
		"a policy"
	faulty '[a]\npath = /x\nguard = maybe\n' 3 "\[a\] guard: 'maybe' is not yes or no" \
		"a guard"
	faulty '[a]\npath = /x\nguard = yes\n' 1 \
		"\[a\] check: it is missing; guard = yes needs a command" "a guard without a check"
	faulty '[a]\npath = /x\npath = /y\n' 3 "\[a\] path: it is set twice" "a key twice"
	faulty '[a]\npath = /x\n[b]\npath = /x\n[a]\npath = /y\n' 5 \
		"\[a\]: it has a section at $conf:1 already" "a file twice"
	faulty '[a b]\npath = /x\n' 1 "\[a b\]: expected a name of letters" "a name"
	faulty "[$(printf 'n%.0s' {1..49})]\npath = /x\n" 1 ".*: a name here has at most 48 bytes" \
		"a long name"
	faulty "[a]\npath = /$(printf 'x%.0s' {1..300})\n" 2 "a line has at most 198 bytes" \
		"a long line"
	faulty '[a]\npath = /x\nwhat\n' 3 "expected \[NAME\], KEY = VALUE or # with a comment" \
		"neither a key nor a section"
	faulty '[a\npath = /x\n' 1 "expected \[NAME\]" "a section without an end"
	faulty 'path = /x\n' 1 "path: this is no key before the first section; expected one of" \
		"a key before its section"
	faulty 'metrics-listen = ::1:80\n' 1 "metrics-listen: '::1:80' is not a port" "an address"
	faulty 'metrics-file = x\n' 1 "metrics-file: 'x' is not an absolute path" "a file of metrics"
	printf '[a]\npath = x\ngrace = x\n' | configure
	is "$(aimlockd -n -c "$AL_CONF" 2>&1 | wc -l)" 2 "all faults are told at once"
	run aimlockd --check-config --config "$AL_TMP/none"
	is "$rc $out" "78 aimlockd: $AL_TMP/none: No such file or directory" "no directory"
	run aimlockd nonsense
	is "$rc" 2 "an argument: exit status 2"
	run aimlockd --nonsense
	is "$rc" 2 "an unknown option: exit status 2"
}

apply() {
	printf '[a]\npath = %s ; a comment\n  grace = 17\nscope = unreachable\n' "$file" | configure
	printf '[b]\npath = %s\n' "$AL_TMP/b" >"$AL_CONF/b.conf"
	echo nonsense >"$AL_CONF/b.conf.old"
	run aimlockd --check-config --config "$AL_CONF"
	is "$rc$out" 0 "no fault, nothing said"
	run aimlock apply "$AL_CONF"
	is "$rc" 0 "apply"
	is "$out" "added a $file"$'\n'"added b $AL_TMP/b" "what was done is printed"
	is "$(attr a path) $(attr a grace_ms) $(attr a clear_scope)" "$file 17 unreachable" \
		"path, grace, scope"
	run aimlock apply "$AL_CONF"
	is "$rc$out" 0 "once more: there is nothing to do"
	printf '[a]\npath = %s\n' "$file" | configure
	run aimlock apply "$AL_CONF"
	is "$rc $out" "0 set a $file" "keys that went"
	is "$(attr a grace_ms) $(attr a clear_scope)" "1000 orphaned" "are as usual again"
	printf '[a]\npath = %s\n' "$AL_TMP/c" | configure
	run aimlock apply "$AL_CONF"
	is "$rc $out" "0 moved a $AL_TMP/c" "another path"
	is "$(attr a path)" "$AL_TMP/c" "is the name's now"
	echo 1 >"$SYS/a/conf_locked"
	printf '[a]\npath = %s\n' "$file" | configure
	run aimlock apply "$AL_CONF"
	is "$rc" 3 "a held file can't be moved: exit status 3"
	like "$out" "aimlock: apply: a: .*Device or resource busy" "and says so"
	is "$(attr a path)" "$AL_TMP/c" "and nothing is changed"
	echo 0 >"$SYS/a/conf_locked"
	printf '[a]\npath = %s\ngrace = x\n' "$file" | configure
	run aimlock apply "$AL_CONF"
	is "$rc" 1 "a fault: exit status 1"
	like "$out" "aimlock: apply: $conf:3: \[a\] grace: 'x' is not a number" "and says so"
	is "$(attr a path)" "$AL_TMP/c" "and nothing is done"
	printf '[a]\npath = %s\n' "$AL_TMP/none" | configure
	run aimlock apply "$AL_CONF"
	is "$rc" 1 "no such file: exit status 1"
	like "$out" "aimlock: apply: a: .*No such file" "and says so"
	run setpriv --reuid 1000 --clear-groups aimlock apply "$AL_CONF"
	is "$rc" 1 "an ordinary user may not"
	al_del b
	[[ ! -d $SYS/a ]] || al_del a
	rmmod aimlock
	printf '[a]\npath = %s\n' "$file" | configure
	run aimlock apply "$AL_CONF"
	like "$rc $out" "^1 .*modprobe aimlock" "without the module: the command that loads it"
	al_load
}

daemon() {
	local i
	guardian
	tells "aimlockd registers" file-added a
	tells "each file" file-added b
	is "$(attr a path)" "$file" "with its path"
	tells "and says that it is ready" started
	: >"$AL_TMP/later"
	printf '[later]\npath = %s\n' "$AL_TMP/later" >"$AL_CONF/later.conf"
	rm "$AL_TMP/later" "$AL_CONF/b.conf"
	kill -HUP "$(guardian_pid)"
	tells "what is configured no more" file-removed b
	nok "is forgotten" test -e "$SYS/b"
	tells "what isn't there yet" file-fault later
	: >"$AL_TMP/later"
	tells "is registered when it is" file-added later 15
	al_del a
	tells "a file that somebody removes" file-removed a
	ok "comes back" until_ok 15 test -e "$SYS/a"
	no_guardian
	is "$(attr a path)" "$file" "at its end the files stay"
	for ((i = 0; i < 1000; i++)); do
		printf '[many%d]\npath = %s\n' "$i" "$file"
	done >"$AL_CONF/many.conf"
	guardian
	is "$(find "$SYS" -name 'many*' -type d | wc -l)" 1000 "a thousand files"
	rm "$AL_CONF/many.conf"
	kill -HUP "$(guardian_pid)"
	tells "are read anew" reloaded "" 20
	is "$(find "$SYS" -name 'many*' -type d | wc -l)" 0 "and are gone"
	no_guardian
	echo '[a]' | configure
	run aimlockd --config "$AL_CONF"
	is "$rc" 78 "a bad configuration: it doesn't start, exit status 78"
	like "$out" "^aimlockd: config-fault: $conf:1: " "and says why"
}

al_load
: >"$file"
: >"$AL_TMP/b"
: >"$AL_TMP/c"
faults
apply
printf '[b]\npath = %s\n' "$AL_TMP/b" >"$AL_CONF/b.conf"
daemon
al_del a
al_del later
no_leftovers
al_unload
done_testing
