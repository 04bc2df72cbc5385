#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A booted Debian that uses the packages gets those of a higher version: nothing that is
# registered, guarded or configured is lost, and the module in use stays until it is
# loaded anew.

. "$(dirname "$0")/../lib.sh"
. "$AL_ROOT/packages.sh"

kernel=$(uname -r)
old=$(dpkg-deb --field "$AL_ROOT"/before/aimlock_*.deb Version)
new=$(dpkg-deb --field "$AL_ROOT"/aimlock_*.deb Version)
conf=/etc/aimlock/case.conf

# settings: what an upgrade has to leave as it is
settings() {
	systemctl is-enabled aimlockd
	stat -c '%n %a %U %G' /etc/aimlock "$conf"
	cat "$conf" /usr/lib/modules-load.d/aimlock.conf
}

# locks: what is registered and guarded, and by which lease
locks() {
	local name

	for name in guarded named; do
		echo "$(attr "$name" path) $(state "$name") $(attr "$name" holder)"
	done
}

# dkms_has VERSION: it, for this kernel, and no other
dkms_has() {
	is "$(dkms status | sed 's/, original_module exists//')" "aimlock/$1, $kernel, x86_64: installed" \
		"dkms has version $1, and no other"
	is "$(modinfo -F version aimlock) $(modinfo -F vermagic aimlock | cut -d ' ' -f 1)" \
		"$1 $kernel" "as modprobe does"
	is "$(find /usr/src /var/lib/dkms/aimlock -maxdepth 1 \( -name 'aimlock-*' -o -name '[0-9]*' \) |
		sort | xargs)" "/usr/src/aimlock-$1 /var/lib/dkms/aimlock/$1" "and nothing of another is there"
}

is_running_as_other() {
	local pid

	pid=$(property MainPID)
	[[ $pid != 0 && $pid != "$1" && $(property ActiveState) == active ]]
}

is_resumed() {
	[[ $(journalctl -q -u aimlockd "AIMLOCK_MESSAGE=guard-resumed" -o cat) ]]
}

ok "$old is lower than $new" dpkg --compare-versions "$old" lt "$new"
ok "the packages of $old are installed" apt install "$AL_ROOT"/before/*.deb
dkms_has "$old"
echo "begin and" >"$AL_TMP/guarded"
: >"$AL_TMP/named"
chmod 755 "$AL_TMP"
cat >"$conf" <<END
[guarded]
path = $AL_TMP/guarded
guard = yes
check = grep -q end "\$AIMLOCK_PATH"
END
chmod 640 "$conf"
ok "aimlockd starts" systemctl start aimlockd
ok "a file whose check fails is guarded" wait_state guarded leased 60
ok "another is registered by hand" aimlock add named "$AL_TMP/named"
before=$(settings; locks)
pid=$(property MainPID)

ok "the packages of $new are installed" apt install "$AL_ROOT"/*.deb
is "$(dpkg-query -W -f '${Status} ${Version}\n' aimlock aimlock-dkms)" \
	"install ok installed $new"$'\n'"install ok installed $new" "both are installed"
dkms_has "$new"
ok "aimlockd was restarted" until_ok 60 is_running_as_other "$pid"
is "$(readlink "/proc/$(property MainPID)/exe") $(aimlockd --version)" \
	"/usr/sbin/aimlockd aimlockd $new" "and is the one of $new"
ok "it goes on with the guard" until_ok 30 is_resumed
is "$(settings; locks)" "$before" "what is configured, registered and guarded is as before"
is "$(cat /sys/module/aimlock/version)" "$old" "the module in use is the old one"

nok "it doesn't go while a file is guarded" modprobe -r aimlock
echo "begin and end" >"$AL_TMP/guarded"
ok "the file is mended" wait_state guarded free 60
ok "it goes" modprobe -r aimlock
ok "and the new one comes" modprobe aimlock
is "$(cat /sys/module/aimlock/version)" "$new" "the module in use is the new one"
ok "aimlockd has registered its file again" until_ok 60 test -e /sys/locks/guarded

systemctl -q disable --now aimlockd
ok "the package is installed once more" apt install --reinstall "$AL_ROOT"/aimlock_*.deb
is "$(systemctl is-enabled aimlockd || true) $(property ActiveState)" "disabled inactive" \
	"a service that is disabled stays so"
is "$(systemctl --failed --no-legend)" "" "no unit of systemd has failed"
done_testing
