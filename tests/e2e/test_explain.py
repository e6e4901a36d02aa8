"""What --explain prints is a shell command that runs as it stands, whatever the values hold."""

import http.server
import os
import shlex
import shutil
import socket
import subprocess
import threading

import pytest

from harness.daemon import BUILD, SLUICED
from harness.sources import Sources
from harness.wait import wait_for

ENOUGH = 40_000  # bytes of records: frames came through

# What gst-launch, the shell or a URL would make something of.
HOSTILE = ["x ! filesink location=stolen", "a\"b'c\\d", "$(touch stolen) `touch stolen` $HOME", "name. caps=; # {} [1]"]


def explain(tmp_path, conf, name, number=0):
    """The command that is printed for an input."""
    file = tmp_path / "explain.conf"
    file.write_text("http 8080;\n" + conf)
    done = subprocess.run([SLUICED, "-c", file, "--explain", name], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line and not line.startswith("#")][number]


def run(processes, tmp_path, command):
    """Runs it until enough records have passed its tee, which gets one more branch, and ends it by SIGINT."""
    if os.environ.get("SLUICE_SANITIZER"):
        pytest.skip("gst-launch-1.0 has no sanitizer runtime for the plugins")
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    out = folder / "records.m4f"
    env = {"GST_PLUGIN_PATH": f"{BUILD}/plugins/m4f:{BUILD}/plugins/hls:{BUILD}/plugins/udp"}
    process = processes.start(["bash", "-c", f"exec env {command} spine. ! queue ! filesink async=false buffer-mode=unbuffered location={out}"],
                              "gst-launch", env, cwd=folder)

    def enough():
        ended = not process.alive()  # a source that gives all it has at once may be through
        there = out.exists() and out.stat().st_size >= ENOUGH
        if ended and not there:
            raise RuntimeError(f"it has ended: {command}\n{process.log()[-3000:]}")
        return there

    try:
        wait_for(enough, 25, "records")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{command}\n{process.log()[-3000:]}") from None
    process.end(2)
    assert "ERROR" not in process.log(), process.log()[-3000:]
    assert sorted(p.name for p in folder.iterdir()) == ["records.m4f"], "something was written that nobody asked for"


def runs(processes, tmp_path, stream):
    run(processes, tmp_path, explain(tmp_path, f"stream s {{ {stream} segment_duration 1; }}\n", "s"))


@pytest.mark.parametrize("stream", [
    "input fake://fake;",
    "input fake://fake width=320 height=180 bitrate=300k;",
    "input fake://fake; segment_count 7; chunk_duration 333; title x; provider y;",
    "input fake://fake; mpegts_pids pmt=100 v1=200; meta program_id 10; add_audio_only; prepush 2; url_prefix http://x; max_bitrate 5000;",
])
def test_fake(processes, tmp_path, stream):
    runs(processes, tmp_path, stream)


@pytest.mark.parametrize("kind", ["mp4", "ts", "mkv"])
def test_files(processes, tmp_path, clips, kind):
    runs(processes, tmp_path, f"input file://{clips.make('h264b', 20, kind=kind)};")


