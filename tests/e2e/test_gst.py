"""The elements by themselves, in gst-launch-1.0: as the README prints them."""

import os
import subprocess

import pytest

from harness import hls
from harness.daemon import BUILD, fetch
from harness.ports import free_port
from harness.wait import wait_for

pytestmark = pytest.mark.skipif("SLUICE_SANITIZER" in os.environ, reason="gst-launch-1.0 has no sanitizer runtime for the plugins")
SOURCE = ("videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 ! x264enc tune=zerolatency key-int-max=25 ! m4fmux name=m "
          "audiotestsrc is-live=true ! audio/x-raw,rate=48000 ! avenc_aac ! m. ")


def launch(processes, line):
    return processes.start(["gst-launch-1.0", "-q", *line.split()], "gst-launch")


def test_every_element_is_found():
    for element in ("m4fmux", "m4fdemux", "m4ftsdemux", "m4fsink", "m4fsrc", "hlssink-ll", "m4fudpsink"):
        found = subprocess.run(["gst-inspect-1.0", element], capture_output=True, text=True, timeout=60)
        assert found.returncode == 0, (BUILD, found.stdout, found.stderr)
        assert "Long-name" in found.stdout


def test_hlssink_ll_serves_by_itself(processes):
    port = free_port()
    launch(processes, SOURCE + f"m. ! hlssink-ll port={port} address=127.0.0.1")
    playlist = wait_for(lambda: (lambda r: r.status == 200 and r)(fetch(f"http://127.0.0.1:{port}/live/index.m3u8")), 30, "the playlist")
    assert "#EXTM3U" in playlist.text
    assert fetch(f"http://127.0.0.1:{port}/live/index.ll.m3u8").status == 200


def test_a_restreamer_serves_the_same_bytes(processes):
    """m4fsink to m4fsrc over TCP: every segment in every format is byte-identical on both sides, made by two processes."""
    m4f, here, there = free_port(), free_port(), free_port()
    launch(processes, SOURCE.replace("m4fmux name=m", "m4fmux name=m segment-duration=1000")
           + f"m. ! tee name=t ! hlssink-ll port={here} address=127.0.0.1 segment-count=10 t. ! m4fsink port={m4f} address=127.0.0.1")
    wait_for(lambda: fetch(f"http://127.0.0.1:{here}/live/index.m3u8").status == 200, 30, "the origin")
    launch(processes, f"m4fsrc uri=m4f://127.0.0.1:{m4f}/live ! hlssink-ll port={there} address=127.0.0.1 segment-count=10")
    wait_for(lambda: len(hls.media_playlist(f"http://127.0.0.1:{there}/live/mono.m3u8").segments) >= 4, 40, "four segments at the restreamer")
    for resource in ("mono.m3u8", "tracks-v1/mono.fmp4.m3u8", "tracks-a1/mono.fmp4.m3u8", "tracks-v1/mono.ll.m3u8"):
        ours = {s.number: s for s in hls.media_playlist(f"http://127.0.0.1:{here}/live/{resource}").segments}
        theirs = hls.media_playlist(f"http://127.0.0.1:{there}/live/{resource}").segments
        compared = 0
        for segment in theirs:
            if segment.number not in ours:
                continue
            twin = ours[segment.number]
            assert segment.duration == twin.duration
            assert segment.uri.split("/live/")[1] == twin.uri.split("/live/")[1]
            assert fetch(segment.uri).body == fetch(twin.uri).body
            if segment.init:
                assert fetch(segment.init).body == fetch(twin.init).body
            compared += 1
        assert compared >= 3, resource


def test_m4fdemux_gives_back_what_m4fmux_took(processes, clips, tmp_path):
    """A clip through the format and back into a file: packet by packet the same."""
    from harness.packets import assert_same_run, packets
    clip = clips.make("h264b", 10, gop=25)
    out = tmp_path / "back.mkv"
    line = (f"filesrc location={clip} ! parsebin : m4fmux segment-duration=1000 ! m4fdemux name=d "
            f"d.video_0 ! queue ! m.video_0 d.audio_0 ! queue ! m.audio_0 matroskamux name=m ! filesink location={out}")
    done = subprocess.run(["gst-launch-1.0", "-q", *line.split()], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    from fractions import Fraction
    assert_same_run(packets(clip, "v"), packets(out, "v"), Fraction(1, 900), 240)
