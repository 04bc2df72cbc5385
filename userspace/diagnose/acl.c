// SPDX-License-Identifier: GPL-2.0-or-later
/* The access list of a file as the kernel gives it, in the order of its own check. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include "probe.h"

#define MAX_ENTRIES 256

struct list {
	struct posix_acl_xattr_entry v[MAX_ENTRIES];
	size_t n;
};

static bool read_list(int fd, struct list *list)
{
	struct {
		struct posix_acl_xattr_header header;
		struct posix_acl_xattr_entry v[MAX_ENTRIES];
	} raw;
	char path[32];
	ssize_t len;

	/* An O_PATH descriptor has no xattrs of its own. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = getxattr(path, "system.posix_acl_access", &raw, sizeof(raw));
	if (len < (ssize_t)sizeof(raw.header) ||
	    le32toh(raw.header.a_version) != POSIX_ACL_XATTR_VERSION)
		return false;
	list->n = (len - sizeof(raw.header)) / sizeof(raw.v[0]);
	for (size_t i = 0; i < list->n; i++)
		list->v[i] = (struct posix_acl_xattr_entry){
			.e_tag = le16toh(raw.v[i].e_tag),
			.e_perm = le16toh(raw.v[i].e_perm),
			.e_id = le32toh(raw.v[i].e_id),
		};
	return true;
}

static bool matches(const struct posix_acl_xattr_entry *entry,
		    const struct aimlock_asker *asker, int tag)
{
	if (entry->e_tag != tag)
		return false;
	return tag == ACL_USER ? entry->e_id == asker->uid : aimlock_asker_in_group(asker, entry->e_id);
}

static void print(const struct list *list, const struct posix_acl_xattr_entry *entry,
		  char *text, size_t size)
{
	const char *who = entry->e_tag == ACL_USER ? "user" : "group";
	unsigned int perm = entry->e_perm, mask = 07;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].e_tag == ACL_MASK)
			mask = list->v[i].e_perm;
	snprintf(text, size, "%s:%u:%c%c%c, mask %c%c%c", who, entry->e_id,
		 perm & 4 ? 'r' : '-', perm & 2 ? 'w' : '-', perm & 1 ? 'x' : '-',
		 mask & 4 ? 'r' : '-', mask & 2 ? 'w' : '-', mask & 1 ? 'x' : '-');
}

bool aimlock_acl_entry(int fd, const struct aimlock_asker *asker, char *entry, size_t size)
{
	static const int tags[] = { ACL_USER, ACL_GROUP };
	struct list list;

	if (!read_list(fd, &list))
		return false;
	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < list.n; i++) {
			if (!matches(&list.v[i], asker, tags[t]))
				continue;
			print(&list, &list.v[i], entry, size);
			return true;
		}
	}
	return false;
}
