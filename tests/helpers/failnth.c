// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * failnth [-x ERRNO] [-a ERRNO]... SETUP... -- STEP -- [UNDO...]
 *
 * Does STEP again and again, with the first, the second, ... allocation or copy
 * from or to user space made to fail in it (/proc/PID/task/TID/fail-nth), until
 * it comes through without meeting the fault.  Each time STEP either fails with
 * ENOMEM, ENOBUFS, EFAULT or a code given by -a, and what can be seen of aimlock
 * is just as before; or it does what it does without a fault.  Then UNDO and SETUP
 * follow, and the next.  -x: STEP itself is to be refused with that code.
 *
 * Steps are separated by "/":
 *	write FILE TEXT		read FILE [REGEX]
 *	ask CMD [TYPE:FORM=VALUE]...	dump CMD [TYPE:FORM=VALUE]...
 *	load FILE		unload
 *	start COMMAND...	until it says "ready"	drop	ends these
 *	look NAME		its first lock is @id, its generation @gen
 * REGEX is what may be read when a fault was met, beside what is read without.
 * "dump" compares name and verdict or state, and takes "@or=TEXT" for the same.
 */
#define _GNU_SOURCE
#include "errname.h"
#include "genl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define MODULE	"/sys/module/aimlock"
#define FILES	"/sys/locks"
#define MAX_ARGS 48
#define MAX_NTH	5000
#define PATIENCE 60	/* seconds, for one step */

struct step {
	char *arg[MAX_ARGS];
	int n;
};

struct steps {
	struct step step[16];
	int n;
};

/* What came of a step; shared with the child that did it. */
struct outcome {
	int error;
	bool lost;	/* the answer was: the step may have been done */
	int left;	/* of fail-nth; 0: the fault was met */
	char text[65536];
};

struct file {
	char name[64];
	long long generation;
	char config[128];
};

struct picture {
	bool module, family;
	int refcount, n_files;
	struct file files[16];
	char locks[8192];	/* exactly */
	char owners[8192];	/* without pids */
};

static struct steps setup, tested, undo;
static struct outcome *outcome;
static struct message request;
static char buf[262144] __attribute__((aligned(8)));
static pid_t started[8];
static int n_started;
static char base_locks[8192];
static uint64_t lock_id, lock_generation;
static int allowed[16] = { ENOMEM, ENOBUFS, EFAULT };
static int n_allowed = 3, refusal;

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* --- what can be seen --- */

static bool read_text(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, to, size - 1);

	if (fd >= 0)
		close(fd);
	to[len > 0 ? len : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
	return len >= 0;
}

static void see_file(struct file *file, const char *name)
{
	static const char * const attributes[] = { "grace_ms", "clear_scope", "conf_locked" };
	char path[256], text[64];
	size_t i;

	snprintf(file->name, sizeof(file->name), "%.63s", name);
	snprintf(path, sizeof(path), FILES "/%s/generation", file->name);
	if (!read_text(path, text, sizeof(text)))
		err(2, "%s", path);
	file->generation = atoll(text);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), FILES "/%s/%s", file->name, attributes[i]);
		if (!read_text(path, text, sizeof(text)))
			err(2, "%s", path);
		strcat(strcat(file->config, " "), text);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static void see_files(struct picture *now)
{
	DIR *dir = opendir(FILES);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR && now->n_files < 16)
			see_file(&now->files[now->n_files++], entry->d_name);
	closedir(dir);
	qsort(now->files, now->n_files, sizeof(now->files[0]), by_name);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

static void join_sorted(char **lines, int n, char *to, size_t size)
{
	size_t used = 0;
	int i;

	qsort(lines, n, sizeof(*lines), by_text);
	to[0] = '\0';
	for (i = 0; i < n && used < size; i++)
		used += snprintf(to + used, size - used, "%s\n", lines[i]);
}

