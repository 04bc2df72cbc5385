/* SPDX-License-Identifier: GPL-2.0-or-later */
/* strerrorname_np(3), which the C library of Debian 11 lacks, of what the tests meet. */
#ifndef ERRNAME_H
#define ERRNAME_H

#include <errno.h>
#include <features.h>
#include <stddef.h>
#include <string.h>

#if !__GLIBC_PREREQ(2, 32)
static inline const char *strerrorname_np(int error)
{
#define NAME(error) [error] = #error
	static const char *const names[] = {
		NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO),
		NAME(E2BIG), NAME(EBADF), NAME(ECHILD), NAME(EAGAIN), NAME(ENOMEM),
		NAME(EACCES), NAME(EFAULT), NAME(EBUSY), NAME(EEXIST), NAME(EXDEV),
		NAME(ENODEV), NAME(ENOTDIR), NAME(EISDIR), NAME(EINVAL), NAME(ENFILE),
		NAME(EMFILE), NAME(EFBIG), NAME(ENOSPC), NAME(EROFS), NAME(EPIPE),
		NAME(ERANGE), NAME(EDEADLK), NAME(ENAMETOOLONG), NAME(ENOLCK), NAME(ENOSYS),
		NAME(ENOTEMPTY), NAME(ELOOP), NAME(ENODATA), NAME(ETIME), NAME(EPROTO),
		NAME(EBADMSG), NAME(EOVERFLOW), NAME(EMSGSIZE), NAME(EOPNOTSUPP),
		NAME(ENOBUFS), NAME(ETIMEDOUT), NAME(ESTALE), NAME(EDQUOT),
	};
#undef NAME

	return error > 0 && (size_t)error < sizeof(names) / sizeof(*names) ? names[error] : NULL;
}
#endif

#endif /* ERRNAME_H */
