// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * leases: what a process can do with leases when it does nothing else.
 *
 * try NAME FILE N		ask N times without waiting; each must fail
 * crowd NAME FILE N		N processes that wait for it, says "ready"; each that
 *				has it says "got PID" and keeps it.  Runs until killed
 * handover NAME FILE N		N times kill who has it, and let the next one get it:
 *				"lease MEDIAN WORST", in microseconds
 * handover-flock NAME FILE N	the same with flock(2): "flock MEDIAN WORST"
 * many - PREFIX N		ask for N files PREFIX1, PREFIX2... that have no name, makes
 *				them; says "had N" and why not more, and keeps them
 * expire NAME FILE N MS	N times stop who has it for MS milliseconds, and let the
 *				next one get it: "expired LEAST", microseconds since the first got it
 * guard NAME - WHEN		ask for a guard (enum aimlock_guard), and say "stands"; then, again
 *				and again, "got GENERATION", and give it back at SIGUSR1, with
 *				another place taken before.  Runs until killed
 */
#include "genl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define TTL_MS "86400000"

/* What the lock is, and how it is asked for. */
struct asker {
	const char *kind, *name, *file, *ttl_ms;
	int (*get)(const struct asker *asker, int queued);
};

static struct family family;
static struct message message;

static int open_file(const struct asker *asker)
{
	int fd = open(asker->file, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", asker->file);
	return fd;
}

/* The lease is of the netlink socket. */
static void send_ask(const struct asker *asker, int nl, int fd, bool wait)
{
	genl_start(&message, family.id, AIMLOCK_CMD_LEASE_NEW, AIMLOCK_FAMILY_VERSION, 0);
	if (strcmp(asker->name, "-"))
		genl_put(&message, AIMLOCK_A_LEASE_NAME, asker->name,
			 strlen(asker->name) + 1);
	genl_put(&message, AIMLOCK_A_LEASE_FD, &fd, sizeof(fd));
	genl_put_number(&message, AIMLOCK_A_LEASE_TTL_MS, "u32", asker->ttl_ms);
	if (wait)
		genl_put(&message, AIMLOCK_A_LEASE_WAIT, NULL, 0);
	if (send(nl, &message, message.nl.nlmsg_len, 0) < 0)
		err(1, "send");
}

static struct nlmsghdr *receive(int nl)
{
	static char buf[8192] __attribute__((aligned(8)));

	if (recv(nl, buf, sizeof(buf), 0) < 0)
		err(1, "recv");
	return (struct nlmsghdr *)buf;
}

/* An attribute of the lease that a message tells of. */
static void *find(struct nlmsghdr *nl, int type)
{
	struct nlattr *nla = genl_find((char *)NLMSG_DATA(nl) + GENL_HDRLEN,
				       (char *)nl + nl->nlmsg_len, type);

	return nla ? ATTR(nla) : NULL;
}

static bool is_granted(struct nlmsghdr *nl)
{
	uint32_t *granted = find(nl, AIMLOCK_A_LEASE_GRANTED);

	return granted && *granted;
}

/* 0 or the errno. */
static int result_of(struct nlmsghdr *nl)
{
	return nl->nlmsg_type == NLMSG_ERROR ? -*(int *)NLMSG_DATA(nl) : 0;
}

/* Writes a byte to @queued when it waits. */
static int get_lease(const struct asker *asker, int queued)
{
	int fd = open_file(asker), nl = genl_open();
	struct nlmsghdr *answer;
	bool granted;

	send_ask(asker, nl, fd, true);
	answer = receive(nl);
	granted = is_granted(answer);
	if (result_of(answer))
		errx(1, "lease-new: %s", strerror(result_of(answer)));
	receive(nl);	/* the acknowledgement */
	close(fd);
	if (!granted && write(queued, "", 1) != 1)
		err(1, "write");
	while (!granted)
		granted = is_granted(receive(nl));
	return nl;
}

static int get_flock(const struct asker *asker, int queued)
{
	int fd = open_file(asker);

	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (write(queued, "", 1) != 1)
		err(1, "write");
	if (flock(fd, LOCK_EX))
		err(1, "flock");
	return fd;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * UINT64_C(1000000) + now.tv_nsec / 1000;
}

static void nap_ms(long ms)
{
	struct timespec nap = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&nap, NULL);
}

