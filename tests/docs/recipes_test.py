#!/usr/bin/env python3
"""docs/recipes.md has the program's keys, and its pieces of a run file make one that can be planned, without a warning.

  recipes_test.py FTRUN"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"


def main():
    ftrun = pathlib.Path(sys.argv[1]).resolve()
    if subprocess.run([sys.executable, DOCS / "make_keys.py", ftrun, "--check"]).returncode != 0:
        return 1
    page = (DOCS / "recipes.md").read_text()
    pieces = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    recipes = set(re.findall(r"<!-- keys: recipe (\w+) -->", page))
    shown = set(re.findall(r"\brecipe: (\w+)", "".join(pieces)))
    if recipes != shown:
        print(f"recipes.md has keys of {sorted(recipes)}, and examples of {sorted(shown)}")
        return 1
    with tempfile.TemporaryDirectory(prefix="ftrun-recipes-") as folder:
        (pathlib.Path(folder) / "run.yaml").write_text("".join(pieces))
        (pathlib.Path(folder) / "theirs.jsonl").write_text(
            json.dumps({"problem": "Eve has 20 stamps. How many stamps in all?", "answer": "20", "responses": ["# Answer\n20", "# Answer\n21"]}) + "\n")
        done = subprocess.run([ftrun, "plan", "run.yaml"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0 or "warning" in done.stderr:
        print(f"the run file of recipes.md: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return 1
    print(f"the run file of recipes.md can be planned: {len(pieces)} pieces, {len(recipes)} recipes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
