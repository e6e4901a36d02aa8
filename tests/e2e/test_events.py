"""Events reach their receivers, in order and whole; receivers that fail trouble nobody. Who may watch."""

import json
import os
import signal
import socket
import statistics
import subprocess
import time

import pytest

from harness.daemon import fetch
from harness.events import Receiver, assert_no_holes
from harness.ports import free_port
from harness.sources import Sources
from harness.wait import wait_for

FAKE = "stream live { input fake://fake; segment_duration 1; }\n"


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def is_subsequence(wanted, names):
    rest = iter(names)
    return all(name in rest for name in wanted)


def test_a_streams_life_is_told_in_order(sluiced, receiver, processes, clips, tmp_path):
    receiver.sign_key = "top secret"
    clip = clips.make("h264", 4, gop=25, kind="ts")
    port = free_port()

    def send():
        return processes.ffmpeg("-re", "-i", clip, "-c", "copy", "-f", "mpegts", "-listen", "1", f"http://127.0.0.1:{port}/x.ts", name="source")

    first = send()
    daemon = sluiced(f"""event_sink all {{ url {receiver.url}; sign_key "top secret"; rack r1; }}
stream s {{ input tshttp://127.0.0.1:{port}/x.ts max_retry_timeout=1; segment_duration 1; }}\n""")
    receiver.wait("source_ready", "s")
    first.end(signal.SIGKILL)
    receiver.wait("source_lost", "s")
    send()
    receiver.wait("source_ready", "s", count=2, timeout=30)
    known = {e["name"] for e in daemon.api("event_sinks/all/events")["events"]}
    assert daemon.stop() == 0
    assert set(receiver.names()) <= known
    names = receiver.names("s")
    wanted = ["stream_started", "source_ready", "source_lost", "source_ready", "stream_stopped"]
    assert is_subsequence(wanted, names), names
    assert names[0] == "stream_started" and names[-1] == "stream_stopped", names
    assert is_subsequence(["server_started", "listener_start"], receiver.names())
    assert_no_holes(receiver.events)
    assert not receiver.problems
    for headers, events, _ in receiver.batches:
        assert headers["Content-Type"] == "application/json" and 0 < len(events) <= 100
        assert all(e["server"] == socket.gethostname() and e["rack"] == "r1" for e in events)
    lost = next(e for e in receiver.events if e["event"] == "source_lost")
    assert lost["media"] == "s" and lost.get("reason"), lost


def test_a_failover_is_told_in_order(sluiced, receiver, processes, clips, tmp_path):
    url, source = Sources(tmp_path, processes).udp(clips.make("h264", 20, gop=25), loop=True)
    daemon = sluiced(f"""event_sink all {{ url {receiver.url}; only media=s; }}
stream s {{ input {url} frames_timeout=1 source_timeout=3; input fake://fake; segment_duration 1; }}\n""")
    assert receiver.wait("source_ready", "s")["url"] == url
    os.kill(source.pid, signal.SIGSTOP)
    assert receiver.wait("source_ready", "s", count=2)["url"] == "fake://fake"
    names = receiver.names("s")
    assert is_subsequence(["stream_started", "source_ready", "frames_timed_out", "source_lost", "source_switch", "source_ready"], names), names
    os.kill(source.pid, signal.SIGCONT)
    assert receiver.wait("source_ready", "s", count=3)["url"] == url
    assert_no_holes(receiver.events)
    daemon.stop()


def test_sessions_are_told_and_listed(sluiced, receiver):
    daemon = sluiced(FAKE + f"event_sink all {{ url {receiver.url}; only event=session_*; }}\n")
    daemon.running("live")
    agent = {"User-Agent": "my player"}
    assert daemon.get("/live/index.m3u8?token=t1", headers=agent).status == 200
    opened = wait_for(lambda: next((e for e in receiver.events if e.get("user_agent") == "my player"), None), 10)
    assert opened["event"] == "session_opened" and opened["proto"] == "hls" and opened["token"] == "t1"
    listed = daemon.api("sessions?token=t1")["sessions"]
    assert [s["id"] for s in listed] == [opened["id"]]
    assert daemon.api(f"sessions/{opened['id']}")["ip"] == "127.0.0.1" == opened["ip"]
    with socket.create_connection(("127.0.0.1", daemon.port)) as client:
        client.sendall(b"GET /live/mpegts HTTP/1.1\r\nHost: h\r\nUser-Agent: ts\r\n\r\n")
        assert client.recv(4096)
        wait_for(lambda: [s for s in daemon.api("streams/live/sessions")["sessions"] if s["proto"] == "tshttp" and s["bytes"]], 10)
    closed = wait_for(lambda: next((e for e in receiver.events if e["event"] == "session_closed" and e.get("user_agent") == "ts"), None), 10)
    assert closed["bytes"] > 0 and closed["closed_at"] >= closed["opened_at"] and closed["reason"] == "closed"
    closed = wait_for(lambda: next((e for e in receiver.events if e["event"] == "session_closed" and e["id"] == opened["id"]), None), 15)
    assert closed["reason"] == "timeout"
    assert not daemon.api("sessions?token=t1")["sessions"]
    assert {e["event"] for e in receiver.events} == {"session_opened", "session_closed"}


