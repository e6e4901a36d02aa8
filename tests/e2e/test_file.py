"""file:// plays over and over: its rounds join without a seam."""

from fractions import Fraction

import pytest

from harness import hls
from harness.packets import packets
from harness.wait import wait_for

ROUNDS = 3
TICK = Fraction(1, 90000)


def one_round(clip, kind, got):
    """What is played of a track. GStreamer's MP4 demuxer leaves out the last sound if the edit list ends inside of it."""
    found = packets(clip, kind)
    cut = kind == "a" and clip.suffix == ".mp4" and found[-1].hash not in {p.hash for p in got}
    return found[:-1] if cut else found


def span(rounds, step):
    return rounds[-1].dts - rounds[0].dts + step


def assert_rounds(wanted, got, length):
    """`got` is the clip from some frame on, over and over; a round later every frame comes again, `length` later."""
    count = len(wanted)
    assert len(got) > ROUNDS * count, f"only {len(got)} packets of {count} a round"
    first = [i for i, packet in enumerate(wanted) if packet.hash == got[0].hash]
    assert first, "the first packet is not the clip's"
    shift = got[0].dts - wanted[first[0]].dts
    for i, packet in enumerate(got):
        rounds, at = divmod(first[0] + i, count)
        assert packet.hash == wanted[at].hash, f"packet {i}, frame {at} of round {rounds}: lost or doubled"
        off = packet.dts - (wanted[at].dts + rounds * length + shift)
        assert abs(off) <= 2 * TICK, f"packet {i}, frame {at} of round {rounds}: {float(off) * 1000:.3f} ms off"


@pytest.mark.parametrize("kind,codec", [("mp4", "h264b"), ("ts", "h264b"), ("mp4", "h265")])
def test_rounds_join_without_a_seam(sluiced, clips, tmp_path, kind, codec):
    clip = clips.make(codec, 2, gop=25, kind=kind)
    daemon = sluiced(f"stream s {{ input file://{clip}; segment_duration 1; segment_count 30; }}\n")
    daemon.running("s")
    url = f"{daemon.url}/s/mono.m3u8"
    seconds = 2.1 * (ROUNDS + 1)
    wait_for(lambda: sum(s.duration for s in hls.media_playlist(url).segments) > seconds, seconds + 15, f"{ROUNDS} rounds")
    playlist = hls.media_playlist(url)
    assert not any(s.discontinuity for s in playlist.segments), playlist.text
    saved = hls.save(playlist, tmp_path / "got.ts")
    got = {k: packets(saved, k) for k in "va"}
    wanted = {k: one_round(clip, k, got[k]) for k in "va"}
    length = max(span(wanted["v"], Fraction(1, 25)), span(wanted["a"], Fraction(1024, 48000)))
    for k in "va":
        assert_rounds(wanted[k], got[k], length)
    # Sound and picture keep their offset: each was compared with its own start, now both with one another.
    offset = {k: next(p.dts for p in wanted[k] if p.hash == got[k][0].hash) for k in "va"}
    apart = (got["v"][0].dts - offset["v"]) - (got["a"][0].dts - offset["a"])
    assert min(abs(apart + n * length) for n in (-1, 0, 1)) <= 2 * TICK, float(apart)
    stream = daemon.stream("s")
    assert stream["stats"]["retry_count"] == 0
    quiet = [line for line in daemon.log().splitlines() if "stream s" in line]
    assert len(quiet) <= 1, quiet  # that it is up


def test_a_round_costs_no_time(sluiced, clips):
    """The stream keeps up with the clock over many short rounds, and its clients see no stall."""
    clip = clips.make("h264", 1, gop=25, kind="mp4")
    daemon = sluiced(f"stream s {{ input file://{clip}; segment_duration 1; segment_count 10; }}\n")
    daemon.running("s")

    def behind():
        stats = daemon.stream("s")["stats"]
        return (stats["last_dts_at"] - stats["last_dts"]) / 1000

    first = behind()
    start = daemon.stream("s")["stats"]["last_dts"]
    wait_for(lambda: daemon.stream("s")["stats"]["last_dts"] > start + 8000, 20, "eight rounds")
    assert abs(behind() - first) < 1.5
