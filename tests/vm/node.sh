# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by what boots nodes: cases of tests/node, their results, and a place to work.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

results=${RESULTS:-$TOP/build/results}
work=
kernel=
limit=1500	# seconds that a node may run

# node_case NAME DIRECTORY: what /aimlock of a node gets for that case.
node_case() {
	mkdir -p "$2/cases"
	cp "$TOP/tests/cases/lib.sh" "$2/"
	cp "$TOP"/tests/node/*.sh "$2/"
	cp "$TOP/tests/node/$1.t" "$2/cases/"
}

# node_program NAME SUITE DIRECTORY: one of tests/helpers, as built for that suite.
node_program() {
	local dir=build/deb/$2-helpers

	"$VM/inside" -k deb "$2" make -s BUILD="$dir" "$dir/tests/$1" >&2
	install -D "$TOP/$dir/tests/$1" "$3/bin/$1"
}

# node_packages BUILD DIRECTORY: those of build/deb/BUILD, without their debug symbols.
node_packages() {
	mkdir -p "$2"
	cp "$TOP/build/deb/$1"/aimlock{,-dkms}_*.deb "$2/"
}

# node_plain KIND SUITE: $work/root, a node that has nothing of aimlock; sets $kernel.
node_plain() {
	as_root cp -a "$("$VM/root" "$1" "$2")" "$work/root"
	kernel=$(ls "$work/root/lib/modules")
}

# node_root KIND SUITE: $work/root, a node with the tools and the module; sets $kernel.
node_root() {
	local tag

	tag=$(kernels_of "$2" | head -n 1)
	kernel=$("$VM/build" "$tag")
	as_root cp -a "$("$VM/root" "$1" "$2")" "$work/root"
	[[ -d $work/root/lib/modules/$kernel ]] || die "the $2 node has another kernel than $tag"
	make --no-print-directory -C "$TOP" install-tools BUILD="build/$2" PREFIX=/usr \
		DESTDIR="$work/tools" >&2
	as_root cp -r "$work/tools/." "$work/root/"
	as_root install -Dm644 "$TOP/build/$2/$kernel/aimlock.ko" \
		"$work/root/usr/lib/modules/$kernel/updates/aimlock.ko"
	as_root depmod -b "$work/root" "$kernel"
}

# node_boot ROOT RELEASE PAYLOAD RESULTS NAME: boots it for the one case in the payload.
node_boot() {
	say "$5: booting $2"
	"$VM/boot" -t "$limit" -n "$1" "$2" node "$3" "$4/$5-console.log" "$4/$5.tap" \
		</dev/null || true
	touch "$4/$5-console.log" "$4/$5.tap"
	"$VM/judge" "$4/$5-console.log" >"$4/$5-kernel-log.tap"
}

# node_suites WHAT SUITE...: run_suite for each, then the verdict.
node_suites() {
	local what=$1 suite

	shift
	"$VM/deps"
	trap 'as_root rm -rf --one-file-system "$work"' EXIT
	for suite; do
		rm -rf "${results:?}/$what-$suite"
		mkdir -p "$results/$what-$suite"
		work=$(mktemp -d -p "$CACHE")
		run_suite "$suite"
		as_root rm -rf --one-file-system "$work"
	done
	cd "$results"
	prove --recurse --ext .tap --exec cat "${@/#/$what-}"
}
