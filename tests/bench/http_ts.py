"""1000 HTTP-TS clients of one 5 Mbit/s stream: Gbit/s per CPU second against a bare epoll program that writes the same chunks to as many sockets;
no client starved; the delay that the server adds."""

import subprocess
import sys
import time
from statistics import median

import common

CLIENTS = 1000
SECONDS = 15


def clip(folder):
    """Now and then a picture is left out: the pattern of the times tells which frame is which."""
    path = folder / "clip.ts"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25", "-f", "lavfi", "-i",
         "sine=sample_rate=48000", "-t", str(SECONDS + 35), "-vf", "select='gt(random(1),0.08)'", "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4700k", "-maxrate", "4700k",
         "-bufsize", "2350k", "-x264-params", "nal-hrd=cbr", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", "-f", "mpegts", path],
        check=True)
    return path


def read_log(path):
    return {int(pts): int(ns) for pts, ns in (line.split() for line in open(path))}


def readers(processes, port, path, clients, seconds=SECONDS, log=None):
    return processes.start([common.tool("many-readers"), port, path, clients, seconds, *([log] if log else [])], "readers")


def result(process):
    process.wait(SECONDS + 90)
    clients, total, slowest, middle, fastest = (int(x) for x in process.log().split()[:5])
    return {"clients": clients, "bytes": total, "slowest": slowest, "median": middle, "fastest": fastest}


def main():
    with common.workshop() as (folder, processes):
        source = clip(folder)
        # Ours: UDP in, HTTP-TS out.
        port = common.free_udp_port()
        daemon = common.Daemon(folder, processes, f"stream s {{ input udp://127.0.0.1:{port}; segment_duration 2; }}\n")
        processes.start([common.tool("udp-sender"), source, folder / "sent", port], "sender")
        daemon.running("s")
        # The watched clients come in the middle of the crowd, in a process of their own: its reading of the others is no delay of ours.
        crowd = []
        for clients, log in ((CLIENTS // 2, None), (10, folder / "got"), (CLIENTS // 2, None)):
            crowd.append(readers(processes, daemon.port, "/s/mpegts", clients, log=log))
            on = sum(c for c in (CLIENTS // 2, 10, CLIENTS // 2)[:len(crowd)])
            common.wait_for(lambda: daemon.stream("s")["stats"]["online_clients"] >= on, 30, "all clients on")
        cpu_0, bytes_0, t_0 = common.cpu_seconds(daemon.process.pid), daemon.stream("s")["stats"]["bytes_out"], time.monotonic()
        halves = [result(readers_of) for readers_of in crowd]
        ours = {"slowest": min(h["slowest"] for h in halves), "median": halves[0]["median"], "fastest": max(h["fastest"] for h in halves)}
        cpu = common.cpu_seconds(daemon.process.pid) - cpu_0
        ours_bytes = daemon.stream("s")["stats"]["bytes_out"] - bytes_0
        lasted = time.monotonic() - t_0
        daemon.stop()
        # The yardstick: the same file, the same readers.
        bare_port = common.free_port()
        bare = processes.start([common.tool("fanout-yardstick"), source, bare_port], "yardstick")
        common.wait_for(lambda: bare.alive() and common.listening(bare_port), 10, "the yardstick listening")
        for yard_readers in [readers(processes, bare_port, "/", CLIENTS // 2) for _ in range(2)]:
            result(yard_readers)
        bare.wait(120)
        yard_bytes, yard_cpu = (float(x) for x in bare.log().split()[:2])

        sent, got = read_log(folder / "sent"), read_log(folder / "got")
        delays = align(sent, got)
        rate, yard_rate = ours_bytes * 8 / 1e9 / cpu, yard_bytes * 8 / 1e9 / yard_cpu
        common.table(f"{CLIENTS} HTTP-TS clients of 5 Mbit/s, {lasted:.0f} s", ["", "Gbit sent", "CPU s", "Gbit/s per CPU s", "ratio"], [
            ["sluiced", f"{ours_bytes * 8 / 1e9:.1f}", f"{cpu:.2f}", f"{rate:.2f}", f"{rate / yard_rate:.2f}"],
            ["bare epoll", f"{yard_bytes * 8 / 1e9:.1f}", f"{yard_cpu:.2f}", f"{yard_rate:.2f}", "1.00"]])
        common.table("Clients", ["", "MB"], [[k, f"{ours[k] / 1e6:.2f}"] for k in ("slowest", "median", "fastest")])
        common.table("Delay from the datagram that completes a frame to the frame at a client", ["", "ms"], [
            ["median", f"{median(delays):.2f}"], ["95 %", f"{sorted(delays)[len(delays) * 95 // 100]:.2f}"]])
        met = common.verdict("Gbit/s per CPU second against bare epoll", rate / yard_rate, 0.8)
        met &= common.verdict("slowest client against the median", ours["slowest"] / ours["median"], 0.95)
        met &= common.verdict("median delay, ms", median(delays), 10, least=False)
        return 0 if met else 1


def align(sent, got):
    """Delays in ms. What went out has UTC times, the source's plus a constant: the one with which all frames are the source's."""
    first = sorted(got)[:200]
    offset = max(((first[0] - s) % (1 << 33) for s in sent), key=lambda o: sum((g - o) % (1 << 33) in sent for g in first))
    delays = [(ns - sent[(g - offset) % (1 << 33)]) / 1e6 for g, ns in got.items() if (g - offset) % (1 << 33) in sent]
    assert len(delays) > 0.98 * len(got), "the frames of source and client do not match"
    return delays


if __name__ == "__main__":
    sys.exit(main())
