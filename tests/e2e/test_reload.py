"""A running server is changed: by SIGHUP, by --reload and through the API."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from harness.daemon import SLUICED, fetch
from harness.objects import LiveObjects
from harness.ports import free_port
from harness.wait import wait_for

STREAMS = int(os.environ.get("SLUICE_STREAMS", "10000"))
KILLS = int(os.environ.get("SLUICE_KILLS", "10"))  # the full figure is 200
# Builds for debugging are slower, and ten tests at once are; by hand SLUICE_QUICK asks for the real bounds.
SLOW = 1 if os.environ.get("SLUICE_QUICK") else 40 if os.environ.get("SLUICE_SANITIZER") else 15


def put(daemon, path, body, **options):
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return daemon.get("/streamer/api/v3/" + path, method="PUT", data=data, **options)


def delete(daemon, path):
    return daemon.get("/streamer/api/v3/" + path, method="DELETE")


def reload(daemon):
    return subprocess.run([SLUICED, "-c", daemon.conf, "--reload"], capture_output=True, text=True, timeout=60)


def ids(daemon):
    page = daemon.api(f"streams?limit={STREAMS + 100}&select=name,stats.id")
    return {stream["name"]: stream["stats"]["id"] for stream in page["streams"]}


def hang_up(daemon):
    os.kill(daemon.process.pid, signal.SIGHUP)


def config_of(daemon, text):
    """The listener that the harness put in front, and this."""
    return f"http 127.0.0.1:{daemon.port};\n{text}"


class Viewer:
    """Reads HTTP-TS until the connection ends."""

    def __init__(self, daemon, name):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port), timeout=10)
        self.socket.sendall(f"GET /{name}/mpegts HTTP/1.1\r\nHost: h\r\n\r\n".encode())

    def more(self, size=200_000):
        """False: the connection ended before so many bytes came."""
        while size > 0:
            data = self.socket.recv(65536)
            if not data:
                return False
            size -= len(data)
        return True


def test_sighup_touches_what_changed_and_nothing_else(sluiced):
    daemon = sluiced("stream a { input fake://fake; segment_duration 1; }\n"
                     "stream b { input fake://fake; segment_duration 1; title Old; }\n"
                     "stream c { input fake://fake; segment_duration 1; }\n"
                     "stream gone { disabled; }\n")
    for name in "abc":
        daemon.running(name)
    viewers = [Viewer(daemon, "a"), Viewer(daemon, "b")]
    assert all(viewer.more() for viewer in viewers)
    before = ids(daemon)
    daemon.conf.write_text(config_of(daemon, "stream c { input fake://fake; segment_duration 2; }\n"
                                             "# a comment, and another order\n"
                                             "stream a { input fake://fake; segment_duration 1.0; }\n"
                                             "stream b { input fake://fake; segment_duration 1; title New; }\n"
                                             "stream d { input fake://fake; segment_duration 1; }\n"))
    hang_up(daemon)
    daemon.running("d")
    after = ids(daemon)
    assert list(after) == ["c", "a", "b", "d"]
    assert after["a"] == before["a"] and after["b"] == before["b"] and after["c"] != before["c"]
    assert daemon.stream("b")["title"] == "New"
    assert daemon.get("/gone/index.m3u8").status == 404
    assert all(viewer.more() for viewer in viewers), "a reload cut a viewer of a stream that stayed"
    assert "streams: 1 added, 1 removed, 2 changed; the order of streams" in daemon.log()


def test_another_input_leaves_the_stream_and_its_viewers(sluiced):
    daemon = sluiced("stream a { input fake://fake?width=320&height=180; segment_duration 1; }\n")
    daemon.running("a")
    viewer = Viewer(daemon, "a")
    assert viewer.more()
    before = ids(daemon)
    answer = put(daemon, "streams/a", {"inputs": [{"url": "fake://fake?width=640&height=360"}]})
    assert answer.status == 200 and answer.json()["inputs"][0]["url"] == "fake://fake?width=640&height=360"
    assert ids(daemon) == before

    def larger():
        tracks = daemon.stream("a")["stats"].get("media_info", {}).get("tracks", [])
        return any(track.get("width") == 640 for track in tracks)

    wait_for(larger, 20, "the other picture")
    assert viewer.more(), "another input cut a viewer"


def test_a_bad_file_changes_nothing(sluiced):
    daemon = sluiced("stream a { input fake://fake; }\n")
    before = ids(daemon)
    daemon.conf.write_text(config_of(daemon, "stream b { inptu fake://fake; }\nstream c { segment_count many; }\n"))
    answer = reload(daemon)
    assert answer.returncode == 1
    assert f"{daemon.conf}:2:12: unknown directive 'inptu': did you mean 'input'?" in answer.stderr
    assert f"{daemon.conf}:3:26: segment_count: 'many' is not" in answer.stderr
    hang_up(daemon)
    wait_for(lambda: daemon.log().count("nothing of it is taken over") == 2, 10, "the reason in the log")
    assert ids(daemon) == before
    # An address that cannot be used, and a port that another program has.
    for text, reason in [("stream b { input udp://239.0.0.1:99999; }\n", "99999"),
                         ("stream b { push udp://encoder:5; }\n", "2:17: stream b: push: 'encoder' is no IP address"),
                         (f"http 127.0.0.1:{daemon.port};\nstream b {{ }}\n", f"port 127.0.0.1:{daemon.port} is taken")]:
        daemon.conf.write_text(config_of(daemon, text))
        answer = reload(daemon)
        assert answer.returncode == 1 and reason in answer.stderr, answer
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        daemon.conf.write_text(config_of(daemon, f"http 127.0.0.1:{port};\nstream b {{ }}\n"))
        answer = reload(daemon)
        assert answer.returncode == 1 and f"port {port} is in use by another program" in answer.stderr
    assert ids(daemon) == before
    daemon.conf.write_text(config_of(daemon, "stream a { input fake://fake; }\nstream b { }\n"))
    answer = reload(daemon)
    assert answer.returncode == 0 and "streams: 1 added" in answer.stdout, answer
    assert ids(daemon)["a"] == before["a"]


def test_reload_without_a_server_says_so(tmp_path):
    file = tmp_path / "none.conf"
    file.write_text("http 80;\n")
    answer = subprocess.run([SLUICED, "-c", file, "--reload"], capture_output=True, text=True, timeout=20)
    assert answer.returncode == 1 and "no server of this user runs by" in answer.stderr


def test_listeners_and_logins_change_while_it_runs(sluiced):
    daemon = sluiced("stream a { input fake://fake; segment_duration 1; }\n")
    daemon.running("a")
    viewer = Viewer(daemon, "a")
    second, third = free_port(), free_port()
    daemon.conf.write_text(config_of(daemon, f"http 127.0.0.1:{second} {{ api false; }}\nedit_auth root secret;\n"
                                             "stream a { input fake://fake; segment_duration 1; }\n"))
    assert reload(daemon).returncode == 0
    assert fetch(f"http://127.0.0.1:{second}/a/index.m3u8").status == 200
    assert fetch(f"http://127.0.0.1:{second}/streamer/api/v3/streams").status == 404
    assert daemon.get("/streamer/api/v3/streams").status == 401
    daemon.conf.write_text(config_of(daemon, f"http 127.0.0.1:{third};\n"
                                             "stream a { input fake://fake; segment_duration 1; }\n"))
    assert reload(daemon).returncode == 0
    assert fetch(f"http://127.0.0.1:{third}/streamer/api/v3/streams").status == 200
    try:
        socket.create_connection(("127.0.0.1", second), timeout=5).close()
        raise AssertionError("the removed listener still listens")
    except ConnectionRefusedError:
        pass
    assert viewer.more(), "a listener that stayed lost its connections"


def test_writes_through_the_api_are_kept(sluiced):
    daemon = sluiced("# operators' words\nstream a {  # first\n  # why\n  input fake://fake;  # what\n  segment_duration 1;\n}\n")
    before = ids(daemon)
    answer = put(daemon, "streams/a", {"title": "The A", "segment_count": 6, "stats": {"alive": True}})
    assert answer.status == 200
    shown = answer.json()
    assert shown["title"] == "The A" and shown["segment_count"] == 6 and shown["stats"]["id"] == before["a"]
    assert shown["config_on_disk"] == {"name": "a", "inputs": [{"url": "fake://fake"}], "segment_duration": 1000,
                                       "title": "The A", "segment_count": 6}
    assert daemon.conf.read_text() == config_of(
        daemon, "# operators' words\nstream a {  # first\n  # why\n  input fake://fake;  # what\n  segment_duration 1;\n"
                "  segment_count 6;\n  title \"The A\";\n}\n")
    made = put(daemon, "streams/chats/b", {"inputs": [{"url": "fake://fake"}], "static": False, "password": "p w"})
    assert made.status == 200 and made.json()["name"] == "chats/b"
    assert put(daemon, "templates/t", {"segment_count": 9}).status == 200
    assert put(daemon, "streams/chats/b", {"template": "t"}).json()["segment_count"] == 9
    assert delete(daemon, "templates/t").status == 400  # it is in use
    assert daemon.api("templates")["templates"][0]["name"] == "t"
    refused = put(daemon, "streams/a", {"titel": "x"})
    assert refused.status == 400 and refused.json()["extra_keys"] == ["titel"]
    assert "did you mean 'title'?" in refused.json()["errors"][0]["title"]
    assert put(daemon, "streams/a", "{\"title\":").status == 400
    assert put(daemon, "streams/bad%20name%0a", {"inputs": ["fake://fake"]}).status == 400
    assert put(daemon, "streams/x", {"inputs": ["udp://239.0.0.1:99999"]}).status == 400

    stored = daemon.api("config")
    assert daemon.process.end() == 0
    daemon.start()
    assert daemon.api("config") == stored
    assert daemon.stream("a")["title"] == "The A"
    assert daemon.stream("chats/b")["config_on_disk"]["password"] == "p w"
    assert delete(daemon, "streams/chats/b").status == 204
    assert delete(daemon, "streams/chats/b").status == 404
    assert daemon.get("/streamer/api/v3/streams/chats/b").status == 404
    # A lock of the operator's.
    lock = daemon.conf.with_name(daemon.conf.name + ".locked")
    lock.touch()
    refused = put(daemon, "streams/a", {"title": "x"})
    assert refused.status == 403 and ".locked" in refused.json()["errors"][0]["title"]
    lock.unlink()
    # What somebody wrote by hand and did not reload yet is not lost.
    daemon.conf.write_text(daemon.conf.read_text() + "stream by_hand { }\n")
    assert put(daemon, "streams/a", {"title": None}).status == 200
    assert "stream by_hand" in daemon.conf.read_text() and "title" not in daemon.conf.read_text()
    assert "by_hand" in ids(daemon)


def test_a_stream_is_edited_in_its_own_file_and_a_link_stays(sluiced, tmp_path):
    daemon = sluiced("stream main { disabled; }\n")
    real = tmp_path / "elsewhere" / "real.conf"
    real.parent.mkdir()
    daemon.conf.rename(real)
    daemon.conf.symlink_to(real)
    real.chmod(0o640)
    fragments = daemon.conf.with_name(daemon.conf.name + ".d")
    fragments.mkdir()
    (fragments / "10-a.conf").write_text("# theirs\nstream part { disabled; }\n")
    assert reload(daemon).returncode == 0
    assert put(daemon, "streams/part", {"title": "P"}).status == 200
    assert put(daemon, "streams/main", {"title": "M"}).status == 200
    assert (fragments / "10-a.conf").read_text() == "# theirs\nstream part { disabled; title P; }\n"
    assert real.read_text() == config_of(daemon, "stream main { disabled; title M; }\n")
    assert daemon.conf.is_symlink() and real.stat().st_mode & 0o777 == 0o640
    assert list(fragments.iterdir()) == [fragments / "10-a.conf"]
    assert delete(daemon, "streams/part").status == 204
    assert (fragments / "10-a.conf").read_text() == "# theirs\n"


def test_the_api_reads_the_file_again(sluiced):
    daemon = sluiced("stream a { }\n")
    for path in ["/streamer/api/v3/config/reload", "/flussonic/api/reload"]:
        daemon.conf.write_text(daemon.conf.read_text() + f"stream s{len(path)} {{ }}\n")
        assert daemon.get(path, method="POST", data=b"").status == 200
        assert f"s{len(path)}" in ids(daemon)
    daemon.conf.write_text("nonsense;\n")
    assert daemon.get("/streamer/api/v3/config/reload", method="POST", data=b"").status == 400
    assert len(ids(daemon)) == 3


def test_writers_at_once_lose_nothing(sluiced):
    daemon = sluiced("# head\n")
    failed = []

    def write(which):
        for i in range(8):
            answer = put(daemon, f"streams/w{which}_{i}", {"inputs": [{"url": "fake://fake"}], "disabled": True})
            if answer.status != 200:
                failed.append(answer.body)

    writers = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    assert len(ids(daemon)) == 32
    assert len(re.findall(r"^stream w\d_\d \{$", daemon.conf.read_text(), re.M)) == 32
    assert daemon.process.end() == 0
    daemon.start()
    assert len(ids(daemon)) == 32


def test_one_of_many_streams(sluiced, capfd):
    lines = [f"stream s{i:05} {{\n  title t{i};  # {i}\n  {'disabled;' if i % 1000 else 'segment_duration 2;'}\n}}\n"
             for i in range(STREAMS)]
    begin = time.monotonic()
    daemon = sluiced("".join(lines))
    started = time.monotonic() - begin

    def all_began():
        seen = ids(daemon)
        return seen if all(seen.values()) else None

    before = wait_for(all_began, 60, "the sessions of all streams")
    assert len(before) == STREAMS
    changed = STREAMS // 2000 * 1000
    lines[changed] = lines[changed].replace("segment_duration 2", "segment_duration 3")
    daemon.conf.write_text(config_of(daemon, "".join(lines)))
    answer = reload(daemon)
    assert answer.returncode == 0 and "streams: 1 changed\n" in answer.stdout, answer
    took = int(re.search(r"taken over in (\d+) ms", answer.stdout)[1])
    after = ids(daemon)
    assert [name for name in before if before[name] != after[name]] == [f"s{changed:05}"]
    begin = time.monotonic()
    assert put(daemon, "streams/s00001", {"comment": "x"}).status == 200
    wrote = time.monotonic() - begin
    now = ids(daemon)
    assert all(now[name] == after[name] for name in before)
    lines[1] = lines[1].replace("}\n", "  comment x;\n}\n")
    assert daemon.conf.read_text() == config_of(daemon, "".join(lines))
    with capfd.disabled():
        print(f"\n# {STREAMS} streams: started in {started * 1000:.0f} ms; a reload that changes one: {took} ms; "
              f"a PUT of one: {wrote * 1000:.0f} ms")
    assert took < 200 * SLOW
    assert wrote < 1.0 * SLOW


def test_kill_at_any_moment_of_a_write_leaves_a_whole_file(sluiced, capfd):
    padding = "".join(f"# {'x' * 100}\n" for _ in range(2000))
    daemon = sluiced(padding + "stream a { title t0; }\n")
    random.seed(1)
    whole = re.compile(re.escape(config_of(daemon, padding)) + r"stream a \{ title t(\d+); \}\n")
    number, kept = 0, 0
    for _ in range(KILLS):
        acknowledged = number
        stop = threading.Event()

        def write():
            nonlocal number, acknowledged
            while not stop.is_set():
                number += 1
                try:
                    if put(daemon, "streams/a", {"title": f"t{number}"}, timeout=5).status == 200:
                        acknowledged = number
                except OSError:
                    return

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(random.uniform(0.0, 0.06))  # the moment is the point of it
        os.kill(daemon.process.pid, signal.SIGKILL)
        stop.set()
        writer.join()
        daemon.process.wait(10)
        found = whole.fullmatch(daemon.conf.read_text())
        assert found, daemon.conf.read_text()[-300:]
        assert int(found[1]) in (acknowledged, number), (found[1], acknowledged, number)
        kept += int(found[1]) == acknowledged
        daemon.start()
        assert daemon.stream("a")["title"] == f"t{found[1]}"
        number = int(found[1])
    put(daemon, "streams/a", {"title": "end"})
    left = [file.name for file in daemon.conf.parent.iterdir() if ".new." in file.name]
    assert left == [], left
    with capfd.disabled():
        print(f"\n# {KILLS} kills: {kept} left the last acknowledged file, {KILLS - kept} the newer one")


def random_stream(generator, index):
    """A stream in one of the kinds of life, with values of each class of change."""
    inputs = {"fake": "input fake://fake?width=160&height=90;",
              "two": "input udp://127.0.0.1:9 source_timeout=1; input fake://fake?width=160&height=90;",
              "lost": "input tshttp://127.0.0.1:9/x/mpegts;",
              "none": "",
              "off": "input fake://fake; disabled;"}
    word = generator.choice(["stream", "stream", "ondemand"])
    return (f"{word} s{index} {{ {inputs[generator.choice(list(inputs))]} segment_duration {generator.choice([1, 2])}; "
            f"title t{generator.randrange(3)}; segment_count {generator.randrange(3, 6)}; }}\n")


def test_random_reloads_leave_nothing_behind(sluiced, tmp_path, capfd):
    """Threads, descriptors and GstObjects are as many after many random edits as after few."""
    cycles = int(os.environ.get("SLUICE_RELOADS", "20"))  # the full figure is 1000
    generator = random.Random(3)
    objects = LiveObjects(tmp_path)
    base = "stream steady { input fake://fake?width=160&height=90; segment_duration 1; }\n"
    daemon = sluiced(base, env=objects.env)
    daemon.running("steady")
    steady = ids(daemon)["steady"]
    viewer = Viewer(daemon, "steady")
    proc = Path(f"/proc/{daemon.process.pid}")

    def turn():
        streams = [random_stream(generator, i) for i in generator.sample(range(8), generator.randrange(1, 7))]
        if generator.randrange(4) == 0:
            streams.append("nonsense;\n")  # and changes nothing
        daemon.conf.write_text(config_of(daemon, base + "".join(streams)))
        answer = reload(daemon)
        assert answer.returncode == (1 if "nonsense;\n" in streams else 0), answer
        assert ids(daemon)["steady"] == steady

    def census():
        """With nothing but the steady stream, when all that stopped has come down."""
        daemon.conf.write_text(config_of(daemon, base))
        assert reload(daemon).returncode == 0
        seen = {"fds": 1 << 30, "threads": 1 << 30}

        def settled():
            now = {"fds": len(list((proc / "fd").iterdir())), "threads": len(list((proc / "task").iterdir()))}
            lower = {key: min(now[key], seen[key]) for key in now}
            quiet = lower == seen
            seen.update(lower)
            return quiet

        wait_for(settled, 30, "threads that end", every=1)
        return seen, objects.least(daemon.process.pid)

    for _ in range(5):
        turn()
    before, objects_before = census()
    for _ in range(cycles):
        turn()
    after, objects_after = census()
    assert viewer.more(), "the viewer of the stream that never changed was cut"
    with capfd.disabled():
        print(f"\n# {cycles} random reloads: {before} -> {after}, GstObjects {sum(objects_before.values())} -> {sum(objects_after.values())}")
    assert after["fds"] <= before["fds"] + 8, (before, after)
    assert after["threads"] <= before["threads"] + 6, (before, after)
    assert sum(objects_after.values()) <= sum(objects_before.values()) + 5, (objects_before, objects_after)
    assert daemon.stop(timeout=15) == 0, daemon.log()
