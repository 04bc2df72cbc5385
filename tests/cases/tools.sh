# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# What today's tools say of a lock, beside what aimlock says: a row of README's table.
# Sourced after lib.sh by the cases that have such a lock; "make table" puts the rows
# that they print into README.

# Who a pid is, in README's words.
declare -A al_word=()

# lslocks_of REACH: COMMAND PID PATH of each lock on the file; lslocks escapes spaces
lslocks_of() {
	local ino device
	read -r ino device < <(stat -L -c '%i %d' "$1")
	device=$((device >> 8 & 0xfff)):$((device & 0xff | device >> 12 & 0xfff00))
	lslocks --noheadings --raw -o INODE,MAJ:MIN,COMMAND,PID,PATH |
		awk -v ino="$ino" -v device="$device" \
			'$1 == ino && $2 == device { print $3, $4, $5 }' | sort -u
}

# cell_of_lslocks FILE REACH: what it says of the lock on what lies at REACH
cell_of_lslocks() {
	local comm pid shown cell=
	while read -r comm pid shown; do
		# of a kernel thread that does now this, now that
		[[ $comm != kworker/* ]] || comm=kworker
		cell+="${cell:+; }\`$comm\`, ${al_word[$pid]:-its pid}, "
		if [[ $shown == "$1" ]]; then
			cell+="its path"
		elif [[ $shown == "$AL_TMP"/* ]]; then
			cell+="the path \`${shown#"$AL_TMP"}\`"
		else
			cell+="\`$shown\`"
		fi
	done < <(lslocks_of "$2")
	echo "${cell:-nothing}"
}

# cell_of_pids: each process that is named on standard input, once
cell_of_pids() {
	local pid cell=
	while read -r pid; do
		cell+="${cell:+, }\`$(<"/proc/$pid/comm")\`"
	done < <(sort -un)
	echo "${cell:-nothing}"
}

cell_of_lsof() {
	{ lsof -w -t -- "$1" || :; } | cell_of_pids
}

cell_of_fuser() {
	{ fuser "$1" 2>/dev/null || :; } | tr -s ' ' '\n' | sed '/^$/d' | cell_of_pids
}

# cell_of_aimlock FILE VERB ARGUMENT...: what this listing says of the one lock on it
cell_of_aimlock() {
	local verdict holders
	IFS=$'\t' read -r verdict holders < <(aimlock "${@:2}" --json | jq -r --arg file "$1" '
		.files[] | select(.path == $file) | .locks[0] | "\(.verdict)\t\(.holders | map(
			if .kind == "in-flight" then "in a socket of `\(.comm)`"
			elif .kind == "map" then "a mapping of `\(.comm)`"
			elif .kind == "loop" then "a loop device"
			elif .client then "`\(.comm)` for \(.client.address | sub(":[0-9]+$"; ""))"
			else "`\(.comm)`" end) | unique | join(", "))"')
	echo "\`$verdict\`${holders:+: $holders}"
}

# row WHAT FILE REACH VERB ARGUMENT...: the row of the lock on that file, which README
# must have; REACH leads to it here and now.  The tools of other releases print other
# things.
row() {
	local what=$1 file=$2 reach=$3 row
	row="| $what | $(cell_of_lslocks "$file" "$reach") | $(cell_of_lsof "$file") |"
	row+=" $(cell_of_fuser "$file") | $(cell_of_aimlock "$file" "${@:4}") |"
	diag "row $row"
	if grep -q '^VERSION_ID="12"' /etc/os-release; then
		is "$(grep -F "| $what |" "$AL_ROOT/README.md" || :)" "$row" \
			"$what: README's table has what the tools print"
	else
		skip "$what: README's table has what the tools print" "it is of Debian 12"
	fi
}

# in_readme WHAT NAME [PID WORD]...: the same of a registered file
in_readme() {
	local what=$1 name=$2 file
	shift 2
	file=$(attr "$name" path)
	al_word=()
	while (($#)); do
		al_word[$1]=$2
		shift 2
	done
	row "$what" "$file" "$file" list "$name"
}
