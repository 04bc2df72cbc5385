// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * slowfs DIRECTORY [no-locks]: mount a FUSE filesystem there with one empty file, "file",
 * and serve it; if so told it keeps POSIX locks itself, and answers ENOLCK to all that is
 * asked of them.  Says "ready".  Nothing is cached, so with the server stopped
 * (SIGSTOP) every look-up waits for it; the end of the server is that of the
 * filesystem.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_NODE 2

static int device;
static bool no_locks;

static void answer(const struct fuse_in_header *in, int error, void *data, size_t len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len,
		.error = -error,
		.unique = in->unique,
	};
	struct iovec v[] = { { &out, sizeof(out) }, { data, len } };

	/* one that was interrupted is asked for no more */
	if (writev(device, v, len ? 2 : 1) < 0 && errno != ENOENT)
		err(1, "answer");
}

static struct fuse_attr attr_of(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.mode = node == FILE_NODE ? S_IFREG | 0644 : S_IFDIR | 0755,
		.nlink = 1,
		.blksize = 4096,
	};
}

static void start(const struct fuse_in_header *in, const struct fuse_init_in *init)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = init->minor < FUSE_KERNEL_MINOR_VERSION ? init->minor :
								    FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
		.flags = no_locks ? FUSE_POSIX_LOCKS : 0,
	};

	answer(in, 0, &out, sizeof(out));
}

static void look_up(const struct fuse_in_header *in, const char *name)
{
	struct fuse_entry_out out = { .nodeid = FILE_NODE, .attr = attr_of(FILE_NODE) };

	if (strcmp(name, "file"))
		answer(in, ENOENT, NULL, 0);
	else
		answer(in, 0, &out, sizeof(out));
}

static void serve(const struct fuse_in_header *in, void *data)
{
	struct fuse_attr_out attr = { .attr = attr_of(in->nodeid) };
	struct fuse_open_out opened = { 0 };

	switch (in->opcode) {
	case FUSE_INIT:
		start(in, data);
		break;
	case FUSE_LOOKUP:
		look_up(in, data);
		break;
	case FUSE_GETATTR:
		answer(in, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(in, 0, &opened, sizeof(opened));
		break;
	case FUSE_RELEASE:
		answer(in, 0, NULL, 0);
		break;
	case FUSE_GETLK:
	case FUSE_SETLK:
	case FUSE_SETLKW:
		answer(in, ENOLCK, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(in, ENOSYS, NULL, 0);
		break;
	}
}

int main(int argc, char **argv)
{
	static char buf[FUSE_MIN_READ_BUFFER + 4096] __attribute__((aligned(8)));
	char options[128];
	ssize_t len;

	no_locks = argc == 3 && !strcmp(argv[2], "no-locks");
	if (argc != 2 + no_locks)
		errx(2, "usage: slowfs DIRECTORY [no-locks]");
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		err(1, "/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (mount("slowfs", argv[1], "fuse", MS_NOSUID | MS_NODEV, options))
		err(1, "mount");
	puts("ready");
	fflush(stdout);
	for (;;) {
		len = read(device, buf, sizeof(buf) - 1);
		if (len < 0 && errno == ENODEV)
			return 0;
		if (len < 0 && errno != EINTR && errno != ENOENT && errno != EAGAIN)
			err(1, "read");
		if (len < 0)
			continue;
		buf[len] = '\0';
		serve((struct fuse_in_header *)buf, buf + sizeof(struct fuse_in_header));
	}
}
