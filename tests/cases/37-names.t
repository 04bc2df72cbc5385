#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which names a file can be registered by.
. "$(dirname "$0")/../lib.sh"

al_load
file=$AL_TMP/file
touch "$file" "$AL_TMP/other"
long=$(printf 'n%.0s' {1..63})

for name in a A 0 _ - -- -n a.b .a ... ..a a- 'a_b-c.d' NEW_LOCK new_lock2 conf_locked "$long"; do
	accepts "$name $file" "$SYS/new_lock" "$name can be registered"
	is "$(attr "./$name" path)" "$file" "$name: there it is"
	accepts "$name" "$SYS/delete_lock" "$name: and can be removed"
done

for name in a "$long" --; do
	run aimlock add -- "$name" "$file"
	is "$rc$out" 0 "aimlock add $name"
	is "$(aimlock list --json | jq -r '.files[].name')" "$name" "aimlock lists it"
	run aimlock remove -- "$name"
	is "$rc$out" 0 "aimlock remove $name"
done

for name in . .. a/b /a a/ ../a ./a new_lock delete_lock "n$long" "$long$long$long$long$long" \
	a:b a%b a@b 'a*' 'a?' '[a]' "a'b" 'a"b' 'a\b' 'a$b' é $'a\tb' $'a\x01b' $'a\x7f' $'a\xff' a,b a+b '~'; do
	refuses "$name $file" "$SYS/new_lock" "$EINVAL" "$(printf '%.30q' "$name") is no name"
done
for name in .. a/b new_lock "n$long" 'a$b' $'a\x01b' é; do
	run aimlock add -- "$name" "$file"
	is "$rc" 1 "$(printf '%.30q' "$name") is none for the command"
	like "$out" "^aimlock: add: .+" "which says so"
done
printf 'a\0b %s' "$file" >"$AL_TMP/nul"
nok "a NUL is no name" dd "if=$AL_TMP/nul" "of=$SYS/new_lock" conv=notrunc
run aimlock add -- "" "$file"
isnt "$rc" 0 "nor is nothing"
is "$(find "$SYS" -mindepth 1 -maxdepth 1 | sort)" "$(printf '%s\n' "$SYS"/{delete,new}_lock)" \
	"nothing was registered"

accepts "twice $file" "$SYS/new_lock" "one name"
refuses "twice $file" "$SYS/new_lock" "$EEXIST" "the same name again"
refuses "twice $AL_TMP/other" "$SYS/new_lock" "$EEXIST" "and for another path"
is "$(attr twice path)" "$file" "it means what it meant"
run aimlock add twice "$AL_TMP/other"
is "$rc" 1 "the command refuses it too"
like "$out" "$EEXIST" "and says why"
accepts "Twice $file" "$SYS/new_lock" "a name in another case is another name"
bg owner locker open 10 "$file" flock 10 w say locked pause
await owner locked
is "$(verdict twice) $(verdict Twice)" "live live" "two names of one file tell the same"
stop owner
al_del twice
is "$(attr Twice path)" "$file" "and come and go alone"
refuses twice "$SYS/delete_lock" "$ENOENT" "what is removed is gone"
al_del Twice

no_leftovers
al_unload
done_testing
