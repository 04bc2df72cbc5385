# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2119,SC2120
#
# What the checks share.  A check is a script in this directory that can be run
# alone, from anywhere.  It prints what is wrong, one line each, and ends with a
# non-zero status; what it makes goes to build/check.  A check that finds nothing
# to look at has failed too.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

cd "$TOP"
export LC_ALL=C.UTF-8
OUT=build/check
mkdir -p "$OUT"

# need TOOL PACKAGE: the check can't run without it.
need()
{
	command -v "$1" >/dev/null || die "$1 is missing; its Debian package is $2"
}

# some LIST WHAT: there is something to look at.
some()
{
	[[ $1 ]] || die "no $2 found"
}

# sources [FIND-TEST...]: the files of the tree, without git's own and what was built.
sources()
{
	find . \( -path ./.git -o -path ./build -o -name __pycache__ \) -prune -o -type f \
		! -name '*.o' ! -name '*.ko' ! -name '*.mod' ! -name '*.mod.c' ! -name '*.cmd' \
		! -name Module.symvers ! -name modules.order "$@" -printf '%P\n' | sort
}

# scripts: the shell scripts, whatever their names end in.
scripts()
{
	local file

	sources | while read -r file; do
		if head -n 2 "$file" | grep -qE '^#!.*\b(ba)?sh\b|^# shellcheck shell=' ||
		   [[ $file == *.sh ]]; then
			echo "$file"
		fi
	done
}

# build_module TAG [MAKE-ARGUMENT...]: the module for that kernel, with every warning on,
# in a directory of its own, which is printed.
build_module()
{
	local version

	version=$(cat "$("$VM/kernel" "$1")/version") || return
	make_inside "$1" -k module BUILD="$OUT" W=1 KCFLAGS=-Werror "${@:2}" >&2 || return
	echo "$OUT/$version"
}
