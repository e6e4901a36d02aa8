"""The gst-launch lines of docs/elements.md run as printed. Lines of one block run together.

Test sources get an end and a free port takes the place of the printed one; nothing else is changed.
"""

import os
import pathlib
import re
import socket
import subprocess

import pytest

pytestmark = pytest.mark.skipif("SLUICE_SANITIZER" in os.environ, reason="gst-launch-1.0 has no sanitizer runtime for the plugins")

DOC = pathlib.Path(__file__).resolve().parent.parent / "docs" / "elements.md"
BLOCKS = [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", DOC.read_text(), re.S)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def prepare(block, tmp_path):
    ports = {}
    lines = []
    for line in block:
        line = re.sub(r"\b(videotestsrc)\b", r"\1 num-buffers=120", line)
        line = re.sub(r"\b(audiotestsrc)\b", r"\1 num-buffers=200", line)
        line = re.sub(r"(port=|127\.0\.0\.1:)(\d+)", lambda m: m[1] + str(ports.setdefault(m[2], free_port())), line)
        lines.append(line.replace("/tmp/", f"{tmp_path}/"))
    return lines, ports


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[0].split(" ! ")[-1])
def test_lines_run_as_printed(block, tmp_path):
    lines, ports = prepare(block, tmp_path)
    running = []
    try:
        for line in lines:
            if "m4fsrc" in line:  # its server has to be there
                while not any(listens(port) for port in ports.values()):
                    assert running[0].poll() is None, running[0].communicate()[0]
            if "m4ffilesrc" in line:  # its file has to be whole
                running[0].wait(60)
            assert line.startswith("gst-launch-1.0 ")
            running.append(subprocess.Popen(line.split(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        for line, process in zip(lines, running):
            output = process.communicate(timeout=60)[0]
            assert process.returncode == 0, f"{line}\n{output}"
            assert "WARNING" not in output and "CRITICAL" not in output, f"{line}\n{output}"
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_there_are_lines():
    assert len(BLOCKS) >= 5
