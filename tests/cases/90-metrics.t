#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Metrics of real locks, read by the OpenMetrics parser of the Prometheus client.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"

python3 -c 'import prometheus_client' 2>/dev/null || skip_all "there is no Prometheus client"

# parsed: what standard input says, each sample as "NAME LABEL=VALUE... VALUE", sorted
parsed() {
	python3 -c '
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
    for s in family.samples:
        print(s.name, *(f"{k}={v}" for k, v in sorted(s.labels.items())), f"{s.value:g}")
' | sort
}

# sample NAME [LABEL=VALUE...]: its value, from $samples
sample() {
	grep -- "^$* [^ ]*$" <<<"$samples" | sed 's/.* //'
}

# look: all metrics of now, parsed
look() {
	samples=$(aimlock metrics | parsed)
}

! [[ -d /sys/module/aimlock ]] || rmmod aimlock
prom=$AL_TMP/aimlock.prom
run aimlock metrics --output "$prom"
is "$rc" 1 "without the module: exit status 1"
samples=$(parsed <"$prom")
is "$samples" "aimlock_up 0" "without the module: the file says so"

al_load
look
is "$(sample aimlock_up) $(sample aimlock_files)" "1 0" "up, and no file"
is "$(sample aimlock_module_info "version=$(</sys/module/aimlock/version)")" 1 "the version"

for name in free busy lost; do
	new_file $name
done
bg taker locker open 10 "$(path busy)" flock 10 w open 11 "$(path busy)" ofd 11 r 0 1 \
	ofd 11 r 5 1 say locked pause
await taker locked
orphan bus flock "$(path lost)"
waiter wait flock "$(path lost)"
wait_state lost orphaned
sleep 1
look
is "$(sample aimlock_files)" 3 "three files"
is "$(grep '^aimlock_file_state ' <<<"$samples" | grep ' 1$' | xargs)" \
	"aimlock_file_state file=busy state=live 1 aimlock_file_state file=free state=free 1\
 aimlock_file_state file=lost state=orphaned 1" "each is in one state"
is "$(grep -c '^aimlock_file_state file=busy ' <<<"$samples")" 11 "of eleven"
is "$(sample aimlock_locks file=busy mechanism=flock type=write verdict=live)" 1 "the flock"
is "$(sample aimlock_locks file=busy mechanism=ofd type=read verdict=live)" 2 \
	"two OFD locks in one sample"
is "$(sample aimlock_locks file=lost mechanism=flock type=write verdict=orphaned)" 1 \
	"the orphan"
is "$(grep -c '^aimlock_locks ' <<<"$samples")" 3 "and no other locks"
is "$(sample aimlock_orphans file=lost) $(sample aimlock_orphans file=busy)" "1 0" "orphans"
is "$(sample aimlock_waiters file=lost) $(sample aimlock_waiters file=busy)" "1 0" "waiters"
age=$(sample aimlock_oldest_orphan_age_seconds file=lost)
like "$age" '^[1-9][0-9]?(\.[0-9]+)?$' "the orphan's age in seconds"
is "$(sample aimlock_oldest_orphan_age_seconds file=busy)" 0 "no orphan, no age"
like "$(sample aimlock_oldest_lock_age_seconds file=busy)" '^[1-9]' "the age of a lock"
unlike "$samples" "$AL_TMP|pid|$(said taker locked)" "no pid, no path"

is "$(sample aimlock_generation file=lost)" 0 "the generation"
aimlock clear lost >/dev/null
aimlock hold free
look
is "$(sample aimlock_generation file=lost) $(sample aimlock_orphans file=lost)" "1 0" \
	"after a clear"
is "$(sample aimlock_held file=free) $(sample aimlock_held file=busy)" "1 0" "a hold"
is "$(sample aimlock_locks file=free mechanism=flock type=write verdict=held)" 1 \
	"and its lock"
aimlock release free

ok "to a file" aimlock metrics --output "$prom"
is "$(stat -c '%a %F' "$prom")" "644 regular file" "for all to read"
is "$(parsed <"$prom" | cut -d ' ' -f 1 | sort -u)" \
	"$(cut -d ' ' -f 1 <<<"$samples" | sort -u)" "with the same in it"
is "$(find "$AL_TMP" -name 'aimlock.prom?*')" "" "nothing else is left beside it"

# A reader that has the old one open keeps it whole.
exec {old}<"$prom"
before=$(stat -L -c %i "/proc/self/fd/$old")
ok "once more" aimlock metrics -o "$prom"
isnt "$(stat -c %i "$prom")" "$before" "by a new file in the place of the old one"
is "$(tail -n 1 <&"$old")" "# EOF" "whose readers come to its end"
exec {old}<&-

run aimlock metrics -o "$AL_TMP/none/aimlock.prom"
is "$rc" 1 "no such directory: exit status 1"
like "$out" "none/aimlock.prom: the metrics can't be written \(No such file or directory\)" \
	"no such directory: and says so"
mkdir "$AL_TMP/full"
mount -t tmpfs -o size=4k tmpfs "$AL_TMP/full"
echo old >"$AL_TMP/full/aimlock.prom"
run aimlock metrics -o "$AL_TMP/full/aimlock.prom"
like "$rc $out" '^1 .*No space left on device' "a full disk: is said"
is "$(ls -A "$AL_TMP/full") $(<"$AL_TMP/full/aimlock.prom")" "aimlock.prom old" \
	"a full disk: the old file stays, no other"
umount "$AL_TMP/full"
is "$(setpriv --reuid 1000 --clear-groups --bounding-set -all aimlock metrics | parsed |
	grep -c '^aimlock_locks file=busy')" 2 "an ordinary user may ask"

stop wait
stop bus
stop taker
for name in free busy lost; do
	al_del $name
done
no_leftovers
al_unload
done_testing
