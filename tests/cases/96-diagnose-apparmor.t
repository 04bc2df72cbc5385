#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aimlock diagnose and AppArmor: a profile that lets a program open the file and not
# lock it.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] ||
	skip_all "AppArmor is off in this kernel"
command -v apparmor_parser >/dev/null || skip_all "there is no apparmor_parser"

file=$AL_TMP/file
other=$AL_TMP/other
: >"$file"
: >"$other"
cp "$(command -v locker)" "$AL_TMP/confined"

# profile PERMISSIONS: of the file, for that program
profile() {
	apparmor_parser --replace --skip-cache <<-END
		profile aimlock-test $AL_TMP/confined {
			/** rm,
			$file $1,
		}
	END
}

profile rw
diagnosed 0 free "nothing was denied yet" "$file"
nok "the program is denied the lock" "$AL_TMP/confined" open 10 "$file" flock 10 w
ok "which others get" locker open 10 "$file" flock 10 w
diagnosed 1 apparmor "then" "$file"
is "$(evidence profile) $(evidence denied) $(evidence comm)" "aimlock-test k confined" \
	"the profile, what it denied, to whom"
like "$(action)" "$file rwk,.*aimlock-test" "what to do"
diagnosed 0 free "another file" "$other"
profile rwk
ok "with that rule the program gets it" "$AL_TMP/confined" open 10 "$file" flock 10 w
apparmor_parser --remove <<<"profile aimlock-test $AL_TMP/confined { }"
diagnosed 0 free "without the profile" "$file"
done_testing