static void see_locks(char *exact, char *owners, size_t size)
{
	char line[256], kind[16], scope[16], mode[16], rest[128], *lines[128], *bare[128];
	FILE *f = fopen("/proc/locks", "re");
	int n = 0, pid;
	char *text;

	if (!f)
		err(2, "/proc/locks");
	while (n < 128 && fgets(line, sizeof(line), f)) {
		bool waits = strstr(line, "->");

		text = waits ? strstr(line, "->") + 2 : strchr(line, ':') + 1;
		if (sscanf(text, "%15s %15s %15s %d %127[^\n]", kind, scope, mode, &pid, rest) != 5)
			errx(2, "/proc/locks: %s", line);
		if (asprintf(&lines[n], "%s%s %s %d %s", waits ? "-> " : "", kind, mode, pid, rest) < 0 ||
		    asprintf(&bare[n], "%s%s %s %s", waits ? "-> " : "", kind, mode, rest) < 0)
			err(2, NULL);
		n++;
	}
	fclose(f);
	join_sorted(lines, n, exact, size);
	join_sorted(bare, n, owners, size);
	while (n--) {
		free(lines[n]);
		free(bare[n]);
	}
}

static void see(struct picture *now)
{
	char text[64];
	int fd;

	memset(now, 0, sizeof(*now));
	now->module = read_text(MODULE "/refcnt", text, sizeof(text));
	now->refcount = atoi(text);
	fd = genl_open();
	now->family = genl_resolve(fd, &request).id;
	close(fd);
	see_files(now);
	see_locks(now->locks, now->owners, sizeof(now->locks));
}

static void show(const char *what, const struct picture *p)
{
	int i;

	printf("  %s: module %d used %d family %d\n", what, p->module, p->refcount, p->family);
	for (i = 0; i < p->n_files; i++)
		printf("    %s%s generation %lld\n", p->files[i].name, p->files[i].config,
		       p->files[i].generation);
	printf("    locks %s\n", p->locks);
}

static bool is_same(const struct picture *a, const struct picture *b)
{
	return !memcmp(a, b, offsetof(struct picture, locks)) && !strcmp(a->locks, b->locks);
}

static long long generation_before(const struct picture *before, const char *name)
{
	int i;

	for (i = 0; i < before->n_files; i++)
		if (!strcmp(before->files[i].name, name))
			return before->files[i].generation;
	return 0;
}

/* Did as much change from before to now as at the other time? */
static bool is_alike(const struct picture *before, const struct picture *now,
		     const struct picture *before2, const struct picture *now2)
{
	int i;

	if (now->module != now2->module || now->family != now2->family ||
	    now->n_files != now2->n_files || strcmp(now->owners, now2->owners) ||
	    now->refcount - before->refcount != now2->refcount - before2->refcount)
		return false;
	for (i = 0; i < now->n_files; i++) {
		const struct file *a = &now->files[i], *b = &now2->files[i];

		if (strcmp(a->name, b->name) || strcmp(a->config, b->config) ||
		    a->generation - generation_before(before, a->name) !=
		    b->generation - generation_before(before2, b->name))
			return false;
	}
	return true;
}

/* --- steps --- */

struct work {
	int fd;
	const struct step *step;
	const char *or;
	int fault;		/* fail-nth's fd, or -1 */
	unsigned int nth;
};

static void arm(const struct work *work)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", work->nth);

	if (work->fault >= 0 && write(work->fault, text, len) != len)
		err(2, "fail-nth");
}

/* Both calls copy, so both may meet the fault: then it was the next to come. */
static void disarm(const struct work *work)
{
	char text[16] = "";

	if (work->fault < 0)
		return;
	outcome->left = pread(work->fault, text, sizeof(text) - 1, 0) < 0 ? 1 : atoi(text);
	if (write(work->fault, "0", 1) < 0 && write(work->fault, "0", 1) < 0)
		err(2, "fail-nth");
}

static void finish(struct work *work, ssize_t ret)
{
	int error = ret < 0 ? errno : 0;

	disarm(work);
	outcome->error = error;
	close(work->fd);
}

static void step_write(struct work *work)
{
	const char *text = work->step->arg[2];

	work->fd = open(work->step->arg[1], O_WRONLY | O_CLOEXEC);
	if (work->fd < 0)
		err(2, "%s", work->step->arg[1]);
	arm(work);
	finish(work, write(work->fd, text, strlen(text)));
}

