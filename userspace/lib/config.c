// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inih reads the lines; it cuts what is longer than its buffers and tells no numbers
 * of lines, so the lines are counted and measured here, on their way to it.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "config.h"

#define SECTION_MAX	48	/* inih's */
#define GRACE_MS	1000	/* as the module has it */

/* --- values --- */

static int set_text(char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	return *text ? 0 : -ENOMEM;
}

static int set_word(const char *const *words, const char *value)
{
	int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], value))
			return i;
	return -EINVAL;
}

static bool is_path(const char *value)
{
	return value[0] == '/' && strlen(value) <= AIMLOCK_PATH_MAX;
}

/* A wrong one is not missing besides. */
static int set_path(void *target, const char *value)
{
	struct aimlock_config_file *file = target;
	int err = set_text(&file->path, value);

	return err ? err : is_path(value) ? 0 : -EINVAL;
}

static int set_grace(void *target, const char *value)
{
	struct aimlock_config_file *file = target;
	unsigned long ms;
	char *end;

	errno = 0;
	ms = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)value[0]) || *end || errno || ms > AIMLOCK_GRACE_MAX)
		return -EINVAL;
	file->settings.grace_ms = ms;
	return 0;
}

static int set_scope(void *target, const char *value)
{
	struct aimlock_config_file *file = target;

	return aimlock_model_scope_value(value, &file->settings.scope);
}

static int set_on_orphan(void *target, const char *value)
{
	static const char *const words[] = { "notify", "clear", "adopt", NULL };
	struct aimlock_config_file *file = target;
	int word = set_word(words, value);

	if (word < 0)
		return word;
	file->on_orphan = word;
	return 0;
}

static int set_guard(void *target, const char *value)
{
	static const char *const words[] = { "no", "yes", NULL };
	struct aimlock_config_file *file = target;
	int word = set_word(words, value);

	if (word < 0)
		return word;
	file->guard = word;
	return 0;
}

static int set_check(void *target, const char *value)
{
	struct aimlock_config_file *file = target;

	return *value ? set_text(&file->check, value) : -EINVAL;
}

static int set_metrics_file(void *target, const char *value)
{
	struct aimlock_config *config = target;

	return is_path(value) ? set_text(&config->metrics_file, value) : -EINVAL;
}

static int read_port(const char *value, in_port_t *port)
{
	unsigned long n;
	char *end;

	n = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)value[0]) || *end || !n || n > UINT16_MAX)
		return -EINVAL;
	*port = htons(n);
	return 0;
}

static int read_ipv6(const char *host, const char *port, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return -EINVAL;
	in6->sin6_family = AF_INET6;
	return read_port(port, &in6->sin6_port);
}

static int read_ipv4(const char *host, const char *port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;

	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		return -EINVAL;
	in->sin_family = AF_INET;
	return read_port(port, &in->sin_port);
}

/* "9137", "127.0.0.1:9137", "[::1]:9137" */
static int set_metrics_listen(void *target, const char *value)
{
	struct aimlock_config *config = target;
	struct sockaddr_storage address = { 0 };
	char host[INET6_ADDRSTRLEN + 3] = "127.0.0.1";
	const char *colon = strrchr(value, ':');
	size_t len = colon ? (size_t)(colon - value) : 0;
	int err;

	if (len >= sizeof(host))
		return -EINVAL;
	if (colon) {
		memcpy(host, value, len);
		host[len] = '\0';
	}
	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		err = read_ipv6(host + 1, colon + 1, &address);
	} else {
		err = read_ipv4(host, colon ? colon + 1 : value, &address);
	}
	if (!err)
		config->metrics_listen = address;
	return err;
}

const struct aimlock_config_key aimlock_config_keys[] = {
	{ "path", false, "PATH", "an absolute path",
	  "the file; each section needs one", set_path },
	{ "grace", false, "MS", "a number of milliseconds from 0 to 3600000",
	  "milliseconds that a lock stays suspect at least (1000)", set_grace },
	{ "scope", false, "SCOPE", "orphaned or unreachable",
	  "what a clear by hand takes: orphaned (default) or unreachable", set_scope },
	{ "on-orphan", false, "POLICY", "notify, clear or adopt",
	  "when a lock is orphaned: notify (default), clear or adopt", set_on_orphan },
	{ "guard", false, "yes|no", "yes or no",
	  "take the file when a holder was lost, until its check passes (no)", set_guard },
	{ "check", false, "COMMAND", "a command",
	  "a command of sh(1) that succeeds if the content is sane", set_check },
	{ "metrics-listen", true, "[ADDRESS:]PORT",
	  "a port, an IPv4 address with a port, or an IPv6 address in brackets with a port",
	  "serve metrics there by HTTP; without an address on 127.0.0.1", set_metrics_listen },
	{ "metrics-file", true, "PATH", "an absolute path",
	  "replace that file by the metrics each 10 seconds", set_metrics_file },
	{ .name = NULL },
};

