// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scan: every file of a filesystem that has locks, registered or not, whether a
 * process reaches it or not.
 *
 * They are found in the superblock's list of inodes, which has all that are in
 * memory: an inode with locks always is.  The list is walked in steps, with a
 * reference to the inode where a step ends, which keeps its place in the list.
 *
 * The files are taken in the order of their addresses, some at a time.  So nothing
 * need be kept between two times but the last address, as a key, and no lock that
 * stays is told twice or left out, whatever comes and goes meanwhile.
 */
#include "scan.h"
#include "compat.h"
#include "registry.h"
#include "verdict.h"

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>

#define STEP	1024	/* inodes under one hold of the list's lock, at most */

struct walker {
	const struct aimlock_scan *scan;
	void (*visit)(struct walker *walker, struct inode *inode);
	unsigned long limit;	/* larger keys are for later */
	u32 n, room;
	unsigned long *keys;
	struct found *found;
};

struct found {
	struct inode *inode;
	struct path path;
};

/* A registered file, by what its path led to at the last look. */
struct known {
	struct aimlock_inode_id id;
	struct aimlock_file *file;
};

struct knowns {
	struct known *v;
	u32 n, room;
};

static bool is_wanted(const struct walker *walker, struct inode *inode)
{
	const struct aimlock_scan *scan = walker->scan;
	unsigned long key = (unsigned long)inode;

	if (key > walker->limit || key < scan->last || (key == scan->last && !scan->place.more))
		return false;
	return aimlock_inspect_has_locks(inode);
}

/* The filesystem stays active meanwhile. */
static void walk_inodes(struct super_block *sb, void *data)
{
	struct inode *inode, *here = NULL;
	struct walker *walker = data;
	u32 steps = 0;

	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		bool wanted = is_wanted(walker, inode);

		if (!wanted && ++steps < STEP)
			continue;
		/* none: it is on its way out, and has no locks any more */
		if (!igrab(inode))
			continue;
		spin_unlock(&sb->s_inode_list_lock);
		iput(here);
		here = inode;
		steps = 0;
		if (wanted)
			walker->visit(walker, inode);
		cond_resched();
		spin_lock(&sb->s_inode_list_lock);
	}
	spin_unlock(&sb->s_inode_list_lock);
	iput(here);
}

static void walk_all(struct walker *walker)
{
	const struct aimlock_scan *scan = walker->scan;
	struct file_system_type *type;
	u32 i;

	if (scan->root.mnt) {
		walk_inodes(scan->root.dentry->d_sb, walker);
		return;
	}
	for (i = 0; i < scan->n_types; i++) {
		type = get_fs_type(scan->types[i]);
		if (!type)
			continue;
		iterate_supers_type(type, walk_inodes, walker);
		module_put(type->owner);
	}
}

static int compare_keys(const void *a, const void *b)
{
	unsigned long ka = *(const unsigned long *)a, kb = *(const unsigned long *)b;

	return ka < kb ? -1 : ka > kb;
}

static void keep_the_smallest(struct walker *walker)
{
	sort(walker->keys, walker->n, sizeof(*walker->keys), compare_keys, NULL);
	if (walker->n <= AIMLOCK_FILES_AT_ONCE)
		return;
	walker->n = AIMLOCK_FILES_AT_ONCE;
	walker->limit = walker->keys[walker->n - 1];
}

static void note_key(struct walker *walker, struct inode *inode)
{
	if (walker->n == walker->room)
		keep_the_smallest(walker);
	if ((unsigned long)inode <= walker->limit)
		walker->keys[walker->n++] = (unsigned long)inode;
}

/*
 * Up to which key to go this time.  Returns how many files that are, or -ENOMEM.
 */
static int choose_limit(struct walker *walker)
{
	walker->room = 2 * AIMLOCK_FILES_AT_ONCE;
	walker->keys = kvmalloc_array(walker->room, sizeof(*walker->keys), GFP_KERNEL_ACCOUNT);
	if (!walker->keys)
		return -ENOMEM;
	walker->limit = ULONG_MAX;
	walker->visit = note_key;
	walk_all(walker);
	keep_the_smallest(walker);
	kvfree(walker->keys);
	return walker->n;
}

/*
 * The path keeps the filesystem active when the walk over it has ended, without
 * which the inode could not be kept.
 */
static void note_inode(struct walker *walker, struct inode *inode)
{
	struct found *found = &walker->found[walker->n];

	/* a full one: too many have come since the limit was chosen */
	if (walker->n == walker->room || !aimlock_inspect_get_path(inode, &found->path))
		return;
	ihold(inode);
	found->inode = inode;
	walker->n++;
}

static int compare_found(const void *a, const void *b)
{
	const struct found *fa = a, *fb = b;

	return fa->inode < fb->inode ? -1 : fa->inode > fb->inode;
}

