"""A network namespace with a cable to this one, for peers that are cut off."""

import itertools
import os
import subprocess

_numbers = itertools.count(1)


def _run(*argv):
    subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True)


class Namespace:
    """`here` and `there` are the addresses of the cable's two ends. REQUIRES: root."""

    def __init__(self):
        tag = f"{os.getpid() % 60000}-{next(_numbers)}"
        self.name, self.ours = f"slc-{tag}", f"slc{tag}"[:14]
        # One of 2^14 networks of four addresses in 198.18.0.0/16, which is for tests of networks (RFC 2544).
        network = 4 * ((os.getpid() * 31 + next(_numbers) * 97) % 16384)
        self.here, self.there = (f"198.18.{(network + n) >> 8}.{(network + n) & 255}" for n in (1, 2))

    def __enter__(self):
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", self.ours, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _run("ip", "addr", "add", f"{self.here}/30", "dev", self.ours)
        _run("ip", "link", "set", self.ours, "up")
        for argv in (["addr", "add", f"{self.there}/30", "dev", "eth0"], ["link", "set", "eth0", "up"], ["link", "set", "lo", "up"]):
            _run("ip", "-n", self.name, *argv)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], check=False)
        subprocess.run(["ip", "link", "del", self.ours], check=False, capture_output=True)

    @property
    def wrapper(self):
        """Put in front of a command line it runs inside."""
        return ["ip", "netns", "exec", self.name]

    def cut(self, what):
        """Drops all packets that match (nft syntax), both ways, without a word: `udp dport 5000`, `tcp sport 80`."""
        _run(*self.wrapper, "nft", f"add table inet cut; add chain inet cut out {{ type filter hook output priority 0; }}; "
             f"add rule inet cut out {what} drop")

    def mend(self):
        _run(*self.wrapper, "nft", "flush", "ruleset")
