#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# Locks of an NFS 3 and an NFS 4 client of this host, before and after the client goes
# away without a word: remote, refused even with force, and the client is named. What
# show proposes instead does it.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/cases/tools.sh
. "$(dirname "$0")/../tools.sh"
# shellcheck source=tests/cases/remote.sh
. "$(dirname "$0")/../remote.sh"

modprobe -a nfsd lockd nfsv3 nfsv4 veth 2>/dev/null || skip_all "this kernel has no NFS"
export_dir=$AL_TMP/export
options=sec=sys,soft,timeo=20,retrans=2
leases=$(</proc/sys/fs/leases-enable)

client_host
client_daemons
serve_nfs "$export_dir"
mkdir -p /mnt/aimlock-v3 /mnt/aimlock-v4
# The name that the client gives itself goes to whoever looks.
hostname=$'client"\e[2J'
on_client bash -c 'printf %s "$0" >/proc/sys/kernel/hostname' "$hostname"
ok "the client mounts it by NFS 4" on_client mount -t nfs4 -o "vers=4.2,$options" \
	$al_server:/ /mnt/aimlock-v4
on_client hostname client
ok "and by NFS 3" on_client mount -t nfs -o "vers=3,$options" \
	"$al_server:$export_dir" /mnt/aimlock-v3
al_load

# lock NAME VERSION: by a process over there
lock() {
	: >"$export_dir/$1"
	al_add "$1" "$export_dir/$1"
	from_client "$1" locker name clientd open 10 "/mnt/aimlock-$2/$1" posix 10 w 0 100 say ready pause
	await "$1" ready 60
}

client_of() {
	json "$1" "[.locks[].holders[].client] | unique | .[] | $2"
}

# A delegation is a lease of nfsd's.  Where the server gives none for writing, the client
# has the lock itself.
lock delegated v4
isnt "$(json delegated '.locks[].kind' | grep -cE 'lease|posix')" 0 "delegated: nfsd has a lease or a lock"
refused delegated "$(json delegated '.locks[0].kind')" nfsd
like "$(client_of delegated .address)" "^$al_client:[0-9]+$" "delegated: the client is named"
stop delegated
al_del delegated

echo 0 >/proc/sys/fs/leases-enable
lock four v4
refused four posix nfsd
nok "four: nobody else gets it" can posix "$export_dir/four"
like "$(client_of four '"\(.address) \(.name) \(.status)"')" \
	"^$al_client:[0-9]+ Linux NFSv4.2 client.x22.x1b.2J confirmed$" \
	"four: JSON has address and name of the client"
number=$(client_of four .id)
ok "four: its number is that of a client" test -e "/proc/fs/nfsd/clients/$number/ctl"
like "$(aimlock list --noheadings -o HOLDERS four)" "^nfsd for $al_client:[0-9]+$" \
	"four: so has list"
run aimlock show four
like "$out" "lock manager of the kernel, nfsd, for the NFS client $al_client:[0-9]+ \(Linux NFSv4.2 client" \
	"four: and show"
unlike "$out" $'[\e"]' "four: nothing of it is for the terminal"
is "$(remedy four)" "echo expire >/proc/fs/nfsd/clients/$number/ctl" "four: which names what ends it"
is "$(setpriv --reuid=1000 --regid=1000 --clear-groups aimlock list --json four |
	jq -c '.files[0].locks[0] | [.verdict, .holders[0].comm, .holders[0].client]')" \
	'["remote","nfsd",null]' "four: who may not read nfsd's clients sees nfsd"
taker=$(json four '.locks[0].taker')
in_readme "an NFS 4 client of this host has it" four "$taker" "nfsd's pid"

lock three v3
refused three posix lockd unlock_ip
nok "three: nobody else gets it" can posix "$export_dir/three"
is "$(client_of three .)" null "three: lockd tells of no client"
is "$(remedy three)" "echo ADDRESS >/proc/fs/nfsd/unlock_ip" "three: show names what ends it"
taker=$(json three '.locks[0].taker')
in_readme "an NFS 3 client of this host has it" three "$taker" "lockd's pid"
lock three-too v3

# The cable is cut.  NFS 4 notices when the lease is over, NFS 3 never does.
cut_cable
is_courtesy() {
	[[ $(client_of four .status) == courtesy ]]
}
if until_ok 60 is_courtesy; then
	run aimlock show four
	like "$out" "whose lease is over, last heard [0-9]+ s ago" "four: gone, and show says so"
	refused four posix nfsd
else
	# before 5.19 the server forgets such a client
	is "$(state four)" free "four: gone, and so is its lock"
fi
refused three posix lockd unlock_ip

# What does not do it, and what does.
exportfs -u "*:$export_dir"
is "$(state three)" remote "three: exportfs -u leaves it"
is "$(served "$export_dir/three" | wc -l)" 1 "three: so says the kernel"
command=$(remedy three)
eval "${command/ADDRESS/$al_server}"
ok "three: free by what show proposes" wait_state three free
is "$(served "$export_dir/three")" "" "three: the kernel has it no more"
ok "three: another process gets it" can posix "$export_dir/three"
ok "three-too: went with it, being of the same client" wait_state three-too free
if [[ $(state four) == remote ]]; then
	eval "$(remedy four)"
	ok "four: free by what show proposes" wait_state four free
	is "$(served "$export_dir/four")" "" "four: the kernel has it no more"
	ok "four: another process gets it" can posix "$export_dir/four"
fi

# The client is back: its lock was lost, and what it does now disturbs no new owner.
mend_cable
exportfs -o rw,no_root_squash,fsid=0,insecure,no_subtree_check "*:$export_dir"
bg next locker name nextd open 10 "$export_dir/three" posix 10 w 0 0 say ready pause
await next ready
stop three
judged three live "table $(pid next) null nextd"
freed three next

# The other way of lockd's.
stop three-too
al_del three-too
lock three-too v3
wait_state three-too remote
findmnt -n -o TARGET -T "$export_dir" >/proc/fs/nfsd/unlock_filesystem
ok "three-too: free by unlock_filesystem" wait_state three-too free

stop three-too
stop four
for name in three three-too four; do
	al_del $name
done
ok "the client unmounts" on_client umount -f /mnt/aimlock-v3
ok "both" on_client umount -f /mnt/aimlock-v4
no_client_daemons
no_client_host
no_nfs
echo "$leases" >/proc/sys/fs/leases-enable
rmdir /mnt/aimlock-v3 /mnt/aimlock-v4
no_leftovers
al_unload
done_testing
