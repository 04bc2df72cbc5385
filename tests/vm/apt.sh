# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced after lib.sh: a private apt that knows one Debian suite, whatever
# release the host runs, and never touches the host's own state. The mirror is
# the host's, or AIMLOCK_MIRROR (and AIMLOCK_SECURITY_MIRROR).

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# host_uris: the repositories in the host's apt sources, mirror lists resolved.
host_uris() {
	local uri

	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' | sort -u |
		while read -r uri; do
			case $uri in
			mirror+file:*)
				uri=${uri#mirror+file:}
				grep -m1 -o '^[a-z]*://[^[:space:]]*' \
					"${uri%/}" || true
				;;
			*)
				echo "$uri"
				;;
			esac
		done | sed 's,/*$,,'
}

# apt_release SUITE: backports are no release of their own.
apt_release() {
	echo "${1%-backports}"
}

# apt_sources SUITE
apt_sources() {
	local suite=$1 uris mirror security

	uris=$(host_uris)
	mirror=${AIMLOCK_MIRROR:-$(grep -m1 '/debian$' <<<"$uris" || true)}
	[[ $mirror ]] ||
		die "no Debian mirror in apt's sources; name one in AIMLOCK_MIRROR"
	security=${AIMLOCK_SECURITY_MIRROR:-$(
		grep -m1 '/debian-security$' <<<"$uris" || echo "$mirror-security"
	)}
	echo "deb [signed-by=$KEYRING] $mirror $(apt_release "$suite") main"
	case $suite in
	sid) return ;;
	*-backports) echo "deb [signed-by=$KEYRING] $mirror $suite main" ;;
	esac
	cat <<-END
		deb [signed-by=$KEYRING] $mirror $(apt_release "$suite")-updates main
		deb [signed-by=$KEYRING] $security $(apt_release "$suite")-security main
	END
}

# apt_configure SUITE DIRECTORY
apt_configure() {
	local suite=$1 dir=$2 sources

	mkdir -p "$dir"/{answers,lists/partial,archives/partial}
	sources=$(apt_sources "$suite")
	if [[ $sources != "$(cat "$dir/sources.list" 2>/dev/null)" ]]; then
		rm -f "$dir/fetched"
		echo "$sources" >"$dir/sources.list"
	fi
	: >>"$dir/status"
	# By a rename: somebody may be reading it.
	cat >"$dir/apt.conf.new" <<-END
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$dir";
		Dir::State::lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir";
		Dir::Cache::archives "$dir/archives";
		APT::Sandbox::User "root";
		APT::Architecture "amd64";
		APT::Architectures "amd64";
		APT::Default-Release "";
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		Acquire::Retries "3";
	END
	mv "$dir/apt.conf.new" "$dir/apt.conf"
}

# apt_fetch SUITE DIRECTORY: lists are fetched when a day old; without a network
# the old ones do.
apt_fetch() {
	local suite=$1 dir=$2

	[[ -z $(find "$dir/fetched" -mmin -1440 2>/dev/null) ]] || return 0
	say "apt: fetching the package lists of Debian $suite"
	if apt-get -qq update; then
		touch "$dir/fetched"
	elif [[ ! -e $dir/fetched ]]; then
		die "cannot fetch the package lists of Debian $suite"
	else
		say "apt: no network; going on with the lists of last time"
	fi
}

# apt_use SUITE: from here on apt-get speaks of that suite.
apt_use() {
	local dir=$CACHE/apt/$1 lock

	mkdir -p "$dir"
	exec {lock}>"$dir/.lock"
	flock "$lock"
	apt_configure "$1" "$dir"
	export APT_CONFIG=$dir/apt.conf
	apt_fetch "$1" "$dir"
	exec {lock}>&-
}

# apt_versions PACKAGE...: what an installation would bring, with versions. The
# answer is good until the lists are fetched again.
apt_versions() {
	local dir=${APT_CONFIG%/*} answer

	answer=$dir/answers/$(printf '%s\n' "$@" | key_of)
	if [[ ! $answer -nt $dir/fetched ]]; then
		apt-get -qq --simulate install "$@" | grep '^Inst ' | sort >"$answer.$$"
		mv "$answer.$$" "$answer"
	fi
	cat "$answer"
}
