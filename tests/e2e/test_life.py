"""Restarts, cycles, shutdown."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from harness import hls
from harness.daemon import SLUICED
from harness.objects import LiveObjects
from harness.sources import Sources
from harness.wait import wait_for

CONF = "stream live { input fake://fake; segment_duration 1; segment_count 4; }\n"


def test_numbers_keep_rising_and_no_name_is_reused_over_kill_9(sluiced):
    daemon = sluiced(CONF)
    names, last = set(), 0
    for _ in range(3):
        daemon.running("live")
        wait_for(lambda: len(hls.media_playlist(f"{daemon.url}/live/mono.m3u8").segments) >= 3, 20, "three segments")
        segments = hls.media_playlist(f"{daemon.url}/live/mono.m3u8").segments
        assert segments[0].number > last
        assert not names & {s.uri for s in segments}
        names |= {s.uri for s in segments}
        last = segments[-1].number
        daemon.process.end(signal.SIGKILL)
        daemon.start()


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_soon(sluiced, sig):
    daemon = sluiced(CONF + "stream gone { input tshttp://127.0.0.1:1/x/mpegts; }\n")
    daemon.running("live")
    assert daemon.stop(sig=sig, timeout=8) == 0, daemon.log()
    assert "left behind" not in daemon.log()


def test_a_source_that_comes_and_goes_leaves_nothing_behind(sluiced, processes, clips, tmp_path):
    """Memory, descriptors, threads and GstObjects stay flat while a source connects, sends and breaks off again and again."""
    cycles = int(os.environ.get("SLUICE_CYCLES", "40"))
    source = Sources(tmp_path, processes)
    clip = clips.make("h264", 2, gop=25, kind="ts").read_bytes()
    server = source.breaking_http(clip)
    objects = LiveObjects(tmp_path)
    conf = f"stream s {{ input tshttp://127.0.0.1:{server.port}/x/mpegts max_retry_timeout=1; segment_duration 1; }}\n"
    daemon = sluiced(conf, env=objects.env)
    proc = Path(f"/proc/{daemon.process.pid}")

    def census():
        return {"fds": len(list((proc / "fd").iterdir())), "threads": len(list((proc / "task").iterdir())),
                "kB": int(re.search(r"VmRSS:\s+(\d+)", (proc / "status").read_text())[1])}

    wait_for(lambda: server.served >= 10, 60, "the first ten cycles")
    before, objects_before = census(), objects.least(daemon.process.pid)
    wait_for(lambda: server.served >= 10 + cycles, 120 + cycles, f"{cycles} cycles more", every=0.2)
    after, objects_after = census(), objects.least(daemon.process.pid)
    server.close()
    assert after["fds"] <= before["fds"] + 8, (before, after)
    assert after["threads"] <= before["threads"] + 6, (before, after)
    if not os.environ.get("SLUICE_SANITIZER"):
        assert after["kB"] <= before["kB"] + 3000, (before, after)
    assert sum(objects_after.values()) <= sum(objects_before.values()) + 5, (objects_before, objects_after)
    numbers = [s.number for s in hls.media_playlist(f"{daemon.url}/s/mono.m3u8").segments]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_check_and_explain_and_usage(tmp_path):
    conf = tmp_path / "a.conf"
    conf.write_text("http 8080;\n" + CONF)

    def sluiced(*arguments):
        return subprocess.run([SLUICED, "-c", conf, *arguments], capture_output=True, text=True, timeout=20)

    assert sluiced("--check").returncode == 0
    explained = sluiced("--explain", "live")
    assert explained.returncode == 0 and "m4fmux" in explained.stdout and "hlssink-ll" in explained.stdout
    unknown = sluiced("--explain", "none")
    assert unknown.returncode == 1 and "none" in unknown.stderr
    assert sluiced("--nonsense").returncode == 2
    assert "--explain" in sluiced("--help").stdout


@pytest.mark.skipif("SLUICE_SANITIZER" in os.environ, reason="gst-launch-1.0 has no sanitizer runtime for the plugins")
def test_what_explain_prints_runs_in_gst_launch(tmp_path):
    conf = tmp_path / "a.conf"
    conf.write_text("http 8080;\n" + CONF)
    line = subprocess.run([SLUICED, "-c", conf, "--explain", "live"], capture_output=True, text=True, check=True).stdout
    command = [text for text in line.splitlines() if text and not text.startswith("#")][0]
    run = subprocess.run(["bash", "-c", f"timeout --preserve-status -s INT 4 env {command}"], capture_output=True, text=True, timeout=30)
    assert "ERROR" not in run.stderr + run.stdout and run.returncode == 0, run
