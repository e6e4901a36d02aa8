"""Free ports. Each is handed out once per process."""

import os
import socket

_given = set()


def free_port(kind=socket.SOCK_STREAM):
    for _ in range(200):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port
    raise AssertionError(f"no free port (pid {os.getpid()})")


def free_udp_port():
    return free_port(socket.SOCK_DGRAM)
