#!/usr/bin/env python3
"""docs/tutorial.md does what it says: every command runs, and every line that it shows is what the program prints.

  tutorial_test.py FTRUN [PAGE]

Each ```sh block runs in bash, in order, in one new folder in which build/release/bin is FTRUN's folder; each of its
commands must end with exit code 0. What is exported in a block stays so in the next ones. The lines of a ```text block
must stand in what the block above it printed, in that order, other lines between them or not; the order is that of each of
the two streams, since launchers mix them as they like. `...` in a line stands for anything, any number of blanks for one. A block marked ```sh NAME needs the Python package NAME: it is left out, and that
is said, where python3 lacks it."""
import os
import pathlib
import re
import subprocess
import sys
import time

from frame import check, main_of

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "tutorial.md"
RUN = """\
trap 'export -p > "$TUTORIAL_STATE"' EXIT
[ ! -e "$TUTORIAL_STATE" ] || . "$TUTORIAL_STATE"
set -eo pipefail
"""


def blocks_of(page):
    """(line, kind, what it needs, its text) of each fenced block."""
    blocks, opened = [], None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = re.fullmatch(r"```(\w*)\s*(\w*)", line)
        if opened is None and fence:
            check(fence[1] in ("sh", "text", "yaml", "python"), f"{page.name}:{number}: a block of another kind: {line}")
            opened = (number, fence[1], fence[2], [])
        elif line == "```":
            blocks.append((*opened[:3], "\n".join(opened[3])))
            opened = None
        elif opened:
            opened[3].append(line)
    check(opened is None, f"{page.name}: the last block has no end")
    return blocks


def pattern_of(line):
    words = [re.escape(part) for part in " ".join(line.split()).split("...")]
    return re.compile(r"\s*" + ".*".join(words).replace(r"\ ", r"\s+") + r"\s*")


def require_shown(page, number, shown, printed):
    """Each shown line among the printed ones, in order."""
    streams = [stream.splitlines() for stream in printed]
    for offset, line in enumerate(shown.splitlines(), 1):
        pattern = pattern_of(line)
        for i, lines in enumerate(streams):
            found = next((at for at, text in enumerate(lines) if pattern.fullmatch(text)), None)
            if found is not None:
                streams[i] = lines[found + 1:]
                break
        else:
            check(False, f"{page.name}:{number + offset}: this line was not printed, or not in this place:\n{line}\nprinted was:",
                  "".join(printed))


def has_package(name, environment):
    return subprocess.run(["python3", "-c", f"import {name}"], env=environment, capture_output=True).returncode == 0


def main(base):
    ftrun, page = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else PAGE
    work = base / "work"
    (work / "build" / "release").mkdir(parents=True)
    (work / "build" / "release" / "bin").symlink_to(ftrun.parent)
    environment = {**os.environ, "TUTORIAL_STATE": str(base / "state"), "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                   "OMPI_MCA_rmaps_base_oversubscribe": "1"}
    printed, count = None, 0
    for number, kind, needs, text in blocks_of(page):
        if kind == "sh" and needs and not has_package(needs, environment):
            print(f"line {number}: left out, python3 has no package {needs}")
            printed = None
        elif kind == "sh":
            started = time.monotonic()
            done = subprocess.run(["bash", "-c", RUN + text], cwd=work, env=environment, text=True, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=600)
            printed, count = (done.stderr, done.stdout), count + 1
            check(done.returncode == 0, f"{page.name}:{number}: exit code {done.returncode} of\n{text}\nprinted was:", "".join(printed))
            print(f"line {number}: {text.splitlines()[0][:90]} ({time.monotonic() - started:.1f} s)", flush=True)
        elif kind == "text" and printed is not None:
            require_shown(page, number, text, printed)
    check(count > 0, f"{page.name} has no commands")
    print(f"{count} blocks of commands did what {page.name} says")


if __name__ == "__main__":
    main_of(main, "ftrun-tutorial-")
