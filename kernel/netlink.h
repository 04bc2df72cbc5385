/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AIMLOCK_NETLINK_H
#define AIMLOCK_NETLINK_H

#include <net/genetlink.h>
#include <linux/aimlock.h>

#define AIMLOCK_NL_SIZE	16384	/* of a message, at least: a path and many holders fit */

struct aimlock_event;
struct aimlock_file;
struct aimlock_holder;

int aimlock_netlink_init(void);
void aimlock_netlink_exit(void);

int aimlock_netlink_may_change(struct sk_buff *skb, struct netlink_ext_ack *extack);
struct aimlock_file *aimlock_netlink_get_file(const struct nlattr *name,
					      struct netlink_ext_ack *extack);
void *aimlock_netlink_put_header(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd);
int aimlock_netlink_put_holder(struct sk_buff *skb, int type,
			       const struct aimlock_holder *holder);

/* nl_file.c */
int aimlock_nl_file_new_doit(struct sk_buff *skb, struct genl_info *info);
int aimlock_nl_file_del_doit(struct sk_buff *skb, struct genl_info *info);
int aimlock_nl_file_get_doit(struct sk_buff *skb, struct genl_info *info);
int aimlock_nl_file_get_start(struct netlink_callback *cb);
int aimlock_nl_file_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int aimlock_nl_file_get_done(struct netlink_callback *cb);
int aimlock_nl_file_set_doit(struct sk_buff *skb, struct genl_info *info);
int aimlock_nl_file_put_event(struct sk_buff *skb, const struct aimlock_event *event);

/* nl_lock.c */
int aimlock_nl_lock_get_start(struct netlink_callback *cb);
int aimlock_nl_lock_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int aimlock_nl_lock_get_done(struct netlink_callback *cb);
int aimlock_nl_lock_clear_doit(struct sk_buff *skb, struct genl_info *info);
int aimlock_nl_lock_put_event(struct sk_buff *skb, const struct aimlock_event *event);

/* nl_lease.c */
int aimlock_nl_lease_new_doit(struct sk_buff *skb, struct genl_info *info);
int aimlock_nl_lease_renew_doit(struct sk_buff *skb, struct genl_info *info);
int aimlock_nl_lease_del_doit(struct sk_buff *skb, struct genl_info *info);
int aimlock_nl_lease_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int aimlock_nl_lease_put_event(struct sk_buff *skb, const struct aimlock_event *event);

#endif /* AIMLOCK_NETLINK_H */
