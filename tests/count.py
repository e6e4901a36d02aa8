"""Prints "N passed, N failed[, N skipped]" from Meson's JUnit log, which counts test cases, and exits accordingly.

usage: count.py testlog.junit.xml MESON_STATUS
"""

import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main():
    path, meson_status = sys.argv[1], int(sys.argv[2])
    try:
        passed, failed, skipped = count(path)
    except (OSError, ElementTree.ParseError) as problem:
        print(f"the tests left no result: {problem}", file=sys.stderr)
        passed, failed, skipped = 0, 1, 0
    if meson_status != 0 and failed == 0:
        failed = 1  # a test program that died before it could report its cases
    line = f"{passed} passed, {failed} failed"
    if skipped:
        line += f", {skipped} skipped"
    print(line)
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
