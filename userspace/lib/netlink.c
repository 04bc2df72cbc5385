// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libnl does the transport; the extended acknowledgement, which libnl does not
 * parse, is read here.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/aimlock.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "netlink.h"

#define MESSAGE_SIZE (32 * 1024)		/* first try; larger ones are read too */
#define RECEIVE_BUFFER (512 * 1024)	/* for a clear that tells of many locks */
#define REQUEST_SIZE (2 * AIMLOCK_PATH_MAX)

struct call {
	struct aimlock_netlink *nl;
	aimlock_netlink_reader read;
	void *arg;
	int err;
	bool done;
};

static void set_option(struct nl_sock *sock, int option)
{
	int on = 1;

	/* Without it there is just no sentence. */
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, option, &on, sizeof(on));
}

static int set_up(struct aimlock_netlink *nl)
{
	nl_socket_set_buffer_size(nl->sock, RECEIVE_BUFFER, 0);
	nl_socket_set_msg_buf_size(nl->sock, MESSAGE_SIZE);
	nl_socket_enable_msg_peek(nl->sock);
	set_option(nl->sock, NETLINK_EXT_ACK);
	set_option(nl->sock, NETLINK_CAP_ACK);
	nl->family = genl_ctrl_resolve(nl->sock, AIMLOCK_FAMILY_NAME);
	if (nl->family < 0) {
		aimlock_netlink_close(nl);
		return -ENOENT;
	}
	return 0;
}

int aimlock_netlink_open(struct aimlock_netlink *nl)
{
	int err;

	*nl = (struct aimlock_netlink){ .sock = nl_socket_alloc() };
	if (!nl->sock)
		return -ENOMEM;
	err = genl_connect(nl->sock);
	if (err < 0) {
		snprintf(nl->message, sizeof(nl->message),
			 "no generic netlink socket can be had: %s", nl_geterror(err));
		aimlock_netlink_close(nl);
		return -EIO;
	}
	return set_up(nl);
}

int aimlock_netlink_inherit(struct aimlock_netlink *nl, int fd)
{
	*nl = (struct aimlock_netlink){ .sock = nl_socket_alloc() };
	if (nl->sock && nl_socket_set_fd(nl->sock, NETLINK_GENERIC, fd) >= 0)
		return set_up(nl);
	aimlock_netlink_close(nl);
	close(fd);
	return -EBADF;
}

void aimlock_netlink_close(struct aimlock_netlink *nl)
{
	nl_socket_free(nl->sock);
	nl->sock = NULL;
}

struct nl_msg *aimlock_netlink_request(struct aimlock_netlink *nl, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_SIZE);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0,
				NLM_F_REQUEST | NLM_F_ACK | flags, cmd,
				AIMLOCK_FAMILY_VERSION)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/* The attributes lie behind the fixed part of an NLMSG_ERROR or NLMSG_DONE. */
static void read_sentence(struct call *call, const struct nlmsghdr *hdr, size_t fixed)
{
	struct nlattr *message;

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS) || hdr->nlmsg_len < NLMSG_HDRLEN + fixed)
		return;
	message = nla_find((const struct nlattr *)((const char *)hdr + NLMSG_HDRLEN + fixed),
			   hdr->nlmsg_len - NLMSG_HDRLEN - fixed, NLMSGERR_ATTR_MSG);
	if (message)
		nla_strlcpy(call->nl->message, message, sizeof(call->nl->message));
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	const struct nlmsghdr *hdr = (const struct nlmsghdr *)((char *)error - NLMSG_HDRLEN);
	struct call *call = arg;
	size_t fixed = sizeof(*error);

	(void)from;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		fixed += NLMSG_ALIGN(error->msg.nlmsg_len) - NLMSG_HDRLEN;
	read_sentence(call, hdr, fixed);
	call->err = error->error;
	call->done = true;
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct call *call = arg;

	(void)msg;
	call->done = true;
	return NL_STOP;
}

/* A dump that failed on its way ends with NLMSG_DONE and an error in it. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct call *call = arg;
	int err = 0;

	if (hdr->nlmsg_len >= NLMSG_HDRLEN + sizeof(err))
		memcpy(&err, nlmsg_data(hdr), sizeof(err));
	if (err < 0) {
		read_sentence(call, hdr, sizeof(err));
		if (!call->err)
			call->err = err;
	}
	call->done = true;
	return NL_STOP;
}

static int on_reply(struct nl_msg *msg, void *arg)
{
	struct call *call = arg;

	/* After an error the rest is read off, so that the socket stays usable. */
	if (!call->read || call->err)
		return NL_OK;
	call->err = call->read(nlmsg_hdr(msg), call->arg);
	/* The kernel itself may say so of a filesystem. */
	if (call->err == -EBADMSG)
		snprintf(call->nl->message, sizeof(call->nl->message),
			 "the reply of the module makes no sense");
	return NL_OK;
}

