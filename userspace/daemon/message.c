// SPDX-License-Identifier: GPL-2.0-or-later
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

#include "../lib/text.h"
#include "message.h"

/* An id stays with its kind for ever: catalogs and filters know it. */
const struct message_kind message_kinds[MESSAGE_COUNT] = {
	[MESSAGE_STARTED] = { "started", LOG_INFO, "6ec8dea502794d83857a0f26a9d30797", "aimlockd is ready" },
	[MESSAGE_STOPPED] = { "stopped", LOG_INFO, "266633428b1545678bc78a4bf33cdaee", "it ends, as it was told to" },
	[MESSAGE_RELOADED] = { "reloaded", LOG_INFO, "69dc1b7277454f179033875d44cfded0", "it has read its configuration anew" },
	[MESSAGE_CONFIG_FAULT] = { "config-fault", LOG_ERR, "90f0fe963f2c43c581f94c3afd390a06",
		"a fault in the configuration: file, line, key, what was expected" },
	[MESSAGE_CONFIG_KEPT] = { "config-kept", LOG_ERR, "874c36aaedb54c68a25e6f33744106fc",
		"for that, the reload changed nothing" },
	[MESSAGE_MODULE_ABSENT] = { "module-absent", LOG_WARNING, "ff9022b7fc0d4385943402e55f34bf05",
		"the module is not loaded, or was unloaded; it is waited for" },
	[MESSAGE_MODULE_FOUND] = { "module-found", LOG_NOTICE, "24845a36a1484b40ade264e8801f528f",
		"it is there again, and the files are registered anew" },
	[MESSAGE_MODULE_FAULT] = { "module-fault", LOG_ERR, "3f3dad0953bb4faf89c2959928793a88",
		"the module could not be talked to" },
	[MESSAGE_EVENTS_LOST] = { "events-lost", LOG_NOTICE, "efbfd3917c3f4f019c8b011b783e2413",
		"events came faster than they were read; all files were looked at anew" },
	[MESSAGE_FILE_ADDED] = { "file-added", LOG_INFO, "98f0a68a9f4c479ba2cc57e03787088d", "a file was registered" },
	[MESSAGE_FILE_CHANGED] = { "file-changed", LOG_INFO, "30ce2f55e6fd4eabb3a7a921e0ef8dbe",
		"its grace, scope or path was set as configured" },
	[MESSAGE_FILE_REMOVED] = { "file-removed", LOG_NOTICE, "ca1e6161ec7b4777bf0423a107e5cb12",
		"somebody else removed a configured file, or it is configured no more" },
	[MESSAGE_FILE_FAULT] = { "file-fault", LOG_ERR, "34e1ca4076e54a128d21c00749fe474e",
		"a file could not be registered; it is tried again each 10 seconds" },
	[MESSAGE_ORPHAN_FOUND] = { "orphan-found", LOG_WARNING, "707f948bb216450d92dcb10422f92d24",
		"a lock of a file is orphaned" },
	[MESSAGE_ORPHAN_CLEARED] = { "orphan-cleared", LOG_NOTICE, "0723cbe1760949ebb5d3205c3b74933a",
		"it was cleared, by the policy" },
	[MESSAGE_ORPHAN_ADOPTED] = { "orphan-adopted", LOG_NOTICE, "a17d9cc026bb4e52925b38fb19328d2e",
		"it was taken over, by the policy, without a gap" },
	[MESSAGE_ORPHAN_KEPT] = { "orphan-kept", LOG_ERR, "ab42143b97b24585941fcce769039cb6",
		"the policy could not be carried out; it is tried again each 10 seconds" },
	[MESSAGE_UNREACHABLE_FOUND] = { "unreachable-found", LOG_WARNING, "0bbcec240f90454dbead017060c14287",
		"a part of the kernel keeps a lock of a file; no policy touches it" },
	[MESSAGE_HOLDER_LOST] = { "holder-lost", LOG_WARNING, "341023ddc0154b57951f828582c2ab7e",
		"who had a guarded file died, stood still, or lost its lock by a clear" },
	[MESSAGE_GUARD_TAKEN] = { "guard-taken", LOG_NOTICE, "e6488b6bd9ec4bb8a5220f098f55a58e",
		"a guarded file was taken, and is being checked" },
	[MESSAGE_GUARD_RESUMED] = { "guard-resumed", LOG_NOTICE, "d84158f0a4d943a7b62bf8825c543ddf",
		"it was kept through a restart of aimlockd" },
	[MESSAGE_GUARD_FAULT] = { "guard-fault", LOG_ERR, "063a7d53c0ff401bb932bdadd1fbb173",
		"a guarded file could not be taken, or was lost" },
	[MESSAGE_CHECK_PASSED] = { "check-passed", LOG_NOTICE, "3dc00dedd9ac40b8a185bdb36ace68b5",
		"the check of a guarded file passed, and the file was given back" },
	[MESSAGE_CHECK_FAILED] = { "check-failed", LOG_CRIT, "3f3a6e9726d24be0afd6101a0aee30c5",
		"the check failed: the file stays guarded, nobody gets its lock" },
	[MESSAGE_METRICS_FAULT] = { "metrics-fault", LOG_ERR, "8ac76b0b20b5498bb5e0f9204c54c175",
		"the metrics could not be served or written" },
};

const char *message_priority_name(int priority)
{
	static const char *const names[] = {
		[LOG_CRIT] = "crit", [LOG_ERR] = "err", [LOG_WARNING] = "warning",
		[LOG_NOTICE] = "notice", [LOG_INFO] = "info",
	};

	return names[priority];
}

/* sd_journal_send() says nothing of it. */
static bool journal_runs(void)
{
	return !access("/run/systemd/journal/socket", W_OK);
}

static void to_journal(const struct message_kind *kind, const char *file, const char *text)
{
	const char *between = file ? ": " : "";

	sd_journal_send("MESSAGE=%s%s%s", file ? file : "", between, text,
			"PRIORITY=%d", kind->priority, "MESSAGE_ID=%s", kind->id,
			"AIMLOCK_MESSAGE=%s", kind->name,
			/* an empty one for what is of no file */
			"AIMLOCK_NAME=%s", file ? file : "", NULL);
}

static void to_stderr(const struct message_kind *kind, const char *file, const char *text)
{
	char *escaped = aimlock_text_escape(text);

	fprintf(stderr, "aimlockd: %s: %s%s%s\n", kind->name, file ? file : "",
		file ? ": " : "", escaped ? escaped : "(out of memory)");
	free(escaped);
}

void message_send(enum message message, const char *file, const char *format, ...)
{
	const struct message_kind *kind = &message_kinds[message];
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (journal_runs())
		to_journal(kind, file, text ? text : kind->help);
	else
		to_stderr(kind, file, text ? text : kind->help);
	free(text);
}
