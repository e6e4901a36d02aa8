"""Every frame is where the source put it: clips sent over each protocol come out of every output packet by packet, for a minute and
across segment borders, with the clip's distances and A/V offset, and ffmpeg finds nothing to warn about."""

from fractions import Fraction

import pytest

from harness import hls
from harness.packets import assert_same_run, packets
from harness.processes import Processes
from harness.daemon import Daemon
from harness.sources import Sources
from harness.wait import wait_for

SECONDS = 68  # of each clip; a little is lost while connections are made
LEAST = 60    # seconds that must come through
TICK = Fraction(1, 90000)

# What the transport itself keeps of a timestamp: FLV has milliseconds, RTP audio whole samples (rounded down).
TOLERANCE = {"rtmp": Fraction(1, 1000), "rtsp": Fraction(1, 48000) + TICK}
CASES = [(protocol, codec)
         for protocol in ("udp", "tshttp", "srt", "hls", "rtsp", "rtmp")
         for codec in ("h264", "h264b", "h265", "h265b")
         if not (protocol == "rtmp" and codec.startswith("h265"))]  # classic RTMP knows no H.265
OUTPUTS = ("hls-ts", "hls-fmp4", "dash", "http-ts")


def names(case):
    return "-".join(case)


class Run:
    """All sources at once through one daemon; what came out is saved in files."""

    def __init__(self, folder, processes, clips):
        self.folder = folder
        self.clip = {codec: clips.make(codec, SECONDS, gop=50) for codec in ("h264", "h264b", "h265", "h265b")}
        sources = Sources(folder, processes)
        conf, senders = "", []
        for protocol, codec in CASES:
            start = getattr(sources, protocol)
            line, sender = start(self.clip[codec], codec[:4]) if protocol == "rtsp" else start(self.clip[codec])
            senders.append(sender)
            conf += f"stream {protocol}-{codec} {{ input {line}; segment_duration 2; segment_count 60; }}\n"
        self.daemon = Daemon(folder, processes, conf)
        self.captures = {}
        for case in CASES:
            url = f"{self.daemon.url}/{names(case)}/mpegts"
            self.captures[case] = processes.start(
                ["curl", "-sSN", "--retry", "60", "--retry-delay", "1", "--retry-all-errors", "--max-time", SECONDS + 300,
                 "-o", folder / f"{names(case)}-http-ts.ts", url], "curl")
        wait_for(lambda: not any(s.alive() for s in senders) and self._quiet(), SECONDS + 60,
                 "all clips sent", every=1)
        for capture in self.captures.values():
            capture.end()

    def _quiet(self):
        """No stream takes in anything more."""
        streams = self.daemon.api("streams?limit=1000")["streams"]
        total = sum(s["stats"]["bytes_in"] for s in streams)
        quiet, self._total = total == getattr(self, "_total", None), total
        return quiet

    def output(self, case, output):
        name = names(case)
        path = self.folder / f"{name}-{output}.{'ts' if output.endswith('ts') else 'mp4'}"
        if output == "http-ts":
            return path, path
        if not path.exists():
            base = f"{self.daemon.url}/{name}/"
            if output == "hls-ts":
                hls.save(hls.media_playlist(base + "mono.m3u8"), path)
            elif output == "hls-fmp4":
                hls.save(hls.media_playlist(base + "tracks-v1/mono.fmp4.m3u8"), path)
                hls.save(hls.media_playlist(base + "tracks-a1/mono.fmp4.m3u8"), path.with_suffix(".a.mp4"))
            else:
                import harness.dash as dash
                dash.save(base + "index.mpd", "v1", path)
                dash.save(base + "index.mpd", "a1", path.with_suffix(".a.mp4"))
        return path, path if output == "hls-ts" else path.with_suffix(".a.mp4")


@pytest.fixture(scope="module")
def run(tmp_path_factory, clips):
    folder = tmp_path_factory.mktemp("frames")
    with Processes(folder) as processes:
        yield Run(folder, processes, clips)


@pytest.mark.parametrize("case", CASES, ids=names)
@pytest.mark.parametrize("output", OUTPUTS)
def test_every_frame_is_where_the_source_put_it(run, case, output):
    protocol, codec = case
    video_file, audio_file = run.output(case, output)
    complaints = []
    tolerance = TOLERANCE.get(protocol, TICK)
    least = 0 if output == "http-ts" else LEAST
    clip = run.clip[codec]
    video = packets(video_file, "v", log=complaints)
    audio = packets(audio_file, "a", log=complaints)
    wanted_v, got_v = assert_same_run(packets(clip, "v"), video, tolerance, max(25, least * 25))
    wanted_a, got_a = assert_same_run(packets(clip, "a"), audio, tolerance, max(40, int(least * 46.8)))
    offset = (got_v.pts - wanted_v.pts) - (got_a.pts - wanted_a.pts)
    assert abs(offset) <= tolerance, f"audio and video moved apart by {float(offset) * 1000:.3f} ms"
    assert not complaints, complaints
