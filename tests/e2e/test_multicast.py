"""Multicast comes in by the interface that was asked for, and from the senders that were asked for. Another machine sends."""

import pytest

from harness.netns import Namespace
from harness.ports import free_udp_port
from harness.wait import wait_for

SMALL, LARGE = (320, 180), (640, 360)


@pytest.fixture
def machine():
    with Namespace(addresses=2) as machine:
        yield machine


@pytest.fixture
def sender(machine, processes, clips):
    """sender(group, port, size, address) sends a clip of that size for ever."""

    def send(group, port, size=SMALL, address=None):
        clip = clips.make("h264", 10, gop=25, size="{}x{}".format(*size))
        return processes.start([*machine.wrapper,
            "ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", "-re", "-stream_loop", "-1", "-i", clip, "-c", "copy", "-f", "mpegts",
            f"udp://{group}:{port}?pkt_size=1316&ttl=2&localaddr={address or machine.there}"], "sender")

    return send


def size_of(daemon, name):
    tracks = daemon.stream(name)["stats"]["media_info"]["tracks"]
    return next((t["width"], t["height"]) for t in tracks if t["content"] == "video")


@pytest.mark.parametrize("form", ("name", "address"))
def test_the_interface_that_was_asked_for(sluiced, machine, sender, form):
    port, group = free_udp_port(), "239.77.0.1"
    url = f"udp://{machine.ours}@{group}:{port}" if form == "name" else f"udp://{group}:{port}/{machine.here}"
    sender(group, port)
    daemon = sluiced(f"stream s {{ input {url}; segment_duration 1; }}\n")
    daemon.running("s")
    assert size_of(daemon, "s") == SMALL


def test_another_interface_receives_nothing(sluiced, machine, sender):
    """The group is sent on the cable; who joins on the loopback interface has joined somewhere else."""
    port, group = free_udp_port(), "239.77.0.2"
    sender(group, port)
    daemon = sluiced(f"stream there {{ input udp://{machine.ours}@{group}:{port}; segment_duration 1; }}\n"
                     f"stream lost {{ input udp://lo@239.77.0.3:{port}; }}\n")
    daemon.running("there")
    assert daemon.stream("lost")["stats"]["frames"] == 0


def test_only_the_senders_that_were_asked_for(sluiced, machine, sender):
    port, group = free_udp_port(), "232.77.0.1"
    first, second = machine.theirs
    sender(group, port, LARGE, second)
    sender(group, port, SMALL, first)
    daemon = sluiced(f"stream one {{ input udp://{machine.ours}@{group}:{port} sources={first}; segment_duration 1; }}\n")
    daemon.running("one")
    wait_for(lambda: daemon.stream("one")["stats"]["frames"] > 200, 20, "some seconds of frames")
    assert size_of(daemon, "one") == SMALL
    # Two senders in one socket would break every counter.
    assert daemon.stream("one")["inputs"][0]["stats"]["errors_continuity"] == 0
    daemon.stop()
    daemon = sluiced(f"stream two {{ input udp://{group}:{port}/{machine.here} sources={second}; segment_duration 1; }}\n")
    daemon.running("two")
    assert size_of(daemon, "two") == LARGE


def test_groups_on_one_port_do_not_mix(sluiced, machine, sender):
    port = free_udp_port()
    sender("239.77.1.1", port, SMALL)
    sender("239.77.1.2", port, LARGE)
    daemon = sluiced(f"stream small {{ input udp://{machine.ours}@239.77.1.1:{port}; segment_duration 1; }}\n"
                     f"stream large {{ input udp://{machine.ours}@239.77.1.2:{port}; segment_duration 1; }}\n")
    for name, size in (("small", SMALL), ("large", LARGE)):
        daemon.running(name)
        wait_for(lambda: daemon.stream(name)["stats"]["frames"] > 200, 20, "some seconds of frames")
        assert size_of(daemon, name) == size
        assert daemon.stream(name)["inputs"][0]["stats"]["errors_continuity"] == 0


def test_an_interface_that_is_not_there_is_told(sluiced):
    daemon = sluiced(f"stream s {{ input udp://nosuch0@239.77.2.1:{free_udp_port()}; }}\n")
    what = "there is no network interface 'nosuch0': see 'ip address'"
    wait_for(lambda: what in daemon.stream("s")["inputs"][0]["stats"].get("source_error", ""), 20, "the error")
    assert what in daemon.log()
