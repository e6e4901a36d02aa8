"""Receives MPEG-TS over UDP with the kernel's timestamps and measures it: rate, PCR, continuity counters.

As a program it runs on another machine (netns) and prints what it found: ts_meter.py GROUP PORT INTERFACE-ADDRESS SECONDS [KBIT].
"""

import bisect
import itertools
import json
import select
import socket
import statistics
import struct
import sys
import time

PACKET = 188
RECEIVE_TTL, STAMP = 12, 35  # IP_RECVTTL, SO_TIMESTAMPNS


class Meter:
    def __init__(self, group, port, interface="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for buffer in (socket.SO_RCVBUF, 33):  # SO_RCVBUFFORCE, where root may
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, buffer, 32 << 20)
            except PermissionError:
                pass
        self.socket.setsockopt(socket.SOL_SOCKET, STAMP, 1)
        self.socket.setsockopt(socket.IPPROTO_IP, RECEIVE_TTL, 1)
        self.socket.bind((group, port))
        if int(group.split(".")[0]) in range(224, 240):
            request = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton(interface))
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        self.times, self.sizes, self.ttls = [], [], set()
        self.clocks = []  # (packet, PCR in 27 MHz, arrival)
        self.packets = self.nulls = self.continuity_errors = self.broken = self.discontinuities = 0
        self._counters = {}

    def receive(self, seconds, first=10.0):
        """For so long after the first datagram, which may take `first` seconds; False = none came."""
        end = None
        while True:
            left = (end if end else time.monotonic() + first) - time.monotonic()
            if left <= 0 and end:
                return True
            if not select.select([self.socket], [], [], max(left, 0))[0]:
                return end is not None
            data, control, _, _ = self.socket.recvmsg(2048, 256)
            at = 0
            for level, kind, value in control:
                if level == socket.SOL_SOCKET and kind == STAMP:
                    s, ns = struct.unpack("qq", value[:16])
                    at = s * 1_000_000_000 + ns
                elif level == socket.IPPROTO_IP and kind == socket.IP_TTL:
                    self.ttls.add(struct.unpack("i", value[:4])[0])
            end = end or time.monotonic() + seconds
            self._datagram(data, at)

    def _datagram(self, data, at):
        self.times.append(at)
        self.sizes.append(len(data))
        if len(data) % PACKET:
            self.broken += 1
            return
        for start in range(0, len(data), PACKET):
            p = data[start:start + PACKET]
            pid = (p[1] & 31) << 8 | p[2]
            if p[0] != 0x47:
                self.broken += 1
            elif pid == 0x1FFF:
                self.nulls += 1
            else:
                self._continuity(pid, p)
                if p[3] & 0x20 and p[4] >= 7 and p[5] & 0x10:
                    base = p[6] << 25 | p[7] << 17 | p[8] << 9 | p[9] << 1 | p[10] >> 7
                    self.clocks.append((self.packets, base * 300 + ((p[10] & 1) << 8 | p[11]), at))
                    self.discontinuities += p[5] >> 7
            self.packets += 1

    def _continuity(self, pid, p):
        counter, payload = p[3] & 15, p[3] >> 4 & 1
        before = self._counters.get(pid)
        # A packet may be sent twice (2.4.3.3); nobody here does, so that counts as an error, too.
        if before is not None and counter != (before + payload) & 15 and not (p[3] & 0x20 and p[4] and p[5] & 0x80):
            self.continuity_errors += 1
        self._counters[pid] = counter

    def rates(self, window=100_000_000):
        """kbit/s over each stretch that begins with a datagram and lasts `window` ns, to the datagram that ends it."""
        until = list(itertools.accumulate(self.sizes))
        found = []
        for begin, at in enumerate(self.times):
            end = bisect.bisect_left(self.times, at + window, begin + 1)
            if end == len(self.times):
                break
            found.append((until[end] - until[begin]) * 8e6 / (self.times[end] - at))
        return found

    def report(self, kbit=None):
        out = {"datagrams": len(self.times), "packets": self.packets, "nulls": self.nulls, "broken": self.broken,
               "continuity_errors": self.continuity_errors, "discontinuities": self.discontinuities, "ttl": sorted(self.ttls)}
        rates = self.rates()
        if rates:
            middle = kbit or statistics.median(rates)
            off = sorted(abs(r - middle) / middle * 100 for r in rates)
            out.update(rate_kbit=statistics.median(rates), rate_off_median=statistics.median(off), rate_off_worst=off[-1],
                       rate_within_1=sum(o <= 1 for o in off) / len(off) * 100)
        if len(self.clocks) > 2:
            steps = [b[1] - a[1] for a, b in zip(self.clocks, self.clocks[1:])]
            out.update(pcr_ms_median=statistics.median(steps) / 27e3, pcr_ms_worst=max(steps) / 27e3)
            # Against the place in the stream (TR 101 290 PCR_AC) and against the arrival (PCR_OJ), each with the line that fits best.
            for name, x in (("pcr_place_ns", 0), ("pcr_arrival_ns", 2)):
                errors = residuals([(c[x], c[1]) for c in self.clocks])
                errors = sorted(abs(e) / 27e6 * 1e9 for e in errors)
                out.update({f"{name}_median": statistics.median(errors), f"{name}_worst": errors[-1]})
        return out


def residuals(points):
    """What a straight line through the points leaves."""
    x0, y0 = points[0]
    xs, ys = [p[0] - x0 for p in points], [p[1] - y0 for p in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs)
    return [y - my - slope * (x - mx) for x, y in zip(xs, ys)]


if __name__ == "__main__":
    meter = Meter(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    meter.receive(float(sys.argv[4]))
    print(json.dumps(meter.report(float(sys.argv[5]) if len(sys.argv) > 5 else None)))
