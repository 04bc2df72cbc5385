// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module that commits one sin when it is loaded, so that a debug kernel which
 * is silent about aimlock is known to have something to say.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *sin = "none";
module_param(sin, charp, 0444);
MODULE_PARM_DESC(sin, "none, order, sleep, freed or leak");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(lock);

/* Each order is fine alone, and only lockdep sees that both together are not. */
static void take_in_both_orders(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_under_spinlock(void)
{
	spin_lock(&lock);
	msleep(1);
	spin_unlock(&lock);
}

static void read_what_is_freed(void)
{
	char *p = kzalloc(64, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	READ_ONCE(p[8]);
}

/* More than one: a stale copy of a pointer on some stack may hide one from the scan. */
static void leak(void)
{
	int i;

	for (i = 0; i < 8; i++) {
		void *p = kmalloc(256, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(p);
	}
}

static int __init bad_init(void)
{
	if (!strcmp(sin, "order"))
		take_in_both_orders();
	else if (!strcmp(sin, "sleep"))
		sleep_under_spinlock();
	else if (!strcmp(sin, "freed"))
		read_what_is_freed();
	else if (!strcmp(sin, "leak"))
		leak();
	else if (strcmp(sin, "none"))
		return -EINVAL;
	return 0;
}

static void __exit bad_exit(void)
{
}

module_init(bad_init);
module_exit(bad_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("one mistake of each kind, for a debug kernel to find");
