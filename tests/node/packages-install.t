#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A booted Debian gets the packages, uses them, and is rid of them.

. "$(dirname "$0")/../lib.sh"
. "$AL_ROOT/packages.sh"

kernel=$(uname -r)
unit=/etc/systemd/system/aimlock-orphaned@.service

# Without what comes and goes by itself.
snapshot() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \
		-o -path /var/log -o -path /var/cache -o -path /var/lib/systemd \
		-o -path /var/lib/dpkg -o -path /var/lib/apt -o -path "$AL_TMP" \) -prune \
		-o -print | sort
}

# is_started NAMES: the unit was, for these
is_started() {
	[[ $(cat "$AL_TMP/started" 2>/dev/null) == "$1" ]]
}

snapshot >"$AL_TMP/before"
nok "there is no aimlock before" command -v aimlock
ok "both packages are installed" apt install "$AL_ROOT"/aimlock_*.deb "$AL_ROOT"/aimlock-dkms_*.deb
like "$(dkms status)" "aimlock.*${kernel//+/[+]}.*: installed" "dkms built the module"
is "$(systemctl is-enabled aimlockd) $(property ActiveState) $(property Result)" \
	"enabled inactive success" "aimlockd is enabled, and waits for a configuration"
is "$(find /etc/aimlock)" /etc/aimlock "for which there is a directory"
ok "an example of one is there" test -s /usr/share/doc/aimlock/aimlock.conf.example
run aimlock list
is "$rc" 1 "the module is not loaded yet"
like "$out" 'load it with: modprobe aimlock' "and the command says what to do"
ok "modprobe aimlock" modprobe aimlock
: >"$AL_TMP/file"
ok "a file is registered" aimlock add name "$AL_TMP/file"
exec 9>"$AL_TMP/file"
flock 9
is "$(aimlock list -nr -o NAME,STATE name)" "name inherited" "and the lock of this shell is seen"
exec 9>&-
ok "it is forgotten" aimlock remove name
for page in man8/aimlock.8 man8/aimlockd.8 man5/aimlock.conf.5 man5/aimlock-sysfs.5 \
	man7/aimlock-netlink.7; do
	ok "${page##*/} is there" test -s "/usr/share/man/$page.gz"
done
for command in aimlock aimlockd; do
	like "$(bash -c '. /usr/share/bash-completion/bash_completion
		_completion_loader $1; complete -p $1' bash "$command" 2>&1)" "-F _$command $command" \
		"the shell finds the completion of $command"
done

if udevadm --help | grep -qw verify; then
	ok "udevadm has nothing to complain of" udevadm verify /usr/lib/udev/rules.d/60-aimlock.rules
else
	skip "udevadm has nothing to complain of" "this one doesn't look at rules"
fi
ok "a file is registered" aimlock add name "$AL_TMP/file"
orphan bus flock "$AL_TMP/file"
ok "it becomes orphaned" wait_state name orphaned
udevadm settle
is "$(systemctl list-units --all --no-legend 'aimlock-orphaned*' 'sys-locks-*')" "" \
	"and udev starts nothing where there is no unit for it"
ok "cleared" aimlock clear name
cat >"$unit" <<END
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo %i >>$AL_TMP/started; aimlock clear %i'
END
systemctl daemon-reload
orphan second flock "$AL_TMP/file"
ok "an orphan starts the unit that there is for it" until_ok 60 is_started name
ok "which clears it" wait_state name free 60
orphan third flock "$AL_TMP/file"
ok "so does the next one" until_ok 60 is_started $'name\nname'
ok "which is cleared, too" wait_state name free 60
ok "the file is forgotten" aimlock remove name
for id in bus second third; do
	stop "$id"
done
rm "$unit"
systemctl daemon-reload

printf '[configured]\npath = %s\n' "$AL_TMP/file" >/etc/aimlock/case.conf
ok "with a configuration aimlockd starts" systemctl start aimlockd
is "$(property ActiveState) $(cat /sys/locks/configured/state)" "active free" "and registers its file"
is "$(systemctl --failed --no-legend)" "" "no unit of systemd has failed"

ok "aimlock is removed" apt remove aimlock
is "$(property ActiveState) $(property LoadState)" "inactive not-found" "the service is gone with it"
ok "its configuration is not" test -s /etc/aimlock/case.conf
ok "the module is unloaded" modprobe -r aimlock
ok "both are purged" apt purge aimlock aimlock-dkms
is "$(dkms status)" "" "dkms knows nothing of it"
snapshot >"$AL_TMP/after"
# The key is dkms's own, and for other modules too.
is "$(diff "$AL_TMP/before" "$AL_TMP/after" | grep '^[<>]' | grep -v '/var/lib/dkms/mok\.')" \
	$'> /etc/aimlock\n> /etc/aimlock/case.conf' "nothing is left behind but what was written here"
is "$(systemctl --failed --no-legend)" "" "no unit of systemd has failed since"
done_testing
