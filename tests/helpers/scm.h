/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A descriptor through a unix socket.
 */
#ifndef HELPERS_SCM_H
#define HELPERS_SCM_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

union scm_control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

/* @fd with the @len bytes of @text, which are what is read with it. */
static inline bool scm_send(int sock, int fd, const void *text, size_t len, int flags)
{
	union scm_control control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
						.cmsg_level = SOL_SOCKET,
						.cmsg_type = SCM_RIGHTS } };
	struct iovec data = { .iov_base = (void *)text, .iov_len = len };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(sock, &message, flags) == (ssize_t)len;
}

/* Exactly @len bytes and a descriptor; else -1. */
static inline int scm_receive(int sock, void *text, size_t len, int flags)
{
	union scm_control control = { };
	struct iovec data = { .iov_base = text, .iov_len = len };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(sock, &message, flags) != (ssize_t)len ||
	    control.head.cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

#endif
