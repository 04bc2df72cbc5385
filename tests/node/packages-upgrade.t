#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian that was booted with older packages gets the new ones.

. "$(dirname "$0")/../lib.sh"

kernel=$(uname -r)
new=$(dpkg-deb --field "$AL_ROOT"/aimlock-dkms_*.deb Version)

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@"
}

is "$(cat /sys/module/aimlock/version)" 0.0.9 "the older module was loaded at boot"
is "$(aimlock --version)" "aimlock 0.0.9" "the older command is there"
: >"$AL_TMP/file"
ok "a file is registered" aimlock add name "$AL_TMP/file"
ok "and held" aimlock hold name
ok "the packages are upgraded" apt install "$AL_ROOT"/aimlock_*.deb "$AL_ROOT"/aimlock-dkms_*.deb
is "$(aimlock --version)" "aimlock $new" "the command is the new one"
is "$(aimlock list --files -nr -o NAME,STATE)" "name held" "and speaks with the older module, which kept its hold"
is "$(dkms status | grep -c .)" 1 "dkms has one version"
like "$(dkms status)" "aimlock.*$new.*$kernel.*: installed" "the new one"
is "$(ls -d /usr/src/aimlock-*)" "/usr/src/aimlock-$new" "with its sources only"
ok "the hold is released" aimlock release name
ok "and the file forgotten" aimlock remove name
ok "the module is loaded anew" modprobe -r aimlock
ok "as the new one" modprobe aimlock
is "$(cat /sys/module/aimlock/version)" "$new" "which it is"
is "$(systemctl --failed --no-legend)" "" "no unit of systemd has failed"
ok "both are purged" apt purge aimlock aimlock-dkms
is "$(find /usr /etc /lib/modules /var/lib/dkms /var/lib/dpkg/info -name '*aimlock*')" "" \
	"nothing is left behind"
ok "but the loaded module, which still works" test -e /sys/locks/new_lock
ok "until it is unloaded" rmmod aimlock
done_testing
