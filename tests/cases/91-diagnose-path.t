#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock diagnose on the way to the file: what is missing, is no file, or may not be
# opened or created by a user; each time the kernel is asked as well.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

chmod 755 "$AL_TMP"
cd "$AL_TMP"
user=user
as_user() {
	setpriv --reuid "$user" --regid "$user" --init-groups "$@"
}

# barred PATH: the user can't open it for reading and writing, nor create it
barred() {
	nok "$1: indeed the user can't have it" as_user locker open 10 "$AL_TMP/$1" posix 10 w 0 0
}

touch file
chown "$user" file
diagnosed 0 free "a file of the user" -u "$user" "$AL_TMP/file"
ok "indeed" as_user locker open 10 "$AL_TMP/file" posix 10 w 0 0
is "$(jq -c '[.path, .user, .uid, .free, .file.exists, .file.mode, .more]' <<<"$doc")" \
	"[\"$AL_TMP/file\",\"user\",1000,true,true,\"0644\",0]" "types in JSON"
diagnosed 0 free "a relative path" file
run aimlock diagnose file
like "$rc $out" "^0 $AL_TMP/file: free to take" "in words"
diagnosed 0 free "a path with dots" "$AL_TMP/../${AL_TMP##*/}/./file"
is "$(find /var/tmp -newer file -name file)" "" "the file was not touched"
diagnosed 0 free "a file that can be created" -u "$user" /tmp/new
nok "which was not done" test -e /tmp/new

diagnosed 1 missing-directory "a missing directory" "$AL_TMP/none/at/all"
is "$(subject)" "$AL_TMP/none" "a missing directory: which"
diagnosed 1 not-a-directory "a file on the way" "$AL_TMP/file/lock"
is "$(subject)" "$AL_TMP/file" "a file on the way: which"
mkdir dir
mkfifo fifo
for name in dir fifo; do
	diagnosed 1 not-a-regular-file "a $name" "$AL_TMP/$name"
done
is "$(evidence type)" fifo "it is said what it is"
diagnosed 1 not-a-regular-file "the root" /

ln -s nowhere dangling
ln -s "$AL_TMP/none/x" far
ln -s round round
ln -s dir good
ln -s dangling twice
diagnosed 1 dangling-symlink "a link to nothing" "$AL_TMP/dangling"
is "$(subject) $(evidence target)" "$AL_TMP/dangling $AL_TMP/nowhere" "which, and to where"
diagnosed 1 dangling-symlink "a link to a missing directory" "$AL_TMP/far"
diagnosed 1 dangling-symlink "a link to a link to nothing" "$AL_TMP/twice"
is "$(subject)" "$AL_TMP/twice" "the first one is told"
diagnosed 1 dangling-symlink "a link to nothing on the way" "$AL_TMP/dangling/file"
diagnosed 1 symlink-loop "a link to itself" "$AL_TMP/round"
diagnosed 0 free "a file to be created behind a good link" "$AL_TMP/good/new"
diagnosed 1 missing-directory "a missing directory behind a good link" "$AL_TMP/good/none/x"
diagnosed 1 path-error "a name too long" "$AL_TMP/$(printf 'a%.0s' {1..256})"

# Permissions are those of the user that is asked for, as the kernel has them.
touch secret
chmod 600 secret
diagnosed 0 free "a file that only root may open, for root" "$AL_TMP/secret"
diagnosed 1 file-permission "for the user" -u "$user" "$AL_TMP/secret"
is "$(evidence mode) $(evidence owner) $(evidence readable)" "0600 0 false" "with its mode"
barred secret
chmod 644 secret
diagnosed 1 file-permission "a file that the user may read" -u "$user" "$AL_TMP/secret"
is "$(evidence readable)" true "so a read lock could be had"
barred secret
run as_user aimlock diagnose --json "$AL_TMP/secret"
is "$rc $(jq -r '.causes[0].code' <<<"$out")" "1 file-permission" "asked by the user himself"
run as_user aimlock diagnose -u root "$AL_TMP/secret"
like "$rc $out" '^1 .*only root may ask' "who may not ask for others"
run aimlock diagnose -u nosuch "$AL_TMP/secret"
like "$rc $out" '^1 .*no such user' "a user that is none"
diagnosed 1 file-permission "a user by number" -u 1000 "$AL_TMP/secret"

mkdir -p closed/open
touch closed/open/file
chown -R "$user" closed/open
chmod 700 closed
diagnosed 1 directory-permission "a directory in the way" -u "$user" "$AL_TMP/closed/open/file"
is "$(subject) $(evidence mode)" "$AL_TMP/closed 0700" "which, and its mode"
barred closed/open/file
diagnosed 1 create-permission "a directory for reading only" -u "$user" "$AL_TMP/dir/new"
is "$(subject)" "$AL_TMP/dir" "which"
barred dir/new

# What the mode allows an access list may deny, and the other way round.
touch listed
chmod 666 listed
setfacl -m "u:$user:r" listed
diagnosed 1 acl "an entry of the user" -u "$user" "$AL_TMP/listed"
like "$(evidence entry)" '^user:1000:r--' "which"
barred listed
setfacl -m "u:$user:rw" listed
diagnosed 0 free "with another entry" -u "$user" "$AL_TMP/listed"
ok "indeed" as_user locker open 10 "$AL_TMP/listed" posix 10 w 0 0
setfacl -m m::r listed
diagnosed 1 acl "which the mask narrows" -u "$user" "$AL_TMP/listed"
like "$(evidence entry)" 'mask r--' "as is said"
barred listed
setfacl -m "u:$user:---" dir
diagnosed 1 directory-permission "a list of a directory" -u "$user" "$AL_TMP/dir/x"
like "$(evidence acl)" '^user:1000:---' "the entry is told"

# Even root can't.
touch fixed
chattr +i fixed
diagnosed 1 immutable "an immutable file" "$AL_TMP/fixed"
is "$(action)" "chattr -i $AL_TMP/fixed" "what to do"
nok "indeed" locker open 10 "$AL_TMP/fixed"
chattr -i fixed
diagnosed 0 free "as is said" "$AL_TMP/fixed"
chattr +a fixed
diagnosed 1 append-only "an append-only file" "$AL_TMP/fixed"
nok "indeed" locker open 10 "$AL_TMP/fixed"
chattr -a fixed
mkdir frozen
chattr +i frozen
diagnosed 1 immutable "a new file in an immutable directory" "$AL_TMP/frozen/new"
nok "indeed" touch frozen/new
chattr -i frozen

cd /
run aimlock diagnose "$AL_TMP/closed/open/file" -u "$user"
like "$out" "directory-permission: $AL_TMP/closed"$'\n'"  because .*"$'\n'"  what to do +give" \
	"in words: where, why, what to do"
run aimlock diagnose ""
like "$rc $out" '^1 .*No such file' "an empty path"
odd=$AL_TMP/$'a\e[31m'
touch "$odd"
unlike "$(aimlock diagnose "$odd")" $'\e' "no odd byte reaches the terminal"
run aimlock diagnose "$AL_TMP/file" x
is "$rc" 2 "a second path is wrong usage"
done_testing