def test_dead_and_hanging_receivers_delay_nobody(sluiced, tmp_path):
    hanging, failing = Receiver(), Receiver(status=500)
    hanging.hold()
    log = tmp_path / "events.json"
    daemon = sluiced(FAKE + f"""event_sink hanging {{ url {hanging.url}; resend_limit 10; }}
event_sink refused {{ url http://127.0.0.1:{free_port()}/; resend_timeout 1; }}
event_sink failing {{ url {failing.url}; resend_timeout 1; }}
event_sink nowhere {{ url jsonlog:///nowhere/at/all.json; }}
event_sink good {{ url jsonlog://{log}; }}\n""")
    daemon.running("live")
    # Every player is new, so each opens a session, which is an event for all sinks.
    times = []
    for i in range(200):
        start = time.monotonic()
        assert daemon.get("/live/index.m3u8", headers={"User-Agent": f"player {i}"}).status == 200
        times.append(time.monotonic() - start)
    print(f"# playlist: median {statistics.median(times) * 1000:.1f} ms, worst {max(times) * 1000:.1f} ms")
    assert statistics.median(times) < 0.1 and max(times) < 2, sorted(times)[-5:]
    opened = lambda: [e for e in map(json.loads, log.read_text().splitlines()) if e["event"] == "session_opened" and "player" in e.get("user_agent", "")]
    wait_for(lambda: len(opened()) == 200, 10, "all sessions in the file")
    sinks = lambda: {s["name"]: s["stats"] for s in daemon.api("event_sinks")["event_sinks"]}
    wait_for(lambda: sinks()["refused"]["failed"] >= 2 and sinks()["failing"]["failed"] >= 2, 20, "attempts that failed")
    stats = sinks()
    assert stats["refused"]["last_error"] and "500" in stats["failing"]["last_error"] and "/nowhere" in stats["nowhere"]["last_error"]
    assert stats["good"]["queued"] == stats["good"]["dropped"] == 0 and stats["good"]["sent"] >= 200
    assert daemon.api("config/stats")["events"]["resent_events"] > 0
    complaints = [line for line in daemon.log().splitlines() if "event sink" in line]
    assert 3 <= len(complaints) <= 8, complaints  # once each, not with every attempt
    start = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - start < 8
    hanging.close()
    failing.close()


def test_a_receiver_that_comes_back_gets_everything(sluiced):
    port = free_port()
    daemon = sluiced(FAKE + f"event_sink late {{ url http://127.0.0.1:{port}/events; resend_timeout 1; throttle_delay 1; }}\n")
    daemon.running("live")
    for i in range(30):
        daemon.get("/live/index.m3u8", headers={"User-Agent": f"player {i}"})
    wait_for(lambda: daemon.api("event_sinks/late")["stats"]["failed"] >= 1, 15, "a failed attempt")
    receiver = Receiver(port)
    wait_for(lambda: len([e for e in receiver.events if e.get("user_agent", "").startswith("player ")]) >= 30, 15, "all events")
    receiver.status = 503
    daemon.get("/live/index.m3u8", headers={"User-Agent": "while it fails"})
    wait_for(lambda: any(status == 503 for _, _, status in receiver.batches), 15, "an answer of 503")
    receiver.status = 200
    wait_for(lambda: any(e.get("user_agent") == "while it fails" for e in receiver.events), 15, "the event again")
    assert_no_holes(receiver.events)
    assert receiver.names()[0] == "server_started"
    assert daemon.api("event_sinks/late")["stats"]["dropped"] == 0
    receiver.close()


def test_a_receiver_that_closes_idle_connections_misses_nothing(sluiced):
    receiver = Receiver(patience=0.2)
    daemon = sluiced(FAKE + f"event_sink a {{ url {receiver.url}; }}\n")
    daemon.running("live")
    for i in range(6):
        closed = time.monotonic() + 0.15 + 0.03 * i  # before, while and after it closes
        wait_for(lambda: time.monotonic() > closed, every=0.01)
        daemon.get("/live/index.m3u8", headers={"User-Agent": f"player {i}"})
        wait_for(lambda: any(e.get("user_agent") == f"player {i}" for e in receiver.events), 5)
    stats = daemon.api("event_sinks/a")["stats"]
    assert stats["failed"] == stats["resent"] == 0, stats
    assert_no_holes(receiver.events)
    receiver.close()


def test_a_receiver_whose_certificate_nobody_vouches_for_gets_nothing(sluiced, tmp_path):
    pem = tmp_path / "own.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", pem, "-out", tmp_path / "cert.pem"],
                   check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "cert.pem").read_text())
    receiver = Receiver(certificate=pem)
    daemon = sluiced(FAKE + f"event_sink tls {{ url {receiver.url}; resend_timeout 1; }}\n")
    stats = wait_for(lambda: (lambda s: s["failed"] >= 2 and s)(daemon.api("event_sinks/tls")["stats"]), 20, "attempts")
    assert "certificate" in stats["last_error"].lower() and stats["sent"] == 0, stats
    assert not receiver.batches
    receiver.close()


