#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
# Locks of an SMB client of this host, before and after the client goes away without a
# word: ksmbd's, remote, refused even with force; what show proposes instead does it.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cases/tools.sh
. "$(dirname "$0")/../tools.sh"
# shellcheck source=tests/cases/remote.sh
. "$(dirname "$0")/../remote.sh"

command -v ksmbd.mountd >/dev/null || skip_all "this Debian has no ksmbd-tools"
modprobe -a ksmbd cifs veth 2>/dev/null || skip_all "this kernel has no ksmbd"
share=$AL_TMP/share
mkdir "$share" /mnt/aimlock-smb
chmod 755 "$AL_TMP"

client_host
serve_smb "$share" >"$AL_TMP/smb.log" 2>&1

# The client's own tools would look for its address.
connect() {
	on_client mount -i -t cifs -o \
		ip=$al_server,username=user,password=secret,vers=3.0,sec=ntlmssp,cache=none \
		//$al_server/share /mnt/aimlock-smb
}

# Linux 6.1's ksmbd was seen to give its client no share from these tools.
mounted=yes
connect 2>"$AL_TMP/connect.log" || mounted="no: $(<"$AL_TMP/connect.log")"
if [[ $mounted != yes && $(uname -r) == 6.1.* ]]; then
	stop smb
	ksmbd.control -s >/dev/null 2>&1 || :
	no_client_host
	rmdir /mnt/aimlock-smb
	skip_all "ksmbd of this kernel and Debian's ksmbd-tools give the client no share"
fi
is "$mounted" yes "the client mounts it"
al_load

# lock NAME MODE: by a process over there
lock() {
	: >"$share/$1"
	chmod 666 "$share/$1"
	al_add "$1" "$share/$1"
	from_client "$1" locker name clientd open 10 "/mnt/aimlock-smb/$1" posix 10 "$2" 0 100 \
		say ready pause
	await "$1" ready 60
}

lock write w
refused write posix ksmbd "ss -K"
# ksmbd of new kernels takes a byte more than the client has asked for
range=$(served "$share/write" | awk '{ print $(NF - 1), $NF }')
like "$range" '^0 (99|100)$' "write: ksmbd has the client's range"
is "$(json write '.locks[] | "\(.mode) \(.start) \(.end) \(.holders[0].client)"')" "write $range null" \
	"write: so says the module, with its mode"
nok "write: nobody else gets it" can posix "$share/write"
is "$(aimlock list --noheadings -o HOLDERS write)" ksmbd "write: list names ksmbd"
is "$(remedy write)" "ss -K dst CLIENT sport = :445" "write: show names what ends it"
in_readme "an SMB client of this host has it" write \
	"$(json write '.locks[0].taker')" "a kernel thread's pid"
lock read r
refused read posix ksmbd "ss -K"
is "$(json read '.locks[].mode')" read "read: its mode"

# Let go by the client itself.
stop read
ok "read: free when the client has closed it" wait_state read free

# The cable is cut: ksmbd keeps the lock.
cut_cable
nap
refused write posix ksmbd "ss -K"
command=$(remedy write)
ok "write: what show proposes" eval "${command/CLIENT/$al_client}"
ok "write: frees it" wait_state write free
is "$(served "$share/write")" "" "write: the kernel has it no more"
ok "write: another process gets it" can posix "$share/write"
mend_cable
stop write
ok "the client unmounts" on_client umount -f /mnt/aimlock-smb
al_del write
al_del read

# The other way.
ok "the client mounts it again" connect
lock write w
is "$(state write)" remote "write: again"
ok "ksmbd.control -s" ksmbd.control -s
ok "write: free when the service has ended" wait_state write free
is "$(served "$share/write")" "" "write: the kernel has it no more"
stop write
al_del write
ok "the client unmounts" on_client umount -f /mnt/aimlock-smb

stop smb
no_client_host
rmdir /mnt/aimlock-smb
no_leftovers
al_unload
done_testing