/* --- lines --- */

struct source {
	struct aimlock_config *config;
	const char *path;
	FILE *in;
	unsigned int line;
	unsigned int section;		/* line of the section that has begun */
	bool empty;			/* it has no key yet */
	bool skip;			/* it was complained of, and its keys are not read */
	bool cut;			/* the last line was read in part */
	unsigned int given;		/* keys of the section, bit by bit */
	bool faulty;
	int err;
	aimlock_config_complain complain;
	void *arg;
};

__attribute__((format(printf, 3, 4)))
static void complain_at(struct source *source, unsigned int line, const char *format, ...)
{
	char where[4200], what[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (line)
		snprintf(where, sizeof(where), "%s:%u", source->path, line);
	else
		snprintf(where, sizeof(where), "%s", source->path);
	source->faulty = true;
	source->complain(source->arg, where, what);
}

static void end_section(struct source *source)
{
	if (source->empty)
		complain_at(source, source->section, "the section is empty: path is missing");
	source->empty = false;
}

static void begin_section(struct source *source, const char *line)
{
	end_section(source);
	source->section = source->line;
	source->given = 0;
	source->skip = true;
	/* without its end: inih complains */
	if (!strchr(line, ']'))
		return;
	source->skip = strcspn(line, "]") > SECTION_MAX + 1;
	source->empty = !source->skip;
	if (source->skip)
		complain_at(source, source->line, "[%.*s]: a name here has at most %d bytes",
			    (int)strcspn(line, "]") - 1, line + 1, SECTION_MAX);
}

/* fgets(3) for inih; keys may be indented, which it would take for more of a value. */
static char *read_line(char *line, int size, void *arg)
{
	struct source *source = arg;
	size_t blank, len;

	if (!fgets(line, size, source->in))
		return NULL;
	len = strlen(line);
	if (source->cut) {
		source->cut = len && line[len - 1] != '\n';
		strcpy(line, "#");
		return line;
	}
	source->line++;
	source->cut = len && line[len - 1] != '\n' && !feof(source->in);
	if (source->cut) {
		complain_at(source, source->line, "a line has at most %d bytes", size - 2);
		strcpy(line, "#");
		return line;
	}
	blank = strspn(line, " \t");
	memmove(line, line + blank, len - blank + 1);
	if (line[0] == '[')
		begin_section(source, line);
	return line;
}

static struct aimlock_config_file *add_file(struct source *source, const char *name)
{
	struct aimlock_config *config = source->config;
	struct aimlock_config_file *file, *v;

	v = reallocarray(config->v, config->n + 1, sizeof(*v));
	if (!v)
		return NULL;
	config->v = v;
	file = &v[config->n];
	*file = (struct aimlock_config_file){
		.settings = { .has_grace = true, .grace_ms = GRACE_MS, .has_scope = true },
	};
	snprintf(file->name, sizeof(file->name), "%s", name);
	if (asprintf(&file->where, "%s:%u", source->path, source->section) < 0) {
		file->where = NULL;
		return NULL;
	}
	config->n++;
	return file;
}

static bool is_name(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return strcmp(name, ".") && strcmp(name, "..") && c != name;
}

/* The file of the section that has begun. */
static struct aimlock_config_file *section_file(struct source *source, const char *name)
{
	struct aimlock_config *config = source->config;
	struct aimlock_config_file *file;
	size_t i;

	if (!source->empty)
		return &config->v[config->n - 1];
	source->empty = false;
	if (!is_name(name))
		complain_at(source, source->section,
			    "[%s]: expected a name of letters, digits, '.', '_' and '-'", name);
	for (i = 0; i < config->n; i++)
		if (!strcmp(config->v[i].name, name))
			complain_at(source, source->section, "[%s]: it has a section at %s already",
				    name, config->v[i].where);
	file = add_file(source, name);
	if (!file)
		source->err = -ENOMEM;
	return file;
}

static void list_keys(bool of_daemon, char *list, size_t size)
{
	const struct aimlock_config_key *key;
	size_t len = 0;

	list[0] = '\0';
	for (key = aimlock_config_keys; key->name; key++)
		if (key->of_daemon == of_daemon && len < size)
			len += snprintf(list + len, size - len, "%s%s", len ? ", " : "", key->name);
}

static const struct aimlock_config_key *find_key(struct source *source, const char *section,
						 const char *name)
{
	const struct aimlock_config_key *key;
	bool of_daemon = !section[0];
	char list[256];

	for (key = aimlock_config_keys; key->name; key++)
		if (!strcmp(key->name, name) && key->of_daemon == of_daemon)
			return key;
	list_keys(of_daemon, list, sizeof(list));
	if (of_daemon)
		complain_at(source, source->line,
			    "%s: this is no key before the first section; expected one of %s",
			    name, list);
	else
		complain_at(source, source->line,
			    "[%s] %s: this is no key; expected one of %s", section, name, list);
	return NULL;
}

static void set_key(struct source *source, const char *section,
		    const struct aimlock_config_key *key, void *target, const char *value)
{
	unsigned int bit = 1U << (key - aimlock_config_keys);
	const char *open = section[0] ? "[" : "", *close = section[0] ? "] " : "";
	int err;

	if (source->given & bit) {
		complain_at(source, source->line, "%s%s%s%s: it is set twice", open, section, close,
			    key->name);
		return;
	}
	source->given |= bit;
	err = key->set(target, value);
	if (err == -EINVAL)
		complain_at(source, source->line, "%s%s%s%s: '%s' is not %s", open, section, close,
			    key->name, value, key->expected);
	else if (err)
		source->err = err;
}

static int read_key(void *arg, const char *section, const char *name, const char *value)
{
	struct source *source = arg;
	const struct aimlock_config_key *key;
	void *target = source->config;

	if (source->skip)
		return 1;
	if (section[0])
		target = section_file(source, section);
	key = find_key(source, section, name);
	if (target && key)
		set_key(source, section, key, target, value);
	return 1;
}

/* --- files --- */

static void check_file(struct source *source, const struct aimlock_config_file *file)
{
	const char *colon = strrchr(file->where, ':');
	unsigned int line = strtoul(colon + 1, NULL, 10);

	if (!file->path)
		complain_at(source, line, "[%s] path: it is missing; expected an absolute path",
			    file->name);
	if (file->guard && !file->check)
		complain_at(source, line, "[%s] check: it is missing; guard = yes needs a command",
			    file->name);
	if (!file->guard && file->check)
		complain_at(source, line, "[%s] guard: it is not yes; check is for a guarded file",
			    file->name);
}

static int read_source(struct source *source)
{
	size_t first = source->config->n, i;
	int line;

	source->in = fopen(source->path, "re");
	if (!source->in)
		return -errno;
	line = ini_parse_stream(read_line, source, read_key, source);
	if (ferror(source->in))
		source->err = -EIO;
	fclose(source->in);
	if (line > 0)
		complain_at(source, line, "expected [NAME], KEY = VALUE or # with a comment");
	else if (line < 0)
		source->err = -ENOMEM;
	end_section(source);
	for (i = first; i < source->config->n; i++)
		check_file(source, &source->config->v[i]);
	return source->err;
}

static int is_conf(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && !strcmp(dot, ".conf");
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct aimlock_config_file *)a)->name,
		      ((const struct aimlock_config_file *)b)->name);
}

