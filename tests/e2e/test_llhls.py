"""LL-HLS as a player sees it, over HTTP, while the stream lives. The rules on playlists alone are tested beside the playlist code."""

import concurrent.futures
import re
import time

import pytest

from harness import hls
from harness.daemon import fetch
from harness.wait import wait_for

CONF = "stream live { input fake://fake; segment_duration 2; segment_count 6; chunk_duration 200; }\n"


@pytest.fixture
def live(sluiced):
    daemon = sluiced(CONF)
    daemon.running("live")
    renditions = wait_for(lambda: [v for v in hls.variants(f"{daemon.url}/live/index.ll.m3u8")], 20, "the LL master playlist")
    video = next(url for _, url in renditions if "tracks-v" in url)
    audio = next(url for _, url in renditions if "tracks-a" in url)
    wait_for(lambda: hls.media_playlist(video).text.count("#EXTINF") >= 2, 20, "two segments")
    return daemon, video, audio


class State:
    """Where a media playlist stands: the next segment's number, and the parts of it that are there."""

    def __init__(self, text):
        playlist = hls.parse("http://x/", text)
        self.next = playlist.segments[-1].number + 1 if playlist.segments else 0
        tail = text.rsplit("#EXTINF", 1)[-1]
        self.parts = tail.count("#EXT-X-PART:")
        self.target = int(re.search(r"#EXT-X-TARGETDURATION:(\d+)", text)[1])
        self.part_target = float(re.search(r"#EXT-X-PART-INF:PART-TARGET=([\d.]+)", text)[1])


def blocking(url, msn, part=None):
    query = f"?_HLS_msn={msn}" + (f"&_HLS_part={part}" if part is not None else "")
    began = time.monotonic()
    reply = fetch(url + query, timeout=30)
    return reply, time.monotonic() - began


def test_check_13_a_reload_is_held_until_its_part_is_there(live):
    _, video, _ = live
    state = State(hls.media_playlist(video).text)
    for _ in range(10):
        reply, _ = blocking(video, state.next, state.parts)
        assert reply.status == 200
        got = State(reply.text)
        assert (got.next, got.parts) > (state.next, state.parts), (vars(state), reply.text)
        state = got


def test_check_14_a_reload_for_a_segment_is_held_until_it_is_complete(live):
    _, video, _ = live
    state = State(hls.media_playlist(video).text)
    reply, _ = blocking(video, state.next)
    assert reply.status == 200
    assert State(reply.text).next > state.next


def test_check_16_what_is_there_already_is_answered_at_once(live):
    _, video, _ = live
    state = State(hls.media_playlist(video).text)
    for msn in (state.next - 1, state.next - 1000, 0):
        reply, took = blocking(video, msn)
        assert reply.status == 200 and took < 1, (msn, reply.status, took)


def test_check_17_and_18_requests_that_make_no_sense_are_refused_at_once(live):
    _, video, _ = live
    state = State(hls.media_playlist(video).text)
    for query in (f"_HLS_msn={state.next + 5}", f"_HLS_msn={state.next}&_HLS_part=1000", "_HLS_part=1", "_HLS_msn=-1", "_HLS_msn=x",
                  "_HLS_msn=18446744073709551616", f"_HLS_msn={state.next}&_HLS_part=-1"):
        began = time.monotonic()
        reply = fetch(f"{video}?{query}", timeout=30)
        assert reply.status == 400, (query, reply.status)
        assert time.monotonic() - began < 1, query


def test_check_19_a_held_reload_ends_when_the_stream_stands_still(sluiced, processes, clips, tmp_path):
    from harness.sources import Sources
    url, sender = Sources(tmp_path, processes).udp(clips.make("h264", 60), loop=True)
    daemon = sluiced(f"stream s {{ input {url}; segment_duration 1; }}\n")
    daemon.running("s")
    video = f"{daemon.url}/s/tracks-v1/mono.ll.m3u8"
    wait_for(lambda: hls.media_playlist(video).text.count("#EXTINF") >= 2, 20, "two segments")
    sender.end()
    wait_for(lambda: (lambda a, b: a == b)(hls.media_playlist(video).text, (time.sleep(0.5), hls.media_playlist(video).text)[1]), 10, "standing still")
    state = State(hls.media_playlist(video).text)
    reply, took = blocking(video, state.next, state.parts)
    assert reply.status == 503, reply.status
    assert took <= 3 * state.target + 3, took


