"""publish://: MPEG-TS by HTTP POST, from publishers of every kind."""

import os
import re
import socket
import subprocess
import threading
import time

import pytest

from harness import hls
from harness.packets import assert_same_run, packets
from harness.wait import wait_for

CONF = "stream s { input publish://; segment_duration 1; segment_count 20; %s }\n"


def segments(daemon, name="s"):
    reply = daemon.get(f"/{name}/mono.m3u8")
    return hls.parse(f"{daemon.url}/{name}/mono.m3u8", reply.text).segments if reply.status == 200 else []


def publish(processes, daemon, clip, name="s", query="", loop=True, method="POST"):
    return processes.ffmpeg("-re", *(["-stream_loop", "-1"] if loop else []), "-i", clip, "-c", "copy", "-f", "mpegts", "-method", method,
                            f"{daemon.url}/{name}/mpegts{query}", name="publisher")


class Raw:
    """A publisher that sends exactly what a test wants to send, in chunks of HTTP."""

    def __init__(self, daemon, path="/s/mpegts"):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port), timeout=20)
        self.socket.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

    def send(self, data):
        self.socket.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self):
        self.socket.sendall(b"0\r\n\r\n")
        return self.status()

    def status(self):
        reply = self.socket.recv(65536)
        return int(reply.split()[1]) if reply else None

    def close(self):
        self.socket.close()


def test_ffmpeg_publishes_and_every_frame_arrives(sluiced, processes, clips, tmp_path):
    clip = clips.make("h264b", 8, gop=25, kind="ts")
    daemon = sluiced(CONF % "")
    assert daemon.stream("s")["stats"]["status"] == "waiting"
    publisher = publish(processes, daemon, clip, loop=False)
    daemon.running("s")
    wait_for(lambda: not publisher.alive(), 20, "the clip published")
    wait_for(lambda: sum(s.duration for s in segments(daemon)) > 6, 10, "the clip in segments")
    playlist = hls.media_playlist(f"{daemon.url}/s/mono.m3u8")
    saved = hls.save(playlist, tmp_path / "got.ts")
    for kind in "va":
        assert_same_run(packets(clip, kind), packets(saved, kind), least=100)
    assert not any(s.discontinuity for s in playlist.segments)


def test_who_breaks_off_and_comes_again_continues_the_numbers(sluiced, processes, clips):
    clip = clips.make("h264", 4, gop=25, kind="ts")
    daemon = sluiced(CONF % "")
    before = []
    for _ in range(3):
        publisher = publish(processes, daemon, clip)
        wait_for(lambda: len(segments(daemon)) >= len(before) + 2, 20, "two segments more")
        publisher.end()
        now = segments(daemon)
        numbers = [s.number for s in now]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert {s.uri for s in before} <= {s.uri for s in now}
        wait_for(lambda: "publishes no more" in daemon.log().splitlines()[-1] or daemon.stream("s")["stats"]["status"] != "running", 10, "it is noticed")
        before = segments(daemon)
    assert sum(s.discontinuity for s in before) >= 2


def test_a_second_publisher_is_refused_until_the_first_is_gone(sluiced, processes, clips):
    clip = clips.make("h264", 4, gop=25, kind="ts")
    daemon = sluiced(CONF % "")
    first = publish(processes, daemon, clip)
    daemon.running("s")
    second = Raw(daemon)
    assert second.status() == 409
    assert first.alive()
    first.end()

    def accepted():
        again = Raw(daemon)
        again.send(clip.read_bytes()[:188 * 100])
        again.socket.settimeout(0.5)
        try:
            again.status()
            return None
        except TimeoutError:
            again.socket.settimeout(20)
            return again

    assert wait_for(accepted, 10, "the next publisher accepted").end() == 204


@pytest.mark.parametrize("query,status", [("", 403), ("?password=wrong", 403), ("?password=secret", 204)])
def test_the_password(sluiced, clips, query, status):
    clip = clips.make("h264", 2, gop=25, kind="ts").read_bytes()
    daemon = sluiced(CONF % "password secret;")
    publisher = Raw(daemon, "/s/mpegts" + query)
    if status == 204:
        publisher.send(clip)
        assert publisher.end() == 204
    else:
        assert publisher.status() == status


def test_where_nothing_is_published(sluiced):
    daemon = sluiced("stream s { input fake://fake; }\nstream off { input publish://; disabled; }\n")
    assert Raw(daemon, "/s/mpegts").status() == 403
    assert Raw(daemon, "/off/mpegts").status() == 403
    assert Raw(daemon, "/none/mpegts").status() == 411  # nobody reads on to find out how long it is
    assert daemon.get("/none/mpegts", method="POST", data=b"x").status == 404


