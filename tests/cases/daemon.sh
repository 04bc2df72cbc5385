# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# aimlockd as a service: what systemd would do for it does a small manager here.  Sourced
# after lib.sh.

AL_CONF=$AL_TMP/conf
mkdir "$AL_CONF"
chmod 755 "$AL_TMP"

# Starts aimlockd with NOTIFY_SOCKET and a watchdog of MS milliseconds, prints its pid and
# what it notifies, a line each, keeps its descriptors, and when it dies or the watchdog
# is not petted starts it again.
AL_MANAGER='
import array, os, select, signal, socket, sys, time
conf, ms, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(path)
stored, order = {}, []
def say(*words):
    print(*words, flush=True)
def start():
    pid = os.fork()
    if pid:
        say("pid", pid)
        return pid
    for at, (name, fd) in enumerate(order):
        os.dup2(fd, 100 + at)
    for at in range(len(order)):
        os.dup2(100 + at, 3 + at)
        os.close(100 + at)
    os.closerange(3 + len(order), 100)
    os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC=str(ms * 1000),
                      WATCHDOG_PID=str(os.getpid()), LISTEN_PID=str(os.getpid()),
                      LISTEN_FDS=str(len(order)), LISTEN_FDNAMES=":".join(n for n, f in order))
    os.execvp("aimlockd", ["aimlockd", "--config", conf])
def hear():
    data, control, flags, address = notify.recvmsg(4096, 4096)
    lines = data.decode().splitlines()
    given = dict(line.partition("=")[::2] for line in lines)
    for line in lines:
        say(line)
    fds = array.array("i")
    for level, kind, payload in control:
        fds.frombytes(payload[:len(payload) - len(payload) % 4])
    if "FDSTORE" in given:
        order.append((given["FDNAME"], fds[0]))
    if "FDSTOREREMOVE" in given:
        for name, fd in [o for o in order if o[0] == given["FDNAME"]]:
            os.close(fd)
            order.remove((name, fd))
    return "WATCHDOG" in given or "READY" in given
pid, petted, ready = start(), time.monotonic(), False
while True:
    if select.select([notify], [], [], 0.02)[0] and hear():
        petted, ready = time.monotonic(), True
    if ms and ready and time.monotonic() - petted > ms / 1000:
        say("watchdog", pid)
        os.kill(pid, signal.SIGKILL)
    done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        continue
    if os.WIFEXITED(status):
        say("exit", os.WEXITSTATUS(status))
        sys.exit(os.WEXITSTATUS(status))
    say("killed", pid)
    pid, petted, ready = start(), time.monotonic(), False
'

# configure: the configuration from standard input
configure() {
	cat >"$AL_CONF/case.conf"
}

# guardian [WATCHDOG-MS]: until it says that it is ready
guardian() {
	rm -f "$AL_TMP/notify"
	bg guardian python3 -c "$AL_MANAGER" "$AL_CONF" "${1:-0}" "$AL_TMP/notify"
	await guardian READY=1 15
}

# guardian_pid: of the one that runs now
guardian_pid() {
	sed -n 's/^pid //p' "$AL_TMP/log.guardian" | tail -n 1
}

# has_told KIND [NAME]: a message of that kind
has_told() {
	grep -q "^aimlockd: $1: ${2:+$2: }" "$AL_TMP/log.guardian"
}

# tells DESCRIPTION KIND [NAME [SECONDS]]: it comes to do so
tells() {
	ok "$1" until_ok "${4:-10}" has_told "$2" "${3:-}"
}

# untold: what was told so far is forgotten, the pid isn't
untold() {
	local pid
	pid=$(guardian_pid)
	echo "pid $pid" >"$AL_TMP/log.guardian"
}

# times_told KIND NAME
times_told() {
	grep -c "^aimlockd: $1: $2: " "$AL_TMP/log.guardian" || :
}

# no_guardian: it ends as it should
no_guardian() {
	kill -TERM "$(guardian_pid)"
	returns guardian 0
}

# metrics [ACCEPT]: what is served, the type first
metrics() {
	python3 -c '
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", 9137, timeout=2)
connection.request("GET", "/metrics", headers={"Accept": sys.argv[1]} if len(sys.argv) > 1 else {})
answer = connection.getresponse()
print(answer.headers["Content-Type"])
print(answer.read().decode(), end="")' "$@"
}

# value METRIC: of what was served, in $page
value() {
	sed -n "s/^$1 //p" <<<"$page"
}
