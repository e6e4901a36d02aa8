"""The REST API and the listeners, as clients of the reference use them."""

import base64
import re
import socket
import subprocess

from harness.daemon import fetch
from harness.ports import free_port
from harness.sources import Sources
from harness.wait import wait_for

STREAM = "stream live/one { input fake://fake; title \"One\"; segment_duration 2; }\nstream off { input fake://fake; disabled; }\n"


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_streams_figures_are_true(sluiced, processes, clips, tmp_path):
    clip = clips.make("h264", 30, gop=25)
    url, _ = Sources(tmp_path, processes).udp(clip, loop=True)
    daemon = sluiced(f"stream s {{ input {url}; segment_duration 1; }}\n")
    daemon.running("s")
    body = daemon.get("/s/mono.m3u8").text
    segment = [line for line in body.splitlines() if line and not line.startswith("#")][0]
    size = len(daemon.get(f"/s/{segment}").body)
    def counted():
        stream = daemon.stream("s")
        return stream if stream["stats"]["bytes_out"] >= size and stream["stats"]["input_bitrate"] > 0 and stream["stats"]["alive"] else None

    stream = wait_for(counted, 15, "figures")
    stats = stream["stats"]
    assert stats["status"] == "running" and stats["running"] is True
    assert stats["online_clients"] == 1 and stats["client_count"] == 1
    wire = clip.stat().st_size * 8 / 30 / 1000
    rate = wait_for(lambda: (lambda r: r if wire * 0.8 < r < wire * 1.6 else None)(daemon.stream("s")["stats"]["input_bitrate"]), 20, "the bitrate")
    assert rate
    tracks = stats["media_info"]["tracks"]
    assert [(t["track_id"], t["codec"]) for t in tracks] == [("v1", "h264"), ("a1", "aac")]
    assert (tracks[0]["width"], tracks[0]["height"], tracks[0]["fps"]) == (320, 180, 25.0)
    assert tracks[1]["sample_rate"] == 48000
    source = stream["inputs"][0]["stats"]
    assert source["active"] is True and source["bytes"] > 10000
    assert stats["retry_count"] == 0


def test_collections_and_single_streams(sluiced):
    daemon = sluiced(STREAM)
    page = daemon.api("streams?limit=1")
    assert page["streams"][0]["name"] == "live/one" and page["estimated_count"] == 2 and page["next"]
    rest = daemon.api(f"streams?limit=1&cursor={page['next']}")
    assert rest["streams"][0]["name"] == "off" and rest["next"] is None
    assert daemon.api("streams?select=name&name=off")["streams"] == [{"name": "off"}]
    assert daemon.api("streams/live%2Fone")["title"] == "One"
    assert daemon.api("streams/live/one")["title"] == "One"
    assert daemon.get("/flussonic/api/v3/streams/off").json()["disabled"] is True
    missing = daemon.get("/streamer/api/v3/streams/none")
    assert missing.status == 404 and missing.json()["error"] == "not_found" and missing.json()["errors"]
    stats = daemon.api("config/stats")
    assert stats["total_streams"] == 2 and stats["streamer_status"] == "running" and isinstance(stats["uptime"], int)
    assert daemon.get("/streamer/api/v3/monitoring/readiness").status == 200


def test_credentials_guard_the_api_and_nothing_else(sluiced):
    daemon = sluiced("edit_auth boss secret; view_auth guest look;\n" + STREAM)
    assert daemon.get("/streamer/api/v3/streams").status == 401
    assert daemon.get("/streamer/api/v3/streams", headers=basic("boss", "wrong")).status in (401, 403)
    for user in (("boss", "secret"), ("guest", "look")):
        assert daemon.get("/streamer/api/v3/streams", headers=basic(*user)).status == 200
    bearer = {"Authorization": "Bearer " + base64.b64encode(b"boss:secret").decode()}
    assert daemon.get("/streamer/api/v3/streams", headers=bearer).status == 200
    assert daemon.get("/streamer/api/v3/monitoring/liveness").status == 200
    daemon.running("live/one")


