// SPDX-License-Identifier: GPL-2.0-only
/* Main: start the parts in order, stop them in the reverse. */
#include "netlink.h"
#include "registry.h"
#include "sysfs.h"
#include "verdict.h"

#include <linux/module.h>

static struct aimlock_file_ops file_ops = {
	.forget = aimlock_verdict_forget,
};

static int __init aimlock_init(void)
{
	int ret;

	aimlock_verdict_init();
	ret = aimlock_sysfs_init(&file_ops);
	if (ret)
		goto err_sysfs;
	ret = aimlock_registry_init(&file_ops);
	if (ret)
		goto err_registry;
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
	aimlock_registry_exit();
err_registry:
	aimlock_sysfs_exit();
err_sysfs:
	return ret;
}

static void __exit aimlock_exit(void)
{
	aimlock_sysfs_close();
	aimlock_netlink_exit();
	aimlock_registry_exit();
	aimlock_sysfs_exit();
}

module_init(aimlock_init);
module_exit(aimlock_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The aimlock authors");
MODULE_DESCRIPTION("Shows, proves and clears orphaned file locks");
MODULE_VERSION("0.1.0");
