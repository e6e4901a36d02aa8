"""push udp:// as other machines see it: every frame at its time, the rate that was asked for, the program's names and PIDs; what is wrong with
one push touches nothing else."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from harness.netns import Namespace
from harness.packets import assert_same_run, packets
from harness.ports import free_udp_port
from harness.sources import Sources
from harness.ts_meter import Meter, __file__ as METER
from harness.wait import wait_for


@pytest.fixture
def machine():
    with Namespace() as machine:
        yield machine


@pytest.fixture
def sources(tmp_path, processes):
    return Sources(tmp_path, processes)


def push(daemon, index=0, name="s"):
    return daemon.stream(name)["pushes"][index].get("stats", {})


def pushing(daemon, index=0, name="s"):
    wait_for(lambda: push(daemon, index, name).get("frames", 0) > 0, 30, "the push sending")


def measure(machine, processes, group, port, seconds, kbit=None):
    """What a meter on the other machine finds; call the result when it is to be ready."""
    argv = [*machine.wrapper, sys.executable, METER, group, port, machine.there, seconds, *([kbit] if kbit else [])]
    process = processes.start(argv, "meter")

    def result():
        assert process.wait(seconds + 30) == 0, process.log()
        return json.loads(process.log())

    return result


def record(machine, processes, url, seconds, path):
    return processes.start([*machine.wrapper, "ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", "-y", "-i", url, "-t", seconds,
                            "-map", "0", "-c", "copy", "-f", "mpegts", path], "recorder")


def test_every_frame_is_where_the_source_put_it(sluiced, machine, processes, sources, clips, tmp_path):
    """A constant and a variable rate, by the interface's name and by its address; the counters and the rate hold."""
    clip = clips.make("h264b", 40, gop=25)
    url, _ = sources.udp(clip)
    steady, variable = free_udp_port(), free_udp_port()
    daemon = sluiced(f"stream s {{ input {url}; segment_duration 1;\n"
                     f"  push udp://{machine.ours}@239.78.0.1:{steady}?bitrate=3000&ttl=7;\n"
                     f"  push udp://239.78.0.2:{variable}/{machine.here} ttl=3; }}\n")
    pushing(daemon, 0)
    pushing(daemon, 1)
    meters = [measure(machine, processes, "239.78.0.1", steady, 8, 3000), measure(machine, processes, "239.78.0.2", variable, 8)]
    recorders = [record(machine, processes, f"udp://239.78.0.{1 + i}:{port}?localaddr={machine.there}&fifo_size=100000", 8, tmp_path / f"{i}.ts")
                 for i, port in enumerate((steady, variable))]
    found = [meter() for meter in meters]
    for recorder in recorders:
        recorder.wait(30)
    for report, ttl in zip(found, (7, 3)):
        assert report["continuity_errors"] == report["broken"] == report["discontinuities"] == 0, report
        assert report["ttl"] == [ttl]
        assert report["pcr_ms_worst"] <= 40, report
    assert abs(found[0]["rate_kbit"] - 3000) < 30, found[0]
    assert found[0]["pcr_place_ns_worst"] < 500, found[0]
    assert found[0]["nulls"] > 0 and found[1]["nulls"] == 0
    for i in range(2):
        for kind in "va":
            assert_same_run(packets(clip, kind), packets(tmp_path / f"{i}.ts", kind), least=100)


def test_the_program_has_its_names_and_pids(sluiced, machine, processes, sources, clips):
    url, _ = sources.udp(clips.make("h264", 10), loop=True)
    ports = [free_udp_port() for _ in range(2)]
    daemon = sluiced(f"stream s {{ input {url}; segment_duration 1; title One; provider Example; meta program_id 10; mpegts_pids pmt=4095 v1=211 a0=220;\n"
                     f"  push udp://{machine.ours}@239.78.1.1:{ports[0]};\n"
                     f"  push udp://{machine.ours}@239.78.1.2:{ports[1]} pnr=5 service=Other pids=v1:300 tracks=v1; }}\n")
    for i, (number, name, pids) in enumerate([(10, "One", {"0xd3", "0xdd"}), (5, "Other", {"0x12c"})]):
        pushing(daemon, i)
        found = subprocess.run(
            [*machine.wrapper, "ffprobe", "-v", "error", "-show_programs", "-of", "json",
                            f"udp://239.78.1.{1 + i}:{ports[i]}?localaddr={machine.there}&timeout=15000000"],
            check=True, capture_output=True, text=True, timeout=30).stdout
        program = json.loads(found)["programs"][0]
        assert program["program_num"] == number
        assert program["tags"] == {"service_name": name, "service_provider": "Example"}
        assert {stream["id"] for stream in program["streams"]} == pids


