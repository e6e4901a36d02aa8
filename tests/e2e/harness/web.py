"""Chromium and the web players; pages and players come from tests/web over a server of the test's own."""

import functools
import http.server
import json
import os
import subprocess
import threading
from urllib.parse import quote

WEB = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../web"))


class Pages:
    """Serves tests/web on a free port as long as the `with` lasts."""

    def __enter__(self):
        handler = functools.partial(QuietHandler, directory=WEB)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def player(self, kind, url):
        port = self.server.server_address[1]
        return f"http://127.0.0.1:{port}/player.html?player={kind}&url={quote(url, safe='')}"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def play(page, seconds=6, screenshot=None):
    """Opens the page in Chromium; returns the report of players.mjs. Fails if the picture does not move on."""
    argv = ["node", "players.mjs", page, str(seconds)] + ([str(screenshot)] if screenshot else [])
    done = subprocess.run(argv, cwd=WEB, capture_output=True, text=True, timeout=seconds + 90, check=False)
    assert done.stdout.strip(), done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    return report
