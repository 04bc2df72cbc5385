#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# with-lock wherever a command may run: on a terminal with job control, in a pipe, as
# cron runs it, as process 1 of a container, and with a command that goes on in the
# background.
# timeout: 300
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

file=$AL_TMP/a
ctrl_c=$'\003' ctrl_z=$'\032'

# groups WORD: prints it, its process group, and the one that has the terminal
make_groups() {
	cat >"$AL_TMP/groups" <<-'END'
		#!/bin/sh
		read -r _ _ _ _ group _ _ front _ </proc/$$/stat
		echo "$1 $group $front"
	END
	chmod +x "$AL_TMP/groups"
	PATH=$AL_TMP:$PATH
}

# terminal ID COMMAND...: on a terminal of its own, whose leader it is; what a shell
# starts in the background ignores Ctrl-C
terminal() {
	local id=$1
	shift
	rm -f "$AL_TMP/keys.$id"
	mkfifo "$AL_TMP/keys.$id"
	exec {keys}<>"$AL_TMP/keys.$id"
	# shellcheck disable=SC2016 # the shell's own
	bg "$id" env --default-signal=INT,QUIT \
		sh -c 'exec script -qfec "stty -onlcr -echo; exec $1" /dev/null <"$2"' - \
		"$*" "$AL_TMP/keys.$id"
}

# type_in TEXT: on the last terminal
type_in() {
	printf '%s' "$1" >&"$keys"
}

enter() {
	type_in "$1"$'\n'
}

# both ID WORD: the two numbers that groups printed after it
both() {
	sed -n "s/^$2 //p" "$AL_TMP/log.$1" | tail -n 1
}

# command_of ID: the process that with-lock's command has said it is
command_of() {
	said "$1" pid
}

is_stopped() {
	[[ $(ps -o stat= -p "$1") == T* ]]
}

# A shell script: the terminal goes to the command and comes back.
script() {
	local before during
	cat >"$AL_TMP/script" <<-'END'
		groups before
		aimlock with-lock a -- groups during
		groups after
		aimlock with-lock a -- sh -c 'read -r line; echo "command $line"'
		read -r line
		echo "script $line"
		aimlock with-lock a -- sh -c 'trap "echo caught; exit 5" INT; echo ready
			while :; do sleep 0.1; done'
		echo "status $?"
		aimlock with-lock a -- sh -c 'echo sleeps; exec sleep 1000'
		echo "then $?"
	END
	terminal tty "sh $AL_TMP/script"
	ok "a script on a terminal" await tty after
	read -r before _ <<<"$(both tty before)"
	read -r during _ <<<"$(both tty during)"
	isnt "$during" "$before" "the command is in a group of its own"
	is "$(both tty during)" "$during $during" "which has the terminal"
	is "$(both tty after)" "$before $before" "afterwards the script has it back"
	enter one
	ok "the command reads from it" await tty "command one"
	enter two
	ok "then the script does" await tty "script two"
	await tty ready
	type_in "$ctrl_c"
	ok "Ctrl-C reaches the command" await tty caught
	ok "whose status is passed on" await tty "status 5"
	await tty sleeps
	type_in "$ctrl_c"
	ok "one that doesn't catch it is ended by it" await tty "then 130"
	ok "free" wait_state a free
	stop tty
}

shell() {
	terminal shell "env PS1= PS2= bash --norc --noprofile --noediting -i"
	enter 'groups shell'
	await shell shell
}

# One that says its pid, and when it is continued or ended.  Not sh: dash starts commands by
# vfork(2), and when the child is stopped before its exec, dash can't be.
says() {
	# shellcheck disable=SC2016 # the shell's own
	echo "bash -c 'trap \"echo continued\" CONT; trap \"echo ended; exit\" TERM
		echo pid \$\$; while :; do sleep 0.1; done'"
}

job_control() {
	shell
	enter "aimlock with-lock a -- $(says)"
	await shell pid
	type_in "$ctrl_z"
	ok "Ctrl-Z stops the command" until_ok 10 is_stopped "$(command_of shell)"
	enter "groups stopped"
	ok "and the shell goes on" await shell stopped
	is "$(state a)" leased "which has no effect on the lease"
	enter bg
	ok "bg: the command is continued" await shell continued
	enter "groups bg"
	ok "and the shell goes on" await shell bg
	is "$(both shell bg | cut -d ' ' -f 2)" "$(both shell bg | cut -d ' ' -f 1)" \
		"it has the terminal"
	enter fg
	sleep 1
	type_in "$ctrl_c"
	enter 'echo status $?'
	ok "fg: Ctrl-C reaches it" await shell "status 130"
	ok "free" wait_state a free
	stop shell
}

# While it is stopped nobody renews the lease.
lost() {
	shell
	enter "aimlock with-lock --ttl 3 a -- $(says)"
	await shell pid
	type_in "$ctrl_z"
	until_ok 10 is_stopped "$(command_of shell)"
	ok "the lease of a stopped job ends" wait_state a free
	enter fg
	ok "fg: the command is ended" await shell ended
	nok "without having run before" has_said shell continued
	enter 'echo status $?'
	ok "and the shell told so" await shell "status 4"
	stop shell
}