def test_multicast_loop_lets_this_machine_receive_too(sluiced, machine, processes, sources, clips):
    url, _ = sources.udp(clips.make("h264", 10), loop=True)
    ports = [free_udp_port() for _ in range(2)]
    here = [Meter(f"239.78.2.{1 + i}", port, machine.here) for i, port in enumerate(ports)]
    daemon = sluiced(f"stream s {{ input {url}; segment_duration 1;\n"
                     f"  push udp://{machine.ours}@239.78.2.1:{ports[0]} bitrate=2000 multicast_loop;\n"
                     f"  push udp://{machine.ours}@239.78.2.2:{ports[1]} bitrate=2000; }}\n"
                     f"stream back {{ input udp://{machine.ours}@239.78.2.1:{ports[0]}; segment_duration 1; }}\n")
    pushing(daemon, 1)
    assert measure(machine, processes, "239.78.2.2", ports[1], 1)()["packets"] > 0
    assert not here[1].receive(1, first=0)
    assert here[0].receive(1)
    # What we send is what we read.
    daemon.running("back")
    wait_for(lambda: daemon.stream("back")["stats"]["frames"] > 150, 20, "frames that came back")
    status = daemon.stream("back")["inputs"][0]["stats"]
    assert status["errors_continuity"] == status["errors_broken"] == 0
    assert daemon.stream("back")["stats"]["media_info"]["tracks"][0]["width"] == 320


def test_what_is_wrong_with_one_push_touches_nothing_else(sluiced, machine, processes, sources, clips):
    url, _ = sources.udp(clips.make("h264", 10), loop=True)
    port, closed = free_udp_port(), free_udp_port()
    daemon = sluiced(f"stream s {{ input {url}; segment_duration 1;\n"
                     f"  push udp://nosuch0@239.78.3.1:{port} retry_timeout=1;\n"
                     f"  push udp://127.0.0.1:{closed} bitrate=2000;\n"
                     f"  push udp://239.78.3.2:{port} disabled;\n"
                     f"  push udp://{machine.ours}@239.78.3.3:{port} bitrate=2000; }}\n")
    daemon.running("s")
    pushing(daemon, 3)
    report = measure(machine, processes, "239.78.3.3", port, 3, 2000)()
    assert report["continuity_errors"] == 0 and abs(report["rate_kbit"] - 2000) < 20, report
    wait_for(lambda: push(daemon, 0)["retries"] >= 2, 20, "another attempt")
    missing, refused = push(daemon, 0), push(daemon, 1)
    assert missing["status"] == "retry" and missing["last_error"] == "there is no network interface 'nosuch0': see 'ip address'"
    assert refused["status"] == "running" and refused["errors"] > 0 and f"nobody listens at 127.0.0.1:{closed}" in refused["last_error"]
    assert push(daemon, 2) == {}
    assert daemon.log().count("nosuch0': see") == 1
    assert daemon.log().count("nobody listens") == 1


def test_what_does_not_fit_is_told_once(sluiced, processes, sources, clips):
    url, _ = sources.udp(clips.make("h264", 10, size="640x360"), loop=True)
    daemon = sluiced(f"stream s {{ input {url}; segment_duration 1; push udp://127.0.0.1:{free_udp_port()} bitrate=150; }}\n")
    wait_for(lambda: push(daemon).get("does_not_fit_cbr"), 30, "an occurrence")
    wait_for(lambda: push(daemon)["frames_dropped"] > 0, 30, "frames that have no room")
    assert daemon.log().count("does not fit into the bitrate of the push") == 1
    assert daemon.stream("s")["stats"]["status"] == "running"


