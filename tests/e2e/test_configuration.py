"""A configuration of several files and of the environment, and everything that is wrong with one."""

import os
import subprocess

from harness.daemon import SLUICED, fetch
from harness.ports import free_port
from harness.wait import wait_for


def files(folder, texts):
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "flussonic.conf"


def run(*arguments):
    return subprocess.run([SLUICED, *arguments], capture_output=True, text=True, timeout=20, check=False)


def test_check_prints_every_error_of_every_file(tmp_path):
    conf = files(tmp_path, {
        "flussonic.conf": "stream a {\n  input fake://fake;\n  segmet_count 3;\n  template none;\n}\n",
        "flussonic.conf.d/10-more.conf": "http 0;\nstream b { input udp://239.0.0.1:1234?ttl=5; }\n",
    })
    done = run("-c", conf, "--check")
    assert done.returncode == 1
    assert done.stderr == (
        f"{conf}:3:3: unknown directive 'segmet_count': did you mean 'segment_count'?\n"
        "    segmet_count 3;\n"
        "    ^~~~~~~~~~~~\n"
        f"{conf}:4:12: no template 'none' is declared\n"
        "    template none;\n"
        "             ^~~~\n"
        f"{conf}.d/10-more.conf:1:6: port: '0' is not a whole number from 1 to 65535\n"
        "  http 0;\n"
        "       ^\n"
        f"{conf}.d/10-more.conf:2:18: unknown argument 'ttl'\n"
        "  stream b { input udp://239.0.0.1:1234?ttl=5; }\n"
        "                   ^~~~~~~~~~~~~~~~~~~~~~~~~~\n")


def test_check_plans_what_templates_make(tmp_path):
    conf = files(tmp_path, {"flussonic.conf": "template cams { prefix cams; input udp://239.0.0.1; }\n"})
    done = run("-c", conf, "--check")
    assert done.returncode == 1
    assert done.stderr == f"{conf}:1:36: template cams: udp:// needs a port, for example udp://239.0.0.1:1234\n"


def test_check_plans_pushes(tmp_path):
    conf = files(tmp_path, {"flussonic.conf": "stream one {\n  input fake://fake;\n  push udp://encoder:1234;\n"
                                              "  push udp://239.0.0.1:1234;\n  push udp://239.0.0.1 bitrate=2000;\n}\n"})
    done = run("-c", conf, "--check")
    assert done.returncode == 1
    assert done.stderr == (f"{conf}:3:8: stream one: push: 'encoder' is no IP address: write the address, not a name\n"
                           f"{conf}:5:8: stream one: push needs an address and a port, for example udp://239.0.0.1:1234\n")


def test_fragments_and_the_environment_make_one_configuration(tmp_path, processes):
    port = free_port()
    conf = files(tmp_path, {
        "flussonic.conf": "loglevel info;\n",
        "flussonic.conf.d/20-streams.conf": "stream one { template short; input fake://fake; }\n",
        "flussonic.conf.d/30-template.conf": "template short { segment_duration 1; title First; }\n",
    })
    env = {**os.environ, "STREAMER_HTTP": f"127.0.0.1:{port}", "STREAMER_EDIT_AUTH": "admin:se:cret"}
    daemon = processes.start([SLUICED, "-c", conf], "sluiced", env)
    url = f"http://127.0.0.1:{port}"

    def answers():
        assert daemon.alive(), daemon.log()
        return fetch(url + "/streamer/api/v3/monitoring/liveness").status == 200

    wait_for(answers, 30, "sluiced answering")
    streams = url + "/streamer/api/v3/streams/one"
    assert fetch(streams).status == 401
    login = {"Authorization": "Basic YWRtaW46c2U6Y3JldA=="}  # admin:se:cret
    assert fetch(streams, headers=login).json()["title"] == "First"
