#!/usr/bin/env python3
"""The tables of keys in docs/recipes.md, from what the program says of itself.

  docs/make_keys.py FTRUN            writes them anew
  docs/make_keys.py FTRUN --check    ends with exit code 1, and says where, if they are not as they would be written

A table stands between `<!-- keys: SECTION -->` and `<!-- end of keys -->`; SECTION is a heading of `ftrun explain`
without "stages.NAME, ". Every section must have its table."""
import difflib
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parent / "recipes.md"
TABLE = re.compile(r"(<!-- keys: (.*?) -->\n).*?(<!-- end of keys -->)", re.DOTALL)
COLUMNS = ["type", "default", "range", "kind"]


def sections_of(text):
    """{section: [(key, meaning, {column: value})]} of what `ftrun explain` prints."""
    sections, keys = {}, None
    for line in text.splitlines():
        if not line:
            continue
        if not line.startswith(" "):
            keys = sections.setdefault(line.removeprefix("stages.NAME, "), [])
        elif not line.startswith("    "):
            name, meaning = line.strip().split(": ", 1)
            keys.append((name, meaning, {}))
        else:
            column, value = line.strip().split(": ", 1)
            keys[-1][2][column] = value.strip()
    return sections


def cell(text):
    return re.sub(r"([|<*_\\])", r"\\\1", text)


def table_of(keys):
    lines = ["| key | meaning | value | default | kind |", "|---|---|---|---|---|"]
    for name, meaning, columns in keys:
        unknown = set(columns) - set(COLUMNS)
        if unknown:
            sys.exit(f"ftrun explain {name}: lines of another kind: {', '.join(sorted(unknown))}")
        value = ", ".join(columns[column] for column in ("type", "range") if column in columns)
        default = columns["default"].replace("|", "\\|")
        shown = "must be given" if default == "none, it must be given" else "-" if default in ("none", '""') else f"`{default}`"
        kind = columns["kind"].split(" (")[0]
        lines.append(f"| `{name}` | {cell(meaning)} | {cell(value)} | {shown} | {kind} |")
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--check"]):
        sys.exit(__doc__)
    sections = sections_of(subprocess.run([sys.argv[1], "explain"], capture_output=True, text=True, check=True).stdout)
    page = PAGE.read_text()
    shown = [found[1] for found in TABLE.findall(page)]
    lacking, strange = set(sections) - set(shown), set(shown) - set(sections)
    if lacking or strange or len(shown) != len(set(shown)):
        sys.exit(f"{PAGE.name}: no table for {sorted(lacking)}; tables that no section has: {sorted(strange)}; or one stands there twice")
    made = TABLE.sub(lambda found: found[1] + table_of(sections[found[2]]) + found[3], page)
    if "--check" not in sys.argv:
        PAGE.write_text(made)
        return
    if made != page:
        print("\n".join(difflib.unified_diff(page.splitlines(), made.splitlines(), PAGE.name, "what the program says", lineterm="", n=0)))
        sys.exit(f"{PAGE.name} is older than the program's keys: run docs/make_keys.py FTRUN")
    print(f"{len(shown)} tables with {sum(map(len, sections.values()))} keys are what the program says")


if __name__ == "__main__":
    main()