def test_check_12_the_hinted_part_comes_and_is_the_next_one(live):
    _, video, _ = live
    for _ in range(6):
        text = hls.media_playlist(video).text
        hints = re.findall(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', text)
        assert len(hints) == 1, text
        state = State(text)
        part = fetch(hls.urljoin(video, hints[0]), timeout=30)
        assert part.status == 200 and len(part.body) > 100
        later, _ = blocking(video, state.next, state.parts)
        assert f'URI="{hints[0]}"' in later.text.split("#EXT-X-PRELOAD-HINT")[0], (hints, later.text)


def test_checks_6_7_9_parts_are_of_the_right_length_and_make_up_their_segment(live):
    _, video, audio = live
    for url in (video, audio):
        text = hls.media_playlist(url).text
        target = State(text).part_target
        block = re.findall(r"((?:#EXT-X-PART:[^\n]+\n)+)(?:#EXT-X-PROGRAM[^\n]*\n)?#EXTINF:([\d.]+),[^\n]*\n([^\n#]+)", text)
        assert block, text
        for parts, duration, uri in block:
            lines = parts.strip().splitlines()
            lengths = [float(re.search(r"DURATION=([\d.]+)", line)[1]) for line in lines]
            assert abs(sum(lengths) - float(duration)) <= 0.001 * len(lengths), (lengths, duration)
            assert all(length <= target + 0.0005 for length in lengths), (lengths, target)
            short = [n for n, (line, length) in enumerate(zip(lines, lengths)) if length < 0.85 * target]
            assert all(n == len(lines) - 1 or "INDEPENDENT=YES" in lines[n] for n in short), (lengths, target)
            bodies = b"".join(fetch(hls.urljoin(url, re.search(r'URI="([^"]+)"', line)[1])).body for line in lines)
            assert bodies == fetch(hls.urljoin(url, uri)).body


def test_check_3_the_declarations_never_change_and_26_numbers_rise_by_what_left(live):
    _, video, _ = live
    names = ("EXT-X-TARGETDURATION", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL")
    first = hls.media_playlist(video)
    seen, last = {s.number: s.uri for s in first.segments}, first
    end = last.segments[-1].number + 8
    while last.segments[-1].number < end:
        state = State(last.text)
        reply, _ = blocking(video, state.next)
        playlist = hls.parse(video, reply.text)
        assert {n: playlist.tags[n] for n in names} == {n: first.tags[n] for n in names}
        assert playlist.segments[0].number >= last.segments[0].number
        for segment in playlist.segments:
            assert seen.setdefault(segment.number, segment.uri) == segment.uri
        last = playlist
    # 30: what left the list can still be had for a while.
    gone = min(n for n in seen if n < last.segments[0].number and n >= last.segments[0].number - 1)
    assert fetch(seen[gone]).status == 200


def test_check_30_many_held_requests_need_no_thread_each(live):
    daemon, video, _ = live
    state = State(hls.media_playlist(video).text)
    with concurrent.futures.ThreadPoolExecutor(100) as crowd:
        waiting = [crowd.submit(blocking, video, state.next + 1) for _ in range(100)]
        threads = len(list(__import__("pathlib").Path(f"/proc/{daemon.process.pid}/task").iterdir()))
        assert threads < 60, threads
        assert {reply.status for reply, _ in (w.result() for w in waiting)} == {200}


def test_check_29_headers(live):
    _, video, _ = live
    reply = fetch(video, headers={"Accept-Encoding": "gzip"})
    assert reply.headers["Content-Type"].startswith("application/vnd.apple.mpegurl")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    state = State(hls.media_playlist(video).text)
    ages = {}
    for what, reply in (("plain", fetch(video)), ("blocking", blocking(video, state.next - 1)[0]),
                        ("segment", fetch(hls.media_playlist(video).segments[-1].uri)), ("miss", fetch(video.replace("mono", "none")))):
        found = re.search(r"max-age=(\d+)", reply.headers.get("Cache-Control", ""))
        ages[what] = int(found[1]) if found else None
    assert ages["plain"] <= state.target / 2 and ages["segment"] >= 3600, ages
    assert ages["blocking"] >= state.target, ages
    assert ages["miss"] is None or ages["miss"] <= 1, ages
    segment = hls.media_playlist(video).segments[-1].uri
    whole = fetch(segment)
    etag = whole.headers["ETag"]
    assert etag and fetch(segment, headers={"If-None-Match": etag}).status == 304
    part = fetch(segment, headers={"Range": "bytes=10-19"})
    assert part.status == 206 and part.body == whole.body[10:20]
    assert fetch(segment, headers={"Range": f"bytes={len(whole.body)}-"}).status == 416
    head = fetch(segment, method="HEAD")
    assert head.status == 200 and int(head.headers["Content-Length"]) == len(whole.body) and not head.body
    assert fetch(video + "?unknown=1&token=abc").status == 200
    assert "token=abc" in fetch(video + "?unknown=1&token=abc").text
