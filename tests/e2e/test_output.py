"""A stream's output options as clients find them."""

import json
import re
import subprocess
import time
import urllib.parse

import pytest

from harness import hls
from harness.daemon import fetch
from harness.sources import Sources
from harness.wait import wait_for

GOP = 50  # pictures: two seconds


@pytest.fixture
def daemon(sluiced, processes, tmp_path, clips):
    """daemon(options) runs stream s with these options for a source in real time."""

    def start(options, seconds=4, **clip):
        url, _ = Sources(tmp_path, processes).udp(clips.make("h264", 10, gop=GOP, **clip), loop=True)
        daemon = sluiced(f"stream s {{ input {url}; segment_duration {seconds}; {options} }}\n")
        daemon.running("s")
        # Sound comes before the first key frame.
        wait_for(lambda: "tracks-v1a1/" in daemon.get("/s/index.m3u8").text, 30, "pictures")
        return daemon

    return start


def probe(source, *entries):
    found = subprocess.run(["ffprobe", "-v", "error", *entries, "-of", "json", source], check=True, capture_output=True, text=True, timeout=40)
    return json.loads(found.stdout)


def test_sound_alone_is_the_last_variant(daemon):
    daemon = daemon("add_audio_only;")
    master = daemon.get("/s/index.m3u8").text
    assert [line for line in master.splitlines() if not line.startswith("#")] == ["tracks-v1a1/mono.m3u8", "tracks-a1/mono.m3u8"]
    assert 'CODECS="mp4a.40.2"' in master
    streams = probe(f"{daemon.url}/s/tracks-a1/mono.m3u8", "-show_streams")["streams"]
    assert [s["codec_name"] for s in streams] == ["aac"]
    assert "tracks-a1/" not in daemon.get("/s/video.m3u8").text


def test_addresses_begin_with_the_prefix(daemon):
    daemon = daemon("url_prefix http://cdn.example.com:9/;")
    base = "http://cdn.example.com:9/s/"
    for page in ("index.m3u8", "mono.m3u8", "tracks-v1/mono.fmp4.m3u8"):
        text = daemon.get(f"/s/{page}").text
        addresses = [line for line in text.splitlines() if line and not line.startswith("#")] + re.findall(r'URI="([^"]*)"', text)
        assert addresses and all(address.startswith(base) for address in addresses), text
    manifest = daemon.get("/s/index.mpd").text
    addresses = re.findall(r'(?:media|initialization)="([^"]*)"', manifest)
    assert addresses and all(address.startswith(base) for address in addresses), manifest
    # Behind the prefix is what the server has.
    segment = [line for line in daemon.get("/s/mono.m3u8").text.splitlines() if line.startswith(base)][-1]
    assert daemon.get(urllib.parse.urlsplit(segment).path).status == 200


def test_the_program_has_its_names_and_pids_in_every_mpegts(daemon):
    daemon = daemon("mpegts_pids pmt=4095 sdt=0x12 v1=211 a0=16#dc; meta program_id 10; title One; provider Example;", seconds=2)
    segment = wait_for(lambda: hls.media_playlist(f"{daemon.url}/s/mono.m3u8").segments[2], 30, "a segment with pictures")
    for source in (urllib.parse.urljoin(f"{daemon.url}/s/", segment.uri), f"{daemon.url}/s/mpegts"):
        program = probe(source, "-show_programs")["programs"][0]
        assert (program["program_num"], program["pmt_pid"]) == (10, 4095)
        assert {s["id"] for s in program["streams"]} == {"0xd3", "0xdd"}
        if source.endswith("mpegts"):
            continue
        packets = [fetch(source).body[i:i + 188] for i in range(0, 188 * 3, 188)]
        assert [(p[1] & 31) << 8 | p[2] for p in packets] == [0, 4095, 0x12]
        assert b"One" in packets[2] and b"Example" in packets[2]


def burst(daemon, folder, seconds=0.6):
    """The pictures that a new client of endless MPEG-TS gets within a moment."""
    path = folder / f"burst-{time.monotonic_ns()}.ts"
    subprocess.run(["curl", "-sN", "--max-time", str(seconds), "-o", path, f"{daemon.url}/s/mpegts"], check=False)
    if not path.exists() or path.stat().st_size == 0:
        return []
    found = probe(path, "-select_streams", "v", "-show_entries", "packet=flags")
    return [p["flags"][0] == "K" for p in found["packets"]]


@pytest.mark.parametrize("option, least, most", [("", 1, GOP + 20), ("prepush 4;", 90, 90 + GOP + 30)])
def test_a_new_client_gets_what_was_before(daemon, tmp_path, option, least, most):
    daemon = daemon(option, seconds=6)
    wait_for(lambda: daemon.stream("s")["stats"]["frames"] > 25 * 8 * 2.5, 30, "enough that was before")
    pictures = burst(daemon, tmp_path)
    assert least <= len(pictures) <= most
    assert pictures[0]


def test_without_prepush_a_client_begins_live(daemon, tmp_path):
    daemon = daemon("prepush 0;", seconds=6)
    begin = time.monotonic()
    pictures = burst(daemon, tmp_path, 3.5)
    waited = time.monotonic() - begin
    assert pictures[0]
    # Nothing of the past: no more than came in that time.
    assert len(pictures) <= waited * 25 + 3
