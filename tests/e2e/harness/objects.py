"""How many GstObjects a process keeps, told by GStreamer's own leaks tracer."""

import os
import re
import signal

from .wait import wait_for


class LiveObjects:
    def __init__(self, folder):
        self.path = folder / "gst-objects.log"
        self.env = {
            "GST_TRACERS": "leaks(filters=GstObject)",
            "GST_LEAKS_TRACER_SIG": "1",
            "GST_DEBUG": "GST_TRACER:7,leaks:7",
            "GST_DEBUG_FILE": str(self.path),
            "GST_DEBUG_NO_COLOR": "1",
        }

    def count(self, pid):
        """How many live objects of each type, as the process says at SIGUSR1."""
        before = len(self._lists())
        os.kill(pid, signal.SIGUSR1)
        wait_for(lambda: len(self._lists()) > before, 10, "the tracer's list")
        types = {}
        for name in re.findall(r"object-alive, type-name=\(string\)(\w+)", self._lists()[-1]):
            types[name] = types.get(name, 0) + 1
        return types

    def least(self, pid, looks=20):
        """The fewest of several looks: pipelines that come and go are down in one of them."""
        return min((self.count(pid) for _ in range(looks)), key=lambda types: sum(types.values()))

    def _lists(self):
        text = self.path.read_text(errors="replace") if self.path.exists() else ""
        return re.findall(r"start listing currently alive objects(.*?)listed \d+ alive objects", text, re.S)
