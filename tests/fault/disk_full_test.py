#!/usr/bin/env python3
"""A whole run on a disk that is too small, again and again, until it is large enough: it must end like one that had room.

  disk_full_test.py FTRUN [RANKS]

The disk is a tmpfs of its own. The run is started on a small one; each time it has failed, the disk gets a little larger.
Every failure must exit with code 1 and a message that says that the disk is full, of which path, and what to do; at the end
the digests of all models and attempts and the results equal those of a run with room. Where mounting is not permitted, the
test is skipped with exit code 77. (fault_full_disk fails every single write, but of one part at a time.)"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from fault_test import command, compare, outcome, run_to_end

FIRST_KB, GROWTH, LAST_KB = 64, 1.25, 1 << 20


def mount(folder, kilobytes, remount=False):
    options = f"size={kilobytes}k" + (",remount" if remount else "")
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True)


def used_kb(folder):
    return shutil.disk_usage(folder).used // 1024


def start(ftrun, folder, ranks):
    done = subprocess.run(command(ftrun, folder, ranks), capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def check_failure(code, output, disk):
    if code != 1:
        sys.exit(f"on a full disk the exit code is {code}, not 1:\n{output}")
    said = [line for line in output.splitlines() if "No space left on device" in line]
    if not any(str(disk) in line and "free some space" in line for line in said):
        sys.exit(f"the message does not name the full disk, the path and what to do:\n{output}")
    return next(line for line in said if str(disk) in line)


def main():
    ftrun = sys.argv[1]
    ranks = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    base = pathlib.Path(tempfile.mkdtemp(prefix="ftrun-full-"))
    disk = base / "disk"
    disk.mkdir()
    mounted = mount(disk, FIRST_KB)
    if mounted.returncode != 0:
        shutil.rmtree(base)
        print(f"skipped: no file system can be mounted here ({mounted.stderr.strip()})")
        sys.exit(77)
    started, failures, noted_starts, said = time.monotonic(), 0, 0, set()
    try:
        expected = run_to_end(ftrun, base / "roomy", ranks, ())
        kilobytes = FIRST_KB
        while True:
            code, output = start(ftrun, disk / "run", ranks)
            if code == 0:
                break
            line = check_failure(code, output, disk)
            noted = disk / "run/exit_code"
            if noted.exists() and noted.stat().st_size > 0 and noted.read_text() != "1\n":
                sys.exit(f"after a failure exit_code says {noted.read_text()!r}, not 1")
            noted_starts += noted.exists() and noted.stat().st_size > 0
            failures += 1
            # The place without numbers: where it failed.
            said.add(re.sub(r"[0-9a-f]{6,}|\d+", "#", line.split(str(disk), 1)[1].split(": No space")[0]))
            kilobytes = int(kilobytes * GROWTH)
            if kilobytes > LAST_KB:
                sys.exit(f"the run does not end on {LAST_KB} kB:\n{output}")
            if mount(disk, kilobytes, remount=True).returncode != 0:
                sys.exit("the disk cannot be made larger")
        if failures < 5:
            sys.exit(f"only {failures} starts met a full disk: the test has shown too little")
        if noted_starts < 4:
            sys.exit(f"only {noted_starts} failures noted their exit code")
        compare(expected, outcome(disk / "run"), f"after {failures} starts on a full disk, the last of {kilobytes} kB")
        print(f"full at: {', '.join(sorted(said))}")
    finally:
        subprocess.run(["umount", str(disk)], capture_output=True)
        print(f"{time.monotonic() - started:.0f} s", flush=True)
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
