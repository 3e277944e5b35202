#!/usr/bin/env python3
"""Every file of C++ and C is as clang-format leaves it.

  tests/format.py          prints each place that is not; exit code 77 where there is no clang-format of VERSION
  tests/format.py --mend   rewrites the files

Other versions lay out some lines otherwise, so only the one that launch/setup.sh installs on Debian 12 counts."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERSION = "14"
ENDINGS = (".cpp", ".h", ".c", ".cu")
ROOMS = ["framework", "parallel", "recipes", "launch", "datasets", "tests"]


def installed():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        try:
            said = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        if re.search(rf"version {VERSION}\.", said):
            return name
    return None


def main():
    tool = installed()
    if tool is None:
        print(f"skipped: there is no clang-format {VERSION} (launch/setup.sh --tests installs it)")
        return 77
    files = sorted(str(file) for room in ROOMS for file in (ROOT / room).rglob("*") if file.suffix in ENDINGS and file.is_file())
    if sys.argv[1:] == ["--mend"]:
        return subprocess.run([tool, "-i", *files]).returncode
    said = subprocess.run([tool, "--dry-run", *files], capture_output=True, text=True)
    places = [line.replace(f"{ROOT}/", "") for line in said.stderr.splitlines() if "-Wclang-format-violations" in line]
    if said.returncode != 0 and not places:
        print(said.stderr)
        return said.returncode
    print("\n".join(places) if places else f"{len(files)} files are as clang-format leaves them")
    if places:
        print(f"{len(places)} places; tests/format.py --mend rewrites them")
    return bool(places)


if __name__ == "__main__":
    sys.exit(main())
