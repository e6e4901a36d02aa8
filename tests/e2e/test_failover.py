"""Sources that are killed, frozen and cut off under running clients."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from harness import hls
from harness.daemon import Daemon
from harness.netns import Namespace
from harness.ports import free_port, free_udp_port
from harness.wait import wait_for
from harness.web import Pages, play

ROUNDS = int(os.environ.get("SLUICE_ROUNDS", "2"))
TIMEOUT = 2  # source_timeout of the inputs
GOP = 1


class Peer:
    """A source that something happens to: start() makes the process, `port` is what is cut off."""

    def __init__(self, namespace, start, cut):
        self.namespace, self.start, self.cut_what = namespace, start, cut
        self.process, self.trouble = start(), None

    def fail(self, trouble):
        self.trouble = trouble
        if trouble == "kill":
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.popen.wait(10)
        elif trouble == "freeze":
            os.killpg(self.process.pid, signal.SIGSTOP)
        else:
            self.namespace.cut(self.cut_what)

    def heal(self):
        if self.trouble == "kill":
            self.process = self.start()
        elif self.trouble == "freeze":
            os.killpg(self.process.pid, signal.SIGCONT)
        else:
            self.namespace.mend()


class Watch(threading.Thread):
    """Reads the playlist as a player does and keeps every segment it ever listed."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.segments, self.stop, self.problems = url, {}, threading.Event(), []
        self.independent = {}

    def run(self):
        while not self.stop.wait(0.4):
            try:
                for segment in hls.media_playlist(self.url).segments:
                    if segment.number not in self.segments and segment.discontinuity:
                        self.independent[segment.number] = begins_with_key_frame(segment.uri)
                    self.segments.setdefault(segment.number, segment)
            except Exception as error:  # told by the test
                self.problems.append(repr(error))

    def check(self):
        self.stop.set()
        self.join(10)
        assert not self.problems, self.problems[:3]
        numbers = sorted(self.segments)
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "a number is missing"
        dates = [self.segments[n].date for n in numbers if self.segments[n].date]
        assert dates and dates == sorted(dates), dates
        assert all(self.independent.values()), self.independent
        return sum(s.discontinuity for s in self.segments.values())


def begins_with_key_frame(url):
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=flags", "-of", "csv=p=0",
                           "-read_intervals", "%+#1", url], capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.startswith("K")


def assert_time_rises(path):
    """In every track of what a client got, timestamps only rise; returns the longest hole."""
    done = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "packet=stream_index,dts_time,pts_time", "-of", "csv=p=0", str(path)],
                          capture_output=True, text=True, timeout=60, check=True)
    last, hole, packets = {}, 0, 0
    for line in done.stdout.split():
        index, pts, dts = line.split(",")[:3]
        packets += 1
        for kind, value in (("pts", pts), ("dts", dts)):
            if value == "N/A":
                continue
            key, value = (index, kind), float(value)
            assert value >= last.get(key, value), f"stream {index}: {kind} goes back from {last[key]} to {value} in {path}"
            if kind == "dts":
                hole = max(hole, value - last.get(key, value))
            last[key] = value
    assert packets > 100, packets
    return hole


def shown(daemon, name="s"):
    """0, 1: the input; "backup"; None."""
    stats = daemon.stream(name)
    for index, one in enumerate(stats["inputs"]):
        if one["stats"].get("active"):
            return index
    return "backup" if stats["stats"].get("backup_running") else None


def until_shown(daemon, what, limit):
    before = time.monotonic()
    wait_for(lambda: shown(daemon) == what, limit, f"{what} shown", every=0.05)
    return time.monotonic() - before


@pytest.fixture
def network():
    with Namespace() as namespace:
        yield namespace


@pytest.fixture
def scene(network, clips, processes, sluiced, tmp_path):
    """A daemon with UDP, then HTTP-TS, then a slate."""
    clip = clips.make("h264", 20, gop=25, kind="ts")
    slate = clips.make("h264", 7, gop=25, size="160x120")
    port = free_udp_port()

    def primary():
        return processes.start([*network.wrapper, "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", clip, "-c", "copy",
                                "-f", "mpegts", f"udp://{network.here}:{port}?pkt_size=1316"], "primary")

    origin_port = free_port()
    conf = f"http {origin_port};\nstream src {{ input file://{clips.make('h264', 30, gop=25, size='640x360')}; segment_duration 1; }}\n"

    def secondary():
        origin = Daemon(tmp_path, processes, conf, wrapper=network.wrapper, wait=False)
        return origin.process

    first = Peer(network, primary, f"udp dport {port}")
    second = Peer(network, secondary, f"tcp sport {origin_port}")
    daemon = sluiced(f"""vod slates {{ storage {slate.parent}; }}
        event_sink all {{ url jsonlog://{tmp_path}/events.json; }}
        stream s {{
          input udp://{network.here}:{port} source_timeout={TIMEOUT};
          input tshttp://{network.there}:{origin_port}/src/mpegts source_timeout={TIMEOUT} max_retry_timeout=1;
          backup slates/{slate.name} timeout=1;
          segment_duration 1; segment_count 6; }}\n""")
    daemon.running("s")
    until_shown(daemon, 0, 20)
    return daemon, first, second


