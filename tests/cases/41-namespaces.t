#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A path means what it means to PID 1: a caller to whom it is another file is
# refused.
. "$(dirname "$0")/../lib.sh"

EXDEV='Invalid cross-device link'
dir=$AL_TMP/d

# elsewhere COMMAND: in a mount namespace where "$dir" is another directory
elsewhere() {
	unshare --mount bash -c "
		mount --bind '$AL_TMP/other' '$dir'
		$1" 2>&1
}

al_load
mkdir "$dir" "$AL_TMP/other"
touch "$dir/file" "$AL_TMP/other/file" "$AL_TMP/other/only" "$AL_TMP/same"

like "$(elsewhere "printf 'a $dir/file' >$SYS/new_lock")" "$EXDEV" "another file for PID 1"
like "$(elsewhere "printf 'a $dir/only' >$SYS/new_lock")" "$EXDEV" "no file for PID 1"
like "$(elsewhere "aimlock add a '$dir/file' || :")" "aimlock: add: .*$EXDEV" "the command says so"
nok "nothing was registered" test -e "$SYS/a"
is "$(elsewhere "printf 'same $AL_TMP/same' >$SYS/new_lock")" "" "the same file is taken"
is "$(attr same path)" "$AL_TMP/same" "under its path"

al_add a "$dir/file"
bg other unshare --mount bash -c "mount --bind '$AL_TMP/other' '$dir' &&
	exec locker open 10 '$dir/file' flock 10 w say locked pause"
await other locked
is "$(state a)" free "what is locked elsewhere is another file"
is "$(elsewhere "cat $SYS/a/state")" free "whoever looks"
stop other

bg inside unshare --mount locker open 10 "$dir/file" flock 10 w say locked pause
await inside locked
is "$(state a) $(holders a)" "live fd $(pid inside) 10 locker" \
	"a lock by a process of another mount namespace is seen"
is "$(elsewhere "cat $SYS/a/state")" live "whoever looks"
stop inside

# In a chroot the path is looked up for the caller there, and is to be the same.
mkdir -p "$AL_TMP/root/$dir"
touch "$AL_TMP/root/$dir/file"
exec 8>"$SYS/new_lock"
run python3 -c "
import os
os.chroot('$AL_TMP/root')
os.write(8, b'jail $dir/file')"
like "$out" "$EXDEV" "a caller in a chroot"
exec 8>&-
nok "registered nothing" test -e "$SYS/jail"

al_del a
al_del same
no_leftovers
al_unload
done_testing
