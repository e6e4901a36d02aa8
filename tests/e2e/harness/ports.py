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


def listening(port):
    """Whether something listens on this machine's TCP port."""
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as f:
            for line in f.readlines()[1:]:
                fields = line.split()
                if fields[1].endswith(wanted) and fields[3] == "0A":
                    return True
    return False
