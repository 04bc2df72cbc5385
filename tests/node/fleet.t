#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A node of a fleet, where nothing of aimlock is: Ansible's role says what it would do, does
# it, and then nothing any more; a configuration with a fault changes nothing. And Debian's
# Prometheus learns of an orphan there.

. "$(dirname "$0")/../lib.sh"

here=/aimlock
file=$AL_TMP/a
daemon=127.0.0.1:9137
prometheus=127.0.0.1:9090
export LC_ALL=C.UTF-8 ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_LOCAL_TEMP=$AL_TMP/ansible
cd "$here/ansible" || exit

# variables CHECK: what the fleet says of this node
variables() {
	jq -n --arg path "$file" --arg check "$1" '{aimlock_packages: $ARGS.positional,
		aimlock_daemon: {"metrics-listen": 9137},
		aimlock_files: {deploy: {path: $path, "on-orphan": "notify", guard: true,
			check: $check}}}' --args "$here"/packages/*.deb >"$AL_TMP/node.json"
}

# play ARGUMENT...: sets $rc and $out
play() {
	run timeout 1200 ansible-playbook -c local -i localhost, -e "@$AL_TMP/node.json" "$@" site.yml
	diag "$(tail -n 1 <<<"$out")"
}

changed() {
	grep -oE 'changed=[0-9]+ ' <<<"$out"
}

# query EXPRESSION: what Prometheus answers
query() {
	promtool query instant "http://$prometheus" "$1" 2>&1
}

# answers EXPRESSION REGEX
answers() {
	[[ $(query "$1") =~ $2 ]]
}

# learns DESCRIPTION EXPRESSION REGEX: after a while Prometheus answers that.
learns() {
	ok "$1" until_ok 300 answers "$2" "$3"
}

systemctl stop prometheus
echo "begin and end" >"$file"
chmod 755 "$AL_TMP"
variables 'grep -q end "$AIMLOCK_PATH"'

play --check --diff
is "$rc" 0 "a dry run, where there is neither package nor service"
like "$out" "\\+\\[deploy\\]" "it shows the configuration"
nok "and doesn't write it" test -e /etc/aimlock
nok "nor install anything" command -v aimlock

play
is "$rc" 0 "the role"
is "$(dpkg-query -W -f '${Status} ' aimlock aimlock-dkms)" \
	"install ok installed install ok installed " "the packages of that host are installed"
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

python3 -c 'import sys, urllib.request
url = "http://%s/metrics" % sys.argv[1]
sys.stdout.buffer.write(urllib.request.urlopen(url).read())' "$daemon" >"$AL_TMP/metrics"
ok "promtool takes what aimlockd serves" promtool check metrics <"$AL_TMP/metrics"
cat >/etc/prometheus/prometheus.yml <<END
global:
  scrape_interval: 2s
  evaluation_interval: 2s
rule_files: [/usr/share/aimlock/aimlock.rules.yml]
scrape_configs:
  - job_name: aimlock
    static_configs:
      - targets: ['$daemon']
END
echo "ARGS=--web.listen-address=$prometheus" >/etc/default/prometheus
ok "and the alert rules" promtool check config /etc/prometheus/prometheus.yml
systemctl start prometheus
learns "Prometheus asks aimlockd" 'up{job="aimlock"}' '=> 1 @'
learns "there is no orphan" 'aimlock_orphans{file="deploy"}' '=> 0 @'
orphan bus flock "$file"
learns "there is one" 'aimlock_orphans{file="deploy"}' '=> 1 @'
learns "which will be an alarm" 'ALERTS{alertname="AimlockOrphan", file="deploy"}' 'alertstate="pending".*=> 1 @'
ok "cleared" aimlock clear deploy
learns "there is none" 'aimlock_orphans{file="deploy"}' '=> 0 @'
stop bus

systemctl stop prometheus aimlockd
al_del deploy
rmmod aimlock
done_testing
