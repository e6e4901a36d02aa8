"""The web players play, in a real browser: the clock moves on and frames are decoded."""

import pytest

from harness.web import Pages, play

CONF = "stream demo { input fake://fake; segment_duration 2; }\n"


@pytest.mark.parametrize(
    "kind, path",
    [("hls", "index.m3u8"), ("hls", "index.fmp4.m3u8"), ("llhls", "index.ll.m3u8"), ("dash", "index.mpd"),
     ("shaka", "index.mpd"), ("shaka", "index.fmp4.m3u8")],
)
def test_player_plays(sluiced, kind, path):
    daemon = sluiced(CONF)
    daemon.running("demo")
    with Pages() as pages:
        report = play(pages.player(kind, f"{daemon.url}/demo/{path}"), 6)
    assert report["advanced"] >= 6
    assert report["frames"] >= 60
    assert not report["errors"]
    if kind == "llhls":
        assert report["parts"], report
        assert report["latency"] < 3, report


def test_the_page_the_daemon_prints_plays(sluiced, tmp_path):
    daemon = sluiced(CONF)
    daemon.running("demo")
    report = play(f"{daemon.url}/demo/embed.html", 6, tmp_path / "page.png")
    assert report["advanced"] >= 6
    assert report["frames"] >= 60
