"""playlist://: files one after another, as a list says that may change."""

import os
import re
import signal

from harness import hls
from harness.packets import packets
from harness.wait import wait_for


def test_items_follow_each_other_and_the_list_is_read_again(sluiced, clips, tmp_path):
    one = clips.make("h264", 2, gop=25, kind="mp4")
    two = clips.make("h264b", 3, gop=25, kind="ts", size="160x90")
    vod = tmp_path / "vod"
    vod.mkdir()
    (vod / "one.mp4").symlink_to(one)
    (vod / "two.ts").symlink_to(two)
    playlist = tmp_path / "list.txt"
    playlist.write_text("movies/one.mp4\nmovies/none.mp4\nmovies/two.ts\n")
    daemon = sluiced(f"vod movies {{ storage {vod}; }}\nstream s {{ input playlist://{playlist}; segment_duration 1; segment_count 40; }}\n")
    daemon.running("s")
    url = f"{daemon.url}/s/mono.m3u8"

    def sizes():
        """Of the pictures that the listed segments hold, in order."""
        found = []
        for i, segment in enumerate(hls.media_playlist(url).segments):
            found.append(segment.discontinuity)
        return found

    wait_for(lambda: "there is no file 'movies/none.mp4'" in daemon.log(), 15, "the missing file told")
    wait_for(lambda: sum(sizes()) >= 3, 25, "the second round of the list")
    saved = hls.save(hls.media_playlist(url), tmp_path / "got.ts")
    got = [p.hash for p in packets(saved, "v")]
    for clip in (one, two):
        wanted = [p.hash for p in packets(clip, "v")]
        assert set(wanted) <= set(got), f"{clip}: {len(set(wanted) - set(got))} frames are missing"
    assert daemon.stream("s")["stats"]["retry_count"] == 0, daemon.log()
    playlist.write_text("movies/two.ts\n")
    newest = hls.media_playlist(url).segments[-1].number
    wait_for(lambda: hls.media_playlist(url).segments[-1].number > newest + 6, 20, "six segments of the new list")
    numbers = [s.number for s in hls.media_playlist(url).segments]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_duration_cuts_an_item(sluiced, clips, tmp_path):
    clip = clips.make("h264", 20, gop=25, kind="mp4")
    (tmp_path / "list.txt").write_text("#EXTINF:2\nv/" + clip.name + "\n")
    daemon = sluiced(f"vod v {{ storage {clip.parent}; }}\nstream s {{ input playlist://{tmp_path}/list.txt; segment_duration 1; segment_count 20; }}\n")
    daemon.running("s")
    url = f"{daemon.url}/s/mono.m3u8"
    wait_for(lambda: sum(s.duration for s in hls.media_playlist(url).segments) > 6, 20, "six seconds")
    got = [p.hash for p in packets(hls.save(hls.media_playlist(url), tmp_path / "got.ts"), "v")]
    wanted = [p.hash for p in packets(clip, "v")]
    assert set(got) <= set(wanted[:50]) and len(set(got)) == 50


def test_a_list_that_is_not_there_is_told_once_and_waited_for(sluiced, clips, tmp_path):
    clip = clips.make("h264", 2, gop=25, kind="mp4")
    playlist = tmp_path / "later.txt"
    daemon = sluiced(f"vod v {{ storage {clip.parent}; }}\nstream s {{ input playlist://{playlist}; segment_duration 1; }}\n")
    wait_for(lambda: "it cannot be read" in daemon.log(), 10, "it is told")
    playlist.write_text(f"v/{clip.name}\n")
    daemon.running("s")
    assert len(re.findall("it cannot be read", daemon.log())) == 1


def test_an_item_may_be_a_stream_that_is_there(sluiced, clips, tmp_path):
    """For its duration, as a client of it, and never the stream itself or one made of it."""
    clip = clips.make("h264", 2, gop=25, kind="mp4")
    other = clips.make("h264b", 6, gop=25, kind="ts", size="160x90")
    playlist = tmp_path / "list.txt"
    playlist.write_text(f"v/{clip.name}\n#EXTINF:3\nnews\nnone\nshow\nagain\n")
    daemon = sluiced(f"vod v {{ storage {clip.parent}; }}\n"
                     f"ondemand news {{ input file://{other}; segment_duration 1; segment_count 30; clients_timeout 1; }}\n"
                     f"stream show {{ input playlist://{playlist}; segment_duration 1; segment_count 40; }}\n"
                     "ondemand again { input copy://show; }\n")
    daemon.running("show")
    url = f"{daemon.url}/show/mono.m3u8"
    wait_for(lambda: daemon.stream("news")["stats"]["online_clients"] == 1, 20, "the list is a client of the stream")
    wait_for(lambda: daemon.stream("news")["stats"]["online_clients"] == 0, 20, "the stream's turn is over")
    wait_for(lambda: sum(s.discontinuity for s in hls.media_playlist(url).segments) >= 3, 25, "the stream for a second time")
    for problem in ("no VOD location and no stream has 'none'", "the item 'show' is left out: that stream is made of this one",
                    "the item 'again' is left out: that stream is made of this one"):
        assert daemon.log().count(problem) == 1, daemon.log()
    got = [p.hash for p in packets(hls.save(hls.media_playlist(url), tmp_path / "got.ts"), "v")]
    assert {p.hash for p in packets(clip, "v")} <= set(got)
    wanted = [p.hash for p in packets(other, "v")]
    live = [wanted.index(h) for h in got if h in wanted]
    turn = live[:75]
    assert len(turn) == 75 and all((b - a) % len(wanted) == 1 for a, b in zip(turn, turn[1:])), live
    assert daemon.stream("show")["stats"]["retry_count"] == 0, daemon.log()


def test_a_stream_without_a_duration_plays_until_it_ends(sluiced, clips, tmp_path):
    clip = clips.make("h264", 2, gop=25, kind="mp4")
    playlist = tmp_path / "list.txt"
    playlist.write_text(f"news\nv/{clip.name}\n")
    vod = f"vod v {{ storage {clip.parent}; }}\n"
    show = f"stream show {{ input playlist://{playlist}; segment_duration 1; segment_count 30; }}\n"
    daemon = sluiced(vod + "stream news { input fake://fake?width=320&height=180; segment_duration 1; }\n" + show)
    daemon.running("show")
    url = f"{daemon.url}/show/mono.m3u8"
    wait_for(lambda: len(hls.media_playlist(url).segments) >= 5, 20, "five segments of the stream")
    assert sum(s.discontinuity for s in hls.media_playlist(url).segments) == 0
    daemon.conf.write_text(f"http 127.0.0.1:{daemon.port};\n" + vod + show)
    before = daemon.stream("show")["stats"]["id"]
    os.kill(daemon.process.pid, signal.SIGHUP)

    def shown():
        return {p.hash for p in packets(hls.save(hls.media_playlist(url), tmp_path / "got.ts"), "v")}

    wanted = {p.hash for p in packets(clip, "v")}
    wait_for(lambda: wanted <= shown(), 20, "the file that is next")
    assert daemon.stream("show")["stats"]["id"] == before and daemon.stream("show")["stats"]["retry_count"] == 0
