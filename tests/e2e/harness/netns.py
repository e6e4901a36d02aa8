"""A network namespace with a cable to this one, for peers that are cut off."""

import itertools
import os
import subprocess

from .wait import wait_for

_numbers = itertools.count(1)


def _run(*argv):
    subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True)


class Namespace:
    """`here` and `there` are the addresses of the cable's two ends, `ours` is the interface at this one; the other may have more
    `addresses` (`theirs`, five at most). REQUIRES: root."""

    def __init__(self, addresses=1):
        tag = f"{os.getpid() % 60000}-{next(_numbers)}"
        self.name, self.ours = f"slc-{tag}", f"slc{tag.replace('-', 'x')}"[:14]
        # One of 2^13 networks of eight addresses in 198.18.0.0/16, which is for tests of networks (RFC 2544).
        network = 8 * ((os.getpid() * 31 + next(_numbers) * 97) % 8192)
        self.here, *self.theirs = (f"198.18.{(network + n) >> 8}.{(network + n) & 255}" for n in range(1, 2 + addresses))
        self.there = self.theirs[0]

    def __enter__(self):
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", self.ours, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _run("ip", "addr", "add", f"{self.here}/29", "dev", self.ours)
        _run("ip", "link", "set", self.ours, "up")
        for argv in (*(["addr", "add", f"{address}/29", "dev", "eth0"] for address in self.theirs), ["link", "set", "eth0", "up"],
                     ["link", "set", "lo", "up"], ["route", "add", "default", "dev", "eth0"]):
            _run("ip", "-n", self.name, *argv)
        wait_for(self._up, 10, "the cable's ends up")
        return self

    def _up(self):
        """The kernel takes its time: until then the network is unreachable."""
        ends = (["ip", "link", "show", self.ours], [*self.wrapper, "ip", "link", "show", "eth0"])
        return all("state UP" in subprocess.run(end, check=True, capture_output=True, text=True).stdout for end in ends)

    def __exit__(self, *_):
        self.mend()
        subprocess.run(["ip", "netns", "del", self.name], check=False)
        subprocess.run(["ip", "link", "del", self.ours], check=False, capture_output=True)

    @property
    def wrapper(self):
        """Put in front of a command line it runs inside."""
        return ["ip", "netns", "exec", self.name]

    def cut(self, what):
        """Drops what comes from there and matches (nft syntax), without a word: `udp dport 5000`, `tcp sport 80`. At our end
        of the cable: a filter on the sender's own way out would tell the sender."""
        _run("nft", f"add table netdev {self.ours}; add chain netdev {self.ours} in {{ type filter hook ingress device {self.ours} priority 0; }}; "
             f"add rule netdev {self.ours} in {what} drop")

    def mend(self):
        subprocess.run(["nft", "delete", "table", "netdev", self.ours], check=False, capture_output=True)
