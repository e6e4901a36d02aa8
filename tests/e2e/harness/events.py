"""A receiver of events: a real HTTP server that answers as the test says and keeps what it was sent."""

import hashlib
import http.server
import json
import ssl
import threading

from .wait import wait_for


class Receiver:
    """`status` may be changed at any time. `certificate`: a PEM file with certificate and key; then it is an https receiver.
    `patience`: after so many seconds it closes connections that are not used. `hold()` makes it accept requests and answer none until `release()`."""

    def __init__(self, port=0, status=200, certificate=None, patience=None):
        self.status, self.batches, self.patience = status, [], patience
        self.sign_key, self.problems = None, []  # with a key, signatures that are wrong are kept
        self._free = threading.Event()
        self._free.set()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/events?place=here"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def hold(self):
        self._free.clear()

    def release(self):
        self._free.set()

    def close(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()

    @property
    def events(self):
        """Of the batches that were answered with 200."""
        return [event for headers, events, status in list(self.batches) for event in events if status == 200]

    def names(self, media=None):
        return [e["event"] for e in self.events if media is None or e.get("media") == media]

    def wait(self, name, media=None, count=1, timeout=20):
        """The `count`-th event of that name."""
        def there():
            found = [e for e in self.events if e["event"] == name and (media is None or e.get("media") == media)]
            return found[count - 1] if len(found) >= count else None
        try:
            return wait_for(there, timeout, f"event {name}")
        except AssertionError as error:
            raise AssertionError(f"{error}; so far {self.names(media)}") from None

    def _handler(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = receiver.patience

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver._free.wait(60)
                status = receiver.status
                receiver.batches.append((dict(self.headers), json.loads(body), status))
                if receiver.sign_key:
                    wanted = hashlib.sha1(body + receiver.sign_key.encode()).hexdigest()
                    if self.headers["X-Signature"] != wanted:
                        receiver.problems.append((self.headers["X-Signature"], wanted))
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"ok")
                except OSError:
                    pass  # it did not wait so long

            def log_message(self, *_):
                pass

        return Handler


def assert_no_holes(events):
    """Numbered for the sink without a hole, and rising for the server."""
    sequence = [e["sequence"] for e in events]
    assert sequence == list(range(1, len(events) + 1)), sequence
    ids = [e["event_id"] for e in events]
    assert all(a < b for a, b in zip(ids, ids[1:])), ids
    assert all(a["utc_ms"] <= b["utc_ms"] for a, b in zip(events, events[1:]))