static int read_one(struct aimlock_config *config, const char *dir, const char *name,
		    aimlock_config_complain complain, void *arg, bool *faulty)
{
	struct source source = { .config = config, .complain = complain, .arg = arg };
	char *path;
	int err;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	source.path = path;
	err = read_source(&source);
	if (err && err != -ENOMEM) {
		complain_at(&source, 0, "it can't be read (%s)", strerror(-err));
		err = 0;
	}
	*faulty |= source.faulty;
	free(path);
	return err;
}

int aimlock_config_read(struct aimlock_config *config, const char *dir,
			aimlock_config_complain complain, void *arg)
{
	struct dirent **entries;
	bool faulty = false;
	int n, i, err = 0;

	*config = (struct aimlock_config){ 0 };
	n = scandir(dir, &entries, is_conf, alphasort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		if (!err)
			err = read_one(config, dir, entries[i]->d_name, complain, arg, &faulty);
		free(entries[i]);
	}
	free(entries);
	if (config->n)
		qsort(config->v, config->n, sizeof(*config->v), compare);
	return err ? err : faulty ? -EINVAL : 0;
}

void aimlock_config_free_file(struct aimlock_config_file *file)
{
	free(file->path);
	free(file->check);
	free(file->where);
	*file = (struct aimlock_config_file){ 0 };
}

void aimlock_config_free(struct aimlock_config *config)
{
	size_t i;

	for (i = 0; i < config->n; i++)
		aimlock_config_free_file(&config->v[i]);
	free(config->v);
	free(config->metrics_file);
	*config = (struct aimlock_config){ 0 };
}

const struct aimlock_config_file *aimlock_config_find(const struct aimlock_config *config,
						      const char *name)
{
	struct aimlock_config_file key = { 0 };

	snprintf(key.name, sizeof(key.name), "%s", name);
	return config->n ? bsearch(&key, config->v, config->n, sizeof(*config->v), compare) : NULL;
}
