# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Servers on this host, and a client that is a host of its own as far as they can tell: in
# a network namespace behind a veth pair, with a name, an rpcbind and a statd of its own.
# Sourced after lib.sh.

al_server=10.9.0.1 al_client=10.9.0.2

# on_client COMMAND...: run over there
on_client() {
	nsenter --net --mount --uts --target "$(pid client-host)" -- "$@"
}

client_host() {
	bg client-host unshare --net --mount --uts bash -c \
		'hostname client; ip link set lo up; echo ready; exec sleep 3600'
	await client-host ready
	ip link add aim0 type veth peer name aim1 netns "$(pid client-host)"
	ip addr add $al_server/24 dev aim0
	ip link set aim0 up
	on_client ip addr add $al_client/24 dev aim1
	on_client ip link set aim1 up
}

# The cable between the two.
cut_cable() {
	ip link set aim0 down
}

mend_cable() {
	ip link set aim0 up
}

no_client_host() {
	ip link del aim0
	stop client-host
}

# from_client ID COMMAND...: a process of the client host
from_client() {
	local id=$1
	shift
	bg "$id" nsenter --net --mount --uts --target "$(pid client-host)" -- "$@"
}

# served PATH: the lines of /proc/locks on it; a client's file may have its inode number
served() {
	local device
	device=$(findmnt -n -o MAJ:MIN -T "$1" | tr -d ' ')
	locks_of "$1" | grep " $(printf '%02x:%02x' "${device%:*}" "${device#*:}"):" || :
}

# refused NAME KIND MANAGER [REMEDY]: a lock that neither echo 0 nor force takes away, and that is
# said, with what does
refused() {
	local before id
	before=$(served "$(attr "$1" path)")
	is "$(json "$1" ".locks[] | select(.kind == \"$2\") |
		.verdict, (.holders[] | \"\(.kind) \(.comm)\")" | uniq)" \
		$'remote\nmanager '"$3" "$1: a $2 lock of the lock manager $3, remote"
	is "$(state "$1")" remote "$1: the state is remote"
	refuses 0 "$SYS/$1/conf_locked" "$EBUSY" "$1: echo 0 is refused with EBUSY"
	accepts unreachable "$SYS/$1/clear_scope" "$1: the scope is widened"
	refuses 0 "$SYS/$1/conf_locked" "$EBUSY" "$1: and still it is"
	run aimlock clear "$1"
	is "$rc" 3 "$1: clear is refused"
	id=$(json "$1" "[.locks[] | select(.kind == \"$2\")][0].id")
	run aimlock clear --id "$id" --force "$1"
	is "$rc" 1 "$1: so is force"
	like "$out" "a lock manager's: .*"$'\n'"remains: remote $2 .*what to do: .*(${4:-nfsd})" \
		"$1: and what to do instead is named"
	is "$(served "$(attr "$1" path)")" "$before" "$1: the kernel has what it had"
}

# remedy NAME: the command that show names, up to the words that explain it
remedy() {
	aimlock show "$1" | sed -n 's/^  what to do  //p' | sed 's/,.*//' | head -n 1
}

# --- NFS 3 and 4: nfsd, lockd, rpcbind, statd and mountd, all real -----------------

# Nobody has anything to reclaim.  Refused where only nfsdcld could tell that, on new
# kernels: then it takes the ten seconds.
end_grace() {
	echo Y >/proc/fs/nfsd/v4_end_grace || :
} 2>/dev/null

# serve_nfs DIRECTORY: over both versions, to all
serve_nfs() {
	mkdir -p "$1" /run/rpcbind /run/lock /var/lib/nfs/v4recovery
	bg rpcbind rpcbind -f
	mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
	until_ok 20 rpcinfo -p >/dev/null 2>&1
	bg statd rpc.statd --foreground --no-notify
	until_ok 20 rpcinfo -t localhost status >/dev/null 2>&1
	exportfs -o rw,no_root_squash,fsid=0,insecure,no_subtree_check "*:$1"
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	rpc.nfsd 2
	bg mountd rpc.mountd --foreground
	until_ok 20 rpcinfo -t localhost mountd >/dev/null 2>&1
	end_grace
	echo Y >/proc/fs/lockd/nlm_end_grace
}

no_nfs() {
	rpc.nfsd 0
	stop mountd
	exportfs -ua
	stop statd
	stop rpcbind
	umount /proc/fs/nfsd
}

# What NFS 3 needs over there.
client_daemons() {
	on_client mount -t tmpfs tmpfs /run
	on_client mount -t tmpfs tmpfs /var/lib/nfs
	on_client install -d -o statd /run/rpcbind /run/lock /var/lib/nfs/sm{,.bak}
	on_client install -o statd /dev/null /var/lib/nfs/state
	from_client client-rpcbind rpcbind -f
	until_ok 20 on_client rpcinfo -p >/dev/null 2>&1
	from_client client-statd rpc.statd --foreground --no-notify
	until_ok 20 on_client rpcinfo -t localhost status >/dev/null 2>&1
}

no_client_daemons() {
	stop client-statd
	stop client-rpcbind
}

# --- SMB: ksmbd --------------------------------------------------------------------

# serve_smb DIRECTORY: as //SERVER/share, to user with the password secret; clients must
# not keep their locks to themselves
serve_smb() {
	mkdir -p /etc/ksmbd
	cat >/etc/ksmbd/ksmbd.conf <<-END
		[global]
			oplocks = no
			smb2 leases = no
		[share]
			path = $1
			read only = no
			oplocks = no
	END
	chmod 777 "$1"
	ksmbd.adduser -a user -p secret
	bg smb ksmbd.mountd --nodetach
	until_ok 20 listens 445
}

listens() {
	[[ $(ss -Hltn "sport = :$1") ]]
}
