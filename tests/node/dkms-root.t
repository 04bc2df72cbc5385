#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DKMS in a root that is not booted: add, build and install, signed with a key made
# here; kernels that it must leave alone; remove; and a kernel upgrade.

. "$(dirname "$0")/../lib.sh"

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' /src/dkms.conf)
kernel=$(ls /lib/modules)
kernel_re=${kernel//+/[+]}
signer="the owner of this machine"

# All files but those that come and go by themselves.
snapshot() {
	find / -xdev \( -path /proc -o -path /src -o -path /mnt -o -path /tmp -o -path /dev \
		-o -path /var/log -o -path /var/cache -o -path "$AL_TMP" \) -prune -o -print | sort
}

# says DESCRIPTION COMMAND...: succeeds, without a complaint about what is in dkms.conf
says() {
	ok "$@"
	unlike "$(<"$AL_TMP/ok.log")" '[Dd]eprecat|[Ww]arning|[Ee]rror' "and has nothing to complain of"
}

about() {
	modinfo -k "$1" -F "$2" aimlock 2>&1
}

# is_dkms_2: Debian 11's, which knows less.
is_dkms_2() {
	dkms --version | grep -q '[-: ]2\.'
}

# As README has it.
make_key() {
	ok "a key is made" openssl req -new -x509 -newkey rsa:2048 -nodes -days 36500 \
		-subj "/CN=$signer/" -outform DER -keyout /var/lib/dkms/mok.key -out /var/lib/dkms/mok.pub
	is "$(stat -c %a /var/lib/dkms/mok.key)" 600 "for root alone"
	is_dkms_2 || return 0
	cat >/etc/dkms/sign-module <<-'END'
		#!/bin/sh
		exec "/lib/modules/$1/build/scripts/sign-file" sha512 /var/lib/dkms/mok.key /var/lib/dkms/mok.pub "$2"
	END
	chmod +x /etc/dkms/sign-module
	echo sign_tool=/etc/dkms/sign-module >>/etc/dkms/framework.conf
}

built() {
	ok "the sources are put in place" make -C /src install-dkms DESTDIR=/
	says "dkms add" dkms add -m aimlock -v "$version"
	says "dkms build" dkms build -m aimlock -v "$version" -k "$kernel"
	says "dkms install" dkms install -m aimlock -v "$version" -k "$kernel"
	like "$(dkms status)" "aimlock.*$version.*$kernel_re.*: installed" "dkms status says so"
	like "$(about "$kernel" filename)" "^/lib/modules/$kernel_re/updates/dkms/aimlock\.ko" \
		"modprobe would find it"
	is "$(about "$kernel" version)" "$version" "its version"
	is "$(about "$kernel" signer)" "$signer" "it is signed with that key"
}

# forge VERSION: another kernel, with headers, that says to be this version.
forge() {
	cp -a "/usr/src/linux-headers-$kernel" "/usr/src/linux-headers-$1"
	cp -a "/lib/modules/$kernel" "/lib/modules/$1"
	rm -rf "/lib/modules/$1/updates"
	ln -sfn "/usr/src/linux-headers-$1" "/lib/modules/$1/build"
	sed -i "s/$kernel/$1/" "/usr/src/linux-headers-$1/include/config/kernel.release" \
		"/usr/src/linux-headers-$1/include/generated/utsrelease.h"
	# Not each suite has the same files there.
	for file in vmlinuz config System.map; do
		[[ ! -e /boot/$file-$kernel ]] || cp "/boot/$file-$kernel" "/boot/$file-$1"
	done
	depmod "$1"
}

# skipped VERSION WHY: with the status that means it; Debian 11's dkms has another one.
skipped() {
	local status=77

	! is_dkms_2 || status=9
	run dkms build -m aimlock -v "$version" -k "$1"
	is "$rc" "$status" "$2: dkms build ends with status $status"
	like "$out" 'BUILD_EXCLUSIVE' "$2: and says why"
}

# hooks_succeed VERSION WHY: those that come with a kernel's installation.
hooks_succeed() {
	ok "$2: the hooks of an installation succeed" run-parts --report --exit-on-error \
		--arg="$1" --arg="/boot/vmlinuz-$1" /etc/kernel/postinst.d
	ok "$2: there is an initramfs" test -s "/boot/initrd.img-$1"
	like "$(about "$1" filename)" "not found" "$2: there is no module"
}

forget() {
	rm -rf "/usr/src/linux-headers-$1" "/lib/modules/$1" "/boot/"*"-$1" \
		"/var/lib/initramfs-tools/$1"
}

exclusive() {
	local old=5.4.0-99-cloud-amd64 lockless=9.9.9-no-locks

	forge $old
	skipped $old "a kernel too old"
	hooks_succeed $old "a kernel too old"
	forget $old
	forge $lockless
	# Debian 13's dkms looks into the second.
	sed -i '/CONFIG_FILE_LOCKING=/d' "/usr/src/linux-headers-$lockless/.config" \
		"/usr/src/linux-headers-$lockless/include/config/auto.conf" "/boot/config-$lockless"
	# Debian 11's dkms doesn't look at the configuration.
	is_dkms_2 || skipped $lockless "a kernel without file locks"
	forget $lockless
}

removed() {
	ok "make uninstall-dkms" make -C /src uninstall-dkms
	snapshot >"$AL_TMP/after"
	is "$(diff "$AL_TMP/before" "$AL_TMP/after")" "" "nothing is left behind"
	nok "nor in the lists of modules" grep -r aimlock "/lib/modules/$kernel/modules.dep"
}

upgraded() {
	local new

	ok "make install-dkms" make -C /src install-dkms KVER="$kernel"
	like "$(about "$kernel" filename)" "updates/dkms" "installs at once"
	ok "a second kernel is installed" dpkg --force-unsafe-io --install /mnt/debs/*.deb
	new=$(find /lib/modules -mindepth 1 -maxdepth 1 ! -name "$kernel" -printf %f)
	like "$(about "$new" filename)" "^/lib/modules/${new//+/[+]}/updates/dkms/aimlock\.ko" \
		"the module is there for it, without a word"
	like "$(about "$new" vermagic)" "^${new//+/[+]} " "and is made for it"
	is "$(about "$new" signer)" "$signer" "and signed"
	ok "that kernel has an initramfs" test -s "/boot/initrd.img-$new"
}

make_key
snapshot >"$AL_TMP/before"
built
exclusive
removed
upgraded
done_testing
