"""Waiting for conditions, never for a fixed time."""

import time


def wait_for(condition, timeout=20.0, what=None, every=0.05):
    """Returns the first true value of condition(); an exception counts as not yet. Fails after `timeout` seconds."""
    end = time.monotonic() + timeout
    problem = None
    while True:
        try:
            value = condition()
            if value:
                return value
            problem = None
        except (OSError, ValueError, KeyError, IndexError, AssertionError) as error:
            problem = error
        if time.monotonic() > end:
            raise AssertionError(f"{what or condition} did not happen within {timeout} s (last: {problem})")
        time.sleep(every)
