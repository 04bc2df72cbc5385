#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A node of a fleet: Ansible's role says what it would do, does it, and then nothing any
# more; a configuration with a fault changes nothing.

. "$(dirname "$0")/../lib.sh"

here=/aimlock
file=$AL_TMP/a
export LC_ALL=C.UTF-8 ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_LOCAL_TEMP=$AL_TMP/ansible
cd "$here/ansible" || exit

# variables CHECK: what the fleet says of this node
variables() {
	jq -n --arg path "$file" --arg check "$1" '{aimlock_packages: [],
		aimlock_daemon: {"metrics-listen": 9137},
		aimlock_files: {deploy: {path: $path, "on-orphan": "notify", guard: true,
			check: $check}}}' >"$AL_TMP/node.json"
}

# play ARGUMENT...: sets $rc and $out
play() {
	run timeout 600 ansible-playbook -c local -i localhost, -e "@$AL_TMP/node.json" "$@" site.yml
	diag "$(tail -n 1 <<<"$out")"
}

changed() {
	grep -oE 'changed=[0-9]+ ' <<<"$out"
}

echo "begin and end" >"$file"
chmod 755 "$AL_TMP"
variables 'grep -q end "$AIMLOCK_PATH"'
systemctl daemon-reload

play --check --diff
is "$rc" 0 "a dry run"
like "$out" "\\+\\[deploy\\]" "it shows the configuration"
nok "and doesn't write it" test -e /etc/aimlock/fleet.conf
nok "nor load the module" test -e /sys/module/aimlock
isnt "$(systemctl is-active aimlockd)" active "nor start the guardian"

play
is "$rc" 0 "the role"
is "$(systemctl is-active aimlockd) $(systemctl is-enabled aimlockd)" "active enabled" \
	"the guardian runs, and will after a boot"
is "$(attr deploy path) $(state deploy)" "$file free" "the file is registered"
is "$(grep -c '^guard = yes$' /etc/aimlock/fleet.conf)" 1 "booleans are the configuration's words"

play
is "$rc $(changed)" "0 changed=0 " "once more: there is nothing to do"

before=$(cat /etc/aimlock/fleet.conf)
variables 'true'
sed -i 's/notify/perhaps/' "$AL_TMP/node.json"
play
is "$rc" 2 "a fault in the configuration: the role fails"
like "$out" "on-orphan: 'perhaps'" "and has aimlockd's sentence"
is "$(cat /etc/aimlock/fleet.conf)" "$before" "and nothing was written"
is "$(systemctl is-active aimlockd) $(state deploy)" "active free" "the guardian runs on"

systemctl stop aimlockd
al_del deploy
rmmod aimlock
done_testing