/* A child that gets the lock, writes to @got when, and stays. */
static pid_t start(const struct asker *asker, int queued, int got)
{
	pid_t pid = fork();
	uint64_t when;

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	asker->get(asker, queued);
	when = now_us();
	if (write(got, &when, sizeof(when)) != sizeof(when))
		err(1, "write");
	for (;;)
		pause();
}

static void make_pipe(int *fds)
{
	if (pipe(fds))
		err(1, "pipe");
}

static void await(int fd, void *data, ssize_t len)
{
	if (read(fd, data, len) != len)
		err(1, "read");
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* One gets it and loses it by @how; microseconds until the next one has it. */
static uint64_t hand_over(const struct asker *asker, int how)
{
	int queued[2], got[2];
	uint64_t from, when;
	pid_t first, second;
	char byte;

	make_pipe(queued);
	make_pipe(got);
	first = start(asker, queued[1], got[1]);
	await(got[0], &from, sizeof(from));
	second = start(asker, queued[1], got[1]);
	await(queued[0], &byte, 1);
	if (how == SIGKILL) {
		nap_ms(20);	/* so that the waiter is asleep */
		from = now_us();
	}
	kill(first, how);
	await(got[0], &when, sizeof(when));
	end(first);
	end(second);
	close(queued[0]);
	close(queued[1]);
	close(got[0]);
	close(got[1]);
	return when - from;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint64_t *hand_over_often(const struct asker *asker, int how, int n)
{
	uint64_t *times = calloc(n, sizeof(*times));
	int i;

	for (i = 0; i < n; i++)
		times[i] = hand_over(asker, how);
	qsort(times, n, sizeof(*times), compare);
	return times;
}

static void try_often(const struct asker *asker, int n)
{
	int fd = open_file(asker);

	while (n--) {
		int nl = genl_open(), error;

		send_ask(asker, nl, fd, false);
		error = result_of(receive(nl));
		if (error != EAGAIN)
			errx(1, "lease-new: %s", strerror(error));
		close(nl);
	}
}

static void wait_in_crowd(const struct asker *asker, int n)
{
	int queued[2], got[2], i;
	char byte;

	make_pipe(queued);
	make_pipe(got);
	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid) {
			await(queued[0], &byte, 1);
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		asker->get(asker, queued[1]);
		printf("got %d\n", getpid());
		fflush(stdout);
		for (;;)
			pause();
	}
	puts("ready");
	fflush(stdout);
	pause();
}

static int ask_for(const struct asker *asker, int nl, int i)
{
	char path[4096];
	int fd, error;

	snprintf(path, sizeof(path), "%s%d", asker->file, i);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		err(1, "%s", path);
	send_ask(asker, nl, fd, false);
	error = result_of(receive(nl));
	if (!error)
		receive(nl);	/* the acknowledgement */
	close(fd);
	return error;
}

static void have_many(const struct asker *asker, int n)
{
	int nl = genl_open(), had = 0, error = 0;

	while (had < n && !error) {
		error = ask_for(asker, nl, had + 1);
		had += !error;
	}
	printf("had %d %s\n", had, strerror(error));
	fflush(stdout);
	pause();
}

static uint32_t stand_guard(const struct asker *asker, int nl, uint32_t when)
{
	struct nlmsghdr *answer;

	genl_start(&message, family.id, AIMLOCK_CMD_LEASE_NEW, AIMLOCK_FAMILY_VERSION, 0);
	genl_put(&message, AIMLOCK_A_LEASE_NAME, asker->name, strlen(asker->name) + 1);
	genl_put_number(&message, AIMLOCK_A_LEASE_TTL_MS, "u32", asker->ttl_ms);
	genl_put(&message, AIMLOCK_A_LEASE_GUARD, &when, sizeof(when));
	if (send(nl, &message, message.nl.nlmsg_len, 0) < 0)
		err(1, "send");
	answer = receive(nl);
	while (answer->nlmsg_type != NLMSG_ERROR && is_granted(answer))
		answer = receive(nl);	/* an event of the place before */
	if (result_of(answer))
		errx(1, "lease-new: %s", strerror(result_of(answer)));
	return *(uint32_t *)find(answer, AIMLOCK_A_LEASE_ID);
}

/* Its answer is passed over by await_grant(). */
static void give_back(int nl, uint32_t id)
{
	genl_start(&message, family.id, AIMLOCK_CMD_LEASE_DEL, AIMLOCK_FAMILY_VERSION, 0);
	genl_put(&message, AIMLOCK_A_LEASE_ID, &id, sizeof(id));
	if (send(nl, &message, message.nl.nlmsg_len, 0) < 0)
		err(1, "send");
}

static uint64_t await_grant(int nl, uint32_t id)
{
	for (;;) {
		struct nlmsghdr *nlh = receive(nl);

		if (nlh->nlmsg_type != NLMSG_ERROR && is_granted(nlh) &&
		    *(uint32_t *)find(nlh, AIMLOCK_A_LEASE_ID) == id)
			return *(uint64_t *)find(nlh, AIMLOCK_A_LEASE_GENERATION);
	}
}

static void guard(const struct asker *asker, int when)
{
	int nl = genl_open(), caught;
	uint32_t id, next;
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	id = stand_guard(asker, nl, when);
	puts("stands");
	for (;;) {
		fflush(stdout);
		printf("got %llu\n", (unsigned long long)await_grant(nl, id));
		fflush(stdout);
		sigwait(&usr1, &caught);
		next = stand_guard(asker, nl, AIMLOCK_GUARD_LOST);
		give_back(nl, id);
		id = next;
	}
}

static void find_family(void)
{
	int nl = genl_open();

	family = genl_resolve(nl, &message);
	if (!family.id)
		errx(2, "the module is not loaded");
	close(nl);
}

static void hand_over_by_death(const struct asker *asker, int n)
{
	uint64_t *times = hand_over_often(asker, SIGKILL, n);

	printf("%s %llu %llu\n", asker->kind, (unsigned long long)times[n / 2],
	       (unsigned long long)times[n - 1]);
}

static void hand_over_by_time(const struct asker *asker, int n)
{
	uint64_t *times = hand_over_often(asker, SIGSTOP, n);

	printf("expired %llu\n", (unsigned long long)times[0]);
}

static const struct verb {
	const char *name;
	int args;
	void (*run)(const struct asker *asker, int n);
} verbs[] = {
	{ "try", 3, try_often },
	{ "crowd", 3, wait_in_crowd },
	{ "many", 3, have_many },
	{ "handover", 3, hand_over_by_death },
	{ "handover-flock", 3, hand_over_by_death },
	{ "expire", 4, hand_over_by_time },
	{ "guard", 3, guard },
};

int main(int argc, char **argv)
{
	struct asker asker = { .kind = "lease", .ttl_ms = TTL_MS, .get = get_lease };
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (argc - 2 == verbs[i].args && !strcmp(argv[1], verbs[i].name))
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		errx(2, "usage: leases try|crowd|many|handover|handover-flock|expire|guard "
		     "NAME FILE N [MS]");
	asker.name = argv[2];
	asker.file = argv[3];
	if (argc > 5)
		asker.ttl_ms = argv[5];
	if (!strcmp(argv[1], "handover-flock")) {
		asker.kind = "flock";
		asker.get = get_flock;
	}
	find_family();
	verbs[i].run(&asker, atoi(argv[4]));
	return 0;
}
