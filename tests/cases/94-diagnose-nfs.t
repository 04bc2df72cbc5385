#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
# aimlock diagnose and NFS: at the server a client's lock, at the client a mount whose
# locks stay there, and a server that does not answer.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cases/remote.sh
. "$(dirname "$0")/../remote.sh"

modprobe -a nfsd lockd nfsv3 nfsv4 veth 2>/dev/null || skip_all "this kernel has no NFS"
export_dir=$AL_TMP/export
leases=$(</proc/sys/fs/leases-enable)
echo 0 >/proc/sys/fs/leases-enable

client_host
client_daemons
serve_nfs "$export_dir"
mkdir -p /mnt/aimlock-{nolock,v4}
ok "the client mounts it by NFS 4" on_client mount -t nfs4 -o vers=4.2,sec=sys,soft \
	$al_server:/ /mnt/aimlock-v4
ok "and by NFS 3 without locks" on_client mount -t nfs -o vers=3,sec=sys,soft,nolock \
	"$al_server:$export_dir" /mnt/aimlock-nolock
al_load
: >"$export_dir/file"
al_add file "$export_dir/file"

from_client holder locker open 10 /mnt/aimlock-v4/file posix 10 w 0 100 say ready pause
await holder ready 60
diagnosed 3 remote "a client's lock" "$export_dir/file"
is "$(first kind) $(first comm)" "manager nfsd" \
	"a client's lock: who has it"
al_del file
diagnosed 3 remote "a client's lock, not registered" "$export_dir/file"
without_module diagnosed 3 remote "a client's lock, without the module" "$export_dir/file"
al_add file "$export_dir/file"
stop holder

# at_client STATUS CODE DESCRIPTION ARGUMENT...: as diagnosed, over there
at_client() {
	local al_by=(on_client)

	diagnosed "$@"
}

at_client 0 free "a mount with locks" /mnt/aimlock-v4/file
bg other locker name other open 10 "$export_dir/file" posix 10 w 10 20 say ready pause
await other ready
at_client 3 held-elsewhere "locked at the server" /mnt/aimlock-v4/file
is "$(evidence source) $(evidence mode) $(evidence start) $(evidence end)" \
	"$al_server:/ write 10 29" "locked at the server: which, and where in the file"
nok "locked at the server: indeed" on_client locker open 10 /mnt/aimlock-v4/file posix 10 w 0 0
stop other
at_client 0 free "free at the server, too" /mnt/aimlock-v4/file
at_client 1 local-locks "a mount without" /mnt/aimlock-nolock/file
is "$(evidence option) $(subject)" "nolock /mnt/aimlock-nolock" \
	"a mount without: which option, where"
from_client here locker open 10 /mnt/aimlock-nolock/file posix 10 w 0 0 say ready pause
await here ready 60
ok "a mount without: indeed the server gives it to others" can posix "$export_dir/file"
stop here

cut_cable
at_client 1 no-answer "no server" -w 2 /mnt/aimlock-v4/unseen
is "$(evidence filesystem) $(evidence source)" "nfs4 $al_server:/" "no server: which"
mend_cable
ok "the server is back" until_ok 60 on_client test -e /mnt/aimlock-v4/file
at_client 0 free "and so is the file" -w 30 /mnt/aimlock-v4/file

al_del file
ok "the client unmounts" on_client umount -f /mnt/aimlock-nolock
ok "both" on_client umount -f /mnt/aimlock-v4
no_client_daemons
no_client_host
no_nfs
echo "$leases" >/proc/sys/fs/leases-enable
rmdir /mnt/aimlock-{nolock,v4}
no_leftovers
al_unload
done_testing
