#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The long run of tests/fuzz/guest-run: seed and number of inputs come from there,
# by the kernel's command line.
# timeout: 28800
. "$(dirname "$0")/../lib.sh"

read -r seed inputs < <(sed -n 's/.*aimlock.fuzz=\([0-9]*\),\([0-9]*\).*/\1 \2/p' /proc/cmdline)

al_load
rc=0
guest-fuzz -s "$seed" -n "$inputs" | sed -u 's/^/# /' || rc=$?
is "$rc" 0 "after $inputs inputs of seed $seed the module is what the model says"
no_leftovers
al_unload
rm -rf /tmp/aimlock-fuzz
done_testing
