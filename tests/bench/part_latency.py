"""LL-HLS: from the last frame of a part entering m4fmux to the part being read by a client over loopback. The client asks as players do: a blocking
playlist reload that names the part, then the part."""

import http.client
import os
import re
import sys
import threading
import time
from statistics import median

import common

os.environ["GST_PLUGIN_PATH"] = ":".join(os.path.join(common.BUILD, "plugins", room) for room in ("m4f", "hls"))

import gi  # noqa: E402

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

SECONDS = 20
FRAMES_A_PART = 5  # 200 ms at 25 frames a second


def get(connection, path):
    connection.request("GET", path)
    reply = connection.getresponse()
    body = reply.read()
    assert reply.status == 200, (path, reply.status, body)
    return body


def main():
    with common.workshop() as (folder, _):
        clip = common.Clips(folder / "clips").make("h264", SECONDS + 5, gop=50, audio=False)
        Gst.init(None)
        port = common.free_port()
        pipeline = Gst.parse_launch(
            f"filesrc location={clip} ! qtdemux ! h264parse ! clocksync ! m4fmux name=mux segment-duration=2000 part-duration=200 ! "
            f"hlssink-ll port={port} address=127.0.0.1")
        entered = []

        def note(*_):
            entered.append(time.monotonic())
            return Gst.PadProbeReturn.OK

        def probe_new_pad(_, pad):
            if pad.get_direction() == Gst.PadDirection.SINK:
                pad.add_probe(Gst.PadProbeType.BUFFER, note)

        mux = pipeline.get_by_name("mux")
        for pad in mux.sinkpads:
            probe_new_pad(mux, pad)
        mux.connect("pad-added", probe_new_pad)
        pipeline.set_state(Gst.State.PLAYING)
        delays = []

        def client():
            base = f"http://127.0.0.1:{port}/live/tracks-v1/mono.ll.m3u8"
            text = common.wait_for(lambda: (lambda r: r.status == 200 and r.text)(common.fetch(base)), 20, "the playlist")
            msn = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1])
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for number in range(SECONDS * 5):
                segment, part = msn + number // 10, number % 10
                playlist = get(connection, f"/live/tracks-v1/mono.ll.m3u8?_HLS_msn={segment}&_HLS_part={part}").decode()
                assert f"part-{segment}-{part}.m4s" in playlist, playlist
                get(connection, f"/live/tracks-v1/part-{segment}-{part}.m4s")
                delays.append((time.monotonic() - entered[FRAMES_A_PART * number + FRAMES_A_PART - 1]) * 1000)

        thread = threading.Thread(target=client)
        thread.start()
        thread.join(SECONDS + 30)
        pipeline.set_state(Gst.State.NULL)
        fresh = delays[10:]  # the first ones were there before the client was
        assert len(fresh) >= SECONDS * 4, f"only {len(fresh)} parts came"
        common.table(f"A part of 200 ms, from its last frame entering m4fmux to the client having it ({len(fresh)} parts)", ["", "ms"], [
            ["median", f"{median(fresh):.2f}"], ["95 %", f"{sorted(fresh)[len(fresh) * 95 // 100]:.2f}"], ["worst", f"{max(fresh):.2f}"]])
        return 0 if common.verdict("median, ms", median(fresh), 30, least=False) else 1


if __name__ == "__main__":
    sys.exit(main())
