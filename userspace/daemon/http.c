// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /metrics, by libmicrohttpd in the loop of all the rest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "daemon.h"
#include "message.h"

#define CONNECTIONS	16
#define SILENCE_S	10
#define FRESH_US	1000000	/* so long a report is served again */

/* One text is both; who asks for neither gets the older. */
#define OPENMETRICS	"application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PLAIN		"text/plain; version=0.0.4; charset=utf-8"

struct http {
	struct daemon *daemon;
	struct MHD_Daemon *server;
	sd_event_source *ready, *timeout;
	char *text;		/* the last report */
	size_t len;
	uint64_t made;		/* when, CLOCK_BOOTTIME; 0: there is none */
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const char *type, const char *text, size_t len)
{
	struct MHD_Response *response;
	enum MHD_Result ret;

	response = MHD_create_response_from_buffer(len, (void *)text, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	ret = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *sentence)
{
	return answer(connection, status, "text/plain; charset=utf-8", sentence,
		      strlen(sentence));
}

/* However often it is asked, the module is asked once a second. */
static int refresh(struct http *http)
{
	uint64_t now = 0;
	char *text;
	size_t len;
	int err;

	sd_event_now(http->daemon->loop, CLOCK_BOOTTIME, &now);
	if (http->made && now - http->made < FRESH_US)
		return 0;
	err = report_make(http->daemon, &text, &len);
	if (err)
		return err;
	free(http->text);
	http->text = text;
	http->len = len;
	http->made = now;
	return 0;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
				  const char *url, const char *method, const char *version,
				  const char *upload, size_t *upload_size, void **state)
{
	struct http *http = arg;
	const char *accept;

	(void)version;
	(void)upload;
	(void)upload_size;
	/* the first call is for the header only */
	if (!*state) {
		*state = http;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD only\n");
	if (strcmp(url, "/metrics"))
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is /metrics only\n");
	if (refresh(http))
		return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "there is no memory\n");
	accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	return answer(connection, MHD_HTTP_OK,
		      accept && strstr(accept, "application/openmetrics-text") ? OPENMETRICS : PLAIN,
		      http->text, http->len);
}

/* --- the loop --- */

static void run(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(http->server);
	if (MHD_get_timeout(http->server, &ms) == MHD_YES) {
		sd_event_source_set_time_relative(http->timeout, ms * UINT64_C(1000));
		sd_event_source_set_enabled(http->timeout, SD_EVENT_ONESHOT);
	} else {
		sd_event_source_set_enabled(http->timeout, SD_EVENT_OFF);
	}
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)source;
	(void)fd;
	(void)revents;
	run(arg);
	return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	run(arg);
	return 0;
}

static int watch(struct http *http)
{
	sd_event *loop = http->daemon->loop;
	const union MHD_DaemonInfo *info;
	int err;

	info = MHD_get_daemon_info(http->server, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	err = sd_event_add_io(loop, &http->ready, info->epoll_fd, EPOLLIN, on_ready, http);
	if (err < 0)
		return err;
	err = sd_event_add_time(loop, &http->timeout, CLOCK_BOOTTIME, UINT64_MAX, 0, on_timeout,
				http);
	return err < 0 ? err : 0;
}

static int serve(struct http *http)
{
	const struct sockaddr_storage *address = &http->daemon->config.metrics_listen;
	unsigned int flags = MHD_USE_EPOLL;

	if (address->ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	http->server = MHD_start_daemon(flags, 0, NULL, NULL, on_request, http,
					MHD_OPTION_SOCK_ADDR, address,
					MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
					MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S,
					MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	if (!http->server)
		return errno ? -errno : -EIO;
	return watch(http);
}

int http_start(struct daemon *daemon)
{
	int err;

	if (daemon->config.metrics_listen.ss_family == AF_UNSPEC)
		return 0;
	daemon->http = calloc(1, sizeof(*daemon->http));
	if (!daemon->http)
		return -ENOMEM;
	daemon->http->daemon = daemon;
	err = serve(daemon->http);
	if (err) {
		message_send(MESSAGE_METRICS_FAULT, NULL, "the metrics can't be served (%s)",
			     strerror(-err));
		http_stop(daemon);
	}
	return err;
}

void http_stop(struct daemon *daemon)
{
	struct http *http = daemon->http;

	if (!http)
		return;
	sd_event_source_unref(http->ready);
	sd_event_source_unref(http->timeout);
	if (http->server)
		MHD_stop_daemon(http->server);
	free(http->text);
	free(http);
	daemon->http = NULL;
}
