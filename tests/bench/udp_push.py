"""A push at a constant rate beside ffmpeg's and GStreamer's own senders, all at once: the rate over every 100 ms, the PCRs, the continuity counters.

udp_push.py [SECONDS] [KBIT]; 600 seconds for the endurance run."""

import json
import subprocess
import sys

import common
from harness.ts_meter import __file__ as METER

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
KBIT = int(sys.argv[2]) if len(sys.argv) > 2 else 4000


def clip(folder):
    video = KBIT * 3 // 4
    return common.Clips(folder).make("h264", 30, gop=50, size="1280x720", extra=(
        "-b:v", f"{video}k", "-maxrate", f"{video}k", "-bufsize", f"{video // 2}k", "-x264-params", "nal-hrd=cbr"))


def repeated(folder, source):
    """The clip over and over in one file, for a program that cannot repeat it by itself."""
    path = folder / "repeated.mp4"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-stream_loop", str(SECONDS // 30 + 1), "-i", source, "-c", "copy", path], check=True)
    return path


def main():
    with common.workshop() as (folder, processes):
        source = clip(folder / "clips")
        ports = {name: common.free_udp_port() for name in ("sluiced", "ffmpeg", "gstreamer", "input")}
        meters = {name: processes.start([sys.executable, METER, "127.0.0.1", ports[name], "127.0.0.1", SECONDS, KBIT], f"meter-{name}")
                  for name in ("sluiced", "ffmpeg", "gstreamer")}
        send = ["-re", "-stream_loop", "-1", "-i", source, "-c", "copy", "-f", "mpegts"]
        processes.ffmpeg(*send, f"udp://127.0.0.1:{ports['input']}?pkt_size=1316")
        daemon = common.Daemon(folder, processes, f"stream s {{ input udp://127.0.0.1:{ports['input']}; segment_duration 2;\n"
                               f"  push udp://127.0.0.1:{ports['sluiced']} bitrate={KBIT}; }}\n")
        processes.ffmpeg(*send, "-muxrate", f"{KBIT}k", f"udp://127.0.0.1:{ports['ffmpeg']}?pkt_size=1316&bitrate={KBIT * 1000}&burst_bits=10528")
        processes.start(["gst-launch-1.0", "-q", "filesrc", f"location={repeated(folder, source)}", "!", "qtdemux", "name=d",
                         "d.video_0", "!", "queue", "!", "h264parse", "!", "m.", "d.audio_0", "!", "queue", "!", "aacparse", "!", "m.",
                         "mpegtsmux", "name=m", f"bitrate={KBIT * 1000}", "alignment=7", "!", "udpsink", "host=127.0.0.1", f"port={ports['gstreamer']}"],
                        "gst-launch")
        found = {}
        for name, meter in meters.items():
            meter.wait(SECONDS + 60)
            found[name] = json.loads(meter.log())
        push = daemon.stream("s")["pushes"][0]["stats"]
        rows = []
        for what, field, form in [
                ("kbit/s at the median", "rate_kbit", "{:.1f}"),
                ("off the set rate over 100 ms, % (median)", "rate_off_median", "{:.2f}"),
                ("off the set rate over 100 ms, % (worst)", "rate_off_worst", "{:.2f}"),
                ("stretches within 1 %, %", "rate_within_1", "{:.2f}"),
                ("PCR interval, ms (median)", "pcr_ms_median", "{:.2f}"),
                ("PCR interval, ms (worst)", "pcr_ms_worst", "{:.2f}"),
                ("PCR against its place, ns (median)", "pcr_place_ns_median", "{:.0f}"),
                ("PCR against its place, ns (worst)", "pcr_place_ns_worst", "{:.0f}"),
                ("PCR against its arrival, us (median)", "pcr_arrival_ns_median", "us"),
                ("PCR against its arrival, us (worst)", "pcr_arrival_ns_worst", "us"),
                ("continuity errors", "continuity_errors", "{}"),
                ("packets", "packets", "{}"),
                ("null packets", "nulls", "{}")]:
            values = [found[name].get(field, 0) for name in ("sluiced", "ffmpeg", "gstreamer")]
            rows.append([what, *(f"{v / 1000:.0f}" if form == "us" else form.format(v) for v in values)])
        common.table(f"UDP at {KBIT} kbit/s, {SECONDS} s", ["", "sluiced", "ffmpeg", "GStreamer"], rows)
        ours = found["sluiced"]
        met = common.verdict("worst stretch of 100 ms, % off the set rate", ours["rate_off_worst"], 1, least=False)
        met &= common.verdict("longest PCR interval, ms", ours["pcr_ms_worst"], 40, least=False)
        met &= common.verdict("PCR against its place, ns", ours["pcr_place_ns_worst"], 500, least=False)
        met &= common.verdict("continuity errors", ours["continuity_errors"] + ours["broken"], 0, least=False)
        met &= common.verdict("frames late or left out", push["frames_late"] + push["frames_dropped"], 0, least=False)
        return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