static int compare_known(const void *a, const void *b)
{
	const struct aimlock_inode_id *ia = a, *ib = b;

	if (ia->dev != ib->dev)
		return ia->dev < ib->dev ? -1 : 1;
	if (ia->ino != ib->ino)
		return ia->ino < ib->ino ? -1 : 1;
	return ia->generation < ib->generation ? -1 : ia->generation > ib->generation;
}

static int add_known(struct knowns *knowns, struct aimlock_file *file)
{
	struct known *bigger;
	u32 room;

	if (knowns->n == knowns->room) {
		room = max(64U, 2 * knowns->room);
		bigger = kvmalloc_array(room, sizeof(*bigger), GFP_KERNEL_ACCOUNT);
		if (!bigger)
			return -ENOMEM;
		if (knowns->n)
			memcpy(bigger, knowns->v, knowns->n * sizeof(*bigger));
		kvfree(knowns->v);
		knowns->v = bigger;
		knowns->room = room;
	}
	mutex_lock(&file->lock);
	knowns->v[knowns->n] = (struct known){ .id = file->bound, .file = file };
	mutex_unlock(&file->lock);
	knowns->n++;
	return 0;
}

static void put_knowns(struct knowns *knowns)
{
	u32 i;

	for (i = 0; i < knowns->n; i++)
		aimlock_registry_put(knowns->v[i].file);
	kvfree(knowns->v);
}

/* Not by their paths: looking one up may wait for another filesystem. */
static int get_knowns(struct knowns *knowns)
{
	struct aimlock_file *file;
	unsigned long id = 0;

	while ((file = aimlock_registry_next(&id))) {
		if (add_known(knowns, file)) {
			aimlock_registry_put(file);
			return -ENOMEM;
		}
		cond_resched();
	}
	sort(knowns->v, knowns->n, sizeof(*knowns->v), compare_known, NULL);
	return 0;
}

static struct aimlock_file *find_known(const struct knowns *knowns, const struct inode *inode)
{
	const struct aimlock_inode_id id = {
		.dev = inode->i_sb->s_dev,
		.ino = inode->i_ino,
		.generation = inode->i_generation,
	};
	u32 low = 0, high = knowns->n;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (compare_known(&knowns->v[middle], &id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < knowns->n && !compare_known(&knowns->v[low], &id); low++)
		if (knowns->v[low].id.present)
			return knowns->v[low].file;
	return NULL;
}

/* In their order, until the set is full. */
static int add_found(struct aimlock_scan *scan, struct walker *walker, struct aimlock_set *set)
{
	const struct found *found = walker->found;
	struct knowns knowns = {};
	int ret = get_knowns(&knowns);
	u32 i;

	for (i = 0; !ret && i < walker->n && !aimlock_set_is_full(set); i++, found++) {
		unsigned long key = (unsigned long)found->inode;

		if (key == scan->last && !scan->place.more)
			continue;	/* a type was given twice */
		if (key != scan->last)
			scan->place = (struct aimlock_place){};
		ret = aimlock_verdict_add_inode(set, found->inode, &found->path,
						find_known(&knowns, found->inode), &scan->place);
		scan->last = key;
		scan->changed |= scan->place.changed;
		scan->place.changed = false;
		cond_resched();
	}
	put_knowns(&knowns);
	if (i == walker->n && !scan->place.more) {
		scan->last = walker->limit;
		scan->over = scan->last == ULONG_MAX;
	}
	return ret;
}

static void put_found(struct walker *walker)
{
	u32 i;

	for (i = 0; i < walker->n; i++) {
		iput(walker->found[i].inode);
		path_put(&walker->found[i].path);
	}
	kvfree(walker->found);
}

/**
 * aimlock_scan_add() - copy the locks of the next files into a set
 * @scan: where it stands
 * @set: an empty set
 *
 * A name is given to a file that was found under it at the last look at that name.
 *
 * Return: 0 or -ENOMEM.
 * Context: process context; waits for a filesystem that is just being mounted or
 * unmounted.
 */
int aimlock_scan_add(struct aimlock_scan *scan, struct aimlock_set *set)
{
	struct walker walker = { .scan = scan };
	int ret;

	aimlock_verdict_forget_strangers();
	ret = choose_limit(&walker);
	if (ret <= 0) {
		scan->over = !ret;
		return ret;
	}
	walker.n = 0;
	walker.room = ret + AIMLOCK_FILES_AT_ONCE / 8;
	walker.found = kvmalloc_array(walker.room, sizeof(*walker.found), GFP_KERNEL_ACCOUNT);
	if (!walker.found)
		return -ENOMEM;
	walker.visit = note_inode;
	walk_all(&walker);
	scan->changed |= walker.n == walker.room;
	sort(walker.found, walker.n, sizeof(*walker.found), compare_found, NULL);
	ret = add_found(scan, &walker, set);
	put_found(&walker);
	return ret;
}