def test_a_file_of_a_location(processes, tmp_path, clips):
    clip = clips.make("h264b", 20)
    conf = f"vod movies {{ storage {clip.parent}; }}\nstream s {{ input file://movies/{clip.name}; segment_duration 1; }}\n"
    run(processes, tmp_path, explain(tmp_path, conf, "s"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_files(processes, tmp_path, clips, name):
    folder = tmp_path / "media"
    folder.mkdir()
    shutil.copy(clips.make("h264b", 20), folder / f"{name}.mp4")
    address = "".join(c if c.isalnum() else "".join(f"%{b:02x}" for b in c.encode()) for c in name)
    runs(processes, tmp_path, f'input "file://{folder}/{address}.mp4";')


@pytest.mark.parametrize("arguments", ["", "pids=256,257", "program=1", "buffer_size=1M"])
def test_udp(processes, tmp_path, clips, arguments):
    url, source = Sources(tmp_path, processes).udp(clips.make("h264b", 20), loop=True)
    runs(processes, tmp_path, f"input {url} {arguments};")


def test_srt(processes, tmp_path, clips):
    url, source = Sources(tmp_path, processes).srt(clips.make("h264b", 20), loop=True)
    runs(processes, tmp_path, f"input {url} latency=200;")


@pytest.mark.parametrize("streamid", HOSTILE)
def test_hostile_srt_arguments(processes, tmp_path, clips, streamid):
    url, source = Sources(tmp_path, processes).srt(clips.make("h264b", 20), loop=True)
    runs(processes, tmp_path, f"input {url} streamid={quoted(streamid)};")


def test_hls(processes, tmp_path, clips):
    url, source = Sources(tmp_path, processes).hls(clips.make("h264b", 20), loop=True)
    wait_for(lambda: len(list(tmp_path.glob("hls-*/*.ts"))) >= 2, 20, "segments")
    runs(processes, tmp_path, f"input {url};")


def test_rtmp(processes, tmp_path, clips):
    url, source = Sources(tmp_path, processes).rtmp(clips.make("h264b", 20), loop=True)
    runs(processes, tmp_path, f"input {url};")


@pytest.mark.parametrize("arguments", ["", "rtp=udp", "tracks=1"])
def test_rtsp(processes, tmp_path, clips, arguments):
    url, source = Sources(tmp_path, processes).rtsp(clips.make("h264", 30), "h264")
    runs(processes, tmp_path, f"input {url} {arguments};")


class TsServer:
    """Sends a clip for ever to each client, and keeps what the clients asked by."""

    def __init__(self, clip):
        asked = self.asked = []
        body = clip.read_bytes()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, dict(self.headers)))
                self.send_response(200)
                self.send_header("Content-Type", "video/mp2t")
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_http(processes, tmp_path, clips):
    server = TsServer(clips.make("h264b", 20, kind="ts"))
    runs(processes, tmp_path, f"input tshttp://user:p%40ss@{server.address}/x/mpegts?a=b&c=d;")
    assert server.asked[0][0] == "/x/mpegts?a=b&c=d"


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_http_arguments(processes, tmp_path, clips, value):
    server = TsServer(clips.make("h264b", 20, kind="ts"))
    runs(processes, tmp_path, f"input tshttp://{server.address}/x/mpegts user_agent={quoted(value)} header.X-Key={quoted(value)};")
    headers = server.asked[0][1]
    assert headers["User-Agent"] == value and headers["X-Key"] == value


def test_a_backup(processes, tmp_path, clips):
    clip = clips.make("h264b", 20)
    hostile = tmp_path / "x ! filesink location=stolen.mp4"
    shutil.copy(clip, hostile)
    for file in (clip, hostile):
        conf = (f"vod movies {{ storage {file.parent}; }}\n"
                f'stream s {{ input udp://239.0.0.1:1; backup "movies/{file.name}" timeout=5; segment_duration 1; }}\n')
        run(processes, tmp_path, explain(tmp_path, conf, "s", 1))
        (tmp_path / "run" / "records.m4f").unlink()


@pytest.mark.parametrize("arguments", ["", "bitrate=4000 pcr=30", "tracks=v1 pnr=7 ttl=3", *(f"service={{0}} provider={{0}}|{h}" for h in HOSTILE)])
def test_a_push(processes, tmp_path, arguments):
    text, _, name = arguments.partition("|")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        url = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
        runs(processes, tmp_path, f"input fake://fake; push {url} {text.format(quoted(name))};")
        packets = receiver.recv(2000)
    assert len(packets) % 188 == 0 and packets[0] == 0x47


def test_every_input_of_a_stream_has_its_line(tmp_path):
    conf = "stream s { input fake://fake; input udp://239.0.0.1:1; input hls://h/x; }\n"
    assert "videotestsrc" in explain(tmp_path, conf, "s", 0)
    assert "udpsrc" in explain(tmp_path, conf, "s", 1)
    assert "hlsdemux" in explain(tmp_path, conf, "s", 2)


def test_what_a_template_makes_of_a_name(processes, tmp_path, clips):
    server = TsServer(clips.make("h264b", 20, kind="ts"))
    conf = f"template t {{ prefix far; input tshttp://{server.address}/%s/mpegts; segment_duration 1; }}\n"
    run(processes, tmp_path, explain(tmp_path, conf, "far/a/b"))
    assert server.asked[0][0] == "/a/b/mpegts"
    file = tmp_path / "explain.conf"
    for name in [f"far/{h}" for h in HOSTILE] + ["far/../x", "far/a?b", "far/a#b", "far/", "far/a%20b"]:
        refused = subprocess.run([SLUICED, "-c", file, "--explain", name], capture_output=True, text=True, timeout=20)
        assert refused.returncode == 1 and refused.stdout == "", (name, refused.stdout)


def test_hostile_text_is_one_word_for_the_shell(tmp_path):
    """The same without running: every value comes back as one argument, in which gst-launch finds one property."""
    for text in HOSTILE:
        words = shlex.split(explain(tmp_path, f"stream s {{ input tshttp://h/x user_agent={quoted(text)}; }}\n", "s"))
        assert "filesink" not in words and "stolen" not in words
        assert len([w for w in words if w.startswith("user-agent=")]) == 1
