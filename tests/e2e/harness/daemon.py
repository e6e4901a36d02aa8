"""A sluiced of the test's own."""

import json
import os
import re
import urllib.error
import urllib.request

from .ports import free_port
from .wait import wait_for

BUILD = os.environ.get("SLUICE_BUILD", os.path.join(os.path.dirname(__file__), "../../../build-test"))
SLUICED = os.path.join(BUILD, "orchestrator", "sluiced")


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def fetch(url, headers=None, method="GET", timeout=20, data=None):
    """An HTTP exchange; error statuses are replies, not exceptions."""
    request = urllib.request.Request(url, headers=headers or {}, method=method, data=data)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return Reply(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read())


class Daemon:
    """`conf` may hold listeners; without one, `http 127.0.0.1:PORT;` with a free port is put in front."""

    def __init__(self, folder, processes, conf, arguments=(), env=None, wait=True, wrapper=()):
        self.port = free_port()
        self.conf = folder / f"sluice-{self.port}.conf"
        if not re.search(r"^\s*http\s", conf, re.M):
            conf = f"http 127.0.0.1:{self.port};\n{conf}"
        self.conf.write_text(conf)
        self.processes, self.arguments, self.env, self.wrapper = processes, list(arguments), env, list(wrapper)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.start(wait)

    def start(self, wait=True):
        argv = [*self.wrapper, SLUICED, "-c", self.conf, *self.arguments]
        self.process = self.processes.start(argv, "sluiced", self.env)
        if wait:
            wait_for(self.ready, 30, "sluiced answering")

    def ready(self):
        assert self.process.alive(), self.process.log()
        return self.get("/streamer/api/v3/monitoring/liveness").status == 200

    def get(self, path, **options):
        return fetch(self.url + path, **options)

    def api(self, path, **options):
        reply = self.get("/streamer/api/v3/" + path, **options)
        assert reply.status == 200, (path, reply.status, reply.body)
        return reply.json()

    def stream(self, name):
        return self.api(f"streams/{name}")

    def running(self, name, timeout=40):
        """Waits until the stream has a playable playlist."""
        def there():
            reply = self.get(f"/{name}/index.m3u8")
            return reply if reply.status == 200 else None

        try:
            return wait_for(there, timeout, f"stream {name} playing")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.process.log()[-3000:]}") from None

    def log(self):
        return self.process.log()

    def stop(self, **options):
        return self.process.end(**options)
