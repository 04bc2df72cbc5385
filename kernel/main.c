// SPDX-License-Identifier: GPL-2.0-only
/* Main: start the parts in order, stop them in the reverse. */
#include "lease.h"
#include "netlink.h"
#include "registry.h"
#include "sysfs.h"
#include "verdict.h"
#include "watch.h"

#include <linux/module.h>

static int set_up(struct aimlock_file *file)
{
	aimlock_sysfs_setup(file);
	aimlock_lease_setup(file);
	return aimlock_watch_setup(file);
}

static void tear_down(struct aimlock_file *file)
{
	aimlock_lease_teardown(file);
	aimlock_watch_teardown(file);
	aimlock_sysfs_teardown(file);
}

static void forget(struct aimlock_file *file)
{
	aimlock_watch_forget(file);
	aimlock_verdict_forget(file);
}

static struct aimlock_file_ops file_ops = {
	.setup = set_up,
	.teardown = tear_down,
	.forget = forget,
};

static int __init aimlock_init(void)
{
	int ret;

	aimlock_verdict_init();
	ret = aimlock_sysfs_init(&file_ops);
	if (ret)
		goto err_sysfs;
	ret = aimlock_watch_init();
	if (ret)
		goto err_watch;
	ret = aimlock_registry_init(&file_ops);
	if (ret)
		goto err_registry;
	ret = aimlock_lease_init();
	if (ret)
		goto err_lease;
	ret = aimlock_netlink_init();
	if (ret)
		goto err_netlink;
	ret = aimlock_sysfs_open();
	if (ret)
		goto err_open;
	return 0;

err_open:
	aimlock_netlink_exit();
err_netlink:
	aimlock_lease_exit();
err_lease:
	aimlock_registry_exit();
err_registry:
	aimlock_watch_exit();
err_watch:
	aimlock_sysfs_exit();
err_sysfs:
	return ret;
}

static void __exit aimlock_exit(void)
{
	aimlock_sysfs_close();
	aimlock_netlink_exit();
	aimlock_lease_exit();
	aimlock_registry_exit();
	aimlock_watch_exit();
	aimlock_sysfs_exit();
	aimlock_verdict_exit();
}

module_init(aimlock_init);
module_exit(aimlock_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The aimlock authors");
MODULE_DESCRIPTION("Shows, proves and clears orphaned file locks");
MODULE_VERSION("0.1.0");
