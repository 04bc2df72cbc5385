// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tool as a function.  Its netlink socket is a real one, but of
 * NETLINK_USERSOCK, where it meets our own socket in place of the kernel's:
 * libnl and all above it run as they do outside.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/netlink.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "fuzz.h"

int aimlock_main(int argc, char **argv);
_Noreturn void fuzz_exit(int status);
int fuzz_connect(struct nl_sock *sock);
int fuzz_mkostemp(char *name, int flags);
pid_t fuzz_fork(void);
int fuzz_resolve(struct nl_sock *sock, const char *name);
int fuzz_resolve_grp(struct nl_sock *sock, const char *name, const char *group);
int fuzz_nanosleep(const struct timespec *request, struct timespec *left);
int fuzz_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *end, const sigset_t *mask);

jmp_buf fuzz_left;
bool fuzz_may_exit;
int fuzz_status;

static const uint8_t *answer;
static size_t answer_size;
static int kernel = -1;
static struct sockaddr_nl kernel_address;

void fuzz_exit(int status)
{
	ENSURE(fuzz_may_exit);
	fuzz_status = status;
	longjmp(fuzz_left, 1);
}

int fuzz_nanosleep(const struct timespec *request, struct timespec *left)
{
	return 0;
}

/* No file is written for an argument that came by chance, no process started. */
int fuzz_mkostemp(char *name, int flags)
{
	errno = EROFS;
	return -1;
}

pid_t fuzz_fork(void)
{
	errno = ENOMEM;
	return -1;
}

int fuzz_resolve(struct nl_sock *sock, const char *name)
{
	return 1000;
}

int fuzz_resolve_grp(struct nl_sock *sock, const char *name, const char *group)
{
	return 1;
}

/* What isn't there by now never comes. */
int fuzz_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *end, const sigset_t *mask)
{
	int ready = poll(fds, n, 0);

	if (ready)
		return ready;
	errno = EIO;
	return -1;
}

static void open_kernel(void)
{
	socklen_t size = sizeof(kernel_address);

	if (kernel >= 0)
		return;
	kernel = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_USERSOCK);
	kernel_address.nl_family = AF_NETLINK;
	ENSURE(kernel >= 0);
	ENSURE(!bind(kernel, (struct sockaddr *)&kernel_address, sizeof(kernel_address)));
	ENSURE(!getsockname(kernel, (struct sockaddr *)&kernel_address, &size));
}

/* libnl passes only messages of the number that it waits for. */
static void number_messages(char *datagram, int left, unsigned int *seq)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)datagram;

	/* The last may end unaligned: then what is left is negative. */
	for (; nlmsg_ok(hdr, left); hdr = nlmsg_next(hdr, &left)) {
		hdr->nlmsg_seq = *seq;
		if (hdr->nlmsg_type < NLMSG_MIN_TYPE)
			(*seq)++;
	}
}

static void send_answer(struct nl_sock *sock)
{
	struct sockaddr_nl to = {
		.nl_family = AF_NETLINK,
		.nl_pid = nl_socket_get_local_port(sock),
	};
	unsigned int seq = nl_socket_use_seq(sock);
	uint16_t len;

	for (; answer_size > sizeof(len); answer += len, answer_size -= len) {
		static char datagram[UINT16_MAX + 1] __attribute__((aligned(8)));

		memcpy(&len, answer, sizeof(len));
		answer += sizeof(len);
		answer_size -= sizeof(len);
		if (len > answer_size)
			len = answer_size;
		memcpy(datagram, answer, len);
		number_messages(datagram, len, &seq);
		if (sendto(kernel, datagram, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			return;		/* its queue is full, as the kernel's may be */
	}
}

int fuzz_connect(struct nl_sock *sock)
{
	int err;

	open_kernel();
	err = nl_connect(sock, NETLINK_USERSOCK);
	if (err < 0)
		return err;
	nl_socket_set_peer_port(sock, kernel_address.nl_pid);
	nl_socket_set_nonblocking(sock);
	send_answer(sock);
	return 0;
}

void fuzz_answer(const uint8_t *data, size_t size)
{
	answer = data;
	answer_size = size;
}

static void read_requests(void)
{
	char byte;

	while (kernel >= 0 && recv(kernel, &byte, 1, 0) > 0)
		;
}

int fuzz_tool(int argc, char **argv, char **out, char **err)
{
	FILE *real_out = stdout, *real_err = stderr;
	size_t size;

	stdout = open_memstream(out, &size);
	stderr = open_memstream(err, &size);
	ENSURE(stdout && stderr);
	optind = 0;
	if (!setjmp(fuzz_left)) {
		fuzz_may_exit = true;
		fuzz_status = aimlock_main(argc, argv);
	}
	fuzz_may_exit = false;
	fclose(stdout);
	fclose(stderr);
	stdout = real_out;
	stderr = real_err;
	read_requests();
	return fuzz_status;
}

bool fuzz_is_harmless(const char *text)
{
	size_t left = strlen(text), len;
	mbstate_t state = { 0 };
	wchar_t wc;

	for (; left; text += len, left -= len) {
		len = mbrtowc(&wc, text, left, &state);
		if (len > left || (!iswprint(wc) && wc != L'\n'))
			return false;
	}
	return true;
}

char *fuzz_string(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	ENSURE(s);
	memcpy(s, data, size);
	s[size] = '\0';
	return s;
}
