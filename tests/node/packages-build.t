#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# packages-build.t DIRECTORY AGAIN: the packages as they were built, in the root that
# they were built in.

. "$(dirname "$0")/../lib.sh"

dir=$1
again=$2

run lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$dir"/*.changes
is "$rc" 0 "lintian has neither errors nor warnings"
diag "$out"
for file in "$dir"/*.deb "$dir"/*.tar.xz; do
	ok "built again, ${file##*/} is the same" cmp "$file" "$again/${file##*/}"
done
tool=$(dpkg-deb --contents "$dir"/aimlock_*.deb)
for page in "$dir"/aimlock/build/man/*; do
	like "$tool" "/usr/share/man/man${page##*.}/${page##*/}\.gz" "${page##*/} is in it"
done
for file in usr/sbin/aimlock usr/sbin/aimlockd lib/systemd/system/aimlockd.service \
	lib/udev/rules.d/60-aimlock.rules \
	usr/share/bash-completion/completions/aimlock{,d} usr/share/doc/aimlock/operations.md.gz \
	usr/share/aimlock/aimlock.rules.yml etc/aimlock/; do
	like "$tool"$'\n' "/$file"$'\n' "$file is in it"
done
unlike "$(dpkg-deb --contents "$dir"/aimlock-dkms_*.deb)" '/tests/|/userspace/' \
	"the sources for dkms are just the module's"
done_testing
