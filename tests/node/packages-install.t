#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A booted Debian gets the packages, uses them, and is rid of them.

. "$(dirname "$0")/../lib.sh"

kernel=$(uname -r)

# Without what comes and goes by itself.
snapshot() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \
		-o -path /var/log -o -path /var/cache -o -path /var/lib/systemd \
		-o -path /var/lib/dpkg -o -path /var/lib/apt -o -path "$AL_TMP" \) -prune \
		-o -print | sort
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@"
}

snapshot >"$AL_TMP/before"
nok "there is no aimlock before" command -v aimlock
ok "both packages are installed" apt install "$AL_ROOT"/aimlock_*.deb "$AL_ROOT"/aimlock-dkms_*.deb
like "$(dkms status)" "aimlock.*$kernel.*: installed" "dkms built the module"
run aimlock list
is "$rc" 1 "it is not loaded yet"
like "$out" 'load it with: modprobe aimlock' "and the command says what to do"
ok "modprobe aimlock" modprobe aimlock
: >"$AL_TMP/file"
ok "a file is registered" aimlock add name "$AL_TMP/file"
exec 9>"$AL_TMP/file"
flock 9
is "$(aimlock list -nr -o NAME,STATE name)" "name live" "and its lock is seen"
exec 9>&-
ok "it is forgotten" aimlock remove name
for page in man8/aimlock.8 man5/aimlock-sysfs.5 man7/aimlock-netlink.7; do
	ok "${page##*/} is there" test -s "/usr/share/man/$page.gz"
done
like "$(bash -c '. /usr/share/bash-completion/bash_completion
	_completion_loader aimlock; complete -p aimlock' 2>&1)" '-F _aimlock aimlock' \
	"the shell finds the completion"
is "$(systemctl --failed --no-legend)" "" "no unit of systemd has failed"
ok "the module is unloaded" modprobe -r aimlock
ok "both are purged" apt purge aimlock aimlock-dkms
is "$(dkms status)" "" "dkms knows nothing of it"
snapshot >"$AL_TMP/after"
# The key is dkms's own, and for other modules too.
is "$(diff "$AL_TMP/before" "$AL_TMP/after" | grep '^[<>]' | grep -v '/var/lib/dkms/mok\.')" "" \
	"nothing is left behind"
done_testing