def test_a_listener_without_api(sluiced):
    port, bare = free_port(), free_port()
    daemon = sluiced(f"http 127.0.0.1:{port};\nhttp 127.0.0.1:{bare} {{ api false; }}\n" + STREAM, wait=False)
    daemon.url = f"http://127.0.0.1:{port}"
    wait_for(daemon.ready, 20)
    daemon.running("live/one")
    assert fetch(f"http://127.0.0.1:{bare}/streamer/api/v3/streams").status in (403, 404)
    assert fetch(f"http://127.0.0.1:{bare}/live/one/index.m3u8").status == 200


def test_https_with_http_1_and_2(sluiced, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem", "-days",
                    "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    tls, port = free_port(), free_port()
    daemon = sluiced(f"http 127.0.0.1:{port};\nhttps 127.0.0.1:{tls} {{ certificate {tmp_path}/cert.pem; certificate_key {tmp_path}/key.pem; }}\n" + STREAM,
                     wait=False)
    daemon.url = f"http://127.0.0.1:{port}"
    wait_for(daemon.ready, 20)
    daemon.running("live/one")

    def curl(version, path, *more):
        return subprocess.run(["curl", "-sS", "--cacert", tmp_path / "cert.pem", "--resolve", f"localhost:{tls}:127.0.0.1", version, "-w",
                               "\n%{http_version} %{http_code}", *more, f"https://localhost:{tls}{path}"], capture_output=True, text=True, timeout=30,
                              check=False)

    for version, wanted in (("--http1.1", "1.1 200"), ("--http2", "2 200")):
        got = curl(version, "/live/one/index.m3u8")
        assert got.stdout.endswith(wanted), (got.stdout, got.stderr)
        assert "#EXTM3U" in got.stdout
        ll = curl(version, "/live/one/tracks-v1/mono.ll.m3u8").stdout
        msn = int(re.search(r"MEDIA-SEQUENCE:(\d+)", ll)[1]) + ll.count("#EXTINF")
        held = curl(version, f"/live/one/tracks-v1/mono.ll.m3u8?_HLS_msn={msn}")
        assert held.stdout.endswith(wanted), held
    ts = subprocess.run(["curl", "-sk", "--max-time", "3", "--resolve", f"localhost:{tls}:127.0.0.1", f"https://localhost:{tls}/live/one/mpegts"],
                        capture_output=True, check=False).stdout
    assert len(ts) > 20000 and ts[0] == 0x47 and ts[188] == 0x47


def test_endless_ts_begins_with_a_key_frame_and_counts_its_client(sluiced):
    daemon = sluiced(STREAM)
    daemon.running("live/one")
    with socket.create_connection(("127.0.0.1", daemon.port), 10) as client:
        client.sendall(b"GET /live/one/mpegts HTTP/1.1\r\nHost: x\r\n\r\n")
        got = b""
        while len(got) < 60000:
            got += client.recv(65536)
        head, body = got.split(b"\r\n\r\n", 1)
        assert b" 200 " in head and b"video/mp2t" in head
        assert body[0] == 0x47
        at = next(i for i in range(0, len(body) - 188, 188) if body[i + 1] & 0x40 and body[i + 4:i + 188].find(b"\0\0\1\xe0") >= 0)
        assert body[at + 3] & 0x20 and body[at + 5] & 0x40, "the first picture is not marked as a random access point"
        wait_for(lambda: daemon.stream("live/one")["stats"]["online_clients"] == 1, 10, "the client counted")
    wait_for(lambda: daemon.stream("live/one")["stats"]["online_clients"] == 0, 15, "the client gone")


def test_a_stream_with_nothing_yet_says_when_to_come_back(sluiced):
    daemon = sluiced("stream empty { input tshttp://127.0.0.1:1/x/mpegts; }\n")
    reply = daemon.get("/empty/index.m3u8", timeout=60)
    assert reply.status in (404, 503)
    assert int(reply.headers["Retry-After"]) > 0
    assert daemon.get("/unknown/index.m3u8").status == 404