static void step_read(struct work *work)
{
	ssize_t len;

	work->fd = open(work->step->arg[1], O_RDONLY | O_CLOEXEC);
	if (work->fd < 0)
		err(2, "%s", work->step->arg[1]);
	if (work->step->n > 2)
		work->or = work->step->arg[2];
	arm(work);
	len = read(work->fd, outcome->text, 4096);
	finish(work, len);
	outcome->text[len > 0 ? len : 0] = '\0';
	outcome->text[strcspn(outcome->text, "\n")] = '\0';
}

static void step_load(struct work *work)
{
	work->fd = open(work->step->arg[1], O_RDONLY | O_CLOEXEC);
	if (work->fd < 0)
		err(2, "%s", work->step->arg[1]);
	arm(work);
	finish(work, syscall(SYS_finit_module, work->fd, "", 0));
}

static void step_unload(struct work *work)
{
	work->fd = -1;
	arm(work);
	finish(work, syscall(SYS_delete_module, "aimlock", O_NONBLOCK));
}

static uint64_t number_of(struct nlattr *nla)
{
	return !nla ? 0 : nla->nla_len >= NLA_HDRLEN + 8 ? *(uint64_t *)ATTR(nla) :
							    *(uint32_t *)ATTR(nla);
}

/* Name and what is said of it: the verdict of a lock, the state of a file. */
static void note(struct nlmsghdr *nl)
{
	struct genlmsghdr *genl = NLMSG_DATA(nl);
	char *from = (char *)genl + GENL_HDRLEN, *to = (char *)nl + nl->nlmsg_len;
	bool is_lock = genl->cmd == AIMLOCK_CMD_LOCK_GET;
	struct nlattr *name = genl_find(from, to, AIMLOCK_A_FILE_NAME);
	size_t used = strlen(outcome->text);

	if (is_lock) {
		lock_id = number_of(genl_find(from, to, AIMLOCK_A_LOCK_ID));
		lock_generation = number_of(genl_find(from, to, AIMLOCK_A_LOCK_GENERATION));
	}
	snprintf(outcome->text + used, sizeof(outcome->text) - used, "%s:%d ",
		 name ? ATTR(name) : "?",
		 (int)number_of(genl_find(from, to, is_lock ? AIMLOCK_A_LOCK_VERDICT :
							      AIMLOCK_A_FILE_STATE)));
}

/* True at the end of the answer. */
static bool take_answer(ssize_t len)
{
	struct nlmsghdr *nl;

	for (nl = (struct nlmsghdr *)buf; NLMSG_OK(nl, (unsigned int)len); nl = NLMSG_NEXT(nl, len)) {
		if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE) {
			outcome->error = -*(int *)NLMSG_DATA(nl);
			return true;
		}
		note(nl);
	}
	return false;
}

static void build_request(struct work *work, int flags)
{
	const struct step *step = work->step;
	char text[64];
	int i;

	genl_start(&request, genl_resolve(work->fd, &request).id, atoi(step->arg[1]),
		   AIMLOCK_FAMILY_VERSION, flags);
	for (i = 2; i < step->n; i++) {
		const char *arg = step->arg[i];

		if (!strncmp(arg, "@or=", 4)) {
			work->or = arg + 4;
			continue;
		}
		if (strstr(arg, "=@id") || strstr(arg, "=@gen")) {
			snprintf(text, sizeof(text), "%d:u64=%llu", atoi(arg), (unsigned long long)
				 (strstr(arg, "=@id") ? lock_id : lock_generation));
			arg = text;
		}
		genl_put_text(&request, arg);
	}
}

static void exchange(struct work *work, int flags)
{
	ssize_t len;
	int error = 0;
	bool lost = false;

	work->fd = genl_open();
	build_request(work, flags);
	arm(work);
	if (send(work->fd, &request, request.nl.nlmsg_len, 0) < 0) {
		error = errno;
	} else {
		do {
			len = recv(work->fd, buf, sizeof(buf), 0);
			if (len < 0) {
				error = errno;
				lost = true;
			}
		} while (len >= 0 && !take_answer(len));
	}
	disarm(work);
	if (error)
		outcome->error = error;
	outcome->lost = lost;
	close(work->fd);
}

