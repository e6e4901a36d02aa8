"""Real programs, started and ended by the tests."""

import os
import re
import signal
import subprocess

SANITIZED = "SLUICE_SANITIZER" in os.environ
REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:")


class Process:
    def __init__(self, popen, name, log):
        self.popen, self.name, self.log_path = popen, name, log

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def end(self, sig=signal.SIGTERM, timeout=15):
        """Signals the process and returns its exit code; SIGKILL if it does not go."""
        if self.alive():
            try:
                os.killpg(self.popen.pid, sig)
            except ProcessLookupError:
                pass
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait(5)
            raise AssertionError(f"{self.name} did not end within {timeout} s of signal {sig}:\n{self.log()[-3000:]}")

    def wait(self, timeout):
        return self.popen.wait(timeout)


class Processes:
    def __init__(self, folder):
        self.folder, self.all = folder, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.all):
            if SANITIZED and process.name == "sluiced" and process.alive():  # leaks are looked for at a clean end
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.popen.wait(30)
                except subprocess.TimeoutExpired:
                    pass
            if process.alive():
                os.killpg(process.pid, signal.SIGKILL)
                process.popen.wait(10)
        if SANITIZED:
            reports = [process.log() for process in self.all if REPORT.search(process.log())]
            assert not reports, "\n".join(reports)[-20000:]

    def start(self, argv, name=None, env=None, cwd=None, stdout=None):
        name = name or os.path.basename(str(argv[0]))
        log = self.folder / f"{name}-{len(self.all)}.log"
        with open(log, "wb") as out:
            popen = subprocess.Popen(
                [str(a) for a in argv],
                stdin=subprocess.DEVNULL,
                stdout=stdout or out,
                stderr=out,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        process = Process(popen, name, log)
        self.all.append(process)
        return process

    def ffmpeg(self, *arguments, name="ffmpeg"):
        return self.start(["ffmpeg", "-hide_banner", "-nostdin", "-y", "-loglevel", "warning", *arguments], name)