def round_of_trouble(daemon, first, second, trouble, other):
    """Primary, secondary, slate, and back; returns how long each switch took."""
    took = {}
    first.fail(trouble)
    took["to secondary"] = until_shown(daemon, 1, TIMEOUT + GOP + 8)
    second.fail(other)
    took["to slate"] = until_shown(daemon, "backup", TIMEOUT + GOP + 8)
    second.heal()
    took["back to secondary"] = until_shown(daemon, 1, 30)
    first.heal()
    took["back to primary"] = until_shown(daemon, 0, 40)
    return took


def test_clients_stay_through_failover_and_return(scene, processes, tmp_path):
    daemon, first, second = scene
    readers = {
        "http-ts": processes.ffmpeg("-copyts", "-i", f"{daemon.url}/s/mpegts", "-map", "0", "-c", "copy", "-f", "mpegts", tmp_path / "http-ts.ts", name="http-ts"),
        "hls": processes.ffmpeg("-copyts", "-i", f"{daemon.url}/s/index.m3u8", "-map", "0", "-c", "copy", "-f", "mpegts", tmp_path / "hls.ts", name="hls"),
    }
    watch = Watch(f"{daemon.url}/s/mono.m3u8")
    watch.start()
    browser = {}
    total = 14 * ROUNDS + 8
    with contextlib.ExitStack() as stack:
        page = stack.enter_context(Pages()).player("hls", f"{daemon.url}/s/index.m3u8")
        viewer = threading.Thread(target=lambda: browser.update(play(page, total)))
        viewer.start()
        troubles = itertools.cycle(["kill", "freeze", "cut"])
        changes = 0
        for n in range(ROUNDS):
            trouble, other = next(troubles), ["freeze", "cut", "kill"][n % 3]
            took = round_of_trouble(daemon, first, second, trouble, other)
            changes += 4
            print(f"# round {n}: primary {trouble}, secondary {other}: " + ", ".join(f"{k} {v:.2f} s" for k, v in took.items()))
            assert took["to secondary"] <= TIMEOUT + GOP + 1.5, took
            assert took["to slate"] <= 1 + GOP + 1.5, took
            for name, reader in readers.items():
                assert reader.alive(), (name, reader.log())
        viewer.join(total + 100)
    discontinuities = watch.check()
    # The slate may show between primary and secondary, too: its timeout is shorter than the source's.
    assert changes <= discontinuities <= 2 * changes, (changes, discontinuities)
    for name, reader in readers.items():
        assert reader.alive(), (name, reader.log())
        reader.end(signal.SIGINT)
        print(f"# {name}: longest hole {assert_time_rises(tmp_path / f'{name}.ts'):.2f} s")
    assert browser.get("advanced", 0) > total * 0.6, browser
    assert not browser["errors"], browser


def events(tmp_path, name="s"):
    with open(tmp_path / "events.json") as lines:
        return [event for event in map(json.loads, lines) if event.get("media") == name]


def test_events_tell_the_failover_in_order(scene, tmp_path):
    daemon, first, second = scene
    first.fail("kill")
    until_shown(daemon, 1, 20)
    first.heal()
    until_shown(daemon, 0, 20)
    wanted = ["stream_started", "source_ready", "source_lost", "source_switch", "source_ready", "source_switch", "source_ready"]
    wait_for(lambda: [e["event"] for e in events(tmp_path) if e["event"] in wanted] == wanted, 10, f"the events {wanted}")


def test_an_operator_chooses_the_input(sluiced):
    daemon = sluiced("stream s { input fake://fake?width=320&height=180; input fake://fake?width=160&height=90; segment_duration 1; }\n")
    daemon.running("s")
    assert daemon.get("/streamer/api/v3/streams/s/inputs/1/select", method="POST").status == 204
    until_shown(daemon, 1, 20)
    assert daemon.get("/streamer/api/v3/streams/s/inputs/7/select", method="POST").status == 400
    assert daemon.get("/streamer/api/v3/streams/x/inputs/0/select", method="POST").status == 404
    assert shown(daemon) == 1


def test_a_file_switches_an_input_off(sluiced, tmp_path):
    switch = tmp_path / "switch"
    switch.write_text("1")
    daemon = sluiced(f"stream s {{ input fake://fake?width=320&height=180 allow_if={switch}; input fake://fake?width=160&height=90; segment_duration 1; }}\n")
    daemon.running("s")
    until_shown(daemon, 0, 20)
    switch.write_text("0")
    until_shown(daemon, 1, 10)
    switch.unlink()
    until_shown(daemon, 0, 15)


def test_a_stream_can_be_its_backup_alone(sluiced, clips):
    slate = clips.make("h264", 7, gop=25, size="160x120")
    daemon = sluiced(f"vod slates {{ storage {slate.parent}; }}\nstream s {{ backup slates/{slate.name}; segment_duration 1; }}\n")
    daemon.running("s")
    wait_for(lambda: len(hls.media_playlist(f"{daemon.url}/s/mono.m3u8").segments) >= 4, 20, "four segments")
    assert not any(s.discontinuity for s in hls.media_playlist(f"{daemon.url}/s/mono.m3u8").segments[1:])
