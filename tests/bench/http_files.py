"""Requests per second and core beside nginx with the same bytes as files: playlists and 0.5 MB segments. wrk drives each in turn, the other idle;
the server's own CPU time counts."""

import os
import re
import subprocess
import sys

import common

SECONDS = 6


def nginx(folder, processes, root):
    port = common.free_port()
    home = folder / "nginx"
    home.mkdir()
    conf = home / "nginx.conf"
    conf.write_text(f"""
daemon off; {"user root;" if os.geteuid() == 0 else ""} worker_processes 1; pid {home}/pid; error_log {home}/error.log warn;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; client_body_temp_path {home}/b; proxy_temp_path {home}/p;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
  server {{ listen 127.0.0.1:{port}; root {root}; add_header Access-Control-Allow-Origin *; add_header Cache-Control max-age=1; }} }}
""")
    master = processes.start(["nginx", "-p", home, "-c", conf, "-e", home / "error.log"], "nginx")
    common.wait_for(lambda: common.listening(port), 10, "nginx listening")
    workers = subprocess.run(["pgrep", "-P", str(master.pid)], check=True, capture_output=True, text=True).stdout.split()
    return port, [master.pid, *map(int, workers)]


def drive(url, pids):
    """Requests per CPU second of the processes."""
    before = sum(common.cpu_seconds(p) for p in pids)
    out = subprocess.run(["wrk", "-t1", "-c16", f"-d{SECONDS}s", url], check=True, capture_output=True, text=True).stdout
    used = sum(common.cpu_seconds(p) for p in pids) - before
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    return int(re.search(r"(\d+) requests in", out)[1]) / used


def main():
    with common.workshop() as (folder, processes):
        clip = common.Clips(folder / "clips").make("h264", 30, gop=50, size="1280x720", kind="ts",
                                                   extra=("-b:v", "2000k", "-minrate", "2000k", "-maxrate", "2000k", "-bufsize", "1000k",
                                                          "-x264-params", "nal-hrd=cbr"))
        port = common.free_udp_port()
        # Long live window, then the source stops: the bytes stay the same while both are driven.
        daemon = common.Daemon(folder, processes, f"stream s {{ input udp://127.0.0.1:{port}; segment_duration 2; segment_count 20; }}\n")
        sender = processes.start([common.tool("udp-sender"), clip, folder / "log", port], "sender")
        sender.wait(60)
        playlist = daemon.get("/s/mono.m3u8").text
        segment = [line for line in playlist.splitlines() if line and not line.startswith("#")][2]
        body = daemon.get(f"/s/{segment}").body
        root = folder / "root"
        root.mkdir()
        (root / "mono.m3u8").write_text(playlist)
        (root / "segment.ts").write_bytes(body)
        nginx_port, nginx_pids = nginx(folder, processes, root)
        rows, met = [], True
        for name, ours_path, yard_path, wanted in (("playlist", "mono.m3u8", "mono.m3u8", 0.5),
                                                   (f"segment of {len(body) / 1e6:.2f} MB", segment, "segment.ts", 1.0)):
            ours = drive(f"http://127.0.0.1:{daemon.port}/s/{ours_path}", [daemon.process.pid])
            yard = drive(f"http://127.0.0.1:{nginx_port}/{yard_path}", nginx_pids)
            rows.append([name, f"{ours:.0f}", f"{yard:.0f}", f"{ours / yard:.2f}"])
            met &= common.verdict(f"{name} against nginx", ours / yard, wanted)
        common.table("Requests per CPU second", ["", "sluiced", "nginx", "ratio"], rows)
        return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