/* What nobody asked for is not the answer. */
static int on_answer_number(struct nl_msg *msg, void *arg)
{
	struct aimlock_netlink *nl = ((struct call *)arg)->nl;

	if (nlmsg_hdr(msg)->nlmsg_seq)
		return NL_OK;
	if (nl->unasked)
		nl->unasked(nlmsg_hdr(msg), nl->unasked_arg);
	return NL_SKIP;
}

static int receive(struct call *call)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	bool interrupted = false;
	int err = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, call);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, call);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, call);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_reply, call);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_answer_number, call);
	while (!call->done) {
		err = nl_recvmsgs(call->nl->sock, cb);
		if (err == -NLE_DUMP_INTR)
			interrupted = true;
		else if (err < 0)
			break;
	}
	nl_cb_put(cb);
	if (call->done)
		return call->err ? call->err : interrupted ? -EINTR : 0;
	snprintf(call->nl->message, sizeof(call->nl->message), "no reply from the kernel: %s",
		 nl_geterror(err));
	return -EIO;
}

int aimlock_netlink_call(struct aimlock_netlink *nl, struct nl_msg *msg,
			 aimlock_netlink_reader read, void *arg)
{
	struct call call = { .nl = nl, .read = read, .arg = arg };
	int err;

	nl->message[0] = '\0';
	err = nl_send_auto(nl->sock, msg);
	nlmsg_free(msg);
	if (err < 0) {
		snprintf(nl->message, sizeof(nl->message), "the request can't be sent: %s",
			 nl_geterror(err));
		return -EIO;
	}
	return receive(&call);
}

int aimlock_netlink_listen(struct aimlock_netlink *nl)
{
	int err, group, control;

	err = aimlock_netlink_open(nl);
	if (err)
		return err;
	group = genl_ctrl_resolve_grp(nl->sock, AIMLOCK_FAMILY_NAME, AIMLOCK_MCGRP_EVENT);
	/* who tells that the family, and the module with it, goes */
	control = genl_ctrl_resolve_grp(nl->sock, "nlctrl", "notify");
	if (group >= 0 && control >= 0)
		err = nl_socket_add_memberships(nl->sock, group, control, 0);
	else
		err = group < 0 ? group : control;
	if (err >= 0)
		err = nl_socket_set_nonblocking(nl->sock);
	if (err >= 0)
		return 0;
	snprintf(nl->message, sizeof(nl->message), "no events can be had: %s", nl_geterror(err));
	aimlock_netlink_close(nl);
	return -EIO;
}

int aimlock_netlink_unblock(struct aimlock_netlink *nl)
{
	return nl_socket_set_nonblocking(nl->sock) < 0 ? -EIO : 0;
}

int aimlock_netlink_fd(const struct aimlock_netlink *nl)
{
	return nl_socket_get_fd(nl->sock);
}

static bool is_end_of_family(const struct nlmsghdr *hdr, int family)
{
	struct genlmsghdr *genl = genlmsg_hdr((struct nlmsghdr *)hdr);
	struct nlattr *id;

	if (hdr->nlmsg_type != GENL_ID_CTRL || !genlmsg_valid_hdr((struct nlmsghdr *)hdr, 0) ||
	    genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	id = nla_find(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), CTRL_ATTR_FAMILY_ID);
	return id && nla_len(id) >= (int)sizeof(uint16_t) && nla_get_u16(id) == family;
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct call *call = arg;

	if (is_end_of_family(hdr, call->nl->family))
		call->err = -ENODEV;
	else if (!call->err && call->read && hdr->nlmsg_type == call->nl->family)
		call->err = call->read(hdr, call->arg);
	return NL_OK;
}

/* An event answers no request: its number is of no matter. */
static int on_number(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

/* To the end of the queue, or to the first event that can't be read. */
static int hear_all(struct call *call)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = 0;

	if (!cb)
		return -NLE_NOMEM;
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_number, call);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, call);
	while (err >= 0 && !call->err)
		err = nl_recvmsgs(call->nl->sock, cb);
	nl_cb_put(cb);
	return err < 0 ? err : 0;
}

int aimlock_netlink_hear(struct aimlock_netlink *nl, aimlock_netlink_reader read, void *arg)
{
	struct call call = { .nl = nl, .read = read, .arg = arg };
	bool lost = false;
	int err;

	nl->message[0] = '\0';
	err = hear_all(&call);
	/* ENOBUFS, for libnl.  What is in the queue now is older than what was lost,
	 * and no more comes in before it is empty.
	 */
	while (err == -NLE_NOMEM && !call.err) {
		lost = true;
		call.read = NULL;
		err = hear_all(&call);
	}
	if (call.err)
		return call.err;
	if (err == -NLE_AGAIN)
		return lost ? -ENOBUFS : 0;
	snprintf(nl->message, sizeof(nl->message), "no event can be read: %s", nl_geterror(err));
	return -EIO;
}
