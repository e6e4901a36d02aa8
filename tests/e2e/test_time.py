"""A source's time misbehaves: the stream goes on, with one discontinuity where there is one and none where there is none."""

import os
import subprocess
from datetime import datetime, timezone

import pytest

from harness import hls
from harness.daemon import BUILD
from harness.packets import packets
from harness.ports import free_udp_port
from harness.wait import wait_for

SENDER = os.path.join(BUILD, "tests", "bench", "udp-sender")
WRAP = 2**33 / 90000  # seconds after which MPEG-TS starts its clock anew

# name: parts of (seconds, timestamp offset of the part, picture), discontinuities
TIME_LINES = {
    "33-bit-wrap": ([(12, WRAP - 6, "320x180")], 0),
    "10-s-forward": ([(6, 100, "320x180"), (6, 116, "320x180")], 1),
    "10-s-back": ([(6, 100, "320x180"), (6, 96, "320x180")], 1),
    "1-h-forward": ([(6, 100, "320x180"), (6, 3706, "320x180")], 1),
    "1-h-back": ([(6, 4000, "320x180"), (6, 406, "320x180")], 1),
    "resolution-change": ([(6, 100, "320x180"), (6, 106, "640x360")], 1),
    "same-parameter-sets-again-and-again": ([(12, 100, "320x180")], 0),
}


def encode(path, seconds, offset, size):
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}", "-f", "lavfi", "-i",
         f"sine=sample_rate=48000:duration={seconds}", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-keyint_min", "25",
         "-pix_fmt", "yuv420p", "-c:a", "aac", "-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", f"{offset:.6f}", "-f", "mpegts", path],
        check=True)
    return path


def send(processes, folder, name, files, port):
    whole = folder / f"{name}.ts"
    whole.write_bytes(b"".join(f.read_bytes() for f in files))
    return processes.start([SENDER, whole, folder / f"{name}.log", port], "sender")


def drained(daemon, name):
    """The stream's playlist, once nothing comes in any more."""
    def quiet():
        now = daemon.stream(name)["stats"]["bytes_in"]
        before, drained.seen = getattr(drained, "seen", None), now
        return now and now == before

    wait_for(quiet, 20, "the stream standing still", every=1.2)
    return hls.media_playlist(f"{daemon.url}/{name}/mono.m3u8")


def discontinuities(playlist):
    """Breaks between the listed segments (the first segment of a run is no break for those who see nothing before it)."""
    return sum(s.discontinuity for s in playlist.segments[1:])


CONF = "stream s {{ input udp://127.0.0.1:{port}; segment_duration 1; segment_count 60; }}\n"


@pytest.mark.parametrize("name", TIME_LINES)
def test_time_line(sluiced, processes, tmp_path, name):
    parts, wanted = TIME_LINES[name]
    port = free_udp_port()
    daemon = sluiced(CONF.format(port=port))
    files = [encode(tmp_path / f"part{i}.ts", *part) for i, part in enumerate(parts)]
    started = datetime.now(timezone.utc)
    send(processes, tmp_path, "whole", files, port).wait(40)
    playlist = drained(daemon, "s")
    assert discontinuities(playlist) == wanted, playlist.text
    media = sum(s.duration for s in playlist.segments)
    total = sum(part[0] for part in parts)
    assert media >= total - 2.5, f"{media} s of {total} s came out:\n{playlist.text}"
    target = int(playlist.tags["EXT-X-TARGETDURATION"])
    assert all(round(s.duration) <= target for s in playlist.segments), playlist.text
    # UTC stays true: the newest segment began when it was sent.
    newest = [s for s in playlist.segments if s.date][-1]
    began = datetime.fromisoformat(newest.date.replace("Z", "+00:00"))
    assert -1 < (began - started).total_seconds() < total + 5, (newest, started)
    complaints = []
    saved = hls.save(playlist, tmp_path / "out.ts")
    if wanted == 0:
        video = packets(saved, "v", log=complaints)
        steps = {video[i + 1].dts - video[i].dts for i in range(len(video) - 1)}
        assert len(steps) == 1, steps
        assert not complaints, complaints


def test_an_outage_of_5_seconds_is_one_discontinuity_and_true_in_utc(sluiced, processes, tmp_path):
    port = free_udp_port()
    daemon = sluiced(CONF.format(port=port))
    first = encode(tmp_path / "first.ts", 6, 100, "320x180")
    second = encode(tmp_path / "second.ts", 6, 111, "320x180")
    send(processes, tmp_path, "first", [first], port).wait(20)
    stopped = datetime.now(timezone.utc)
    wait_for(lambda: (datetime.now(timezone.utc) - stopped).total_seconds() >= 5, 6, "the outage")
    send(processes, tmp_path, "second", [second], port).wait(20)
    playlist = drained(daemon, "s")
    assert discontinuities(playlist) == 1, playlist.text
    after = next(s for s in playlist.segments[1:] if s.discontinuity)
    began = datetime.fromisoformat(after.date.replace("Z", "+00:00"))
    assert 4 < (began - stopped).total_seconds() < 7, (after, stopped)


def test_wall_clock_steps_change_nothing(sluiced, processes, tmp_path):
    """The clock of the machine is set an hour forward and back while the stream runs."""
    port, clock = free_udp_port(), tmp_path / "clock"
    clock.write_text("+0\n")
    library = subprocess.run(["dpkg", "-L", "libfaketime"], check=True, capture_output=True, text=True).stdout.split()
    library = next(line for line in library if line.endswith("libfaketime.so.1"))
    env = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1"}
    if os.environ.get("SLUICE_SANITIZER"):
        pytest.skip("a sanitizer's own clock calls come before libfaketime is there")
    daemon = sluiced(CONF.format(port=port), env=env)
    whole = encode(tmp_path / "clip.ts", 15, 100, "320x180")
    sender = send(processes, tmp_path, "clip", [whole], port)
    for offset in ("+3600\n", "-3600\n", "+0\n"):
        seen = daemon.running("s").text.count("#EXTINF")
        wait_for(lambda: hls.media_playlist(f"{daemon.url}/s/mono.m3u8").text.count("#EXTINF") > seen + 1, 15, "more segments")
        clock.write_text(offset)
    sender.wait(30)
    playlist = drained(daemon, "s")
    assert discontinuities(playlist) == 0, playlist.text
    numbers = [s.number for s in playlist.segments]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert sum(s.duration for s in playlist.segments) > 12, playlist.text
