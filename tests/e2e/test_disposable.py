"""Streams whose peers vanish are deleted without anybody waiting for them, and nothing of them stays."""

import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from harness.daemon import Daemon
from harness.netns import Namespace
from harness.objects import LiveObjects
from harness.ports import free_port
from harness.wait import wait_for

CYCLES = int(os.environ.get("SLUICE_CYCLES", "6"))  # the full figure is 1000
LONGEST_CALL = 2.0


class Calls:
    """API calls, each with its time."""

    def __init__(self, daemon):
        self.daemon, self.slowest = daemon, 0

    def __call__(self, method, name, body=None):
        began = time.monotonic()
        data = json.dumps(body).encode() if body is not None else None
        reply = self.daemon.get(f"/streamer/api/v3/streams/{name}", method=method, data=data)
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        assert took < LONGEST_CALL, (method, name, took)
        assert reply.status in (200, 204), (method, name, reply.status, reply.body)


def census(process):
    proc = Path(f"/proc/{process.pid}")
    return {"fds": len(list((proc / "fd").iterdir())), "threads": len(list((proc / "task").iterdir()))}


def settles(process, before, slack):
    """Threads and descriptors come down to what they were; returns them."""
    def down():
        now = census(process)
        return now if all(now[kind] <= before[kind] + slack for kind in before) else None

    try:
        return wait_for(down, 40, "threads and descriptors as before")
    except AssertionError as error:
        raise AssertionError(f"{error}: {before} {census(process)}") from None


@pytest.mark.parametrize("scheme", ["tshttp", "hls"])
def test_a_peer_that_is_cut_off_leaves_nothing_behind(sluiced, processes, clips, tmp_path, scheme):
    objects = LiveObjects(tmp_path)
    port = free_port()
    clip = clips.make("h264", 30, gop=25, size="320x180")
    with Namespace() as network:
        Daemon(tmp_path, processes, f"http {port};\nstream src {{ input file://{clip}; segment_duration 1; }}\n", wrapper=network.wrapper, wait=False)
        daemon = sluiced("stream steady { input fake://fake?width=160&height=90; segment_duration 1; }\n", env=objects.env)
        daemon.running("steady")
        path = "mpegts" if scheme == "tshttp" else "index.m3u8"
        stream = {"inputs": [{"url": f"{scheme}://{network.there}:{port}/src/{path}"}]}
        call = Calls(daemon)

        def cycle(n):
            if n % 2:  # in the middle of its start: nobody answers
                network.cut(f"tcp sport {port}")
                call("PUT", "s", stream)
                wait_for(lambda: daemon.stream("s")["inputs"][0]["stats"].get("opened_at"), 5, "the attempt")
            else:  # while it runs
                call("PUT", "s", stream)
                wait_for(lambda: daemon.stream("s")["stats"]["alive"], 40, "the stream alive", every=0.05)
                network.cut(f"tcp sport {port}")
            call("DELETE", "s")
            network.mend()

        for n in range(4):  # libraries take what they keep
            cycle(n)
        before = settles(daemon.process, census(daemon.process), 0)
        alive = objects.least(daemon.process.pid)
        for n in range(CYCLES):
            cycle(n)
        after = settles(daemon.process, before, 4)
        wait_for(lambda: sum(objects.least(daemon.process.pid, 3).values()) <= sum(alive.values()) + 4, 20, f"GstObjects as before: {alive}")
        print(f"# {scheme}: {CYCLES} cycles, slowest call {call.slowest:.2f} s, {before} -> {after}")
        assert daemon.running("steady")


class Silent:
    """Accepts connections and never says a word."""

    def __enter__(self):
        self.socket, self.clients = socket.create_server(("127.0.0.1", 0)), []
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def _serve(self):
        try:
            while True:
                self.clients.append(self.socket.accept()[0])
        except OSError:
            pass

    def __exit__(self, *_):
        self.socket.close()
        for client in self.clients:
            client.close()


def test_peers_that_say_nothing_are_left_without_waiting(sluiced):
    daemon = sluiced("stream steady { input fake://fake?width=160&height=90; segment_duration 1; }\n")
    daemon.running("steady")
    call = Calls(daemon)
    with Silent() as peer:
        urls = [f"{scheme}://127.0.0.1:{peer.port}/{path}" for scheme, path in
                (("rtsp", "x"), ("rtsp-udp", "x"), ("rtmp", "live/x"), ("srt", ""), ("hls", "x.m3u8"), ("tshttp", "x"))]

        def cycle(url, late):
            call("PUT", "s", {"inputs": [{"url": url}]})
            if late:
                wait_for(lambda: daemon.stream("s")["inputs"][0]["stats"].get("opened_at"), 5, "the attempt")
                wait_for(lambda: peer.clients or url.startswith("srt"), 5, "the connection")
            call("DELETE", "s")

        for url in urls:
            cycle(url, True)
        before = settles(daemon.process, census(daemon.process), 0)
        for url in urls:
            cycle(url, False)
            cycle(url, True)
        settles(daemon.process, before, 2)
    assert "left behind" not in daemon.log(), daemon.log()