def test_files_of_events(sluiced, tmp_path):
    daemon = sluiced(FAKE + f"""event_sink json {{ url jsonlog://{tmp_path}/e.json; max_size 2048; max_depth 2; }}
event_sink text {{ url log://{tmp_path}/e.log; except event=session_*; }}\n""")
    daemon.running("live")
    for i in range(60):
        daemon.get("/live/index.m3u8", headers={"User-Agent": f'hostile "{i}" \\\\ \t}}]'})
    wait_for(lambda: (tmp_path / "e.json.2").exists(), 10, "old files")
    wait_for(lambda: daemon.api("event_sinks/json")["stats"]["queued"] == 0, 10)
    files = sorted(tmp_path.glob("e.json*"))
    assert [f.name for f in files] == ["e.json", "e.json.1", "e.json.2"]
    sequence = []
    for file in reversed(files):
        assert file.stat().st_size <= 2048
        sequence += [json.loads(line)["sequence"] for line in file.read_text().splitlines()]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))
    text = (tmp_path / "e.log").read_text()
    assert "server_started" in text and "session" not in text
    # Moved away by logrotate: SIGHUP opens it anew.
    os.rename(tmp_path / "e.log", tmp_path / "e.log.old")
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_for(lambda: "config_reloaded" in (tmp_path / "e.log").read_text(), 10, "the new file")


def test_sinks_change_while_it_runs(sluiced, receiver):
    other = Receiver()
    daemon = sluiced(FAKE + f"event_sink a {{ url {receiver.url}; }}\n")
    daemon.running("live")
    receiver.wait("server_started")
    port = free_port()
    daemon.conf.write_text(daemon.conf.read_text() + f"http 127.0.0.1:{port};\nevent_sink b {{ url {other.url}; only event=session_opened; }}\n")
    os.kill(daemon.process.pid, signal.SIGHUP)
    receiver.wait("config_reloaded")
    assert receiver.wait("listener_start", count=2)["port"] == port
    daemon.get("/live/index.m3u8", headers={"User-Agent": "new"})
    wait_for(lambda: any(e.get("user_agent") == "new" for e in other.events), 10)
    wait_for(lambda: any(e.get("user_agent") == "new" for e in receiver.events), 10)
    assert_no_holes(receiver.events)  # the old sink went on where it was
    assert set(other.names()) == {"session_opened"}
    assert [s["name"] for s in daemon.api("event_sinks")["event_sinks"]] == ["a", "b"]
    assert [e["name"] for e in daemon.api("event_sinks/b/events")["events"]] == ["session_opened"]
    other.close()


def test_who_may_watch(sluiced):
    daemon = sluiced("""max_sessions 3;
stream two { input fake://fake; segment_duration 5; max_sessions 2; }
stream site { input fake://fake; segment_duration 5; domains good.com *.good.com; }\n""")

    def status(path, **headers):
        return daemon.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()}).status

    wait_for(lambda: status("/two/index.m3u8", User_Agent="a") == 200, 30)
    wait_for(lambda: status("/two/index.m3u8", User_Agent="b") == 200, 30)
    assert status("/two/index.m3u8", User_Agent="c") == 403
    assert status("/two/mpegts", User_Agent="c") == 403
    assert status("/two/index.m3u8", User_Agent="a") == 200  # who is there stays
    wait_for(lambda: status("/site/index.m3u8", User_Agent="d") == 200, 30)
    assert status("/site/index.m3u8", User_Agent="e") == 403  # three on the whole server
    assert status("/site/index.m3u8", User_Agent="d", Referer="https://www.good.com/page") == 200
    assert status("/site/index.m3u8", User_Agent="d", Referer="https://evil.com/good.com") == 403
    assert status("/site/embed.html", Referer="https://evil.com/") == 403
    assert status("/site/embed.html", Referer=daemon.url + "/") == 200
    assert fetch(daemon.url + "/site/media_info.json").status == 200


def test_the_journal_gets_priorities_and_no_second_time(sluiced):
    shell = 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"'
    daemon = sluiced("stream gone { input tshttp://127.0.0.1:1/x; }\n", wrapper=["sh", "-c", shell, "sh"])
    line = wait_for(lambda: next((x for x in daemon.log().splitlines() if "stream gone" in x), None), 15, "a line of the log")
    assert line.startswith("<4>stream gone: "), line
    assert daemon.stop() == 0
    plain = sluiced("stream gone { input tshttp://127.0.0.1:1/x; }\n")
    line = wait_for(lambda: next((x for x in plain.log().splitlines() if "stream gone" in x), None), 15, "a line of the log")
    assert line[:2] == "20" and " warning  stream gone: " in line, line
