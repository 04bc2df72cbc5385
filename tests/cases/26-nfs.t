#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
# Both ends of NFS 4 on one host: the server's lock is remote and refused, even
# with force; an orphan of the client is cleared at the server too.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cases/remote.sh
. "$(dirname "$0")/../remote.sh"

modprobe -a nfsd nfsv4 2>/dev/null || skip_all "this kernel has no NFS"
export_dir=$AL_TMP/export
mount_dir=/mnt/aimlock-nfs

# What nfsd asks mountd for is told beforehand: address, root, export.
serve() {
	local never=2147483647

	mkdir -p "$export_dir" "$mount_dir" /var/lib/nfs/v4recovery
	mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
	echo "nfsd 127.0.0.1 $never local" >/proc/net/rpc/auth.unix.ip/channel
	echo "local $export_dir $never $((0x2412)) 65534 65534 0" >/proc/net/rpc/nfsd.export/channel
	printf '%s\n' "local 1 \\x00000000 $never $export_dir" >/proc/net/rpc/nfsd.fh/channel
	echo "-2 -3 +4 +4.1 +4.2" >/proc/fs/nfsd/versions
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	echo "tcp 2049" >/proc/fs/nfsd/portlist
	echo 2 >/proc/fs/nfsd/threads
	end_grace
}

end_service() {
	umount "$mount_dir"
	rmdir "$mount_dir"
	echo 0 >/proc/fs/nfsd/threads
	for cache in auth.unix.ip nfsd.export nfsd.fh; do
		date +%s >"/proc/net/rpc/$cache/flush"
	done
	umount /proc/fs/nfsd
}

serve
ok "the export is mounted" mount -i -t nfs4 -o \
	addr=127.0.0.1,clientaddr=127.0.0.1,vers=4.2,sec=sys,soft 127.0.0.1:/ "$mount_dir"
al_load

# The server delegates the file to its only client, by a lease.  Older ones do
# so for reading only, and have the lock as well.
: >"$export_dir/delegated"
al_add delegated "$export_dir/delegated"
al_add client "$mount_dir/delegated"
bg client locker name clientd open 10 "$mount_dir/delegated" posix 10 w 0 100 say ready pause
await client ready
like "$(locks_of "$export_dir/delegated")" "DELEG +ACTIVE" "delegated: the server has a delegation"
refused delegated lease nfsd
judged client live "table $(pid client) null clientd"
freed client client
al_del client
al_del delegated

# Without delegations the server has the client's lock itself.
leases=$(</proc/sys/fs/leases-enable)
echo 0 >/proc/sys/fs/leases-enable
: >"$export_dir/served"
al_add served "$export_dir/served"
al_add client "$mount_dir/served"
bg client locker name clientd open 10 "$mount_dir/served" posix 10 w 0 100 say ready pause
await client ready
refused served posix nfsd
nok "served: nobody else gets it" can posix "$export_dir/served"
judged client live "table $(pid client) null clientd"
freed client client
ok "served: free when the client has unlocked" wait_state served free

# An orphan at the client: the clear goes through the filesystem to the server.
bg orphan locker name busd socketpair stream 20 21 \
	fork [ open 10 "$mount_dir/served" flock 10 w send 20 10 ] wait say ready pause
await orphan ready
refused served posix nfsd
nok "orphan: nobody gets the file at the server" can posix "$export_dir/served"
wait_state client orphaned
judged client orphaned "in-flight $(pid orphan) 21 busd"
accepts 0 "$SYS/client/conf_locked" "orphan: echo 0 clears it"
is "$(state client)" free "orphan: the client has it no more"
is "$(state served) $(locks_of "$export_dir/served")" "free " "orphan: and neither has the server"
ok "orphan: another process gets it at the client" can flock "$mount_dir/served"
ok "orphan: and another at the server" can posix "$export_dir/served"
stop orphan
al_del client
al_del served

no_leftovers
al_unload
echo "$leases" >/proc/sys/fs/leases-enable
end_service 2>"$AL_TMP/end.log"
is "$(<"$AL_TMP/end.log")" "" "the service ends"
done_testing
