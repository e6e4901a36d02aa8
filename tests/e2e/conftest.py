"""Fixtures of the end-to-end tests, and TAP output so that Meson counts each case."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from harness.clips import Clips  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.processes import Processes  # noqa: E402


@pytest.fixture
def processes(tmp_path):
    """Starts programs; every one that still runs at the end of the test is ended and waited for."""
    with Processes(tmp_path) as pool:
        yield pool


@pytest.fixture
def sluiced(tmp_path, processes):
    """sluiced(conf_text) starts a daemon with that configuration and a free HTTP port."""

    def start(conf, **options):
        return Daemon(tmp_path, processes, conf, **options)

    return start


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    return Clips(tmp_path_factory.getbasetemp().parent / "sluice-clips")


class Tap:
    """One TAP line a test case, on the real standard output."""

    def __init__(self):
        self.number = 0
        self.out = os.fdopen(os.dup(1), "w", buffering=1)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
            self.number += 1
            name = report.nodeid.split("::", 1)[-1].replace("#", "")
            if report.skipped:
                self.out.write(f"ok {self.number} - {name} # SKIP\n")
            else:
                self.out.write(f"{'ok' if report.passed else 'not ok'} {self.number} - {name}\n")
            if report.failed:
                for line in str(report.longrepr).splitlines()[-80:]:
                    self.out.write(f"# {line}\n")
        elif report.when == "teardown" and report.failed:
            self.number += 1
            self.out.write(f"not ok {self.number} - {report.nodeid.split('::', 1)[-1]} (clean-up)\n# {report.longrepr}\n")

    def pytest_collectreport(self, report):
        if report.failed:
            self.number += 1
            self.out.write(f"not ok {self.number} - {report.nodeid} (collection)\n")
            for line in str(report.longrepr).splitlines():
                self.out.write(f"# {line}\n")

    def pytest_sessionfinish(self):
        self.out.write(f"1..{self.number}\n")


def pytest_configure(config):
    if os.environ.get("SLUICE_TAP"):
        config.pluginmanager.register(Tap())
