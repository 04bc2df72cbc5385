// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest-fuzz [-s SEED] [-n INPUTS] [-t SECONDS] [-l LIE]: gives the loaded module messages
 * and sysfs lines, right and wrong ones, as root and as a user, while a helper
 * locks and unlocks the files and others are put in their place.  A model says
 * of each input what should come of it, and what the module should be like
 * then: whatever differs ends the run with status 1.  The same seed gives the
 * same inputs; -t only ends the run before all were given.
 *
 * -l tells the model something wrong in the middle of the run: 0 a generation,
 * 1 a grace, 2 a scope, 3 a hold, 4 a lock, 5 a name, 6 an error.  Who looks
 * well finds that soon after.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "errname.h"

#define SYS		"/sys/locks/"
#define CHECK_EVERY	128	/* of all that there is */
#define FULL		28	/* so many files, and rather some are removed */

enum lie { GENERATION, GRACE, SCOPE, HOLD, LOCK, NAME, AN_ERROR, N_LIES };

static struct {
	unsigned long netlink, sysfs, world, user, accepted, checks;
	unsigned long refused[200];
} count;

static uint8_t datagram[1 << 15] __attribute__((aligned(8)));
static size_t datagram_len;
static char line[16384], where[100];
static size_t line_len;
static const char *last = "nothing";
static bool lie_in_error;
static int store[2];		/* new_lock and delete_lock, opened by root */

/* --- netlink --- */

/*
 * No other family, and dumps only alone; then what the model expects, for which it
 * is asked without being changed.  How many messages, or TIMING.
 */
static int foretell(bool privileged, bool commit, struct outcome *outcomes, int most)
{
	size_t at = 0, left = datagram_len;
	int n = 0;

	while (left >= NLMSG_HDRLEN && n < most) {
		struct nlmsghdr *hdr = (struct nlmsghdr *)(datagram + at);
		size_t step = NLMSG_ALIGN(hdr->nlmsg_len);

		if (hdr->nlmsg_len < NLMSG_HDRLEN || hdr->nlmsg_len > left)
			break;
		if (hdr->nlmsg_type >= NLMSG_MIN_TYPE && hdr->nlmsg_type != family)
			hdr->nlmsg_type = 0xfff0;
		if (at || left >= step + NLMSG_HDRLEN)
			hdr->nlmsg_flags &= ~NLM_F_ROOT;
		outcomes[n] = model_message(datagram + at, hdr->nlmsg_len, privileged, family,
					    commit);
		if (outcomes[n++].error == TIMING)
			return TIMING;
		at += step;
		left -= step < left ? step : left;
	}
	return n;
}

static void count_outcome(int error)
{
	if (error)
		count.refused[-error < 200 ? -error : 0]++;
	else
		count.accepted++;
}

static const char *send_datagram(bool privileged)
{
	bool of_user = !privileged && one_in(2), as_user = !privileged && (!of_user || one_in(2));
	int sock = netlink_socket(of_user);
	struct outcome outcomes[64];
	const char *found = NULL;
	int i, n;

	if (as_user && seteuid(1000))
		err(3, "seteuid");
	if (send(sock, datagram, datagram_len, 0) < 0)
		found = strerror(errno);
	if (as_user && seteuid(0))
		err(3, "seteuid");
	n = foretell(privileged, true, outcomes, ARRAY_SIZE(outcomes));
	for (i = 0; i < n && !found; i++) {
		count_outcome(outcomes[i].error);
		if (lie_in_error && outcomes[i].told)
			outcomes[i].error = outcomes[i].error ? 0 : -EINVAL;
		found = check_answer(sock, &outcomes[i], n == 1);
	}
	return found ? found : check_silence(sock);
}

static const char *try_netlink(bool privileged)
{
	struct outcome outcomes[64];
	struct reg *reg = reg_any();
	const char *found;

	last = "netlink";
	if (reg && one_in(4)) {
		found = check_locks(reg);	/* for the ids */
		if (found)
			return found;
	}
	do {
		datagram_len = input_datagram(datagram, sizeof(datagram), family);
	} while (foretell(privileged, false, outcomes, ARRAY_SIZE(outcomes)) == TIMING);
	count.netlink++;
	return send_datagram(privileged);
}

/* --- sysfs --- */