static void step_ask(struct work *work)
{
	exchange(work, 0);
}

static void step_dump(struct work *work)
{
	exchange(work, NLM_F_DUMP);
}

static void step_look(struct work *work)
{
	static struct step look = { .arg = { "dump", "5" }, .n = 3 };
	static char name[80];

	snprintf(name, sizeof(name), "1:str=%s", work->step->arg[1]);
	look.arg[2] = name;
	work->step = &look;
	exchange(work, NLM_F_DUMP);
	if (!lock_id)
		errx(2, "no lock to be seen");
}

static void step_start(struct work *work)
{
	char line[256] = "";
	int out[2];
	FILE *f;

	if (pipe(out))
		err(2, "pipe");
	started[n_started] = fork();
	if (!started[n_started]) {
		setsid();
		dup2(out[1], 1);
		close(out[0]);
		execvp(work->step->arg[1], work->step->arg + 1);
		err(2, "%s", work->step->arg[1]);
	}
	n_started++;
	close(out[1]);
	f = fdopen(out[0], "r");
	while (strncmp(line, "ready", 5))
		if (!f || !fgets(line, sizeof(line), f))
			errx(2, "%s is not ready", work->step->arg[1]);
	fclose(f);
}

static void step_drop(struct work *work)
{
	char exact[8192], owners[8192];
	int tries;

	while (n_started) {
		kill(-started[--n_started], SIGKILL);
		waitpid(started[n_started], NULL, 0);
	}
	for (tries = 0; tries < 10000; tries++) {
		see_locks(exact, owners, sizeof(exact));
		if (!strcmp(owners, base_locks))
			return;
		nap();
	}
	errx(2, "locks stay: %s", exact);
}

static const struct {
	const char *name;
	int least;
	void (*run)(struct work *work);
} kinds[] = {
	{ "write", 3, step_write }, { "read", 2, step_read },
	{ "ask", 2, step_ask }, { "dump", 2, step_dump },
	{ "load", 2, step_load }, { "unload", 1, step_unload },
	{ "start", 2, step_start }, { "drop", 1, step_drop }, { "look", 2, step_look },
};

static void run_step(struct work *work)
{
	size_t i;

	memset(outcome, 0, sizeof(*outcome));
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, work->step->arg[0]))
			continue;
		if (work->step->n < kinds[i].least)
			errx(2, "%s wants more arguments", kinds[i].name);
		kinds[i].run(work);
		return;
	}
	errx(2, "unknown step: %s", work->step->arg[0]);
}

static void run_steps(const struct steps *steps)
{
	int i;

	for (i = 0; i < steps->n; i++) {
		struct work work = { .step = &steps->step[i], .fault = -1 };

		run_step(&work);
		if (outcome->error)
			errx(2, "step %s failed: %s", work.step->arg[0],
			     strerrorname_np(outcome->error));
	}
}

/* In a child, so that a step that hangs or is killed is told of. */
static void run_tested(unsigned int nth)
{
	struct work work = { .step = tested.step, .fault = -1, .nth = nth };
	time_t end = time(NULL) + PATIENCE;
	int status;
	pid_t pid;

	memset(outcome, 0, sizeof(*outcome));
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (!pid) {
		if (mlockall(MCL_CURRENT))
			err(2, "mlockall");
		if (nth) {
			work.fault = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
			if (work.fault < 0)
				err(2, "fail-nth");
		}
		run_step(&work);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (time(NULL) > end) {
			kill(pid, SIGKILL);
			errx(1, "fault %u: the step hangs", nth);
		}
		nap();
	}
	if (status)
		errx(1, "fault %u: the step ended with status %#x", nth, status);
}

/* --- the loop --- */

static bool is_allowed(int error)
{
	int i;

	for (i = 0; i < n_allowed; i++)
		if (allowed[i] == error)
			return true;
	return false;
}

