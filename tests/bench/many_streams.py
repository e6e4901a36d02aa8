#!/usr/bin/env python3
"""many_streams.py [STREAMS [FAKE%]]: how soon the streams of one configuration play, and what each costs.

FAKE % of them are fake:// (a picture is coded for each), the others half file://, half UDP, all small and slow.
"""

import socket
import sys
import threading
import time

from common import Clips, Daemon, cpu_seconds, free_udp_port, memory, table, verdict, workshop

STREAMS = int(sys.argv[1]) if len(sys.argv) > 1 else 500
FAKE = int(sys.argv[2]) if len(sys.argv) > 2 else 4
MEASURED = 20  # seconds


class Sender(threading.Thread):
    """The same transport stream to every port, in real time, over and over."""

    def __init__(self, clip, seconds, ports):
        super().__init__(daemon=True)
        data = clip.read_bytes()
        self.datagrams = [data[i : i + 1316] for i in range(0, len(data) // 188 * 188, 1316)]
        self.pause, self.ports = seconds / len(self.datagrams), ports

    def run(self):
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        due = time.monotonic()
        while True:
            for datagram in self.datagrams:
                for port in self.ports:
                    out.sendto(datagram, ("127.0.0.1", port))
                due += self.pause
                time.sleep(max(0, due - time.monotonic()))


def main():
    with workshop() as (folder, processes):
        clips = Clips(folder / "clips")
        small = ("-b:v", "60k", "-maxrate", "80k", "-bufsize", "80k")
        file = clips.make("h264", 10, gop=25, fps="12", size="160x90", extra=small)
        stream = clips.make("h264", 10, gop=24, fps="12", size="160x90", kind="ts", extra=small)
        fake = STREAMS * FAKE // 100
        files = (STREAMS - fake) // 2
        ports = [free_udp_port() for _ in range(STREAMS - fake - files)]
        inputs = ["fake://fake?width=160&height=90&bitrate=64000"] * fake + [f"file://{file}"] * files + [f"udp://127.0.0.1:{p}" for p in ports]
        # Mixed, as in life.
        inputs = [inputs[i * 7919 % len(inputs)] for i in range(len(inputs))] if STREAMS % 7919 else inputs
        conf = "".join(f"stream s{n} {{ input {url}; segment_duration 2; }}\n" for n, url in enumerate(inputs))
        Sender(stream, 10, ports).start()
        began = time.monotonic()
        daemon = Daemon(folder, processes, conf)
        listening = time.monotonic() - began
        up, slowest_answer = {}, 0
        while len(up) < STREAMS and time.monotonic() - began < 120:
            asked = time.monotonic()
            streams = daemon.api(f"streams?limit={STREAMS}&select=name,stats.last_dts,stats.bitrate")["streams"]
            slowest_answer = max(slowest_answer, time.monotonic() - asked)
            for one in streams:
                if one["stats"].get("last_dts") and one["name"] not in up:
                    up[one["name"]] = time.monotonic() - began
            time.sleep(0.2)
        times = sorted(up.values())
        starting = cpu_seconds(daemon.process.pid)
        time.sleep(5)
        cpu, at = cpu_seconds(daemon.process.pid), time.monotonic()
        time.sleep(MEASURED)
        used = (cpu_seconds(daemon.process.pid) - cpu) / (time.monotonic() - at)
        streams = daemon.api(f"streams?limit={STREAMS}&select=name,stats.alive,stats.retry_count")["streams"]
        all_play = times[-1] if len(up) == STREAMS else float("inf")
        table(f"{STREAMS} streams: {fake} fake, {files} file, {len(ports)} UDP", ["what", ""],
              [["listening after", f"{listening:.2f} s"], ["half of them play after", f"{times[len(times) // 2]:.1f} s"],
               ["all play after", f"{all_play:.1f} s"], ["slowest list of all streams meanwhile", f"{slowest_answer:.2f} s"],
               ["CPU time to start", f"{starting:.1f} s"], ["CPU when they run", f"{used * 100:.0f} % of a core"],
               ["CPU per stream", f"{used / STREAMS * 100:.3f} % of a core"],
               ["memory per stream", f"{memory(daemon.process.pid) / STREAMS / 1024:.0f} KiB"],
               ["sources lost", sum(s["stats"]["retry_count"] for s in streams)]])
        verdict("all play after (s)", all_play, 15, least=False)
        assert all(s["stats"]["alive"] for s in streams), "some are not alive"


main()
