"""Streams that run while somebody watches."""

import threading
import time

from harness import hls
from harness.ports import free_port
from harness.wait import wait_for

FAKE = "input fake://fake?width=320&height=180"


def resting(daemon, name):
    return daemon.stream(name)["stats"]["status"] == "waiting"


def ask_all(daemon, path, count, **options):
    """The same request by `count` clients at once; their replies."""
    replies, threads = [], []
    for n in range(count):
        headers = {"User-Agent": f"viewer {n}"}
        threads.append(threading.Thread(target=lambda h=headers: replies.append(daemon.get(path, headers=h, **options))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return replies


def test_a_viewer_starts_it_and_it_stops_after_the_last_one(sluiced):
    daemon = sluiced(f"ondemand s {{ {FAKE}; segment_duration 1; clients_timeout 1; }}\n")
    assert resting(daemon, "s")
    assert daemon.get("/s/media_info.json").status == 503
    assert resting(daemon, "s"), "whoever asks what it is starts nothing"
    began = time.monotonic()
    reply = daemon.get("/s/index.m3u8")
    print(f"# cold start to the first playable playlist: {time.monotonic() - began:.2f} s")
    assert reply.status == 200, reply.body
    assert hls.media_playlist(f"{daemon.url}/s/mono.m3u8").segments
    wait_for(lambda: resting(daemon, "s"), 20, "the stream at rest")
    assert "stream s: source fake://fake is up" in daemon.log()
    assert daemon.get("/s/index.m3u8").status == 200, "it starts again"


def test_low_latency_viewers_wait_for_the_first_part_only(sluiced):
    daemon = sluiced(f"ondemand s {{ {FAKE}; segment_duration 5; clients_timeout 1; }}\n")
    began = time.monotonic()
    assert daemon.get("/s/index.ll.m3u8").status == 200
    took = time.monotonic() - began
    print(f"# cold start to the first LL-HLS playlist: {took:.2f} s")
    assert took < 5


def test_it_does_not_stop_under_a_viewer_who_waits_for_the_first_segment(sluiced):
    daemon = sluiced(f"ondemand s {{ {FAKE}; segment_duration 4; clients_timeout 1; }}\n")
    assert daemon.get("/s/index.m3u8").status == 200
    assert daemon.log().count("is up") == 1, daemon.log()


def test_a_hundred_viewers_start_it_once(sluiced):
    daemon = sluiced(f"ondemand s {{ {FAKE}; segment_duration 1; }}\n")
    replies = ask_all(daemon, "/s/index.m3u8", 100)
    assert [r.status for r in replies] == [200] * 100
    assert daemon.log().count("is up") == 1, daemon.log()
    assert daemon.stream("s")["stats"]["online_clients"] == 100


def test_a_connection_keeps_it_running(sluiced, processes, tmp_path):
    daemon = sluiced(f"ondemand s {{ {FAKE}; segment_duration 1; clients_timeout 1; }}\n")
    reader = processes.ffmpeg("-i", f"{daemon.url}/s/mpegts", "-t", "6", "-c", "copy", "-f", "mpegts", tmp_path / "out.ts")
    assert reader.wait(40) == 0, reader.log()
    assert daemon.log().count("is up") == 1, "it ran as long as it was watched"
    wait_for(lambda: resting(daemon, "s"), 10, "the stream at rest")


def test_a_dead_source_is_404_after_retry_limit(sluiced):
    daemon = sluiced(f"ondemand s {{ input tshttp://127.0.0.1:{free_port()}/x; retry_limit 2; }}\n")
    began = time.monotonic()
    reply = daemon.get("/s/index.m3u8")
    took = time.monotonic() - began
    assert reply.status == 404, reply.status
    assert took < 8, took
    assert resting(daemon, "s")
    print(f"# a source that refuses: 404 after {took:.2f} s")


def test_a_silent_source_is_503_with_retry_after(sluiced):
    daemon = sluiced("ondemand s { input udp://127.0.0.1:%d; }\n" % free_port())
    began = time.monotonic()
    reply = daemon.get("/s/mpegts")
    took = time.monotonic() - began
    assert reply.status == 503 and reply.headers["Retry-After"], reply.status
    assert 5 < took < 10, took


def test_a_template_makes_the_stream_that_is_asked_for(sluiced, clips):
    clip = clips.make("h264", 7, gop=25, size="160x120")
    daemon = sluiced(f"""vod v {{ storage {clip.parent}; }}
        template files {{ prefix films; input file://v/%s; segment_duration 1; clients_timeout 1; }}\n""")
    assert daemon.get("/films/index.m3u8").status == 404
    assert daemon.get("/other/x/index.m3u8").status == 404
    assert daemon.get(f"/films/{clip.name}/index.m3u8").status == 200
    assert f"films/{clip.name}" in [s["name"] for s in daemon.api("streams")["streams"]]
    wait_for(lambda: not daemon.api("streams")["streams"], 40, "the stream gone")
    assert daemon.get("/films/none.mp4/index.m3u8").status in (404, 503)


def test_a_disabled_stream_is_404(sluiced):
    daemon = sluiced(f"ondemand s {{ {FAKE}; disabled; }}\nstream t {{ {FAKE}; disabled; }}\n")
    assert daemon.get("/s/index.m3u8").status == 404
    assert daemon.get("/t/index.m3u8").status == 404