static bool is_said(const char *text, const char *want)
{
	const char *or = NULL;
	regex_t regex;
	bool match;
	int i;

	if (!strcmp(text, want))
		return true;
	for (i = 2; i < tested.step[0].n; i++)
		if (!strncmp(tested.step[0].arg[i], "@or=", 4))
			or = tested.step[0].arg[i] + 4;
		else if (!strcmp(tested.step[0].arg[0], "read"))
			or = tested.step[0].arg[i];
	if (!or)
		return false;
	if (regcomp(&regex, or, REG_EXTENDED | REG_NOSUB))
		errx(2, "bad regular expression: %s", or);
	match = !regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	return match;
}

static int errno_of(const char *name)
{
	int i;

	for (i = 1; i < 200; i++)
		if (strerrorname_np(i) && !strcmp(strerrorname_np(i), name))
			return i;
	errx(2, "unknown error: %s", name);
}

static char **parse(char **arg, struct steps *steps)
{
	struct step *step = NULL;

	for (; *arg && strcmp(*arg, "--"); arg++) {
		if (!strcmp(*arg, "/")) {
			step = NULL;
			continue;
		}
		if (!step)
			step = &steps->step[steps->n++];
		if (step->n == MAX_ARGS - 1 || steps->n == 16)
			errx(2, "too many arguments");
		step->arg[step->n++] = *arg;
	}
	return *arg ? arg + 1 : arg;
}

static void again(struct picture *before)
{
	run_steps(&undo);
	run_steps(&setup);
	see(before);
}

int main(int argc, char **argv)
{
	static struct picture before, now, before0, after0;
	int failed = 0, tolerated = 0, lost = 0, bad = 0, opt;
	char text[sizeof(outcome->text)], exact[8192];
	unsigned int nth;
	char **arg;

	while ((opt = getopt(argc, argv, "+x:a:")) != -1) {
		if (opt == 'x')
			refusal = errno_of(optarg);
		else if (opt == 'a' && n_allowed < 16)
			allowed[n_allowed++] = errno_of(optarg);
		else
			return 2;
	}
	/* no SETUP: the first "--" is not for getopt */
	if (!strcmp(argv[optind - 1], "--"))
		optind--;
	setvbuf(stdout, NULL, _IOLBF, 0);
	arg = parse(parse(parse(argv + optind, &setup), &tested), &undo);
	if (*arg || tested.n != 1)
		errx(2, "usage: failnth [-x ERRNO] [-a ERRNO]... SETUP... -- STEP -- UNDO...");
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (outcome == MAP_FAILED)
		err(2, "mmap");
	see_locks(exact, base_locks, sizeof(exact));

	run_steps(&setup);
	see(&before0);
	run_tested(0);
	see(&after0);
	if (outcome->error != refusal)
		errx(1, "without a fault: %s", strerrorname_np(outcome->error));
	strcpy(text, outcome->text);
	again(&before);

	for (nth = 1; nth < MAX_NTH; nth++) {
		bool is_done, is_undone, fine;

		run_tested(nth);
		see(&now);
		is_undone = is_same(&before, &now);
		is_done = is_alike(&before, &now, &before0, &after0);
		if (outcome->lost) {
			fine = is_undone || is_done;
			lost++;
		} else if (outcome->error == refusal) {
			fine = is_done && is_said(outcome->text, text);
			tolerated++;
		} else {
			fine = is_undone && is_allowed(outcome->error);
			failed++;
		}
		if (!fine) {
			bad++;
			printf("BAD fault %u: error %s lost %d left %d said '%s', not '%s'\n", nth,
			       outcome->error ? strerrorname_np(outcome->error) : "none",
			       outcome->lost, outcome->left, outcome->text, text);
			show("before", &before);
			show("after", &now);
		}
		if (outcome->left)
			break;
		if (!is_undone)
			again(&before);
	}
	run_steps(&undo);
	if (nth == MAX_NTH)
		errx(1, "no end of faults after %u", nth);
	printf("%u faults: %d failed, %d changed nothing, %d lost the answer, %d wrong\n", nth - 1,
	       failed, tolerated - 1, lost, bad);
	return bad ? 1 : 0;
}
