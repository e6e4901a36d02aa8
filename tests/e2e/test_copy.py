"""copy:// and mixer://: streams made of other streams of the server."""

import os
import subprocess

import pytest

from harness import hls
from harness.daemon import SLUICED
from harness.packets import packets
from harness.wait import wait_for


def saved(daemon, name, path, least=4):
    url = f"{daemon.url}/{name}/mono.m3u8"
    wait_for(lambda: daemon.get(f"/{name}/mono.m3u8").status == 200 and len(hls.media_playlist(url).segments) >= least, 30, f"{name} playing")
    return hls.save(hls.media_playlist(url), path)


def hashes(path, kind):
    return [p.hash for p in packets(path, kind)]


def assert_run_of(got, of):
    """Frame after frame what the other has, too."""
    at = of.index(got[0])
    length = min(len(got), len(of) - at)
    assert length > 20 and got[:length] == of[at:at + length]


def test_a_copy_has_the_frames_of_its_original(sluiced, clips, tmp_path):
    clip = clips.make("h264b", 6, gop=25, kind="ts")
    daemon = sluiced(f"stream a {{ input file://{clip}; segment_duration 1; segment_count 20; }}\n"
                     "stream b { input copy://a; segment_duration 2; segment_count 10; }\n")
    copy = saved(daemon, "b", tmp_path / "b.ts")
    original = saved(daemon, "a", tmp_path / "a.ts")
    for kind in "va":
        assert_run_of(hashes(copy, kind), hashes(original, kind))
    assert not any(s.discontinuity for s in hls.media_playlist(f"{daemon.url}/b/mono.m3u8").segments)
    # Sound stays with the picture.
    found = {k: {p.hash: p.dts for p in packets(copy, k)} for k in "va"}
    wanted = {k: {p.hash: p.dts for p in packets(original, k)} for k in "va"}
    apart = [{found[k][h] - wanted[k][h] for h in found[k] if h in wanted[k]} for k in "va"]
    assert apart[0] & apart[1] or abs(min(apart[0]) - min(apart[1])) < 0.001, apart


def test_a_copy_counts_as_a_client_and_starts_what_it_copies(sluiced):
    daemon = sluiced("ondemand a { input fake://fake; segment_duration 1; clients_timeout 2; }\n"
                     "stream b { input copy://a; segment_duration 1; }\n")
    daemon.running("b")
    assert daemon.stream("a")["stats"]["online_clients"] >= 1


def test_the_mixer_takes_the_picture_of_one_and_the_sound_of_the_other(sluiced, clips, tmp_path):
    one = clips.make("h264", 6, gop=25, kind="ts")
    two = clips.make("h264b", 6, gop=25, kind="ts", size="160x90")
    daemon = sluiced(f"stream a {{ input file://{one}; segment_duration 1; segment_count 20; }}\n"
                     f"stream b {{ input file://{two}; segment_duration 1; segment_count 20; }}\n"
                     "stream m { input mixer://a,b; segment_duration 1; segment_count 20; }\n")
    mixed = saved(daemon, "m", tmp_path / "m.ts", least=6)
    a, b = saved(daemon, "a", tmp_path / "a.ts"), saved(daemon, "b", tmp_path / "b.ts")
    video, audio = hashes(mixed, "v"), hashes(mixed, "a")
    assert_run_of(video, hashes(a, "v"))
    assert_run_of(audio, hashes(b, "a"))
    tracks = daemon.get("/m/media_info.json")
    assert tracks.status in (200, 404)
    # What was at one moment in the originals is at one moment here.
    times = {name: {p.hash: p.dts for p in packets(path, kind)} for name, path, kind in (("v", a, "v"), ("a", b, "a"))}
    here = {kind: [(p.dts, times[kind][p.hash]) for p in packets(mixed, kind) if p.hash in times[kind]][:10] for kind in "va"}
    shift = {kind: here[kind][0][0] - here[kind][0][1] for kind in "va"}
    assert abs(shift["v"] - shift["a"]) < 0.05, {k: float(s) for k, s in shift.items()}


def test_loops_are_refused(tmp_path):
    conf = tmp_path / "a.conf"
    conf.write_text("http 8080;\nstream a { input copy://b; }\nstream b { input copy://a; }\n")
    run = subprocess.run([SLUICED, "-c", conf, "--check"], capture_output=True, text=True)
    assert run.returncode == 1
    assert "streams that are made of each other: a takes from b takes from a" in run.stderr


def test_a_stream_that_is_not_there_is_told_and_waited_for(sluiced):
    daemon = sluiced("stream b { input copy://none; segment_duration 1; }\n")
    wait_for(lambda: "there is no stream 'none' here" in daemon.log(), 10, "it is said")


@pytest.mark.skipif("SLUICE_SANITIZER" in os.environ, reason="gst-launch-1.0 has no sanitizer runtime for the plugins")
def test_what_explain_prints_runs_beside_the_daemon(sluiced):
    daemon = sluiced("stream a { input fake://fake; segment_duration 1; }\nstream b { input copy://a; }\nstream m { input mixer://a,a; }\n")
    daemon.running("a")
    for name in "bm":
        line = subprocess.run([SLUICED, "-c", daemon.conf, "--explain", name], capture_output=True, text=True, check=True).stdout
        command = [text for text in line.splitlines() if text and not text.startswith("#")][0]
        run = subprocess.run(["bash", "-c", f"timeout --preserve-status -s INT 3 {command}"], capture_output=True, text=True, timeout=30)
        assert "ERROR" not in run.stderr + run.stdout and run.returncode in (0, 130), run  # 130: interrupted
