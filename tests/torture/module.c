// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "lib/client.h"
#include "module.h"
#include "world.h"

#define SYS_LOCKS	"/sys/locks"
#define NAMES		24	/* that come and go */
#define PATIENCE_MS	120000

static const char *module_file;
static char own_file[96];	/* nobody locks it, and nobody else has a name for it */

bool module_is_absence(int error)
{
	/* the last one from a dump that begins while the module goes */
	return error == ENOENT || error == ENODEV || error == EOPNOTSUPP ||
	       error == EPROTONOSUPPORT;
}

int module_write(const char *name, const char *attribute, const char *text)
{
	char path[160];
	int fd, error = 0;

	snprintf(path, sizeof(path), SYS_LOCKS "/%s%s%s", name ? name : "", name ? "/" : "",
		 attribute);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

int module_add(const char *name, const char *path)
{
	char line[256];

	snprintf(line, sizeof(line), "%s %s", name, path);
	return module_write(NULL, "new_lock", line);
}

int module_remove(const char *name)
{
	return module_write(NULL, "delete_lock", name);
}

/* Grace of none, of a moment, and of some; every third file in the wider scope. */
static void add_file(int i)
{
	static const char * const graces[] = { "0", "20", "200" };

	if (module_add(files_name(i), files_path(i)))
		return;
	module_write(files_name(i), "grace_ms", graces[i % 3]);
	if (i % 3 == 1)
		module_write(files_name(i), "clear_scope", "unreachable");
	world->n.added++;
}

void module_register(void)
{
	int i;

	for (i = 0; i < FILES; i++)
		add_file(i);
	for (i = SHARED_FILES - CALM_FILES; i < SHARED_FILES; i++)
		module_add(files_hold_name(i), files_path(i));
	module_add("own", own_file);
}

void module_setup(const char *ko, const char *dir)
{
	module_file = ko;
	snprintf(own_file, sizeof(own_file), "%s/own", dir);
	if (!files_make_at(own_file))
		err(2, "%s", own_file);
	module_register();
}

static void check_answer(const char *what, int error)
{
	if (module_is_absence(error))
		world->n.absent++;
	else if (error && error != EEXIST && error != EBUSY)
		odd(what, error);
}

/* Extra names for paths that have one, and the names themselves. */
void module_run_registrar(void)
{
	struct aimlock_settings settings = { .has_grace = true, .grace_ms = 50 };
	struct aimlock_netlink nl;
	char name[16];
	int error;

	while (!world->over) {
		nap(30000);
		snprintf(name, sizeof(name), "x%u", below(NAMES));
		switch (below(5)) {
		case 0:
			error = module_remove(name);
			check_answer("delete_lock", error);
			world->n.removed += !error;
			break;
		case 1:
			error = module_add(name, files_path(files_pick_any()));
			check_answer("new_lock", error);
			world->n.added += !error;
			break;
		case 2:
			error = files_pick_any();
			world->n.removed += !module_remove(files_name(error));
			add_file(error);
			break;
		default:
			if (aimlock_netlink_open(&nl))
				break;
			error = -aimlock_client_file_new(&nl, name, files_path(files_pick_any()),
							 &settings);
			check_answer("file-new", error);
			world->n.added += !error;
			error = -aimlock_client_file_del(&nl, name);
			check_answer("file-del", error);
			world->n.removed += !error;
			aimlock_netlink_close(&nl);
		}
	}
}

static void count_listed(const struct aimlock_locks *locks)
{
	size_t i;

	world->n.locks_listed += locks->n;
	for (i = 0; i < locks->n; i++)
		world->n.orphans_seen += locks->v[i].verdict == AIMLOCK_VERDICT_ORPHANED;
}

void module_run_dumper(void)
{
	struct aimlock_files files = { .n = 0 };
	struct aimlock_locks locks = { .n = 0 };
	struct aimlock_netlink nl;
	int ret;

	while (!world->over) {
		rest(200000);
		if (aimlock_netlink_open(&nl))
			continue;
		ret = aimlock_client_files_get(&nl, NULL, &files);
		if (!ret)
			ret = aimlock_client_locks_get(&nl, NULL, true, &locks);
		if (!ret)
			world->n.dumps++;
		else if (ret != -EINTR)
			check_answer("a dump", -ret);
		count_listed(&locks);
		aimlock_model_free_files(&files);
		aimlock_model_free_locks(&locks);
		aimlock_netlink_close(&nl);
	}
}

static void read_attribute(const char *name, const char *attribute)
{
	char path[600], line[4096];
	int fd;

	snprintf(path, sizeof(path), SYS_LOCKS "/%s/%s", name, attribute);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, line, sizeof(line)) >= 0)
		world->n.attributes++;
	else if (errno != EACCES)
		check_answer(attribute, errno);
	close(fd);
}