# The terminal is not its standard input, and it shares its group with others.
pipe() {
	run bash -c 'echo data | aimlock with-lock a -- cat | tr a-z A-Z; echo "${PIPESTATUS[*]}"'
	is "$out" $'DATA\n0 0 0' "in a pipe"
	run bash -c 'yes | aimlock with-lock a -- cat | head -n 1; echo "${PIPESTATUS[1]}"'
	is "$out" $'y\n141' "in one that breaks"
	shell
	enter "echo data | aimlock with-lock a -- sh -c 'cat; echo asks; read -r x </dev/tty
		echo answer \$x' | cat; groups after"
	await shell asks
	enter yes
	ok "in a pipe on a terminal, it may ask" await shell "answer yes"
	ok "and the shell goes on" await shell after
	enter "sleep 1000 | aimlock with-lock a -- $(says)"
	await shell pid
	type_in "$ctrl_z"
	ok "Ctrl-Z stops it" until_ok 10 is_stopped "$(command_of shell)"
	enter "groups stopped"
	ok "and the shell goes on" await shell stopped
	enter fg
	ok "fg: it is continued" await shell continued
	type_in "$ctrl_c"
	enter 'echo status $?'
	ok "Ctrl-C reaches it" await shell "status 130"
	ok "free" wait_state a free
	stop shell
}

# No terminal, no input, no environment to speak of; or not even that.
cron() {
	cp "$file" "$AL_TMP/before"
	# shellcheck disable=SC2016 # the command's own
	bg cron env -i PATH=/usr/bin:/bin sh -c 'exec "$0" "$@" <&-' "$(command -v aimlock)" \
		with-lock a -- sh -c 'echo "$AIMLOCK_NAME $HOME"; exec sleep 1000'
	ok "as cron runs it" await cron a
	is "$(state a)" leased "it is leased"
	kill -TERM "$(pid cron)"
	returns cron 143
	rc=0
	aimlock with-lock a -- sh -c "echo done >'$AL_TMP/out'; exit 6" <&- >&- 2>&- || rc=$?
	is "$rc $(<"$AL_TMP/out")" "6 done" "with all standard files closed"
	rc=0
	aimlock with-lock -s a -- true <&- >&- 2>&- || rc=$?
	aimlock with-lock a -- /nonexistent/command <&- >&- 2>&- || rc+=" $?"
	is "$rc" "2 69" "what it has to say then"
	ok "goes nowhere" cmp "$file" "$AL_TMP/before"
}

container() {
	# shellcheck disable=SC2016 # the command's own
	bg one unshare -pf --mount-proc aimlock with-lock a -- sh -c '
		trap "echo caught; exit 3" USR1
		for i in 1 2 3; do
			(sleep 0.$i &)
		done
		echo "parent $PPID"
		sleep 1
		echo "zombies $(ps -eo stat= | grep -c ^Z)"
		while :; do sleep 0.1; done'
	ok "as process 1 of a pid namespace" await one "parent 1"
	ok "it reaps what is left to it" await one "zombies 0"
	is "$(state a)" leased "it is leased"
	kill -USR1 "$(pgrep -P "$(pid one)" -x aimlock)"
	ok "a signal is passed on" await one caught
	returns one 3
	ok "free" wait_state a free
	bg one unshare -pf --mount-proc --kill-child aimlock with-lock a -- sleep 1000
	wait_state a leased
	kill -KILL "$(pgrep -P "$(pid one)" -x aimlock)"
	ok "free when the whole container is killed" wait_state a free
	stop one
}

# The lease is the command's, not that of what it leaves behind.
daemon() {
	local left
	# shellcheck disable=SC2016 # the command's own
	bg parent aimlock with-lock a -- sh -c '
		(setsid sh -c "echo left \$\$; exec sleep 1000" &)
		while ! grep -q left "$0"; do sleep 0.1; done' "$AL_TMP/log.parent"
	ok "a command leaves a daemon" await parent left
	returns parent 0
	left=$(said parent left)
	is "$(state a)" free "the lease ends with the command"
	ok "which the daemon outlives" kill -0 "$left"
	is "$(find "/proc/$left/fd" -lname 'socket:*')" "" "with nothing of the lease"
	kill -KILL "$left"
}

# Then nobody is left to renew.
killed() {
	local command
	bg owner aimlock with-lock a -- sh -c 'echo pid $$; exec sleep 1000'
	await owner pid
	command=$(command_of owner)
	kill -KILL "$(pid owner)"
	ok "with-lock is killed: so is its command" gone "$command" 10
	ok "free" wait_state a free
}

al_load
: >"$file"
al_add a "$file"
make_groups
script
job_control
lost
pipe
cron
container
daemon
killed
al_del a
no_leftovers
al_unload
done_testing
