"""playlist://: files one after another, as a list says that may change."""

import re

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
