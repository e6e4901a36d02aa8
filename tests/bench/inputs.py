"""50 UDP inputs of 2 Mbit/s: CPU of sluiced with HLS on against 50 bare `udpsrc ! tsdemux ! parsers ! fakesink` pipelines in one process,
both fed by the same sender at the same time; and the memory of each stream against its ring's media bytes."""

import subprocess
import sys
import time

import common

STREAMS = 50
SECONDS = 20  # measured, after the start


def clip(folder):
    path = folder / "clip.ts"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi", "-i",
         "sine=sample_rate=48000", "-t", str(SECONDS + 20), "-c:v", "libx264", "-preset", "veryfast", "-b:v", "1850k", "-maxrate", "1850k",
         "-bufsize", "1850k", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-f", "mpegts", path], check=True)
    return path


def bare_pipelines(ports):
    line = ["gst-launch-1.0", "-q"]
    for i, port in enumerate(ports):
        line += ["udpsrc", f"port={port}", "address=127.0.0.1", "caps=video/mpegts,systemstream=true", "!", "tsdemux", f"name=d{i}",
                 f"d{i}.", "!", "h264parse", "!", "fakesink", "async=false", "sync=false",
                 f"d{i}.", "!", "aacparse", "!", "fakesink", "async=false", "sync=false"]
    return line


def main():
    with common.workshop() as (folder, processes):
        source = clip(folder)
        ours_ports = [common.free_udp_port() for _ in range(STREAMS)]
        bare_ports = [common.free_udp_port() for _ in range(STREAMS)]
        conf = "".join(f"stream s{i} {{ input udp://127.0.0.1:{p}; segment_duration 2; }}\n" for i, p in enumerate(ours_ports))
        daemon = common.Daemon(folder, processes, conf)
        empty = common.memory(daemon.process.pid)
        bare = processes.start(bare_pipelines(bare_ports), "bare")
        sender = processes.start([common.tool("udp-sender"), source, folder / "log", *ours_ports, *bare_ports], "sender")
        common.wait_for(lambda: all(daemon.get(f"/s{i}/index.m3u8").status == 200 for i in range(STREAMS)), 30, "all streams playing")
        ours_0, bare_0, start = common.cpu_seconds(daemon.process.pid), common.cpu_seconds(bare.pid), time.monotonic()
        common.wait_for(lambda: time.monotonic() - start >= SECONDS, SECONDS + 5, "the time of the measurement", every=0.2)
        ours, yard = common.cpu_seconds(daemon.process.pid) - ours_0, common.cpu_seconds(bare.pid) - bare_0
        full = common.memory(daemon.process.pid)
        streams = daemon.api(f"streams?limit={STREAMS}")["streams"]
        kbit = sum(s["stats"]["input_bitrate"] for s in streams) / STREAMS
        media = sum(s["stats"]["ring_bytes"] for s in streams)
        assert sender.alive(), "the clip was too short"
        common.table(f"{STREAMS} UDP inputs of {kbit:.0f} kbit/s, {SECONDS} s", ["", "CPU s", "% of a core a stream", "ratio"], [
            ["sluiced, HLS on", f"{ours:.2f}", f"{100 * ours / SECONDS / STREAMS:.3f}", f"{ours / yard:.2f}"],
            ["bare pipelines", f"{yard:.2f}", f"{100 * yard / SECONDS / STREAMS:.3f}", "1.00"]])
        extra = (full - empty - media) / STREAMS / 1e6
        common.table("Memory", ["", "MB"], [
            ["sluiced without sources", f"{empty / 1e6:.1f}"], ["sluiced with all", f"{full / 1e6:.1f}"],
            ["the rings' media", f"{media / 1e6:.1f}"], ["beyond the ring, a stream", f"{extra:.2f}"]])
        met = common.verdict("CPU against bare pipelines", ours / yard, 1.5, least=False)
        met &= common.verdict("MB a stream beyond its ring", extra, 2.0, least=False)
        return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