class Viewer:
    """Reads HTTP-TS until the connection ends."""

    def __init__(self, daemon, name):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port), timeout=15)
        self.socket.sendall(f"GET /{name}/mpegts HTTP/1.1\r\nHost: h\r\n\r\n".encode())

    def more(self, size=100_000):
        """False: the connection ended before so many bytes came."""
        while size > 0:
            data = self.socket.recv(65536)
            if not data:
                return False
            size -= len(data)
        return True


@pytest.mark.parametrize("way", ["api", "file"])
def test_pushes_come_change_and_go_while_the_stream_runs(sluiced, clips, way):
    """Neither the stream nor who watches it, nor another push, notices."""
    clip = clips.make("h264", 10)
    port, other = free_udp_port(), free_udp_port()
    base = f"input file://{clip}; segment_duration 1;"
    steady = f"udp://127.0.0.1:{other}"
    daemon = sluiced(f"stream s {{ {base} push {steady} bitrate=1500; }}\n")
    daemon.running("s")
    pushing(daemon)
    receiver, beside, over = Meter("127.0.0.1", port), Meter("127.0.0.1", other), threading.Event()

    def listen():
        while not over.is_set() and beside.receive(0.2, first=5):
            pass

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    viewer = Viewer(daemon, "s")
    assert viewer.more()
    stream, kept = daemon.stream("s")["stats"]["id"], push(daemon)["id"]

    def want(*options):
        """The push that is looked at, with these options; none: it is to go."""
        if way == "api":
            pushes = [{"url": steady, "bitrate": 1500}] + [{"url": f"udp://127.0.0.1:{port}", **option} for option in options]
            reply = daemon.get("/streamer/api/v3/streams/s", method="PUT", data=json.dumps({"pushes": pushes}).encode())
            assert reply.status == 200, reply.body
            return
        lines = "".join(f" push udp://127.0.0.1:{port} " + " ".join(f"{k}={v}" for k, v in option.items()) + ";" for option in options)
        daemon.conf.write_text(f"http 127.0.0.1:{daemon.port};\nstream s {{ {base} push {steady} bitrate=1500;{lines} }}\n")
        os.kill(daemon.process.pid, signal.SIGHUP)

    def one_push_more():
        return len(daemon.stream("s")["pushes"]) == 2 and push(daemon, 1).get("frames", 0) > 0

    want({"bitrate": 2000})
    wait_for(one_push_more, 20, "the push that was added")
    assert receiver.receive(2)
    first = push(daemon, 1)["id"]
    assert abs(receiver.report(2000)["rate_kbit"] - 2000) < 40
    want({"bitrate": 3000})
    wait_for(lambda: push(daemon, 1).get("id") not in (None, first) and one_push_more(), 20, "the push with another bitrate")
    faster = receiver_after(receiver, port)
    assert faster.receive(2)
    assert abs(faster.report(3000)["rate_kbit"] - 3000) < 60
    assert faster.report()["continuity_errors"] == 0
    want()
    wait_for(lambda: len(daemon.stream("s")["pushes"]) == 1, 20, "the push gone")
    silent = receiver_after(faster, port)
    assert not silent.receive(1, first=1), "packets of a push that was removed"
    assert viewer.more(), "a reload of pushes cut a viewer"
    assert daemon.stream("s")["stats"]["id"] == stream and daemon.stream("s")["stats"]["retry_count"] == 0
    assert push(daemon)["id"] == kept, "the other push was sent anew"
    over.set()
    listener.join()
    report = beside.report()
    assert report["packets"] > 1000 and report["continuity_errors"] == report["broken"] == 0, report
    assert daemon.process.alive()


def receiver_after(meter, port):
    """One at the same port that has heard nothing yet."""
    meter.socket.close()
    return Meter("127.0.0.1", port)