static void choose_where(void)
{
	static const char * const attrs[] = {
		"conf_locked", "conf_locked", "conf_locked", "grace_ms", "clear_scope", "state",
		"path", "generation",
	};
	struct reg *reg = reg_any();
	uint32_t kind = chance(10);

	if (!reg || kind < 3)
		strcpy(where, "new_lock");
	else if (kind < 4 || reg_count() > FULL)
		strcpy(where, "delete_lock");
	else if (one_in(16))
		snprintf(where, sizeof(where), "r%u/%s", chance(24),
			 attrs[chance(ARRAY_SIZE(attrs))]);
	else
		snprintf(where, sizeof(where), "%s/%s", reg->name,
			 attrs[chance(ARRAY_SIZE(attrs))]);
}

/* As far as opening goes: root may open what may be written, a user nothing. */
static int expect_open(bool as_user)
{
	const char *slash = strchr(where, '/');
	char name[AIMLOCK_NAME_MAX + 1];

	if (slash) {
		snprintf(name, sizeof(name), "%.*s", (int)(slash - where), where);
		if (!reg_find(name))
			return -ENOENT;
		if (strcmp(slash, "/conf_locked") && strcmp(slash, "/grace_ms") &&
		    strcmp(slash, "/clear_scope"))
			return -EACCES;
	}
	return as_user ? -EACCES : 0;
}

static int open_attribute(bool as_user)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), SYS "%s", where);
	if (as_user && seteuid(1000))
		err(3, "seteuid");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	if (as_user && seteuid(0))
		err(3, "seteuid");
	return fd;
}

static const char *differs(const char *what, int is, int should_be)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s %s gave %s, should give %s", what, where,
		 is < 0 ? strerrorname_np(-is) : "success",
		 should_be < 0 ? strerrorname_np(-should_be) : "success");
	return text;
}

static const char *write_line(int fd, bool privileged)
{
	bool stays = !strcmp(where, "new_lock") || !strcmp(where, "delete_lock");
	int want, error = 0;
	ssize_t len;

	if (!privileged && seteuid(1000))
		err(3, "seteuid");
	len = pwrite(fd, line, line_len, 0);
	if (len < 0)
		error = -errno;
	if (!privileged && seteuid(0))
		err(3, "seteuid");
	if (!stays)
		close(fd);
	want = model_write(where, line, line_len, privileged, true);
	if (lie_in_error)
		want = want ? 0 : -EINVAL;
	count_outcome(want);
	if (error != want)
		return differs("writing to", error, want);
	return !error && len != (ssize_t)line_len ? "a write was cut" : NULL;
}

static const char *try_sysfs(bool privileged)
{
	bool open_as_user = !privileged && one_in(3);
	int fd, want;

	last = "sysfs";
	do {
		choose_where();
		line_len = input_text(where, line, sizeof(line));
	} while (model_write(where, line, line_len, privileged, false) == TIMING);
	count.sysfs++;
	if (!open_as_user && !strchr(where, '/'))
		return write_line(store[where[0] == 'd'], privileged);
	want = expect_open(open_as_user);
	fd = open_attribute(open_as_user);
	if ((fd < 0 ? fd : 0) != want)
		return differs("opening", fd, want);
	if (fd < 0) {
		count_outcome(want);
		return NULL;
	}
	return write_line(fd, privileged);
}

/* A file that was opened, and whose name has gone since. */
static const char *try_stale(void)
{
	struct reg *reg = reg_any();
	int fd;

	last = "stale";
	if (!reg || reg->hold)
		return NULL;
	snprintf(where, sizeof(where), "%s/grace_ms", reg->name);
	fd = open_attribute(false);
	if (fd < 0)
		return differs("opening", fd, 0);
	line_len = strlen(strcpy(line, reg->name));
	if (pwrite(store[1], line, line_len, 0) < 0 || model_remove(line))
		return "a name couldn't be removed";
	if (pwrite(fd, "0", 1, 0) >= 0 || errno != ENODEV)
		return "a file of a name that is gone can be written";
	close(fd);
	count.sysfs++;
	count_outcome(-ENODEV);
	return NULL;
}

/* --- the run --- */

static const char *try_world(void)
{
	model_forget_ids();
	count.world++;
	last = world_step();
	return last[0] == '!' ? last + 1 : NULL;
}

static const char *one_input(void)
{
	bool privileged = !one_in(6);
	const char *found;
	struct reg *reg;

	count.user += !privileged;
	switch (chance(32)) {
	case 0 ... 2:
		found = try_world();
		break;
	case 3 ... 18:
		found = try_netlink(privileged);
		break;
	case 19:
		found = one_in(4) ? try_stale() : try_sysfs(privileged);
		break;
	default:
		found = try_sysfs(privileged);
	}
	reg = reg_any();
	return found || !reg ? found : check_file(reg);
}

