"""What goes wrong is said in one line that tells what to do, and the other streams play on."""

import os
import random
import socket
import subprocess
import threading

import pytest

from harness.daemon import BUILD, SLUICED, fetch
from harness.ports import free_port, free_udp_port
from harness.sources import Sources
from harness.wait import wait_for

SENDER = os.path.join(BUILD, "tests", "bench", "udp-sender")
GOOD = "stream good { input fake://fake; segment_duration 2; }\n"


def plays_on(daemon):
    """The good stream makes new segments."""
    before = daemon.running("good").text
    wait_for(lambda: daemon.get("/good/mono.m3u8").text != before, 15, "the other stream going on")


def log_lines(daemon, name):
    return [line for line in daemon.log().splitlines() if f"stream {name}" in line]


def test_broken_ts_is_counted_and_survived(sluiced, processes, clips, tmp_path):
    port = free_udp_port()
    daemon = sluiced(GOOD + f"stream bad {{ input udp://127.0.0.1:{port}; segment_duration 1; }}\n")
    data = bytearray(clips.make("h264", 20, kind="ts").read_bytes())
    dice = random.Random(7)
    for _ in range(len(data) // 2000):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    # Whole packets are missing too.
    kept = [data[at:at + 188] for at in range(0, len(data), 188) if dice.random() > 0.01]
    broken = tmp_path / "broken.ts"
    broken.write_bytes(b"".join(kept))
    processes.start([SENDER, broken, tmp_path / "log", port], "sender")
    wait_for(lambda: daemon.stream("bad")["inputs"][0]["stats"]["errors_continuity"] > 10, 20, "continuity errors counted")
    plays_on(daemon)


def test_a_reset_connection_is_said_once_and_tried_again(sluiced, processes):
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted = []

        def reset():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                accepted.append(client)
                client.recv(1000)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.close()

        threading.Thread(target=reset, daemon=True).start()
        daemon = sluiced(GOOD + f"stream bad {{ input tshttp://127.0.0.1:{server.getsockname()[1]}/x/mpegts; }}\n")
        wait_for(lambda: len(accepted) >= 3, 20, "three attempts")
        lost = [line for line in log_lines(daemon, "bad") if "lost" in line]
        assert len(lost) == 1, lost
        assert "trying again" in lost[0]
        assert daemon.stream("bad")["stats"]["retry_count"] >= 2
        plays_on(daemon)


def test_nobody_there_is_said_with_what_to_check(sluiced):
    port = free_port()
    daemon = sluiced(GOOD + f"stream bad {{ input rtmp://127.0.0.1:{port}/live/x; }}\n")
    line = wait_for(lambda: [x for x in log_lines(daemon, "bad") if "lost" in x], 15, "the loss in the log")[0]
    assert "check" in line or "is the source running" in line, line
    reply = daemon.get("/bad/index.m3u8")
    assert reply.status in (404, 503)
    plays_on(daemon)


def test_a_codec_that_nobody_carries_is_left_out_and_said(sluiced, processes, tmp_path):
    clip = tmp_path / "odd.ts"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=30", "-f", "lavfi", "-i",
         "sine=sample_rate=48000:duration=30", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "s302m",
         "-strict", "-2", "-ac", "2", "-f", "mpegts", clip], check=True)
    url, _ = Sources(tmp_path, processes).udp(clip)
    daemon = sluiced(GOOD + f"stream odd {{ input {url}; segment_duration 1; }}\n")
    daemon.running("odd")
    said = wait_for(lambda: [x for x in log_lines(daemon, "odd") if "warning" in x], 10, "the warning")
    assert len(said) == 1 and "PID" in said[0], said
    tracks = daemon.get("/odd/media_info.json").json()["tracks"]
    assert [t["track_id"] for t in tracks] == ["v1"]


def test_a_port_in_use_is_named(tmp_path, processes, sluiced):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        conf = tmp_path / "taken.conf"
        conf.write_text(f"http 127.0.0.1:{port};\n{GOOD}")
        done = subprocess.run([SLUICED, "-c", conf], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1
        lines = [line for line in done.stderr.splitlines() if str(port) in line]
        assert len(lines) == 1 and "in use" in lines[0], done.stderr


@pytest.mark.parametrize("text, wanted", [
    ("http 8080;\nstream a { inptu fake://fake; }\n", "wrong.conf:2:12: unknown"),
    ("http 80800;\n", "wrong.conf:1:6:"),
    ("stream a { input fake://fake;\n", "wrong.conf:1"),
    ("stream a { input nosuch://x; }\n", "nosuch"),
])
def test_a_wrong_configuration_is_refused_with_its_place(tmp_path, text, wanted):
    conf = tmp_path / "wrong.conf"
    conf.write_text(text)
    for arguments in (["--check"], []):
        done = subprocess.run([SLUICED, "-c", conf, *arguments], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1, done
        assert wanted in done.stderr, done.stderr


def test_a_missing_configuration_is_named(tmp_path):
    done = subprocess.run([SLUICED, "-c", tmp_path / "none.conf"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "none.conf" in done.stderr, done.stderr


HOSTILE = [
    "/good/../../../../etc/passwd", "/good/%2e%2e/%2e%2e/etc/passwd", "/%2e%2e/etc/passwd", "/good/%252e%252e/x.ts", "/good/index.m3u8%00.ts",
    "/good/%c0%ae%c0%ae/passwd", "/" + "a" * 4096 + "/index.m3u8", "/good/" + "b" * 4096, "/good/..%5c..%5cindex.m3u8", "/./good/index.m3u8",
    "//good/index.m3u8", "/good/tracks-v1v1v1/mono.m3u8", "/good/tracks-v999999999999/mono.m3u8", "/good/9999/99/99/99/99/99-99999.ts",
    "/good/part-18446744073709551616-0.m4s", "/-/assets/../../../../etc/passwd", "/-/assets/%2e%2e/secret", "/%ff%fe/index.m3u8",
]


@pytest.mark.parametrize("path", HOSTILE, ids=lambda p: p[:40])
def test_hostile_addresses_open_nothing(sluiced, path):
    daemon = sluiced(GOOD)
    with socket.create_connection(("127.0.0.1", daemon.port), 10) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        reply = b""
        while chunk := raw.recv(65536):
            reply += chunk
    status = int(reply.split(b" ", 2)[1])
    assert status in (400, 404, 414), reply[:300]
    assert b"root:" not in reply
    assert daemon.process.alive()
    assert fetch(daemon.url + "/streamer/api/v3/monitoring/liveness").status == 200


def test_hostile_stream_names_are_refused(tmp_path):
    for name in ("../x", "a/../b", ".", "a//b", "x;y", "\x01", "a" * 5000, "x\\y"):
        conf = tmp_path / "names.conf"
        conf.write_bytes(f'stream "{name}" {{ input fake://fake; }}\n'.encode())
        done = subprocess.run([SLUICED, "-c", conf, "--check"], capture_output=True, text=True, timeout=20, errors="replace")
        assert done.returncode == 1, (name, done)


def test_input_addresses_are_data_and_never_pipeline(sluiced, tmp_path):
    victim = tmp_path / "victim"
    daemon = sluiced(GOOD + f'stream bad {{ input "tshttp://127.0.0.1:1/x ! filesink location={victim}"; }}\n')
    plays_on(daemon)
    assert not os.path.exists(victim)