def test_max_bitrate_cuts(sluiced, processes, clips):
    clip = clips.make("h264", 20, gop=25, kind="ts").read_bytes()
    daemon = sluiced(CONF % "max_bitrate 100;")
    publisher = Raw(daemon)
    try:
        for at in range(0, len(clip), 65536):
            publisher.send(clip[at:at + 65536])
    except OSError:
        pass
    else:
        assert publisher.status() == 403
    wait_for(lambda: "publishes no more" in daemon.log(), 10, "the publisher cut")


def test_a_file_that_is_uploaded_plays_in_its_time_and_takes_no_memory(sluiced, clips):
    """Faster than it plays: the sender is held up, and other requests are answered as ever."""
    clip = clips.make("h264", 20, gop=25, kind="ts").read_bytes()
    daemon = sluiced(CONF % "")

    def memory():
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{daemon.process.pid}/status").read())[1])

    publisher = Raw(daemon)
    publisher.send(clip[:188 * 1000])
    daemon.running("s")
    before = memory()
    sent = []

    def flood():
        try:
            while sum(sent) < 300 << 20:
                publisher.send(clip)
                sent.append(len(clip))
        except OSError:
            pass

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    start = time.monotonic()
    slowest = 0
    for _ in range(100):
        asked = time.monotonic()
        assert daemon.get("/s/mono.m3u8").status == 200
        slowest = max(slowest, time.monotonic() - asked)
    wait_for(lambda: time.monotonic() - start > 4, 10, "four seconds of flooding")
    assert thread.is_alive() and sum(sent) < 100 << 20, "the sender was not held up"
    assert memory() - before < 60_000
    assert slowest < 0.5
    publisher.close()
    thread.join(10)


def test_published_data_does_not_disturb_other_requests(sluiced, processes, clips):
    """1 MB/s is published, and the answers to others come as fast as before."""
    daemon = sluiced("stream s { input publish://; segment_duration 1; }\nstream other { input fake://fake; segment_duration 1; }\n")
    daemon.running("other")

    def asked():
        times = []
        for _ in range(200):
            start = time.monotonic()
            assert daemon.get("/other/mono.m3u8").status == 200
            times.append(time.monotonic() - start)
        return sorted(times)[len(times) // 2]

    quiet = asked()
    null = b"\x47\x1f\xff\x10" + b"\xff" * 184
    publisher = Raw(daemon)
    over = threading.Event()

    def send():
        while not over.wait(0.05):
            publisher.send(null * (50_000 // 188))

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    busy = asked()
    over.set()
    thread.join(10)
    publisher.close()
    assert busy < 4 * quiet + 0.01, (quiet, busy)


def test_garbage_is_no_stream_and_harms_none(sluiced, processes, clips):
    daemon = sluiced(CONF % "")
    publisher = Raw(daemon)
    publisher.send(b"this is no transport stream" * 1000)
    assert publisher.end() == 204
    clip = clips.make("h264", 4, gop=25, kind="ts")
    publish(processes, daemon, clip)
    daemon.running("s")


def test_a_template_makes_the_stream(sluiced, processes, clips):
    clip = clips.make("h264", 4, gop=25, kind="ts")
    daemon = sluiced("template chats { prefix chats; input publish://; segment_duration 1; }\n")
    assert daemon.get("/streamer/api/v3/streams/chats/one").status == 404
    publisher = publish(processes, daemon, clip, name="chats/one", method="PUT")
    daemon.running("chats/one")
    publisher.end()


def test_the_next_input_plays_while_nobody_publishes(sluiced, processes, clips):
    clip = clips.make("h264", 4, gop=25, kind="ts")
    daemon = sluiced("stream s { input publish://; input fake://fake; segment_duration 1; segment_count 20; }\n")
    daemon.running("s")

    def active():
        return [i["url"] for i in daemon.stream("s")["inputs"] if i["stats"].get("active")]

    wait_for(lambda: active() == ["fake://fake"], 10, "the fake input")
    publisher = publish(processes, daemon, clip)
    wait_for(lambda: active() == ["publish://"], 10, "the publisher shown")
    publisher.end()
    wait_for(lambda: active() == ["fake://fake"], 10, "the fake input again")


@pytest.mark.skipif("SLUICE_SANITIZER" in os.environ, reason="gst-launch-1.0 has no sanitizer runtime for the plugins")
def test_what_explain_prints_reads_standard_input(sluiced, clips, tmp_path):
    from harness.daemon import SLUICED
    conf = tmp_path / "a.conf"
    conf.write_text(CONF % "")
    line = subprocess.run([SLUICED, "-c", conf, "--explain", "s"], capture_output=True, text=True, check=True).stdout
    command = [text for text in line.splitlines() if text and not text.startswith("#")][0]
    with open(clips.make("h264", 2, gop=25, kind="ts"), "rb") as clip:
        run = subprocess.run(["bash", "-c", command], stdin=clip, capture_output=True, text=True, timeout=30)
    assert run.returncode == 0 and "ERROR" not in run.stdout + run.stderr, run