static bool tell_lie(enum lie lie)
{
	struct reg *reg = reg_any();
	int slot, i;

	if (!reg)
		return false;
	switch (lie) {
	case GENERATION:
		reg->generation++;
		return true;
	case GRACE:
		reg->grace ^= 1;
		return true;
	case SCOPE:
		reg->scope ^= 1;
		return true;
	case HOLD:
		for (i = 0; i < N_REGS; i++)
			if (regs[i].used && regs[i].hold)
				return !(regs[i].hold = false);
		return false;
	case LOCK:
		for (i = 0; i < N_OBJECTS; i++)
			for (slot = 0; slot < N_SLOTS; slot++)
				if (objects[i].exists && objects[i].locks[slot].on)
					return !(objects[i].locks[slot].on = false);
		return false;
	case NAME:
		return !reg->hold && !model_remove(reg->name);
	default:
		lie_in_error = true;
		return true;
	}
}

static void dump_bytes(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < len && i < 256; i++)
		printf("%02x%s", bytes[i], i % 32 == 31 ? "\n" : " ");
	printf("%s(%zu bytes)\n", i % 32 ? "\n" : "", len);
}

static void report(unsigned long n, uint64_t seed, const char *found)
{
	printf("disagree at input %lu of seed %llu (%s): %s\n", n, (unsigned long long)seed, last,
	       found);
	if (!strcmp(last, "netlink")) {
		dump_bytes(datagram, datagram_len);
	} else if (!strcmp(last, "sysfs") || !strcmp(last, "stale")) {
		printf("%s: ", where);
		dump_bytes(line, line_len);
	}
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void summary(unsigned long n, double seconds)
{
	int i;

	printf("%lu inputs in %.0f s, %.0f a second: %lu netlink, %lu sysfs, %lu steps of the world;"
	       " %lu by a user\n", n, seconds, n / seconds, count.netlink, count.sysfs,
	       count.world, count.user);
	printf("accepted %lu", count.accepted);
	for (i = 0; i < 200; i++)
		if (count.refused[i])
			printf(", %s %lu", strerrorname_np(i), count.refused[i]);
	printf("\n%lu checks of everything: the module is what the model says\n", count.checks);
}

static void clean(void)
{
	int i;

	for (i = 0; i < N_REGS; i++) {
		if (!regs[i].used)
			continue;
		snprintf(where, sizeof(where), "%s/conf_locked", regs[i].name);
		if (regs[i].hold) {
			int fd = open_attribute(false);

			if (fd < 0 || (pwrite(fd, "0", 1, 0) < 0 && errno != EBUSY))
				warn("release %s", regs[i].name);
			close(fd);
		}
		if (pwrite(store[1], regs[i].name, strlen(regs[i].name), 0) < 0)
			warn("remove %s", regs[i].name);
	}
}

static void open_stores(void)
{
	store[0] = open(SYS "new_lock", O_WRONLY | O_CLOEXEC);
	store[1] = open(SYS "delete_lock", O_WRONLY | O_CLOEXEC);
	if (store[0] < 0 || store[1] < 0)
		err(3, SYS);
}

static int run(uint64_t seed, unsigned long inputs, double seconds, int lie)
{
	unsigned long n, lie_at = inputs / 2;
	double start = now(), told = start;
	const char *found;

	chance_state = seed;
	for (n = 1; n <= inputs; n++) {
		found = one_input();
		if (!found && n % CHECK_EVERY == 0) {
			found = check_all();
			count.checks++;
		}
		if (found) {
			report(n, seed, found);
			return 1;
		}
		/* what it is about may be changed by chance before anybody looks */
		if (lie >= 0 && n >= lie_at && tell_lie(lie)) {
			printf("lied at input %lu\n", n);
			lie_at = n + CHECK_EVERY / 2;
		}
		if (seconds && n % CHECK_EVERY == 0 && now() - start > seconds)
			break;
		if (n % CHECK_EVERY == 0 && now() - told > 60) {
			told = now();
			fprintf(stderr, "%lu inputs, %.0f a second\n", n, n / (told - start));
		}
	}
	summary(n > inputs ? inputs : n, now() - start);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long inputs = 1000000;
	uint64_t seed = time(NULL);
	int option, status, lie = -1;
	double seconds = 0;

	while ((option = getopt(argc, argv, "s:n:t:l:")) != -1) {
		if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (option == 'n')
			inputs = strtoul(optarg, NULL, 0);
		else if (option == 't')
			seconds = atof(optarg);
		else if (option == 'l')
			lie = atoi(optarg);
		else
			return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu, %lu inputs\n", (unsigned long long)seed, inputs);
	world_make();
	netlink_open();
	open_stores();
	status = run(seed, inputs, seconds, lie);
	if (lie < 0)
		clean();
	world_end();
	return status;
}
