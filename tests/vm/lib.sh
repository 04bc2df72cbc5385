# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# Sourced by the scripts in this directory: places, progress, root rights and
# the list of kernels.

set -euo pipefail

# Debian's own tools first, whatever else is in the caller's path; those that it keeps
# from the path of users, as depmod and mke2fs, too.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VM=$TOP/tests/vm
CACHE=${AIMLOCK_CACHE:-${XDG_CACHE_HOME:-~/.cache}/aimlock}
FLAVOUR=${FLAVOUR:-cloud-amd64}
DEFAULT_KERNEL=6.12
# Built here, from the sources of the kernel of that name: see kernel-debug.
DEBUG_KERNELS=(6.1-debug 6.12-debug)
# Shared with the scripts that this one calls, so that they count as one.
export AIMLOCK_T0=${AIMLOCK_T0:-$(date +%s)}

# Standard output belongs to results; progress goes to the other one.
say() {
	local t=$(($(date +%s) - AIMLOCK_T0))

	printf '[%d:%02d] %s\n' $((t / 60)) $((t % 60)) "$*" >&2
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

as_root() {
	if ((EUID)); then
		sudo -- "$@"
	else
		"$@"
	fi
}

# kernel_tags [CLASS...]: the tags of the kernels of these classes, one a line; by
# default of all that are Debian's.
kernel_tags() {
	awk -v classes=" ${*:-default more} " '!/^#/ && index(classes, " " $4 " ") { print $1 }' \
		"$VM/kernels"
}

# kernel_suite TAG: a debug kernel has that of its base.
kernel_suite() {
	awk -v tag="${1%-debug}" '$1 == tag { print $2; found = 1 } END { exit !found }' \
		"$VM/kernels" ||
		die "no kernel '$1' in tests/vm/kernels ($(kernel_tags | xargs) ${DEBUG_KERNELS[*]})"
}

# kernel_package TAG: the package that depends on the newest image, or for a debug
# kernel the one with its sources.
kernel_package() {
	if [[ $1 == *-debug ]]; then
		echo "linux-source-${1%-debug}"
		return
	fi
	awk -v tag="$1" -v flavour="$FLAVOUR" \
		'$1 == tag { sub(/%f/, flavour, $3); print $3 }' "$VM/kernels"
}

# kernels_of SUITE: tags of the kernels that are built in this suite's root.
kernels_of() {
	awk -v suite="$1" '!/^#/ && $2 == suite { print $1 }' "$VM/kernels"
}

# kernel_slowness TAG: how many times longer than usual things may take.
kernel_slowness() {
	[[ $1 == *-debug ]] && echo 4 || echo 1
}

# kernel_memory TAG: KASAN takes an eighth, and its quarantine as much again.
kernel_memory() {
	[[ $1 == *-debug ]] && echo 3G || echo 2G
}

# kernel_arguments TAG: KASAN makes ACPI's interpreter run into its own time limit.
kernel_arguments() {
	[[ $1 == *-debug ]] && echo "acpi=off kasan_multi_shot" || :
}

# make_inside TAG ARGUMENT...: make in its suite's root, for that kernel.
make_inside() {
	local tag=$1 kernel place=()

	shift
	kernel=$("$VM/kernel" "$tag")
	set -- KVER="$(cat "$kernel/version")" "$@"
	if [[ -d $kernel/build ]]; then
		place=(-m "$kernel/build")
		set -- KDIR=/mnt "$@"
	fi
	"$VM/inside" "${place[@]}" "$(kernel_suite "$tag")" \
		make -j"$(nproc)" --no-print-directory "$@"
}

# build_of SUITE: where what is built for its guests goes; with COVERAGE=1 beside that,
# with all lines of the module and the tool counting how often they run.
build_of() {
	echo "build/${COVERAGE:+coverage/}$1"
}

# key_of: a short name for what comes in on standard input.
key_of() {
	sha256sum | cut -c1-12
}