static void read_attributes(const char *name)
{
	char path[300];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), SYS_LOCKS "/%s", name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_REG && strcmp(entry->d_name, "uevent"))
			read_attribute(name, entry->d_name);
	if (dir)
		closedir(dir);
}

void module_run_reader(void)
{
	struct dirent *entry;
	DIR *dir;

	while (!world->over) {
		rest(200000);
		dir = opendir(SYS_LOCKS);
		while (dir && (entry = readdir(dir)) && !world->over)
			if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
				read_attributes(entry->d_name);
		if (dir)
			closedir(dir);
	}
}

static int unload(void)
{
	return syscall(SYS_delete_module, "aimlock", O_NONBLOCK) ? errno : 0;
}

static void load(void)
{
	int fd = open(module_file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		err(2, "%s", module_file);
	close(fd);
}

/* A hold keeps the module. */
static void try_to_unload_held(void)
{
	int error = module_write("own", "conf_locked", "1");

	if (error) {
		violation("the hold on a file of nobody is refused: %s", strerror(error));
		return;
	}
	if (!unload()) {
		violation("the module went while a file was held");
		load();
		return;
	}
	world->n.reload_refused++;
	error = module_write("own", "conf_locked", "0");
	if (error)
		violation("the hold can't be dropped: %s", strerror(error));
}

void module_run_reloader(void)
{
	int ms, error;

	while (!world->over) {
		sleep(2);
		nap(4000000);
		try_to_unload_held();
		for (ms = 0; (error = unload()) && ms < PATIENCE_MS; ms++)
			usleep(1000);
		if (error) {
			violation("the module can't be unloaded: %s", strerror(error));
			return;
		}
		nap(200000);
		load();
		module_register();
		world->n.reloads++;
	}
}

/* All words of the file are the hold's, but the lease. */
static void hold(int i)
{
	const char *name = files_hold_name(i);
	unsigned int before = files_serial_at(files_path(i)), after;
	struct claim claims[WORDS - 1];
	int n, taken = 0, error;

	error = module_write(name, "conf_locked", "1");
	if (error) {
		if (error == EBUSY)
			world->n.hold_refused++;
		else
			check_answer("a hold", error);
		return;
	}
	world->n.holds++;
	after = files_serial_at(files_path(i));
	for (n = 0; before && before == after && n < WORDS - 1; n++)
		oracle_take(&claims[taken++], &world->words[before][n], false);
	nap(30000);
	for (n = 0; n < taken; n++) {
		oracle_check(&claims[n]);
		oracle_drop(&claims[n]);
	}
	/* EBUSY: it was dropped, and another has the file already */
	error = module_write(name, "conf_locked", "0");
	if (error && error != EBUSY)
		violation("a hold can't be dropped: %s", strerror(error));
}

void module_run_holder(void)
{
	while (!world->over) {
		nap(100000);
		hold(SHARED_FILES - CALM_FILES + below(CALM_FILES));
	}
}
